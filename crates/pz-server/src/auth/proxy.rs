//! People whom a trusted proxy has signed in and names in a header.
//!
//! The header counts only from a peer that the setting `trusted_proxies` names; from anybody else it is passed over,
//! as if it were not there. A browser stands behind the proxy and another site could make it ask: requests that change
//! something must say that they come from a page of this site.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderName, ORIGIN};
use pz_model::ErrorCode;
use sha2::{Digest, Sha256};

use super::external::{self, Described, PROXY_ISSUER};
use super::token::{self, Scope};
use super::{Caller, Credential, check_origin, is_safe};
use crate::cache::CallerKey;
use crate::client_address::{client_scheme, is_from_trusted_proxy};
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

const FETCH_SITE: &str = "sec-fetch-site";
const USER_MAX_BYTES: usize = 255;

/// Whether proxies may sign people in here.
pub(super) fn is_used(state: &AppState) -> bool {
    state.settings.proxy.proxy_user_header.is_some()
}

/// Whoever a trusted proxy names; none when none does, or when the request has an API token of its own.
pub(super) async fn caller(state: &AppState, request: &HttpRequest) -> ApiResult<Option<Caller>> {
    let settings = &state.settings.proxy;
    let Some(user_header) = &settings.proxy_user_header else {
        return Ok(None);
    };
    if !is_from_trusted_proxy(request) || has_token(request) {
        return Ok(None);
    }
    let Some(user) = header(request, Some(user_header))? else {
        return Ok(None);
    };
    if user.len() > USER_MAX_BYTES {
        return Err(unusable(user_header));
    }
    if !is_safe(request.method()) {
        check_site(state, request)?;
    }
    let groups = header(request, settings.proxy_groups_header.as_ref())?.unwrap_or_default();
    let email = header(request, settings.proxy_email_header.as_ref())?.unwrap_or_default();
    let known_by = known_by(&[user, groups, email]);
    let account = match state.cache.caller(&state.store, &known_by).await? {
        Some(known) => known.account.clone(),
        None => {
            let revision = state.cache.revisions(&state.store).await?;
            let described = Described {
                issuer: PROXY_ISSUER.to_owned(),
                subject: user.to_owned(),
                username: user.to_owned(),
                email: email.to_owned(),
                groups: groups
                    .split([',', ';'])
                    .map(|group| group.trim().to_owned())
                    .collect(),
                ..Described::default()
            };
            let account = Arc::new(external::account(state, request, &described).await?);
            if account.is_active {
                state.store.note_sign_in(account.id).await?;
            }
            let scopes = Scope::ALL.into();
            state
                .cache
                .keep_caller(known_by, revision, account.clone(), scopes, None);
            account
        }
    };
    Ok(Some(Caller::new(account, Credential::Proxy, Scope::ALL.into())))
}

/// Programs behind the proxy use a token of ours; other credentials are the proxy's.
fn has_token(request: &HttpRequest) -> bool {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return false;
    };
    let mut words = header.to_str().unwrap_or_default().split_ascii_whitespace();
    words.nth(1).is_some_and(|text| token::split(text).is_some())
}

/// What the header says, if anything. Two of them mean that the proxy did not replace the one it was sent.
fn header<'a>(request: &'a HttpRequest, name: Option<&HeaderName>) -> ApiResult<Option<&'a str>> {
    let Some(name) = name else {
        return Ok(None);
    };
    let mut values = request.headers().get_all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| unusable(name))?;
    if values.next().is_some() || text.chars().any(char::is_control) {
        return Err(unusable(name));
    }
    Ok(Some(text.trim()).filter(|text| !text.is_empty()))
}

fn unusable(name: &HeaderName) -> ApiError {
    ApiError::detail(
        StatusCode::UNAUTHORIZED,
        ErrorCode::NotAuthenticated,
        format!("The proxy's header {name} names nobody."),
    )
}

fn known_by(parts: &[&str]) -> CallerKey {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update((part.len() as u64).to_le_bytes());
    }
    CallerKey::Proxy(hash.finalize().into())
}

/// Refuses a changing request that does not come from a page of this site.
fn check_site(state: &AppState, request: &HttpRequest) -> ApiResult<()> {
    check_origin(state, request.headers())?;
    check_origin_scheme(state, request)?;
    let says_same_site = match request.headers().get(FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => request.headers().contains_key(ORIGIN),
    };
    if says_same_site {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::CsrfFailed,
        "The request does not say that it comes from a page of this site. Programs send an API token.",
    ))
}

/// Refuses a request from the plain page of a host that is reached over HTTPS, and the other way round. With a
/// `public_url` the origin is compared as a whole anyway.
///
/// # Errors
/// 403.
pub(super) fn check_origin_scheme(state: &AppState, request: &HttpRequest) -> ApiResult<()> {
    let origin = request
        .headers()
        .get(ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    let (Some(origin), Some(scheme), None) = (origin, client_scheme(request), &state.settings.public_url)
    else {
        return Ok(());
    };
    if origin.split_once("://").is_some_and(|(start, _)| start == scheme) {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::CsrfFailed,
        "The request comes from another site.",
    ))
}
