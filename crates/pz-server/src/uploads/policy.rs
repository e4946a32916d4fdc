//! Who may see an upload: the user who began it, nobody else.

use actix_web::HttpRequest;
use pz_store::entities::uploads;

use crate::auth::token::Scope;
use crate::auth::{Caller, app_state};
use crate::error::{ApiError, ApiResult};
use crate::policy;

/// An upload that the caller began.
pub(super) struct OwnUpload {
    pub(super) caller: Caller,
    pub(super) upload: uploads::Model,
}

/// The same for a caller who may upload.
pub(super) struct OwnWritableUpload {
    pub(super) caller: Caller,
    pub(super) upload: uploads::Model,
}

async fn own(request: &HttpRequest) -> ApiResult<OwnUpload> {
    let caller = Caller::of(request).await?;
    let id = request.match_info().get("id").unwrap_or_default();
    if id.len() != 32 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ApiError::not_found());
    }
    let upload = app_state(request)?
        .store
        .upload(caller.account.id, id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(OwnUpload { caller, upload })
}

async fn own_writable(request: &HttpRequest) -> ApiResult<OwnWritableUpload> {
    let OwnUpload { caller, upload } = own(request).await?;
    caller.need_scope(Scope::Upload)?;
    Ok(OwnWritableUpload { caller, upload })
}

policy!(OwnUpload, own, Access::Visible("upload"));
policy!(OwnWritableUpload, own_writable, Access::Visible("upload"));
