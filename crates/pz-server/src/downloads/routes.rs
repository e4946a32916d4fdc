//! The endpoints below `/api/products/{id}/download/`.

use actix_web::http::header::{HeaderName, HeaderValue, LINK};
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::Archive;

use super::archive::{self, Download};
use super::checksum;
use super::links::{self, Kind};
use super::response::{Disposition, respond, respond_if};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::products::{LIST, VisibleProduct};
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

#[expect(
    deprecated,
    reason = "old clients still call what is marked so in the document"
)]
pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Download Prepare", &LIST) => [prepare_product],
        PathMeta::instance("Download Status", &LIST) => [product_status],
        PathMeta::instance("Download File", &LIST) => [product_file],
        PathMeta::instance("Main File Prepare", &LIST) => [prepare_main_file],
        PathMeta::instance("Main File Status", &LIST) => [main_file_status],
        PathMeta::instance("Main File", &LIST) => [main_file],
        PathMeta::instance("Download", &LIST) => [download_product],
        PathMeta::instance("Download Main File", &LIST) => [download_main_file],
    );
}

async fn content_of(state: &AppState, product: &VisibleProduct, kind: Kind) -> ApiResult<Download> {
    let public_url = state.settings.public_url.as_deref();
    let mut download = match kind {
        Kind::Product => archive::of_product(&state.store, public_url, &product.row).await?,
        Kind::MainFile => archive::of_main_file(&state.store, product.row.id)
            .await?
            .ok_or_else(ApiError::not_found)?,
    };
    let content = &mut download.content;
    content.sha256 = checksum::known(state, product.row.id, kind, content).await?;
    Ok(download)
}

async fn describe(state: &AppState, product: VisibleProduct, kind: Kind) -> ApiResult<web::Json<Archive>> {
    let download = content_of(state, &product, kind).await?;
    let row = &product.row;
    if download.content.sha256.is_none() {
        checksum::enqueue(state, row.id, kind, &download);
    }
    Ok(web::Json(Archive {
        id: row.id,
        task_id: None,
        status: "ready".to_owned(),
        size: i64::try_from(download.content.len()).ok(),
        checksum: download.content.sha256,
        created_at: Timestamp::from(row.created_at),
        updated_at: Timestamp::from(row.updated_at),
        download_url: links::sign(state, &product.caller, kind, row.id, &download.content.tag),
        expired_time: None,
        filename: download.file_name,
        source_signature: download.content.tag,
    }))
}

/// Sends the content in the same request, and says what has taken the place of that.
async fn send_at_once(
    state: &AppState,
    product: VisibleProduct,
    request: &HttpRequest,
    kind: Kind,
) -> ApiResult<HttpResponse> {
    let download = content_of(state, &product, kind).await?;
    let disposition = Disposition::attachment(&download.file_name);
    let mut response = respond(&state.store.blobs, request, &download.content, &disposition).await?;
    let headers = response.headers_mut();
    headers.insert(
        HeaderName::from_static("deprecation"),
        HeaderValue::from_static("true"),
    );
    let successor = format!(
        "<{}>; rel=\"successor-version\"",
        kind.prepare_path(product.row.id)
    );
    headers.insert(LINK, successor.parse().map_err(ApiError::internal)?);
    Ok(response)
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
    respond_if(
        &state.store.blobs,
        request,
        &download.content,
        &disposition,
        unchanged,
    )
    .await
}

/// Prepare the download of a whole product: ready at once.
#[utoipa::path(post, path = "/api/products/{id}/download/prepare/", tag = "downloads", responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
))]
async fn prepare_product(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::Product).await
}

/// Get a fresh link for the download of a whole product.
#[utoipa::path(get, path = "/api/products/{id}/download/status/", tag = "downloads", responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
))]
async fn product_status(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::Product).await
}

/// Download a whole product as a zip; `Range` works.
#[utoipa::path(get, path = "/api/products/{id}/download/file/", tag = "downloads", params(
    ("token" = String, Query, description = "From `download_url`"),
), responses(
    (status = 200, description = "The zip", body = inline(Vec<u8>), content_type = "application/zip"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 403, description = "The link is not valid or has expired"),
))]
async fn product_file(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    send(&state, product, &request, Kind::Product).await
}

/// Prepare the download of the main file: ready at once.
#[utoipa::path(post, path = "/api/products/{id}/download/main-file/prepare/", tag = "downloads", responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
    (status = 404, description = "No such product, not for the caller, or without a main file"),
))]
async fn prepare_main_file(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<Archive>> {
    describe(&state, product, Kind::MainFile).await
}

/// Get a fresh link for the download of the main file.
#[utoipa::path(get, path = "/api/products/{id}/download/main-file/status/", tag = "downloads", responses(
    (status = 200, description = "Ready; follow `download_url`", body = Archive),
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
    ("token" = String, Query, description = "From `download_url`"),
), responses(
    (status = 200, description = "The file, in the media type given at the upload", body = inline(Vec<u8>), content_type = "*/*"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
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

/// Download a whole product as a zip in one request; `Range` works. Use `download/prepare/` instead.
#[utoipa::path(get, path = "/api/products/{id}/download/", tag = "downloads", responses(
    (status = 200, description = "The zip", body = inline(Vec<u8>), content_type = "application/zip"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
))]
#[deprecated]
async fn download_product(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    send_at_once(&state, product, &request, Kind::Product).await
}

/// Download the main file in one request; `Range` works. Use `download/main-file/prepare/` instead.
#[utoipa::path(get, path = "/api/products/{id}/download_main_file/", tag = "downloads", responses(
    (status = 200, description = "The file, in the media type given at the upload", body = inline(Vec<u8>), content_type = "*/*"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 404, description = "No such product, not for the caller, or without a main file"),
))]
#[deprecated]
async fn download_main_file(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    send_at_once(&state, product, &request, Kind::MainFile).await
}
