//! The endpoints below `/api/products/`.

use actix_web::http::header::LINK;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::citation_schemas::Line;
use pz_model::api::{
    Creator, Funding, Page, Product, ProductWithMainFile, RelatedIdentifier, TableStatistics,
};
use pz_model::limits::DELETE_REASON_MAX_CHARS;
use pz_model::{ErrorCode, ProductStatus};
use serde_json::{Value, json};

use super::{
    LIST, VisibleProduct, WritableProduct, change, citation, conditional, create, facets, list, main_file,
    pending, plots, process_config, provenance, read_data, registry, restore, specz, stats, tombstone,
    versions, view,
};
use crate::auth::{Caller, Writer};
use crate::body::{Body, Fields};
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult, FieldErrors, ProductErrors};
use crate::filters::QueryMap;
use crate::routing::{ApiRouter, Metadata, PathMeta};
use crate::state::AppState;

pub(crate) fn mount(router: &mut ApiRouter) {
    facets::mount(router);
    plots::mount(router);
    endpoints!(router;
        PathMeta::list("Product List", &LIST) => [list_products, create_product],
        PathMeta::instance("Product Instance", &LIST) => [get_product, patch_product, put_product, delete_product],
        PathMeta::instance("Main File Info", &LIST) => [main_file_info],
        PathMeta::instance("Registry", &LIST) => [register_product, register_product_by_get],
        PathMeta::instance("Read Data", &LIST) => [read_table],
        PathMeta::instance("Statistics", &LIST) => [table_statistics],
        PathMeta::instance("Api Schema", &LIST) => [product_api_schema],
    );
    specz::mount(router);
    pending::mount(router);
    process_config::mount(router);
    restore::mount(router);
    tombstone::mount(router);
    citation::mount(router);
    versions::mount(router);
    provenance::mount(router);
}

/// What a client may send of a product.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
pub(crate) struct ProductInput {
    /// Name for people, at most 255 characters.
    #[schema(example = "My Redshift Cat", min_length = 1, max_length = 255)]
    display_name: String,
    /// Id of the product type.
    #[schema(example = 1)]
    product_type: i64,
    /// Id of a release; not for redshift catalogs.
    release: Option<i64>,
    /// For administrators only.
    #[schema(nullable = false)]
    official_product: Option<bool>,
    /// Algorithm or code, at most 55 characters.
    #[schema(max_length = 55)]
    pz_code: Option<String>,
    /// Description, Markdown.
    #[schema(example = "Spectroscopic redshifts of the field.", max_length = 1_000_000)]
    description: Option<String>,
    /// Year in which the survey released the data.
    #[schema(minimum = 1900)]
    release_year: Option<i32>,
    /// Licence: CC-BY-4.0 when absent, CC0-1.0, CC-BY-SA-4.0, CC-BY-NC-4.0, ODbL-1.0, or `other`.
    #[schema(
        example = "CC-BY-4.0",
        pattern = "^(CC-BY-4\\.0|CC0-1\\.0|CC-BY-SA-4\\.0|CC-BY-NC-4\\.0|ODbL-1\\.0|other)$"
    )]
    license: Option<String>,
    /// Who made it; the owner when empty. In forms, like all lists here, as JSON text.
    creators: Option<Vec<Creator>>,
    /// What it is related to.
    related_identifiers: Option<Vec<RelatedIdentifier>>,
    /// Subjects.
    #[schema(value_type = Option<Vec<Line>>, inline, example = json!(["photometric redshifts"]))]
    subjects: Option<Vec<String>>,
    /// Who paid for it.
    funding: Option<Vec<Funding>>,
    /// Registered identifier; for administrators only.
    #[schema(example = "10.5281/zenodo.1234")]
    doi: Option<String>,
}

