//! The endpoints below `/api/uploads/`.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use chrono::{DateTime, Utc};
use pz_model::api::{Page, UploadRecord};
use pz_model::{ErrorCode, FileRole, Timestamp};
use pz_store::entities::uploads;
use pz_store::uploads::UploadField;

use super::documents::{ChecksumHeader, FileBytes, VersionHeader};
use super::headers::{self, FILE_ID, UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_METADATA, UPLOAD_OFFSET};
use super::policy::{OwnUpload, OwnWritableUpload};
use super::receive::Progress;
use super::transfer::{begin, forget, receive, settled};
use crate::auth::{Caller, Writer};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec, Related};
use crate::product_files::digests::DigestHeaders;
use crate::product_files::drain;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<UploadField> = ListSpec {
    filters: &[Filter {
        name: "product",
        kind: FilterKind::Id(UploadField::ProductId, Related::Product),
    }],
    describes_classes: false,
    search_names: &[],
    search_fields: &[],
    ordering: &[
        ("created", UploadField::CreatedAt),
        ("product", UploadField::ProductId),
    ],
    describes_ordering: true,
    default_order: &[(UploadField::CreatedAt, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Upload List", &LIST) => [list_uploads, create_upload],
        PathMeta::instance("Upload Instance", &LIST) => [get_upload, patch_upload, delete_upload],
    );
}

fn address(state: &AppState, id: &str) -> String {
    let base = state.settings.public_url.as_deref().unwrap_or_default();
    format!("{}{}{id}/", base.trim_end_matches('/'), super::PATH)
}

fn view(state: &AppState, upload: &uploads::Model, bytes_there: u64) -> UploadRecord {
    UploadRecord {
        id: upload.id.clone(),
        url: address(state, &upload.id),
        product: upload.product_id,
        role: FileRole::from_code(upload.role).unwrap_or(FileRole::Auxiliary),
        name: upload.name.clone(),
        mime_type: upload.mime_type.clone(),
        size: upload.length(),
        offset: upload.offset(bytes_there),
        complete: upload.is_complete(),
        file: upload.file_id,
        created: Timestamp::from(upload.created_at),
        updated: Timestamp::from(upload.updated_at),
        expires: Timestamp::from(upload.expires_at),
    }
}

/// As HTTP writes a date.
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// List the caller's unfinished uploads.
#[utoipa::path(get, path = "/api/uploads/", tag = "uploads", responses(
    (status = 200, description = "A page of uploads, the newest first", body = Page<UploadRecord>),
))]
async fn list_uploads(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    asked.check_ids(&state.store, caller.viewer()).await?;
    let user_id = caller.account.id;
    let page = asked
        .fetch(
            async |query| state.store.list_uploads(user_id, query).await,
            |upload| view(&state, &upload, u64::MAX),
        )
        .await?;
    etag::json(&request, &page)
}

