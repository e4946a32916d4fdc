//! Setting a new password by a link that an administrator made.
//!
//! The secret stands in the link's fragment, which no browser sends and no log sees; the page reads it there.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use pz_model::api::{PasswordReset, PasswordResetLink};
use pz_model::limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use pz_model::{ErrorCode, Timestamp};
use pz_store::StoreError;

use super::{Public, audit_entry, check_origin, password, token};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::json_body::JsonBody;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

/// A link is good this long.
const LIFETIME_HOURS: i64 = 24;
/// Longest secret that is looked for, in characters.
const SECRET_MAX_CHARS: usize = 100;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Password Reset") => [reset_password],
    );
}

/// Makes a link for a user and forgets its secret; the one before it ends. `base` is the address of the web app.
///
/// # Errors
/// When the database fails.
pub(crate) async fn new_link(
    state: &AppState,
    user_id: i64,
    created_by: Option<i64>,
    base: &str,
) -> Result<PasswordResetLink, StoreError> {
    let secret = token::random_text();
    let expires_at = Timestamp::from(Timestamp::now().to_utc() + TimeDelta::hours(LIFETIME_HOURS));
    state
        .store
        .add_password_reset(user_id, &secret, created_by, expires_at)
        .await?;
    Ok(PasswordResetLink {
        url: format!("{}/reset-password#{secret}", base.trim_end_matches('/')),
        expires_at,
    })
}

/// Set a new password by a link from an administrator; all sessions of the account end, and the link.
#[utoipa::path(post, path = "/api/password-reset/", tag = "session", request_body = PasswordReset, responses(
    (status = 204, description = "The password is set: sign in with it"),
    (status = 400, description = "The new password cannot be used, or a field is missing; the answer names it"),
    (status = 403, description = "The link is wrong, was used or has expired, which is not told apart; or the request comes from another site"),
))]
async fn reset_password(
    _: Public,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: JsonBody,
) -> ApiResult<HttpResponse> {
    check_origin(&state, request.headers())?;
    let mut input = body.read().await?;
    let secret = input.secret("token", 1, SECRET_MAX_CHARS);
    let secret = input.require("token", secret).unwrap_or_default();
    let new = input.secret("new_password", PASSWORD_MIN_CHARS, PASSWORD_MAX_BYTES);
    let new = input.require("new_password", new).unwrap_or_default();
    input.check()?;
    let reset = state
        .store
        .open_password_reset(&secret)
        .await?
        .ok_or_else(no_such_link)?;
    let account = &reset.account;
    let hash = password::hash_new(&state, "new_password", new, &[&account.username]).await?;
    if !state.store.use_password_reset(&reset, &hash).await? {
        return Err(no_such_link());
    }
    let mut entry = audit_entry(account, "user.password_reset", &request);
    entry.object_type = Some("user");
    entry.object_id = Some(account.id);
    state.store.audit(entry).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn no_such_link() -> ApiError {
    ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::InvalidLink,
        "This link is wrong, was used, or has expired. Ask an administrator for a new one.",
    )
}
