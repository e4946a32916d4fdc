//! Columns of products' tables, and what they mean.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{JsonText, Page, ProductContent};
use pz_model::limits::{ALIAS_MAX_CHARS, COLUMN_NAME_MAX_CHARS, UCD_MAX_CHARS};
use pz_store::product_contents::{ContentChanges, ProductContentField, ProductContentRow};

use crate::auth::{Caller, Writer, app_state};
use crate::body::{Body, Fields};
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec, QueryMap, Related};
use crate::policy;
use crate::products::writable;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<ProductContentField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(ProductContentField::Id),
        },
        Filter {
            name: "product",
            kind: FilterKind::Id(ProductContentField::ProductId, Related::Product),
        },
    ],
    describes_classes: false,
    search_names: &[],
    search_fields: &[],
    ordering: &[
        ("id", ProductContentField::Id),
        ("order", ProductContentField::Position),
    ],
    describes_ordering: true,
    default_order: &[(ProductContentField::Id, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Product Content List", &LIST) => [list_contents, create_content],
        PathMeta::instance("Product Content Instance", &LIST) => [get_content, patch_content, put_content, delete_content],
    );
}

/// A column of a product that the caller may see.
struct VisibleContent {
    row: ProductContentRow,
}

/// A column of a product that the caller may change.
struct WritableContent {
    caller: Caller,
    row: ProductContentRow,
}

async fn visible(request: &HttpRequest) -> ApiResult<(Caller, ProductContentRow)> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let store = &app_state(request)?.store;
    let row = store
        .content(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok((caller, row))
}

async fn visible_content(request: &HttpRequest) -> ApiResult<VisibleContent> {
    let (_, row) = visible(request).await?;
    Ok(VisibleContent { row })
}

async fn writable_content(request: &HttpRequest) -> ApiResult<WritableContent> {
    let (caller, row) = visible(request).await?;
    writable(&caller, row.owner_id)?;
    Ok(WritableContent { caller, row })
}

policy!(VisibleContent, visible_content, Access::Visible("column"));
policy!(WritableContent, writable_content, Access::Writable("column"));

fn view(row: ProductContentRow) -> ProductContent {
    let ProductContentRow { content, facts, .. } = row;
    let value = |text: Option<String>| JsonText::parse(&text?);
    let samples: Vec<String> = facts
        .samples
        .and_then(|texts| serde_json::from_str(&texts).ok())
        .unwrap_or_default();
    ProductContent {
        shape: content.shape_numbers(),
        id: content.id,
        product: content.product_id,
        column_name: content.column_name,
        ucd: content.ucd,
        order: Some(content.position),
        alias: content.alias,
        dtype: content.dtype,
        unit: content.unit,
        description: content.description,
        sample: samples.iter().filter_map(|text| JsonText::parse(text)).collect(),
        min: value(facts.min),
        max: value(facts.max),
        null_count: facts.null_count.and_then(|text| text.parse().ok()),
    }
}

/// A column as it is now.
async fn show(state: &AppState, caller: &Caller, id: i64) -> ApiResult<ProductContent> {
    let row = state.store.content(caller.viewer(), id).await?;
    row.map(view).ok_or_else(ApiError::not_found)
}

/// What a client may send of a column.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
struct ContentInput {
    /// Id of the product; cannot be changed.
    #[schema(example = 17)]
    product: i64,
    /// Name of the column.
    #[schema(example = "ra_deg", min_length = 1, max_length = 256)]
    column_name: String,
    /// UCD1+ of its meaning.
    #[schema(example = "pos.eq.ra;meta.main", max_length = 128)]
    ucd: Option<String>,
    /// Alias of its meaning.
    #[schema(example = "RA", max_length = 256)]
    alias: Option<String>,
    /// Position in the file, from 0.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    order: Option<i32>,
}

/// What a client may change of a column.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
struct ContentPatch {
    /// Name of the column.
    #[schema(nullable = false, min_length = 1, max_length = 256)]
    column_name: Option<String>,
    /// UCD1+ of its meaning; empty clears it.
    #[schema(example = "pos.eq.ra;meta.main", max_length = 128)]
    ucd: Option<String>,
    /// Alias of its meaning; empty clears it.
    #[schema(example = "RA", max_length = 256)]
    alias: Option<String>,
    /// Position in the file, from 0.
    #[schema(minimum = 0, maximum = 2_147_483_647)]
    order: Option<i32>,
}

fn read_changes(fields: &Fields, partial: bool, errors: &mut FieldErrors) -> ContentChanges {
    let position = match fields.integer("order", errors) {
        Some(Some(order)) => match i32::try_from(order) {
            Ok(order) if order >= 0 => Some(order),
            _ => {
                errors.add(
                    "order",
                    ErrorCode::ValidationFailed,
                    "Give a whole number from 0.",
                );
                None
            }
        },
        _ => None,
    };
    ContentChanges {
        column_name: fields.required_text("column_name", COLUMN_NAME_MAX_CHARS, partial, errors),
        position,
        ucd: fields.text("ucd", UCD_MAX_CHARS, errors),
        alias: fields.text("alias", ALIAS_MAX_CHARS, errors),
    }
}