/// What a client may change of a product.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
pub(crate) struct ProductPatch {
    /// Name for people; the internal name stays.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    display_name: Option<String>,
    /// Id of the product type; fixed once a file is attached.
    #[schema(nullable = false)]
    product_type: Option<i64>,
    /// Id of a release; not for redshift catalogs.
    release: Option<i64>,
    /// For administrators only.
    #[schema(nullable = false)]
    official_product: Option<bool>,
    /// Algorithm or code.
    #[schema(max_length = 55)]
    pz_code: Option<String>,
    /// Description, Markdown.
    #[schema(max_length = 1_000_000)]
    description: Option<String>,
    /// Year in which the survey released the data.
    #[schema(minimum = 1900)]
    release_year: Option<i32>,
    /// 1 publishes, 0 takes back to draft.
    #[schema(example = 1, minimum = 0, maximum = 1)]
    status: Option<i32>,
    /// Licence: CC-BY-4.0, CC0-1.0, CC-BY-SA-4.0, CC-BY-NC-4.0, ODbL-1.0, or `other`.
    #[schema(
        example = "CC-BY-4.0",
        pattern = "^(CC-BY-4\\.0|CC0-1\\.0|CC-BY-SA-4\\.0|CC-BY-NC-4\\.0|ODbL-1\\.0|other)$"
    )]
    license: Option<String>,
    /// Who made it; the owner when empty. In forms, like all lists here, as JSON text.
    creators: Option<Vec<Creator>>,
    /// What it is related to.
    related_identifiers: Option<Vec<RelatedIdentifier>>,
    /// Subjects.
    #[schema(value_type = Option<Vec<Line>>, inline, example = json!(["photometric redshifts"]))]
    subjects: Option<Vec<String>>,
    /// Who paid for it.
    funding: Option<Vec<Funding>>,
    /// Registered identifier; for administrators only.
    #[schema(example = "10.5281/zenodo.1234")]
    doi: Option<String>,
}

/// What a client may say when deleting a product.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
pub(crate) struct ProductDeletion {
    /// Why, at most 500 characters; the tombstone shows it.
    #[schema(example = "Superseded by the next release.", max_length = 500)]
    reason: Option<String>,
}

/// List the products that the caller may see, newest first.
#[utoipa::path(get, path = "/api/products/", tag = "products", responses(
    (status = 200, description = "A page of products", body = Page<Product>),
))]
async fn list_products(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let viewer = caller.viewer();
    cache::answer(&state, Some(viewer), &request, async || {
        let asked = LIST.read(&request)?;
        asked.check_ids(&state.store, viewer).await?;
        let with_deleted = list::asks_for_deleted(asked.conditions());
        asked
            .fetch(
                async |query| state.store.list_products(viewer, query, with_deleted).await,
                |row| view(&caller, row),
            )
            .await
    })
    .await
}

