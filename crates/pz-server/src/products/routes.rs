//! The endpoints below `/api/products/`.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{Page, Product, ProductWithMainFile, TableStatistics};
use serde_json::json;

use super::{
    LIST, VisibleProduct, WritableProduct, change, create, list, main_file, read_data, registry, stats, view,
};
use crate::auth::{Caller, Credential, Writer};
use crate::body::Body;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(crate) fn mount(router: &mut ApiRouter) {
    const fn path(name: &'static str, paged: bool) -> PathMeta {
        PathMeta {
            name,
            list: Some(&LIST),
            paged,
        }
    }
    endpoints!(router;
        path("Product List", true) => [list_products, create_product],
        path("Product Instance", false) => [get_product, patch_product, put_product, delete_product],
        path("Main File Info", false) => [main_file_info],
        path("Registry", false) => [register_product, register_product_by_get],
        path("Read Data", false) => [read_table],
        path("Statistics", false) => [table_statistics],
    );
}

/// Why a main file could not be read as a table.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents a body that the error type writes")]
pub(crate) struct RegistryError {
    /// What is wrong, where, and the remedy.
    #[schema(
        example = "cat.csv: row 7 (line 8) has 4 fields where 5 were expected, with a comma between fields."
    )]
    error: String,
    /// Stable code.
    #[schema(example = "not_a_table")]
    code: String,
    /// Data row, from 1.
    #[schema(example = 7)]
    row: Option<u64>,
    /// Name of the column.
    column: Option<String>,
    /// Line of the file, from 1.
    #[schema(example = 8)]
    line: Option<u64>,
    /// Offset in the file, from 0.
    #[schema(example = 312)]
    byte: Option<u64>,
}

/// What a client may send of a product.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
pub(crate) struct ProductInput {
    /// Name for people, at most 255 characters.
    #[schema(example = "My Redshift Cat")]
    display_name: String,
    /// Id of the product type.
    #[schema(example = 1)]
    product_type: i64,
    /// Id of a release; not for redshift catalogs.
    release: Option<i64>,
    /// For administrators only.
    official_product: Option<bool>,
    /// Algorithm or code, at most 55 characters.
    pz_code: Option<String>,
    /// Description, Markdown.
    #[schema(example = "Spectroscopic redshifts of the field.")]
    description: Option<String>,
    /// Year in which the survey released the data.
    release_year: Option<i32>,
}

/// What a client may change of a product.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
pub(crate) struct ProductPatch {
    /// Name for people; the internal name stays.
    display_name: Option<String>,
    /// Id of the product type; fixed once a file is attached.
    product_type: Option<i64>,
    /// Id of a release; not for redshift catalogs.
    release: Option<i64>,
    /// For administrators only.
    official_product: Option<bool>,
    /// Algorithm or code.
    pz_code: Option<String>,
    /// Description, Markdown.
    description: Option<String>,
    /// Year in which the survey released the data.
    release_year: Option<i32>,
    /// 1 publishes, 0 takes back to draft.
    #[schema(example = 1)]
    status: Option<i32>,
}

/// List the products that the caller may see, newest first.
#[utoipa::path(get, path = "/api/products/", tag = "products", responses(
    (status = 200, description = "A page of products", body = Page<Product>),
    (status = 400, description = "A filter has a value that it cannot have; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such page"),
))]
async fn list_products(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Page<Product>>> {
    let asked = LIST.read(&request)?;
    asked.check_ids(&state.store, caller.viewer()).await?;
    let with_deleted = list::asks_for_deleted(asked.conditions());
    let page = asked
        .fetch(
            async |query| {
                state
                    .store
                    .list_products(caller.viewer(), query, with_deleted)
                    .await
            },
            |row| view(&caller, row),
        )
        .await?;
    Ok(web::Json(page))
}

/// Create a product: a draft until it is published.
#[utoipa::path(post, path = "/api/products/", tag = "products",
    request_body(content((ProductInput = "application/json"), (ProductInput = "application/x-www-form-urlencoded"), (ProductInput = "multipart/form-data"))),
    responses(
    (status = 201, description = "The draft", body = Product),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Only administrators create official products"),
    (status = 415, description = "The body is neither JSON nor a form"),
))]
async fn create_product(
    Writer(caller): Writer,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<HttpResponse> {
    let fields = body.fields().await?;
    let product = create::read(&state.store, &caller, &fields).await?;
    let id = state.store.create_product(product).await?;
    state
        .store
        .audit(caller.audit("product.create", "product", id))
        .await?;
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
#[utoipa::path(get, path = "/api/products/{id}/", tag = "products", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "The product", body = Product),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, or not for the caller"),
))]
async fn get_product(product: VisibleProduct) -> web::Json<Product> {
    web::Json(view(&product.caller, product.row))
}

