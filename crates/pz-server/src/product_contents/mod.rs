//! Columns of products' tables, and what they mean.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{Page, ProductContent};
use pz_model::limits::{ALIAS_MAX_CHARS, COLUMN_NAME_MAX_CHARS, UCD_MAX_CHARS};
use pz_store::product_contents::{Content, ContentChanges, ProductContentField, ProductContentRow};

use crate::auth::{Caller, Writer, app_state};
use crate::body::{Body, Fields};
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
    const fn path(name: &'static str, paged: bool) -> PathMeta {
        PathMeta {
            name,
            list: Some(&LIST),
            paged,
        }
    }
    endpoints!(router;
        path("Product Content List", true) => [list_contents, create_content],
        path("Product Content Instance", false) => [get_content, patch_content, put_content, delete_content],
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

policy!(VisibleContent, visible_content);
policy!(WritableContent, writable_content);

fn view(row: Content) -> ProductContent {
    ProductContent {
        shape: row.shape_numbers(),
        id: row.id,
        product: row.product_id,
        column_name: row.column_name,
        ucd: row.ucd,
        order: Some(row.position),
        alias: row.alias,
        dtype: row.dtype,
        unit: row.unit,
        description: row.description,
    }
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
    #[schema(example = "ra_deg")]
    column_name: String,
    /// UCD1+ of its meaning.
    #[schema(example = "pos.eq.ra;meta.main")]
    ucd: Option<String>,
    /// Alias of its meaning.
    #[schema(example = "RA")]
    alias: Option<String>,
    /// Position in the file, from 0.
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
    column_name: Option<String>,
    /// UCD1+ of its meaning; empty clears it.
    #[schema(example = "pos.eq.ra;meta.main")]
    ucd: Option<String>,
    /// Alias of its meaning; empty clears it.
    #[schema(example = "RA")]
    alias: Option<String>,
    /// Position in the file, from 0.
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
    (status = 400, description = "A filter has a value that it cannot have"),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such page"),
))]
async fn list_contents(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Page<ProductContent>>> {
    let mut asked = LIST.read(&request)?;
    asked.check_ids(&state.store, caller.viewer()).await?;
    if QueryMap::of(&request).get("product").is_some() {
        // The Python library reads one page and knows of no other.
        asked.set_limit_unless_given(&request, u64::MAX);
    }
    let page = asked
        .fetch(
            async |query| state.store.list_contents(caller.viewer(), query).await,
            |row| view(row.content),
        )
        .await?;
    Ok(web::Json(page))
}

/// Add a column by hand.
#[utoipa::path(post, path = "/api/product-contents/", tag = "columns",
    request_body(content((ContentInput = "application/json"), (ContentInput = "application/x-www-form-urlencoded"), (ContentInput = "multipart/form-data"))),
    responses(
    (status = 201, description = "The column", body = ProductContent),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 409, description = "The position is taken"),
    (status = 415, description = "The body is neither JSON nor a form"),
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
    Ok(HttpResponse::Created().json(view(row)))
}

/// Get a column.
#[utoipa::path(get, path = "/api/product-contents/{id}/", tag = "columns", params(("id" = i64, Path, description = "Id of the column")), responses(
    (status = 200, description = "The column", body = ProductContent),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such column, or not for the caller"),
))]
async fn get_content(content: VisibleContent) -> web::Json<ProductContent> {
    web::Json(view(content.row.content))
}

/// Change what a column means.
#[utoipa::path(patch, path = "/api/product-contents/{id}/", tag = "columns", params(("id" = i64, Path, description = "Id of the column")),
    request_body(content((ContentPatch = "application/json"), (ContentPatch = "application/x-www-form-urlencoded"), (ContentPatch = "multipart/form-data"))),
    responses(
    (status = 200, description = "The column", body = ProductContent),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such column, or not for the caller"),
    (status = 409, description = "The position is taken"),
    (status = 415, description = "The body is neither JSON nor a form"),
))]
async fn patch_content(
    content: WritableContent,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<ProductContent>> {
    change(content, &state, body, true).await
}

/// Change a column; its name is required.
#[utoipa::path(put, path = "/api/product-contents/{id}/", tag = "columns", params(("id" = i64, Path, description = "Id of the column")),
    request_body(content((ContentInput = "application/json"), (ContentInput = "application/x-www-form-urlencoded"), (ContentInput = "multipart/form-data"))),
    responses(
    (status = 200, description = "The column", body = ProductContent),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such column, or not for the caller"),
    (status = 409, description = "The position is taken"),
    (status = 415, description = "The body is neither JSON nor a form"),
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
    if let Some(Some(product)) = fields.integer("product", &mut errors)
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
    Ok(web::Json(view(row)))
}

/// Forget a column.
#[utoipa::path(delete, path = "/api/product-contents/{id}/", tag = "columns", params(("id" = i64, Path, description = "Id of the column")), responses(
    (status = 204, description = "Forgotten"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such column, or not for the caller"),
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