/// Create a product: a draft until it is published.
#[utoipa::path(post, path = "/api/products/", tag = "products",
    request_body = ProductInput,
    responses(
    (status = 201, description = "The draft", body = Product),
    (status = 400, description = "A field is wrong, or the type's rules are; the body names it", body = ProductErrors),
))]
async fn create_product(
    Writer(caller): Writer,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<HttpResponse> {
    let fields = body.fields().await?;
    let (product, citation) = create::read(&state.store, &caller, &fields).await?;
    let official = product.official_product.then_some(true);
    let id = state.store.create_product_with(product, citation).await?;
    let mut entry = caller.audit("product.create", "product", id);
    entry.detail = told(None, official);
    state.store.audit(entry).await?;
    Ok(HttpResponse::Created().json(show(&state, &caller, id).await?))
}

async fn show(state: &AppState, caller: &Caller, id: i64) -> ApiResult<Product> {
    let row = state
        .store
        .product(caller.viewer(), id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(view(caller, row))
}

/// Get a product.
#[utoipa::path(get, path = "/api/products/{id}/", tag = "products", responses(
    (status = 200, description = "The product; `ETag` for changing it only as it is, `Link` for FAIR Signposting", body = Product),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_product(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let links = citation::links(&state, &product.row);
    let mut response = conditional::answer_unless_known(&request, &view(&product.caller, product.row))?;
    if let Ok(links) = links.parse() {
        response.headers_mut().insert(LINK, links);
    }
    Ok(response)
}

/// Change some fields of a product, or publish it.
#[utoipa::path(patch, path = "/api/products/{id}/", tag = "products",
    request_body = ProductPatch,
    params(("If-Match" = inline(Option<String>), Header, description = "Change it only if this is still its ETag")),
    responses(
    (status = 200, description = "The product", body = Product),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 406, description = "Columns with mandatory meanings are missing; the body names them", body = String, content_type = "application/json"),
    (status = 412, description = "The product changed since the ETag given"),
))]
async fn patch_product(
    product: WritableProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> ApiResult<HttpResponse> {
    change_product(product, &state, &request, body, true).await
}

/// Change a product; name and type are required.
#[utoipa::path(put, path = "/api/products/{id}/", tag = "products",
    request_body = ProductInput,
    params(("If-Match" = inline(Option<String>), Header, description = "Change it only if this is still its ETag")),
    responses(
    (status = 200, description = "The product", body = Product),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 406, description = "Columns with mandatory meanings are missing; the body names them", body = String, content_type = "application/json"),
    (status = 412, description = "The product changed since the ETag given"),
))]
async fn put_product(
    product: WritableProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> ApiResult<HttpResponse> {
    change_product(product, &state, &request, body, false).await
}

async fn change_product(
    product: WritableProduct,
    state: &AppState,
    request: &HttpRequest,
    body: Body,
    partial: bool,
) -> ApiResult<HttpResponse> {
    let WritableProduct { caller, row } = product;
    let as_seen = conditional::check_state_seen(request, &view(&caller, row.clone()))?;
    let fields = body.fields().await?;
    let mut changes = change::read(&state.store, &caller, &row, &fields, partial).await?;
    if changes != Default::default() {
        let published = changes.status.filter(|status| *status != row.status());
        changes.unchanged_since = as_seen.then_some(row.updated_at);
        let official = changes
            .official_product
            .filter(|official| *official != row.official_product);
        let changed = state.store.change_product(row.id, changes).await;
        changed.map_err(|error| conditional::lost_race(error, as_seen))?;
        let action = if published.is_some() {
            "product.set_status"
        } else {
            "product.change"
        };
        let mut entry = caller.audit(action, "product", row.id);
        entry.detail = told(published, official);
        state.store.audit(entry).await?;
    }
    conditional::answer(&show(state, &caller, row.id).await?)
}

/// What the audit log says of a change: the status and the official mark as they are then, where they changed.
fn told(status: Option<ProductStatus>, official: Option<bool>) -> Option<Value> {
    let mut told = serde_json::Map::new();
    if let Some(status) = status {
        told.insert("status".into(), json!(status));
    }
    if let Some(official) = official {
        told.insert("official_product".into(), json!(official));
    }
    (!told.is_empty()).then(|| told.into())
}

/// Delete a product: a tombstone stays, and for a time it can be brought back. A process that makes it is stopped.
#[utoipa::path(delete, path = "/api/products/{id}/", tag = "products",
    request_body = Option<ProductDeletion>,
    params(
    ("reason" = inline(Option<String>), Query, description = "Why, at most 500 characters; a body counts more"),
    ("If-Match" = inline(Option<String>), Header, description = "Delete it only if this is still its ETag"),
), responses(
    (status = 204, description = "Deleted"),
    (status = 412, description = "The product changed since the ETag given"),
))]
async fn delete_product(
    product: WritableProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> ApiResult<HttpResponse> {
    let WritableProduct { caller, row } = product;
    let as_seen = conditional::check_state_seen(&request, &view(&caller, row.clone()))?;
    let reason = delete_reason(&request, &body.fields().await?)?;
    let unchanged_since = as_seen.then_some(row.updated_at);
    state
        .store
        .delete_product_because(row.id, caller.account.id, reason, unchanged_since)
        .await
        .map_err(|error| conditional::lost_race(error, as_seen))?;
    state
        .store
        .audit(caller.audit("product.delete", "product", row.id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Why a product is deleted: from the body, else from the query string.
fn delete_reason(request: &HttpRequest, fields: &Fields) -> ApiResult<Option<String>> {
    let mut errors = FieldErrors::default();
    let said = match fields.text("reason", DELETE_REASON_MAX_CHARS, &mut errors) {
        Some(reason) => reason,
        None => {
            let mut of_query = Fields::form();
            if let Some(reason) = QueryMap::of(request).get("reason") {
                of_query.insert_text("reason".to_owned(), reason.as_bytes())?;
            }
            of_query
                .text("reason", DELETE_REASON_MAX_CHARS, &mut errors)
                .flatten()
        }
    };
    errors.check()?;
    Ok(said.filter(|reason| !reason.is_empty()))
}

/// Get a product with what is known of its main file.
#[utoipa::path(get, path = "/api/products/{id}/main_file_info/", tag = "products", responses(
    (status = 200, description = "The product and its main file", body = ProductWithMainFile),
))]
async fn main_file_info(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<ProductWithMainFile>> {
    let main_file = main_file::describe(&state.store, product.row.id).await?;
    Ok(web::Json(ProductWithMainFile {
        product: view(&product.caller, product.row),
        main_file,
    }))
}

/// Read the main file as a table and keep its columns; what came in an archive is kept without the archive.
#[utoipa::path(post, path = "/api/products/{id}/registry/", tag = "products", responses(
    (status = 200, description = "The product; its columns are known", body = Product),
    (status = 409, description = "There is no main file, or it was replaced meanwhile"),
    (status = 422, description = "The main file is not a table that can be read; the body says why, and `row`, `column`, `line` and `byte` say where, as far as known"),
    (status = 507, description = "There is no space left to unpack it"),
))]
async fn register_product(
    product: WritableProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Product>> {
    registry::register(&state, &product.row).await?;
    state
        .store
        .audit(
            product
                .caller
                .audit("product.register", "product", product.row.id),
        )
        .await?;
    Ok(web::Json(show(&state, &product.caller, product.row.id).await?))
}

/// Read the main file as a table and keep its columns: for the Python library, which uses GET.
#[utoipa::path(get, path = "/api/products/{id}/registry/", tag = "products", responses(
    (status = 200, description = "The product; its columns are known", body = Product),
    (status = 403, description = "Neither owner nor administrator, or a browser session"),
    (status = 409, description = "There is no main file, or it was replaced meanwhile"),
    (status = 422, description = "The main file is not a table that can be read; the body says why, and `row`, `column`, `line` and `byte` say where, as far as known"),
    (status = 507, description = "There is no space left to unpack it"),
))]
async fn register_product_by_get(
    product: WritableProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Product>> {
    if product.caller.credential.is_of_browser() {
        // A link on another site could make a browser send this GET.
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::CsrfFailed,
            "With a browser session, use POST.",
        ));
    }
    if request.method() == Method::HEAD {
        return Ok(web::Json(view(&product.caller, product.row)));
    }
    let cache = state.cache.clone();
    let answer = register_product(product, state).await;
    // A GET that changes things.
    cache.forget();
    answer
}