/// Begin an upload that can be continued, by the protocol tus 1.0.
///
/// With the type `application/offset+octet-stream` the body is the beginning of the file, or all of it;
/// otherwise it is not read.
#[utoipa::path(post, path = "/api/uploads/", tag = "uploads",
    request_body(content = inline(Option<FileBytes>), content_type = "application/offset+octet-stream", description = "The first bytes of the file; may be left out"),
    params(
        ("Tus-Resumable" = String, Header, description = "Version of the protocol", pattern = r"^1\.0\.0$", example = "1.0.0"),
        ("Upload-Length" = i64, Header, description = "Length of the whole file in bytes", minimum = 1, example = 1048576),
        ("Upload-Metadata" = String, Header, description = "Pairs of a key and a value in base64, with commas between: `product` (its id), `role` (0 main when absent, 1 description, 2 auxiliary), `type` (MIME type), `filename`", example = "product MTY=,role MA==,type dGV4dC9jc3Y=,filename Y2F0LmNzdg=="),
        ChecksumHeader,
        DigestHeaders,
    ),
    responses(
    (status = 201, description = "Begun; bytes go to its `Location`", body = UploadRecord, headers(
        ("Location" = String, description = "Where the bytes go"),
        ("Upload-Expires" = String, description = "When it ends unless bytes arrive"),
        ("Upload-Offset" = i64, description = "Bytes that are kept"),
        ("X-File-Id" = Option<i64>, description = "The file, when all its bytes came with this request"),
    )),
    (status = 400, description = "A header is missing or wrong, or a field in `Upload-Metadata`; the body names it"),
    (status = 404, description = "The product was deleted meanwhile"),
    (status = 408, description = "The bytes stopped coming; what arrived is kept"),
    (status = 409, description = "The product is published and has a main file, or the caller has as many unfinished uploads as one may have"),
    (status = 412, description = "Another version of the protocol"),
    (status = 413, description = "The file is over the limit, or over the quota of the product's owner"),
    (status = 415, description = "The body has a content coding"),
    (status = 460, description = "The bytes do not match `Upload-Checksum`; the upload was not begun"),
    (status = 507, description = "There is no space left"),
))]
async fn create_upload(
    Writer(caller): Writer,
    state: web::Data<AppState>,
    request: HttpRequest,
    mut payload: web::Payload,
) -> ApiResult<HttpResponse> {
    let (target, upload) = match begin(&state, &caller, &request).await {
        Ok(begun) => begun,
        Err(error) => {
            drain(&mut payload).await;
            return Err(error);
        }
    };
    let id = upload.id.clone();
    let mut progress = Progress {
        offset: 0,
        expires_at: upload.expires_at,
        file_id: None,
    };
    if headers::is_offset_stream(&request) {
        let received = receive(&state, &caller, &request, Some(target), &id, 0, payload).await;
        progress = match received {
            Ok(progress) => progress,
            Err(error) => {
                // Nobody knows its address: only what a broken connection leaves can be found in the list.
                if error.code() != ErrorCode::UploadInterrupted {
                    forget(&state, caller.account.id, &id).await?;
                }
                return Err(error);
            }
        };
    }
    let upload = state
        .store
        .upload(caller.account.id, &id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let mut response = HttpResponse::Created();
    response.insert_header((LOCATION, address(&state, &id)));
    say_progress(&mut response, progress);
    Ok(response.json(view(&state, &upload, u64::MAX)))
}

fn say_progress(response: &mut HttpResponseBuilder, progress: Progress) {
    response
        .insert_header((UPLOAD_OFFSET, progress.offset))
        .insert_header((UPLOAD_EXPIRES, http_date(progress.expires_at)));
    if let Some(file_id) = progress.file_id {
        response.insert_header((FILE_ID, file_id));
    }
}

/// Tell how far an upload has come; HEAD says it in `Upload-Offset`.
///
/// While a request sends bytes of it, that is not settled.
#[utoipa::path(get, path = "/api/uploads/{id}/", tag = "uploads",
    params(
        ("id" = String, Path, description = "Id of the upload", pattern = "^[0-9a-f]{32}$", example = "5d0f6f8c2f0a4b6c9a4f0f6e1c2b3a49"),
        VersionHeader,
    ),
    responses(
    (status = 200, description = "The upload; what became a file is shown until it expires", body = UploadRecord, headers(
        ("Upload-Offset" = i64, description = "Bytes that are kept: where to go on"),
        ("Upload-Length" = i64, description = "Length of the whole file"),
        ("Upload-Metadata" = String, description = "What the upload was begun with"),
        ("Upload-Expires" = String, description = "When it ends unless bytes arrive"),
        ("X-File-Id" = Option<i64>, description = "The file that it became"),
    )),
    (status = 412, description = "Another version of the protocol"),
    (status = 423, description = "Another request is working on the upload"),
))]
async fn get_upload(
    OwnUpload { upload, .. }: OwnUpload,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    headers::check_version(&request, false)?;
    let upload = settled(&state, upload).await?;
    let bytes_there = if upload.is_complete() {
        upload.length()
    } else {
        state.store.blobs.partial_bytes(&upload.staging_key).await?
    };
    let mut response = HttpResponse::Ok();
    let progress = Progress {
        offset: upload.offset(bytes_there),
        expires_at: upload.expires_at,
        file_id: upload.file_id,
    };
    say_progress(&mut response, progress);
    Ok(response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((UPLOAD_LENGTH, upload.length()))
        .insert_header((UPLOAD_METADATA, headers::metadata_text(&upload)))
        .json(view(&state, &upload, bytes_there)))
}