/// List columns of products that the caller may see.
#[utoipa::path(get, path = "/api/product-contents/", tag = "columns", responses(
    (status = 200, description = "A page of columns; all columns of a product when `product` is given without `page_size`", body = Page<ProductContent>),
))]
async fn list_contents(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, Some(caller.viewer()), &request, async || {
        let mut asked = LIST.read(&request)?;
        asked.check_ids(&state.store, caller.viewer()).await?;
        if QueryMap::of(&request).get("product").is_some() {
            // The Python library reads one page and knows of no other.
            asked.set_limit_unless_given(&request, u64::MAX);
        }
        asked
            .fetch(
                async |query| state.store.list_contents(caller.viewer(), query).await,
                view,
            )
            .await
    })
    .await
}

/// Add a column by hand.
#[utoipa::path(post, path = "/api/product-contents/", tag = "columns",
    request_body = ContentInput,
    responses(
    (status = 201, description = "The column", body = ProductContent),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 409, description = "The position is taken"),
))]
async fn create_content(
    Writer(caller): Writer,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<HttpResponse> {
    let fields = body.fields().await?;
    let mut errors = FieldErrors::default();
    let changes = read_changes(&fields, false, &mut errors);
    let product_id = fields.required_integer("product", false, &mut errors);
    let product = match product_id {
        Some(id) => state.store.product(caller.viewer(), id).await?,
        None => None,
    };
    if let (Some(id), None) = (product_id, &product) {
        let message = format!("Invalid pk \"{id}\" - object does not exist.");
        errors.add("product", ErrorCode::ValidationFailed, message);
    }
    errors.check()?;
    let (Some(product), Some(column_name)) = (product, changes.column_name) else {
        return Err(ApiError::internal(
            "a new column passed validation without a value",
        ));
    };
    writable(&caller, product.user_id)?;
    let row = state
        .store
        .add_content(
            product.id,
            column_name,
            changes.position,
            changes.ucd.flatten(),
            changes.alias.flatten(),
        )
        .await?;
    state
        .store
        .audit(caller.audit("column.create", "product", product.id))
        .await?;
    Ok(HttpResponse::Created().json(show(&state, &caller, row.id).await?))
}

/// Get a column.
#[utoipa::path(get, path = "/api/product-contents/{id}/", tag = "columns", responses(
    (status = 200, description = "The column", body = ProductContent),
))]
async fn get_content(content: VisibleContent) -> web::Json<ProductContent> {
    web::Json(view(content.row))
}

/// Change what a column means.
#[utoipa::path(patch, path = "/api/product-contents/{id}/", tag = "columns",
    request_body = ContentPatch,
    responses(
    (status = 200, description = "The column", body = ProductContent),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 409, description = "The position is taken"),
))]
async fn patch_content(
    content: WritableContent,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<ProductContent>> {
    change(content, &state, body, true).await
}

/// Change a column; its name is required.
#[utoipa::path(put, path = "/api/product-contents/{id}/", tag = "columns",
    request_body = ContentInput,
    responses(
    (status = 200, description = "The column", body = ProductContent),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 409, description = "The position is taken"),
))]
async fn put_content(
    content: WritableContent,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<ProductContent>> {
    change(content, &state, body, false).await
}

async fn change(
    content: WritableContent,
    state: &AppState,
    body: Body,
    partial: bool,
) -> ApiResult<web::Json<ProductContent>> {
    let current = content.row.content;
    let fields = body.fields().await?;
    let mut errors = FieldErrors::default();
    let changes = read_changes(&fields, partial, &mut errors);
    if let Some(product) = fields.required_integer("product", partial, &mut errors)
        && product != current.product_id
    {
        errors.add(
            "product",
            ErrorCode::ValidationFailed,
            "A column cannot move to another product.",
        );
    }
    errors.check()?;
    let row = state.store.change_content(current.id, changes).await?;
    state
        .store
        .audit(content.caller.audit("column.change", "product", row.product_id))
        .await?;
    Ok(web::Json(show(state, &content.caller, row.id).await?))
}

/// Forget a column.
#[utoipa::path(delete, path = "/api/product-contents/{id}/", tag = "columns", responses(
    (status = 204, description = "Forgotten"),
))]
async fn delete_content(content: WritableContent, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    state.store.delete_content(content.row.content.id).await?;
    let product_id = content.row.content.product_id;
    state
        .store
        .audit(content.caller.audit("column.delete", "product", product_id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
