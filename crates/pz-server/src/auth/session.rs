//! Browser sessions: a signed token in a cookie that scripts cannot read, and a second cookie whose value
//! must come back in a header on every request that changes something.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use pz_model::ErrorCode;
use pz_store::accounts::Account;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::check_origin;
use super::token::Scope;
use crate::cache::CallerKey;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Header that must equal the CSRF cookie.
pub const CSRF_HEADER: &str = "X-CSRFToken";
/// Cookie whose value the header repeats; scripts of the web app read it.
pub const CSRF_COOKIE: &str = "pz_csrf";

const PURPOSE: &str = "session";

#[derive(Serialize, Deserialize)]
struct SessionClaims {
    /// The user.
    sub: i64,
    /// Sessions of an older epoch are over.
    epoch: i32,
}

/// The session cookie's name; the prefix makes browsers refuse it without `Secure`, or for other paths.
pub fn cookie_name(state: &AppState) -> &'static str {
    if state.settings.secure_cookies() {
        "__Host-pz_session"
    } else {
        "pz_session"
    }
}

/// The two cookies of a new session.
pub(crate) fn start(state: &AppState, account: &Account) -> [Cookie<'static>; 2] {
    let claims = SessionClaims {
        sub: account.id,
        epoch: account.session_epoch,
    };
    let length = state.session_length();
    let token = state.keys.sign(PURPOSE, claims, length);
    let max_age = CookieDuration::seconds(i64::try_from(length.as_secs()).unwrap_or(i64::MAX));
    let cookie = |name: &'static str, value: String, http_only: bool| {
        Cookie::build(name, value)
            .path("/")
            .http_only(http_only)
            .secure(state.settings.secure_cookies())
            .same_site(SameSite::Lax)
            .max_age(max_age)
            .finish()
    };
    [
        cookie(cookie_name(state), token, true),
        cookie(CSRF_COOKIE, super::token::random_text(), false),
    ]
}

/// Cookies that end the session in the browser.
pub(crate) fn end(state: &AppState) -> [Cookie<'static>; 2] {
    let [mut session, mut csrf] = [Cookie::new(cookie_name(state), ""), Cookie::new(CSRF_COOKIE, "")];
    for cookie in [&mut session, &mut csrf] {
        cookie.set_path("/");
        cookie.set_secure(state.settings.secure_cookies());
        cookie.make_removal();
    }
    [session, csrf]
}

/// The account of a session that has not ended.
///
/// # Errors
/// When the database fails.
pub(crate) async fn account(state: &AppState, token: &str) -> ApiResult<Option<Arc<Account>>> {
    let Some(claims) = state.keys.check::<SessionClaims>(PURPOSE, token) else {
        return Ok(None);
    };
    let known_by = CallerKey::User(claims.sub);
    let account = match state.cache.caller(&state.store, &known_by).await? {
        Some(known) => Some(known.account.clone()),
        None => {
            let revision = state.cache.revisions(&state.store).await?;
            let account = state.store.account_by_id(claims.sub).await?;
            let account = account.map(Arc::new);
            if let Some(account) = &account {
                let scopes = Scope::ALL.into();
                state
                    .cache
                    .keep_caller(known_by, revision, account.clone(), scopes, None);
            }
            account
        }
    };
    Ok(account.filter(|account| account.session_epoch == claims.epoch))
}

/// Refuses a changing request whose CSRF header does not equal the cookie, or that comes from elsewhere.
///
/// # Errors
/// 403.
pub(crate) fn check_csrf(state: &AppState, request: &HttpRequest) -> ApiResult<()> {
    check_origin(state, request.headers())?;
    let cookie = request
        .cookie(CSRF_COOKIE)
        .map(|cookie| cookie.value().to_owned())
        .unwrap_or_default();
    let header = request
        .headers()
        .get(CSRF_HEADER)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !cookie.is_empty() && bool::from(cookie.as_bytes().ct_eq(header.as_bytes())) {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::CsrfFailed,
        format!("The header {CSRF_HEADER} must repeat the cookie {CSRF_COOKIE}."),
    ))
}