/// Send bytes of the file, from where it goes on.
///
/// What arrived is kept when the connection breaks, unless it was to be checked. With the last byte the upload
/// becomes a file of the product.
#[utoipa::path(patch, path = "/api/uploads/{id}/", tag = "uploads",
    request_body(content = inline(FileBytes), content_type = "application/offset+octet-stream", description = "Bytes of the file from `Upload-Offset` on"),
    params(
        ("id" = String, Path, description = "Id of the upload", pattern = "^[0-9a-f]{32}$", example = "5d0f6f8c2f0a4b6c9a4f0f6e1c2b3a49"),
        ("Tus-Resumable" = String, Header, description = "Version of the protocol", pattern = r"^1\.0\.0$", example = "1.0.0"),
        ("Upload-Offset" = i64, Header, description = "Where the bytes begin: what HEAD says", minimum = 0, example = 0),
        ChecksumHeader,
        DigestHeaders,
    ),
    responses(
    (status = 204, description = "The bytes are kept and durable", headers(
        ("Upload-Offset" = i64, description = "Bytes that are kept: where to go on"),
        ("Upload-Expires" = String, description = "When it ends unless bytes arrive"),
        ("X-File-Id" = Option<i64>, description = "The file, when these were its last bytes"),
    )),
    (status = 400, description = "A header is missing or wrong, or a digest does not match"),
    (status = 403, description = "The token lacks the scope `upload`, the session's CSRF header is missing, or the product is no longer the caller's"),
    (status = 408, description = "The bytes stopped coming; what arrived is kept"),
    (status = 409, description = "The upload goes on elsewhere, or is complete; or the product is published and has a main file"),
    (status = 412, description = "Another version of the protocol"),
    (status = 413, description = "The bytes go beyond the file, or the file is over the quota of the product's owner"),
    (status = 415, description = "The body is no `application/offset+octet-stream`"),
    (status = 423, description = "Another request is working on the upload"),
    (status = 460, description = "The bytes do not match `Upload-Checksum`; they were not kept"),
    (status = 507, description = "There is no space left"),
))]
async fn patch_upload(
    OwnWritableUpload { caller, upload }: OwnWritableUpload,
    state: web::Data<AppState>,
    request: HttpRequest,
    mut payload: web::Payload,
) -> ApiResult<HttpResponse> {
    let start = match check_patch(&request) {
        Ok(start) => start,
        Err(error) => {
            drain(&mut payload).await;
            return Err(error);
        }
    };
    let progress = receive(&state, &caller, &request, None, &upload.id, start, payload).await?;
    let mut response = HttpResponse::NoContent();
    say_progress(&mut response, progress);
    Ok(response.finish())
}

fn check_patch(request: &HttpRequest) -> ApiResult<u64> {
    headers::check_version(request, true)?;
    headers::check_media_type(request)?;
    headers::bytes(request, &UPLOAD_OFFSET)
}

/// Give an upload up; what arrived is removed. A file that it became stays.
#[utoipa::path(delete, path = "/api/uploads/{id}/", tag = "uploads",
    params(
        ("id" = String, Path, description = "Id of the upload", pattern = "^[0-9a-f]{32}$", example = "5d0f6f8c2f0a4b6c9a4f0f6e1c2b3a49"),
        ("Tus-Resumable" = String, Header, description = "Version of the protocol", pattern = r"^1\.0\.0$", example = "1.0.0"),
    ),
    responses(
    (status = 204, description = "Removed"),
    (status = 403, description = "The token lacks the scope `upload`, or the session's CSRF header is missing"),
    (status = 412, description = "Another version of the protocol"),
    (status = 423, description = "Another request is working on the upload"),
))]
async fn delete_upload(
    OwnWritableUpload { caller, upload }: OwnWritableUpload,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    headers::check_version(&request, true)?;
    forget(&state, caller.account.id, &upload.id).await?;
    state
        .store
        .audit(caller.audit("upload.cancel", "product", upload.product_id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
