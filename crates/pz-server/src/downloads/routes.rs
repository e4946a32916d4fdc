//! The endpoints below `/api/products/{id}/download/`.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::Archive;

use super::archive::{self, Download};
use super::content::{Disposition, respond_if};
use super::links::{self, Kind};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::products::{LIST, VisibleProduct};
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(crate) fn mount(router: &mut ApiRouter) {
    const fn path(name: &'static str) -> PathMeta {
        PathMeta {
            name,
            list: Some(&LIST),
            paged: false,
        }
    }
    endpoints!(router;
        path("Download Prepare") => [prepare_product],
        path("Download Status") => [product_status],
        path("Download File") => [product_file],
        path("Main File Prepare") => [prepare_main_file],
        path("Main File Status") => [main_file_status],
        path("Main File") => [main_file],
    );
}

async fn content_of(state: &AppState, product: &VisibleProduct, kind: Kind) -> ApiResult<Download> {
    match kind {
        Kind::Product => Ok(archive::of_product(&state.store, &product.row).await?),
        Kind::MainFile => archive::of_main_file(&state.store, product.row.id)
            .await?
            .ok_or_else(ApiError::not_found),
    }
}

async fn describe(state: &AppState, product: VisibleProduct, kind: Kind) -> ApiResult<web::Json<Archive>> {
    let download = content_of(state, &product, kind).await?;
    let row = &product.row;
    Ok(web::Json(Archive {
        id: row.id,
        task_id: None,
        status: "ready".to_owned(),
        size: i64::try_from(download.content.len()).ok(),
        checksum: download.sha256,
        created_at: Timestamp::from(row.created_at),
        updated_at: Timestamp::from(row.updated_at),
        download_url: links::sign(state, &product.caller, kind, row.id, &download.content.tag),
        expired_time: None,
        filename: download.file_name,
        source_signature: download.content.tag,
    }))
}

async fn send(
    state: &AppState,
    product: VisibleProduct,
    request: &HttpRequest,
    kind: Kind,
) -> ApiResult<HttpResponse> {
    let query = QueryMap::of(request);
    let signed_tag = links::check(state, &product.caller, kind, product.row.id, query.get("token"))?;
    let download = content_of(state, &product, kind).await?;
    // What was begun before a change cannot be continued after it.
    let unchanged = signed_tag == download.content.tag;
    let disposition = Disposition::attachment(&download.file_name);
    Ok(respond_if(
        &state.store.blobs,
        request,
        &download.content,
        &disposition,
        unchanged,
    ))
}

/// Prepare the download of a whole product: ready at once.
#[utoipa::path(post, path = "/api/products/{id}/download/prepare/", tag = "downloads", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, or not for the caller"),
))]
async fn prepare_product(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::Product).await
}

/// Get a fresh link for the download of a whole product.
#[utoipa::path(get, path = "/api/products/{id}/download/status/", tag = "downloads", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, or not for the caller"),
))]
async fn product_status(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::Product).await
}

/// Download a whole product as a zip; `Range` works.
#[utoipa::path(get, path = "/api/products/{id}/download/file/", tag = "downloads", params(
    ("id" = i64, Path, description = "Id of the product"),
    ("token" = String, Query, description = "From `download_url`"),
), responses(
    (status = 200, description = "The zip", body = inline(Vec<u8>), content_type = "application/zip"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "The link is not valid or has expired"),
    (status = 404, description = "No such product, or not for the caller"),
))]
async fn product_file(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    send(&state, product, &request, Kind::Product).await
}

/// Prepare the download of the main file: ready at once.
#[utoipa::path(post, path = "/api/products/{id}/download/main-file/prepare/", tag = "downloads", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, not for the caller, or without a main file"),
))]
async fn prepare_main_file(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::MainFile).await
}

/// Get a fresh link for the download of the main file.
#[utoipa::path(get, path = "/api/products/{id}/download/main-file/status/", tag = "downloads", params(("id" = i64, Path, description = "Id of the product")), responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such product, not for the caller, or without a main file"),
))]
async fn main_file_status(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::MainFile).await
}

/// Download the main file as it was uploaded; `Range` works.
#[utoipa::path(get, path = "/api/products/{id}/download/main-file/file/", tag = "downloads", params(
    ("id" = i64, Path, description = "Id of the product"),
    ("token" = String, Query, description = "From `download_url`"),
), responses(
    (status = 200, description = "The file", body = inline(Vec<u8>), content_type = "application/octet-stream"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 401, description = "No or bad credentials"),
    (status = 403, description = "The link is not valid or has expired"),
    (status = 404, description = "No such product, not for the caller, or without a main file"),
))]
async fn main_file(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    send(&state, product, &request, Kind::MainFile).await
}
