//! Browser sessions: a cookie that scripts cannot read, with a short signed token that names a row, and a second
//! cookie whose value must come back in a header on every request that changes something.
//!
//! The token is exchanged for a new one whenever it is no longer fresh, on whatever answer comes next. A token from
//! before the last exchange means that somebody copied the cookie, and ends the session. See decision 25.

mod standing;

use std::sync::Arc;

use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpMessage, HttpRequest};
use chrono::Utc;
use pz_model::{ErrorCode, Timestamp};
use pz_store::accounts::Account;
use pz_store::audit::AuditEntry;
use pz_store::sessions::{Browser, LiveSession, NewSession};
use serde_json::json;
use subtle::ConstantTimeEq;

use self::standing::{Claims, Standing, is_of, standing};
use super::{audit_entry, check_origin, proxy};
use crate::cache::CallerKey;
use crate::client_address::client_address;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Header that must equal the CSRF cookie.
pub const CSRF_HEADER: &str = "X-CSRFToken";
/// Cookie whose value the header repeats; scripts of the web app read it.
pub const CSRF_COOKIE: &str = "pz_csrf";

const PURPOSE: &str = "session";
/// Of what a browser calls itself, so much is kept.
const USER_AGENT_MAX_CHARS: usize = 256;

/// The session that a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionInUse {
    pub(crate) id: i64,
}

/// Cookies that the answer to a request brings to the browser.
struct NewCookies([Cookie<'static>; 2]);

/// The session that a request was found to belong to. Its token is judged once: a stream of events goes on longer than
/// a token is fresh.
#[derive(Clone, Copy)]
struct Found {
    id: i64,
    /// The beginning, in microseconds.
    begun: i64,
}

/// The session cookie's name; the prefix makes browsers refuse it without `Secure`, or for other paths.
pub fn cookie_name(state: &AppState) -> &'static str {
    if state.settings.secure_cookies() {
        "__Host-pz_session"
    } else {
        "pz_session"
    }
}

/// Refuses to sign anybody in where a cookie could be stolen on its way.
///
/// # Errors
/// 403.
pub(crate) fn check_offered(state: &AppState) -> ApiResult<()> {
    if state.settings.sessions_allowed() {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::PermissionDenied,
        "This server is reached over plain HTTP, where a session could be stolen. Its operator must set public_url to an https address, or insecure_cookies.",
    ))
}

