//! Signing in at an OpenID Connect provider: authorization code with PKCE.
//!
//! The browser goes to the provider and comes back with a code; what must fit then is in a signed cookie that only this
//! browser has. Somebody who cannot be let in ends on the login page with a code of ours; nothing that the provider
//! says is shown.

mod claims;
mod next;
mod provider;

use std::time::Duration;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pz_model::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;

use super::{Public, external, session};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;
use provider::Fault;

pub(crate) use provider::Provider;

/// Where a sign-in starts.
pub(crate) const LOGIN_PATH: &str = "/api/oidc/login/";

const PURPOSE: &str = "oidc";
/// Somebody has this long to sign in at the provider.
const ATTEMPT_LENGTH: Duration = Duration::from_secs(600);
/// How the session says that it began.
const METHOD: &str = "oidc";

/// A sign-in under way, as the browser keeps it.
#[derive(Serialize, Deserialize)]
struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    next: String,
}

/// Why somebody is back on the login page, in words that its address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AwaitingApproval,
    NotActive,
    ProviderRefused,
    ProviderUnreachable,
    Failed,
}

impl Outcome {
    const fn code(self) -> &'static str {
        match self {
            Self::AwaitingApproval => "awaiting_approval",
            Self::NotActive => "not_active",
            Self::ProviderRefused => "provider_refused",
            Self::ProviderUnreachable => "provider_unreachable",
            Self::Failed => "failed",
        }
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        // As a quoted text: it may repeat what somebody else wrote.
        tracing::warn!(
            fault = fault.to_string(),
            "a sign-in at the identity provider came to nothing"
        );
        match fault {
            Fault::Unreachable(_) => Self::ProviderUnreachable,
            Fault::Wrong(_) => Self::Failed,
        }
    }
}

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Oidc Login") => [oidc_login],
        PathMeta::action("Oidc Callback") => [oidc_callback],
    );
}

fn provider(state: &AppState) -> ApiResult<&Provider> {
    state.oidc.as_deref().ok_or_else(ApiError::not_found)
}

/// Sign in at the identity provider: sends the browser there.
#[utoipa::path(get, path = "/api/oidc/login/", tag = "session", params(
    ("next" = inline(Option<String>), Query, description = "Path of this site to go to then; the start page when absent",
        max_length = 1500, pattern = r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$", example = "/user_products"),
), responses(
    (status = 302, description = "To the identity provider; or to the login page, with the reason in `error`"),
    (status = 400, description = "`next` is no path of this site"),
    (status = 403, description = "Sessions are not offered over this connection"),
    (status = 404, description = "No identity provider is configured"),
))]
async fn oidc_login(_: Public, state: web::Data<AppState>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let provider = provider(&state)?;
    let next = next::read(QueryMap::of(&request).get("next"))?;
    if !state.settings.sessions_allowed() {
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::PermissionDenied,
            "This server is reached over plain HTTP, where a session could be stolen.",
        ));
    }
    let begun = match provider.begin().await {
        Ok(begun) => begun,
        Err(fault) => return Ok(back_to_login(&state, fault.into(), &next)),
    };
    let attempt = Attempt {
        state: begun.state,
        nonce: begun.nonce,
        verifier: begun.verifier,
        next,
    };
    let kept = state.keys.sign(PURPOSE, attempt, ATTEMPT_LENGTH);
    let mut cookie = attempt_cookie(&state, kept);
    cookie.set_max_age(CookieDuration::try_from(ATTEMPT_LENGTH).unwrap_or(CookieDuration::ZERO));
    let mut response = redirect(&begun.url);
    response.add_cookie(&cookie).map_err(ApiError::internal)?;
    Ok(response)
}

