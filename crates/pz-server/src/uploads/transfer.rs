//! Beginning an upload, taking it to work on it, and giving it up.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpRequest, web};
use pz_model::ErrorCode;
use pz_store::entities::uploads;
use pz_store::uploads::{BegunUpload, NewUpload, OpenedUpload};
use rand::RngExt;

use super::headers::{self, UPLOAD_LENGTH};
use super::receive::{Progress, Reception, beyond, expires_at};
use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};
use crate::limits;
use crate::product_files::{Target, drain, empty, quota_exceeded, usable_name};
use crate::state::AppState;

/// A request waits so long for another one to let go of an upload: that of a connection that broke just now ends
/// at once, and how far it came is known only then.
const LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_POLL: Duration = Duration::from_millis(20);

/// Checks everything that can be checked before the first byte, and makes the record.
pub(super) async fn begin(
    state: &AppState,
    caller: &Caller,
    request: &HttpRequest,
) -> ApiResult<(Target, uploads::Model)> {
    headers::check_version(request, true)?;
    let length_bytes = headers::bytes(request, &UPLOAD_LENGTH)?;
    headers::digests(request)?;
    if headers::is_offset_stream(request) {
        headers::check_media_type(request)?;
    }
    let metadata = headers::metadata(request)?;
    let target = Target::settle(state, caller, &metadata.fields).await?;
    let name = usable_name("filename", &metadata.file_name)?;
    if length_bytes == 0 {
        return Err(empty("filename", &name));
    }
    target.room(state).await?.check(&name, length_bytes)?;
    limits::uploads::begin(state, request, caller)?;
    let id: [u8; 16] = rand::rng().random();
    let new = NewUpload {
        id: pz_store::blobs::hex(&id),
        user_id: caller.account.id,
        product_id: target.product.id,
        role: target.role,
        name: name.clone(),
        mime_type: target.mime_type.clone(),
        length_bytes,
        expires_at: expires_at(state),
        default_quota_bytes: state.settings.user_quota_bytes,
        max_unfinished: u64::from(state.settings.limits.unfinished_uploads),
    };
    let upload = match state.store.begin_upload(new).await? {
        BegunUpload::Begun(upload) => upload,
        BegunUpload::QuotaExceeded { left_bytes } => return Err(quota_exceeded(&name, left_bytes)),
        BegunUpload::TooMany => return Err(too_many_unfinished(state)),
        BegunUpload::ProductGone => return Err(ApiError::not_found()),
    };
    state
        .store
        .audit(caller.audit("upload.begin", "product", upload.product_id))
        .await?;
    Ok((target, upload))
}

/// Takes the bytes of a request whose headers are right.
pub(super) async fn receive(
    state: &AppState,
    caller: &Caller,
    request: &HttpRequest,
    target: Option<Target>,
    id: &str,
    start: u64,
    mut payload: web::Payload,
) -> ApiResult<Progress> {
    match reception(state, caller, request, target, id, start).await {
        Ok(reception) => {
            // A task of its own: what arrived is kept even when the connection, and this with it, is gone.
            let task = actix_web::rt::spawn(reception.receive(payload));
            task.await.map_err(ApiError::internal)?
        }
        Err(error) => {
            drain(&mut payload).await;
            Err(error)
        }
    }
}

async fn reception(
    state: &AppState,
    caller: &Caller,
    request: &HttpRequest,
    target: Option<Target>,
    id: &str,
    start: u64,
) -> ApiResult<Reception> {
    let check = headers::digests(request)?;
    let place = limits::uploads::place(state, caller)?;
    let (upload, partial) = match open(state, caller.account.id, id).await? {
        OpenedUpload::Gone => return Err(ApiError::not_found()),
        OpenedUpload::Locked => return Err(locked()),
        OpenedUpload::Complete(upload) => return Err(elsewhere(upload.length())),
        OpenedUpload::Open(upload, partial) => (upload, partial),
    };
    let target = match target {
        Some(target) => target,
        None => Target::of_upload(state, caller, &upload).await?,
    };
    let offset = partial.size_bytes();
    if start != offset {
        return Err(elsewhere(offset));
    }
    let declared: u64 = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(0);
    if offset.saturating_add(declared) > upload.length() {
        return Err(beyond(upload.length()));
    }
    Ok(Reception {
        state: state.clone(),
        caller: caller.clone(),
        target,
        upload,
        partial,
        start,
        check,
        recorded: offset,
        _place: place,
    })
}

/// Takes an upload; waits a moment for a request that is about to let go of it.
async fn open(state: &AppState, user_id: i64, id: &str) -> ApiResult<OpenedUpload> {
    let until = Instant::now() + LOCK_WAIT;
    loop {
        match state.store.open_upload(user_id, id).await? {
            OpenedUpload::Locked if Instant::now() < until => tokio::time::sleep(LOCK_POLL).await,
            opened => return Ok(opened),
        }
    }
}

/// The upload when no request works on it, after waiting a moment for that.
pub(super) async fn settled(state: &AppState, upload: uploads::Model) -> ApiResult<uploads::Model> {
    if upload.is_complete() || !state.store.blobs.partial_is_locked(&upload.staging_key).await? {
        return Ok(upload);
    }
    let until = Instant::now() + LOCK_WAIT;
    while state.store.blobs.partial_is_locked(&upload.staging_key).await? {
        if Instant::now() >= until {
            return Err(locked());
        }
        tokio::time::sleep(LOCK_POLL).await;
    }
    // It has got further, or to its end.
    state
        .store
        .upload(upload.user_id, &upload.id)
        .await?
        .ok_or_else(ApiError::not_found)
}

fn too_many_unfinished(state: &AppState) -> ApiError {
    let max = state.settings.limits.unfinished_uploads;
    ApiError::detail(
        StatusCode::CONFLICT,
        ErrorCode::LimitReached,
        format!(
            "You have {max} unfinished uploads, as many as one may have; send their last bytes or end one first."
        ),
    )
}

fn locked() -> ApiError {
    ApiError::detail(
        StatusCode::LOCKED,
        ErrorCode::UploadLocked,
        "Another request is working on this upload. Wait until it ends, then ask for Upload-Offset.",
    )
}

/// 409 for bytes that belong to another place.
fn elsewhere(offset: u64) -> ApiError {
    ApiError::detail(
        StatusCode::CONFLICT,
        ErrorCode::OffsetMismatch,
        format!("The upload goes on at Upload-Offset {offset}."),
    )
}

/// Forgets an upload and its bytes.
pub(super) async fn forget(state: &AppState, user_id: i64, id: &str) -> ApiResult<()> {
    match open(state, user_id, id).await? {
        OpenedUpload::Gone => Err(ApiError::not_found()),
        OpenedUpload::Locked => Err(locked()),
        OpenedUpload::Complete(_) => Ok(state.store.delete_upload(id, None).await?),
        OpenedUpload::Open(_, partial) => Ok(state.store.delete_upload(id, Some(partial)).await?),
    }
}