/// Signs somebody in: begins a new session, whatever the browser held before, notes it and writes it to the audit log.
/// `method` says how they showed who they are. The cookies for the answer.
///
/// # Errors
/// When the database fails.
pub(crate) async fn start(
    state: &AppState,
    account: &Account,
    method: &'static str,
    request: &HttpRequest,
) -> ApiResult<[Cookie<'static>; 2]> {
    // A session that this browser leaves behind would be of use only to others.
    if let Some(before) = claims_of(state, request)
        && let Some(row) = state.store.live_session(before.sid).await?
        && is_of(&row, &before)
    {
        state.store.end_session(row.session_id).await?;
    }
    let (unused, longest) = state.settings.session_lengths();
    let row = state
        .store
        .begin_session(NewSession {
            user_id: account.id,
            method,
            browser: browser_of(request),
            unused,
            longest,
        })
        .await?;
    state.cache.forget();
    state.store.note_sign_in(account.id).await?;
    let mut entry = audit_entry(account, "session.sign_in", request);
    entry.object_type = Some("session");
    entry.object_id = Some(row.id);
    entry.detail = Some(json!({"method": method}));
    state.store.audit(entry).await?;
    let live = LiveSession {
        session_id: row.id,
        user_id: row.user_id,
        generation: row.generation,
        rotated_at: row.rotated_at,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        account: account.clone(),
    };
    Ok(cookies(state, &live))
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

/// The account and session of a request with a session cookie; the cookies for the answer are renewed when they are
/// due.
///
/// # Errors
/// 401 when there is no cookie or the session has ended, 403 for a failed CSRF check.
pub(crate) async fn of_request(
    state: &AppState,
    request: &HttpRequest,
) -> ApiResult<(Arc<Account>, SessionInUse)> {
    if request.cookie(cookie_name(state)).is_none() {
        return Err(ApiError::detail(
            StatusCode::UNAUTHORIZED,
            ErrorCode::NotAuthenticated,
            "Authentication credentials were not provided.",
        ));
    }
    let found = request.extensions().get::<Found>().copied();
    if let Some(found) = found {
        return again(state, found).await;
    }
    let claims = claims_of(state, request).ok_or_else(ended)?;
    let found = Found {
        id: claims.sid,
        begun: claims.begun,
    };
    let caller = first(state, request, claims).await?;
    request.extensions_mut().insert(found);
    Ok(caller)
}

/// The session of a request that was found to belong to it, if it has not ended meanwhile.
async fn again(state: &AppState, found: Found) -> ApiResult<(Arc<Account>, SessionInUse)> {
    let in_use = SessionInUse { id: found.id };
    let goes_on = |session: &LiveSession| {
        session.created_at.timestamp_micros() == found.begun && session.expires_at > Utc::now()
    };
    if let Some(known) = state
        .cache
        .caller(&state.store, &CallerKey::Session(found.id))
        .await?
        && known.session.as_ref().is_some_and(goes_on)
    {
        return Ok((known.account.clone(), in_use));
    }
    let session = state.store.live_session(found.id).await?;
    let session = session.filter(goes_on).ok_or_else(ended)?;
    Ok((Arc::new(session.account), in_use))
}

/// Judges the token of a request.
async fn first(
    state: &AppState,
    request: &HttpRequest,
    claims: Claims,
) -> ApiResult<(Arc<Account>, SessionInUse)> {
    let length = state.settings.session_token_length();
    let known_by = CallerKey::Session(claims.sid);
    // What is remembered is believed only when it says that all is well.
    if let Some(known) = state.cache.caller(&state.store, &known_by).await?
        && let Some(session) = &known.session
        && session.was_used()
        && standing(session, &claims, Utc::now(), length) == Standing::Current
    {
        check_csrf_of(state, request, &claims)?;
        return Ok((known.account.clone(), SessionInUse { id: claims.sid }));
    }
    let revision = state.cache.revisions(&state.store).await?;
    let mut session = state.store.live_session(claims.sid).await?.ok_or_else(ended)?;
    let standing = standing(&session, &claims, Utc::now(), length);
    match standing {
        Standing::Void => return Err(ended()),
        Standing::Replayed => {
            end_replayed(state, &session, request).await?;
            return Err(ended());
        }
        Standing::Current | Standing::Stale | Standing::Before => {}
    }
    check_csrf_of(state, request, &claims)?;
    match standing {
        Standing::Stale => session = rotate(state, session, request).await?,
        Standing::Before => renew(state, &session, request),
        _ if !session.was_used() => {
            session.last_seen_at = state.store.note_session_used(&session).await?;
        }
        _ => {}
    }
    let account = Arc::new(session.account.clone());
    let in_use = SessionInUse {
        id: session.session_id,
    };
    if standing == Standing::Current {
        state
            .cache
            .keep_session(known_by, revision, account.clone(), session);
    }
    Ok((account, in_use))
}

/// Exchanges the token; of several requests that try, one does.
async fn rotate(state: &AppState, session: LiveSession, request: &HttpRequest) -> ApiResult<LiveSession> {
    let (unused, longest) = state.settings.session_lengths();
    state
        .store
        .rotate_session(&session, browser_of(request), unused, longest)
        .await?;
    // Also on a GET, after which nothing else is forgotten.
    state.cache.forget();
    let session = state
        .store
        .live_session(session.session_id)
        .await?
        .ok_or_else(ended)?;
    renew(state, &session, request);
    Ok(session)
}

/// Lets the answer bring the current token.
fn renew(state: &AppState, session: &LiveSession, request: &HttpRequest) {
    request
        .extensions_mut()
        .insert(NewCookies(cookies(state, session)));
}

async fn end_replayed(state: &AppState, session: &LiveSession, request: &HttpRequest) -> ApiResult<()> {
    if state.store.end_session(session.session_id).await? {
        state.cache.forget();
        tracing::warn!(
            session = session.session_id,
            "a copied session cookie was used; the session has ended"
        );
        let entry = AuditEntry {
            object_type: Some("session"),
            object_id: Some(session.session_id),
            ..audit_entry(&session.account, "session.replayed", request)
        };
        state.store.audit(entry).await?;
    }
    Ok(())
}

fn ended() -> ApiError {
    ApiError::detail(
        StatusCode::UNAUTHORIZED,
        ErrorCode::SessionExpired,
        "The session has ended. Sign in again.",
    )
}

/// The claims of the request's cookie, if it is ours.
fn claims_of(state: &AppState, request: &HttpRequest) -> Option<Claims> {
    let cookie = request.cookie(cookie_name(state))?;
    state.keys.check::<Claims>(PURPOSE, cookie.value())
}

fn cookies(state: &AppState, session: &LiveSession) -> [Cookie<'static>; 2] {
    let length = state.settings.session_token_length();
    let fresh = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    let claims = Claims {
        sid: session.session_id,
        sub: session.user_id,
        begun: session.created_at.timestamp_micros(),
        generation: session.generation,
        fresh: session.rotated_at.timestamp().saturating_add(fresh),
    };
    let left = session
        .expires_at
        .signed_duration_since(Timestamp::now().to_utc())
        .to_std()
        .unwrap_or_default();
    let max_age = CookieDuration::seconds(i64::try_from(left.as_secs()).unwrap_or(i64::MAX));
    let cookie = |name: &'static str, value: String, http_only: bool| {
        Cookie::build(name, value)
            .path("/")
            .http_only(http_only)
            .secure(state.settings.secure_cookies())
            .same_site(SameSite::Lax)
            .max_age(max_age)
            .finish()
    };
    let csrf = csrf_value(state, &claims);
    [
        cookie(cookie_name(state), state.keys.sign(PURPOSE, claims, left), true),
        cookie(CSRF_COOKIE, csrf, false),
    ]
}

