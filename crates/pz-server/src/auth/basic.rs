//! `Authorization: Basic`, for tools that know nothing else: a username and password, which may do what a default
//! token may; or any username with an API token as the password.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use base64::Engine as _;
use pz_model::ErrorCode;

use super::token::{self, Scope};
use super::{Caller, Credential, audit_entry, by_token, check_origin, is_safe, malformed};
use crate::cache::CallerKey;
use crate::error::{ApiError, ApiResult};
use crate::limits::sign_in;
use crate::product_files::digests::BASE64;
use crate::state::AppState;

const USERNAME_MAX_CHARS: usize = 255;
const PASSWORD_MAX_CHARS: usize = 1024;

/// Who sends these credentials. A password that was right is remembered for a minute, so that not every request
/// takes the time that checking one must take.
///
/// # Errors
/// 401 for wrong ones, 403 for a request that a page of another origin made the browser send, 429 for a password
/// that was wrong too often.
pub(super) async fn caller(state: &AppState, request: &HttpRequest, encoded: &str) -> ApiResult<Caller> {
    let decoded = BASE64.decode(encoded).map_err(|_| malformed())?;
    let text = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (username, password) = text.split_once(':').ok_or_else(malformed)?;
    // Browsers send what they were once told to whatever page asks them.
    if !is_safe(request.method()) {
        check_origin(state, request.headers())?;
    }
    if token::split(password).is_some() {
        return by_token(state, password).await;
    }
    by_password(state, request, username, password).await
}

async fn by_password(
    state: &AppState,
    request: &HttpRequest,
    username: &str,
    password: &str,
) -> ApiResult<Caller> {
    let wrong = || {
        ApiError::detail(
            StatusCode::UNAUTHORIZED,
            ErrorCode::InvalidCredentials,
            "Wrong username or password.",
        )
    };
    if username.chars().count() > USERNAME_MAX_CHARS || password.chars().count() > PASSWORD_MAX_CHARS {
        return Err(wrong());
    }
    let known_by = CallerKey::password(&state.limits.password_key, username, password);
    if let Some(known) = state.cache.caller(&state.store, &known_by).await? {
        let account = known.account.clone();
        return Ok(Caller::new(account, Credential::Password, known.scopes.clone()));
    }
    let revision = state.cache.revisions(&state.store).await?;
    let account = sign_in::check(state, request, username, password.to_owned())
        .await?
        .ok_or_else(wrong)?;
    let entry = audit_entry(&account, "password.sign_in", request);
    state.store.audit(entry).await?;
    let account = Arc::new(account);
    let scopes: Arc<[Scope]> = Scope::DEFAULT.into();
    state
        .cache
        .keep_caller(known_by, revision, account.clone(), scopes.clone(), None);
    Ok(Caller::new(account, Credential::Password, scopes))
}
