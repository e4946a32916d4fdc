//! Changing one's own password.

use actix_web::{HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::PasswordChange;
use pz_model::limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use pz_store::sessions::Ending;

use crate::auth::{Caller, password};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::json_body::JsonBody;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Own Password") => [change_password],
    );
}

/// Change the caller's password; all other sessions end, API tokens stay.
#[utoipa::path(post, path = "/api/account/password/", tag = "users", request_body = PasswordChange, responses(
    (status = 204, description = "The password is changed"),
    (status = 400, description = "The current password is wrong, or the new one cannot be used; the answer names the field"),
    (status = 403, description = "The token in use may do less than the account, or the CSRF header is missing"),
))]
async fn change_password(
    caller: Caller,
    state: web::Data<AppState>,
    body: JsonBody,
) -> ApiResult<HttpResponse> {
    caller.need_every_scope()?;
    let mut input = body.read().await?;
    let current = input.secret("current_password", 1, PASSWORD_MAX_BYTES);
    let current = input.require("current_password", current).unwrap_or_default();
    let new = input.secret("new_password", PASSWORD_MIN_CHARS, PASSWORD_MAX_BYTES);
    let new = input.require("new_password", new).unwrap_or_default();
    input.check()?;
    let account = &caller.account;
    // Asked anew: what is remembered may be a moment old.
    let known = state.store.account_by_id(account.id).await?;
    let hash = known.and_then(|account| account.password_hash);
    if hash.is_none() {
        return Err(ApiError::field(
            "current_password",
            ErrorCode::InvalidCredentials,
            "This account has no password. An administrator can make a link to set one.",
        ));
    }
    if !password::verify(&state, current, hash).await? {
        return Err(ApiError::field(
            "current_password",
            ErrorCode::InvalidCredentials,
            "This is not your current password.",
        ));
    }
    let hash = password::hash_new(&state, "new_password", new, &[&account.username]).await?;
    state
        .store
        .change_password(account.id, &hash, Ending::AllBut(caller.session_id()))
        .await?;
    state
        .store
        .audit(caller.audit("user.password", "user", account.id))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