/// The one value that the CSRF cookie of a session can have: whoever plants another gains nothing.
fn csrf_value(state: &AppState, claims: &Claims) -> String {
    state
        .keys
        .tag("csrf", &format!("{}.{}", claims.sid, claims.begun))
}

/// Refuses a changing request that comes from elsewhere, or whose CSRF header and cookie are not those of the session.
fn check_csrf_of(state: &AppState, request: &HttpRequest, claims: &Claims) -> ApiResult<()> {
    if super::is_safe(request.method()) {
        return Ok(());
    }
    check_origin(state, request.headers())?;
    proxy::check_origin_scheme(state, request)?;
    let wanted = csrf_value(state, claims);
    let cookie = request.cookie(CSRF_COOKIE);
    let header = request
        .headers()
        .get(CSRF_HEADER)
        .and_then(|value| value.to_str().ok());
    let is_wanted = |text: &str| bool::from(text.as_bytes().ct_eq(wanted.as_bytes()));
    if !wanted.is_empty()
        && cookie.is_some_and(|cookie| is_wanted(cookie.value()))
        && header.is_some_and(is_wanted)
    {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::FORBIDDEN,
        ErrorCode::CsrfFailed,
        format!("The header {CSRF_HEADER} must repeat the cookie {CSRF_COOKIE} of the session."),
    ))
}

fn browser_of(request: &HttpRequest) -> Browser {
    let user_agent = request.headers().get(USER_AGENT).map(|value| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .filter(|c| !c.is_control())
            .take(USER_AGENT_MAX_CHARS)
            .collect()
    });
    Browser {
        user_agent,
        remote_address: client_address(request).map(|address| address.to_string()),
    }
}

/// Brings renewed cookies to the browser, unless the answer brings others.
///
/// # Errors
/// 500 when a cookie cannot be written.
pub(crate) fn bring_cookies<B>(response: &mut ServiceResponse<B>) -> ApiResult<()> {
    let renewed = response.request().extensions_mut().remove::<NewCookies>();
    if let Some(NewCookies(renewed)) = renewed {
        let head = response.response_mut();
        for cookie in renewed {
            if head.cookies().all(|other| other.name() != cookie.name()) {
                head.add_cookie(&cookie).map_err(ApiError::internal)?;
            }
        }
    }
    Ok(())
}