/// Come back from the identity provider: ends the sign-in that this browser began.
#[utoipa::path(get, path = "/api/oidc/callback/", tag = "session", params(
    ("code" = inline(Option<String>), Query, description = "The provider's code"),
    ("state" = inline(Option<String>), Query, description = "What the sign-in began with"),
    ("error" = inline(Option<String>), Query, description = "Why the provider let nobody in"),
    ("iss" = inline(Option<String>), Query, description = "The provider"),
), responses(
    (status = 302, description = "Signed in, to the path asked for; or to the login page, with the reason in `error`: `awaiting_approval`, `not_active`, `provider_refused`, `provider_unreachable` or `failed`"),
    (status = 404, description = "No identity provider is configured"),
))]
async fn oidc_callback(
    _: Public,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let provider = provider(&state)?;
    let query = QueryMap::of(&request);
    let Some(attempt) = begun_here(&state, &request, &query) else {
        return Ok(back_to_login(&state, Outcome::Failed, "/"));
    };
    let back = |outcome| Ok(back_to_login(&state, outcome, &attempt.next));
    // Another provider's answer (RFC 9207).
    if query.get("iss").is_some_and(|issuer| issuer != provider.issuer()) {
        return back(Outcome::Failed);
    }
    if query.get("error").is_some() {
        return back(Outcome::ProviderRefused);
    }
    let Some(code) = query.get("code") else {
        return back(Outcome::Failed);
    };
    let claims = match provider
        .finish(code.to_owned(), attempt.verifier.clone(), &attempt.nonce)
        .await
    {
        Ok(claims) => claims,
        Err(fault) => return back(fault.into()),
    };
    let Some(described) = claims::describe(&state.settings.oidc, provider.issuer(), &claims) else {
        return back(Outcome::Failed);
    };
    let account = external::account(&state, &request, &described).await?;
    let refused = match (account.awaits_approval, account.is_active) {
        (true, _) => Some(Outcome::AwaitingApproval),
        (false, false) => Some(Outcome::NotActive),
        (false, true) => None,
    };
    if let Some(outcome) = refused {
        let mut entry = external::audit_entry(&account, "session.refused", &request);
        entry.detail = Some(json!({"method": METHOD, "reason": outcome.code()}));
        state.store.audit(entry).await?;
        return back(outcome);
    }
    let mut response = redirect(&attempt.next);
    for cookie in session::start(&state, &account, METHOD, &request).await? {
        response.add_cookie(&cookie).map_err(ApiError::internal)?;
    }
    forget_attempt(&state, &mut response);
    Ok(response)
}

/// The sign-in that this browser began, if the state fits.
fn begun_here(state: &AppState, request: &HttpRequest, query: &QueryMap) -> Option<Attempt> {
    let cookie = request.cookie(cookie_name(state))?;
    let attempt: Attempt = state.keys.check(PURPOSE, cookie.value())?;
    let fits = query.get("state")?.as_bytes().ct_eq(attempt.state.as_bytes());
    bool::from(fits).then_some(attempt)
}

fn cookie_name(state: &AppState) -> &'static str {
    if state.settings.secure_cookies() {
        "__Host-pz_oidc"
    } else {
        "pz_oidc"
    }
}

/// Lax: it must come along when the provider sends the browser back.
fn attempt_cookie(state: &AppState, value: String) -> Cookie<'static> {
    Cookie::build(cookie_name(state), value)
        .path("/")
        .http_only(true)
        .secure(state.settings.secure_cookies())
        .same_site(SameSite::Lax)
        .finish()
}

fn forget_attempt(state: &AppState, response: &mut HttpResponse) {
    let mut cookie = attempt_cookie(state, String::new());
    cookie.make_removal();
    if let Err(error) = response.add_cookie(&cookie) {
        tracing::error!(%error, "cannot remove a cookie");
    }
}

fn redirect(location: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

fn back_to_login(state: &AppState, outcome: Outcome, next: &str) -> HttpResponse {
    let mut location = format!("/login?error={}", outcome.code());
    if next != "/" {
        location.push_str("&returnUrl=");
        location.extend(utf8_percent_encode(next, NON_ALPHANUMERIC));
    }
    let mut response = redirect(&location);
    forget_attempt(state, &mut response);
    response
}