/// Change some fields of a product, or publish it.
#[utoipa::path(patch, path = "/api/products/{id}/", tag = "products", params(("id" = i64, Path, description = "Id of the product")),
    request_body(content((ProductPatch = "application/json"), (ProductPatch = "application/x-www-form-urlencoded"), (ProductPatch = "multipart/form-data"))),
    responses(
    (status = 200, description = "The product", body = Product),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such product, or not for the caller"),
    (status = 406, description = "Columns with mandatory meanings are missing; the body names them", body = String),
    (status = 415, description = "The body is neither JSON nor a form"),
))]
async fn patch_product(
    product: WritableProduct,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<Product>> {
    change_product(product, &state, body, true).await
}

/// Change a product; name and type are required.
#[utoipa::path(put, path = "/api/products/{id}/", tag = "products", params(("id" = i64, Path, description = "Id of the product")),
    request_body(content((ProductInput = "application/json"), (ProductInput = "application/x-www-form-urlencoded"), (ProductInput = "multipart/form-data"))),
    responses(
    (status = 200, description = "The product", body = Product),
    (status = 400, description = "A field is wrong; the body names it"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such product, or not for the caller"),
    (status = 406, description = "Columns with mandatory meanings are missing; the body names them", body = String),
    (status = 415, description = "The body is neither JSON nor a form"),
))]
async fn put_product(
    product: WritableProduct,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<Product>> {
    change_product(product, &state, body, false).await
}

async fn change_product(
    product: WritableProduct,
    state: &AppState,
    body: Body,
    partial: bool,
) -> ApiResult<web::Json<Product>> {
    let WritableProduct { caller, row } = product;
    let fields = body.fields().await?;
    let changes = change::read(&state.store, &caller, &row, &fields, partial).await?;
    if changes != Default::default() {
        let published = changes.status.filter(|status| *status != row.status());
        state.store.change_product(row.id, changes).await?;
        let action = if published.is_some() {
            "product.set_status"
        } else {
            "product.change"
        };
        let mut entry = caller.audit(action, "product", row.id);
        entry.detail = published.map(|status| json!({"status": status}));
        state.store.audit(entry).await?;
    }
    Ok(web::Json(show(state, &caller, row.id).await?))
}

/// Delete a product; its bytes are kept for a time of grace.
#[utoipa::path(delete, path = "/api/products/{id}/", tag = "products", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 204, description = "Deleted"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such product, or not for the caller"),
))]
async fn delete_product(product: WritableProduct, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let WritableProduct { caller, row } = product;
    state.store.delete_product(row.id, caller.account.id).await?;
    state
        .store
        .audit(caller.audit("product.delete", "product", row.id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get a product with what is known of its main file.
#[utoipa::path(get, path = "/api/products/{id}/main_file_info/", tag = "products", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "The product and its main file", body = ProductWithMainFile),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, or not for the caller"),
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
#[utoipa::path(post, path = "/api/products/{id}/registry/", tag = "products", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "The product; its columns are known", body = Product),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator"),
    (status = 404, description = "No such product, or not for the caller"),
    (status = 409, description = "There is no main file, or it was replaced meanwhile"),
    (status = 422, description = "The main file is not a table that can be read; the body says why, and `row`, `column`, `line` and `byte` say where, as far as known", body = RegistryError),
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
#[utoipa::path(get, path = "/api/products/{id}/registry/", tag = "products", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "The product; its columns are known", body = Product),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "Neither owner nor administrator, or a browser session"),
    (status = 404, description = "No such product, or not for the caller"),
    (status = 409, description = "There is no main file, or it was replaced meanwhile"),
    (status = 422, description = "The main file is not a table that can be read; the body says why, and `row`, `column`, `line` and `byte` say where, as far as known", body = RegistryError),
    (status = 507, description = "There is no space left to unpack it"),
))]
async fn register_product_by_get(
    product: WritableProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Product>> {
    if product.caller.credential == Credential::Session {
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
    register_product(product, state).await
}

/// Get rows of the table.
#[utoipa::path(get, path = "/api/products/{id}/read_data/", tag = "products", params(
    ("id" = i64, Path, description = "Id of the product"),
    ("page" = inline(Option<String>), Query, description = "Page number from 1; one beyond the end gives the last page"),
    ("page_size" = inline(Option<String>), Query, description = "Rows of a page: 100 when absent and at most"),
), responses(
    (status = 200, description = "`count`, `total_rows`, `columns` and `results`: one object per row. Integers keep all digits; missing, NaN and infinite values are null", body = Object),
    (status = 400, description = "`page` or `page_size` is not a number from 1"),
    (status = 401, description = "No or bad credentials"),
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
    ("id" = i64, Path, description = "Id of the product"),
    ("columns" = inline(Option<String>), Query, description = "Comma list of column names; all columns when absent"),
), responses(
    (status = 200, description = "The columns with their statistics, in file order; the ETag changes whenever they do", body = TableStatistics),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 400, description = "The table has no such column"),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, or it has no table"),
))]
async fn table_statistics(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    stats::answer(&state, product.row.id, &request).await
}