/// Get rows of the table.
#[utoipa::path(get, path = "/api/products/{id}/read_data/", tag = "products", params(
    ("page" = Option<u64>, Query, minimum = 1, description = "Page number from 1; one beyond the end gives the last page"),
    ("page_size" = Option<u64>, Query, minimum = 1, description = "Rows of a page: 100 when absent and at most"),
    ("columns" = inline(Option<String>), Query, description = "Comma list of column names; all columns when absent"),
), responses(
    (status = 200, description = "`count`, `total_rows`, `columns` and `results`: one object per row. Integers keep all digits; missing, NaN and infinite values are null", body = Object),
    (status = 400, description = "`page` or `page_size` is not a number from 1, or the table has no such column"),
    (status = 404, description = "No such product, or it has no table"),
    (status = 422, description = "The file is damaged, or reading it takes too long"),
    (status = 503, description = "Too many tables are being read; try again"),
))]
async fn read_table(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    read_data::page(&state, product.row.id, &request).await
}

/// Get the statistics of the table's columns, over all rows.
#[utoipa::path(get, path = "/api/products/{id}/stats/", tag = "products", params(
    ("columns" = inline(Option<String>), Query, description = "Comma list of column names; all columns when absent"),
), responses(
    (status = 200, description = "The columns with their statistics, in file order; the ETag changes whenever they do", body = TableStatistics),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 400, description = "The table has no such column"),
    (status = 404, description = "No such product, or it has no table"),
))]
async fn table_statistics(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    stats::answer(&state, product.row.id, &request).await
}

/// Get what OPTIONS says of the product.
#[utoipa::path(get, path = "/api/products/{id}/api_schema/", tag = "products", responses(
    (status = 200, description = "Name, encodings, filters and fields", body = Object),
))]
async fn product_api_schema(
    _: VisibleProduct,
    metadata: web::Data<Metadata>,
    request: HttpRequest,
) -> web::Json<Value> {
    web::Json(metadata.of_instance(&request).await)
}
