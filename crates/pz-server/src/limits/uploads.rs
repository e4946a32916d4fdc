//! Uploads: how often a user begins one, and how many requests of theirs bring bytes at once.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use pz_model::ErrorCode;

use super::respond::refuse;
use super::{KeyKind, Slot};
use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Counts an upload that begins.
///
/// # Errors
/// 429 when the user began too many.
pub(crate) fn begin(state: &AppState, request: &HttpRequest, caller: &Caller) -> ApiResult<()> {
    let limits = &state.limits;
    let Some(rate) = &limits.upload_starts else {
        return Ok(());
    };
    let key = limits.key(KeyKind::User, caller.account.id);
    match rate.take(key, limits.now()) {
        Ok(_) => Ok(()),
        Err(standing) => Err(refuse(request, standing, "You began too many uploads.")),
    }
}

/// A place for a request that brings bytes, until it is dropped.
///
/// # Errors
/// 429 when the user has as many as one may have.
pub(crate) fn place(state: &AppState, caller: &Caller) -> ApiResult<Slot> {
    let max = state.settings.limits.uploads_at_once;
    state.limits.uploads.take(caller.account.id, max).ok_or_else(|| {
        ApiError::detail(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequests,
            format!("{max} of your uploads are under way, as many as may be at once. Wait until one ends."),
        )
    })
}
