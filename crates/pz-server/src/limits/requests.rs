//! What every request passes: is it one too many of its user or address, does its body come in time, and does its
//! answer go out in small pieces. What comes without valid credentials counts for its address, everything else for
//! its user.

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, ResponseError, web};
use pz_model::ErrorCode;

use super::body::{Deadline, watch};
use super::connection::{Connection, Paced};
use super::respond::{Refused, refuse, say, say_when_near, too_many};
use super::{KeyKind, Standing, sign_in};
use crate::auth::{Caller, session};
use crate::client_address::{client_address, is_from_trusted_proxy};
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Longest query string, in bytes: a thousand ids with room to spare.
const QUERY_MAX_BYTES: usize = 16 << 10;
const API: &str = "/api/";
/// What takes a secret without a username: throttled by address as sign-ins are.
const SECRETS: [&str; 2] = ["/api/password-reset/", "/api/account/password/"];

/// A request that was counted for its user.
#[derive(Debug, Clone, Copy)]
struct Counted(Option<Standing>);

/// Counts a request for its user, once however often it is asked who calls.
///
/// # Errors
/// 429.
pub(crate) fn count_for_user(state: &AppState, request: &HttpRequest, user_id: i64) -> ApiResult<()> {
    let limits = &state.limits;
    let refused = |standing| refuse(request, standing, "You asked too often.");
    if let Some(Counted(known)) = request.extensions().get().copied() {
        return match known {
            Some(standing) if standing.retry_after_s > 0 => Err(too_many(standing, "You asked too often.")),
            _ => Ok(()),
        };
    }
    let taken = limits
        .user
        .as_ref()
        .map(|rate| rate.take(limits.key(KeyKind::User, user_id), limits.now()));
    let (standing, answer) = match taken {
        None => (None, Ok(())),
        Some(Ok(standing)) => (Some(standing), Ok(())),
        Some(Err(standing)) => (Some(standing), Err(refused(standing))),
    };
    request.extensions_mut().insert(Counted(standing));
    answer
}

/// The limits around every request; `next` answers it.
///
/// # Errors
/// Passes on what the service answers.
pub(crate) async fn guard(
    mut request: ServiceRequest,
    next: impl AsyncFnOnce(ServiceRequest) -> Result<ServiceResponse<BoxBody>, actix_web::Error>,
) -> Result<ServiceResponse<Paced>, actix_web::Error> {
    let answering = request.conn_data::<Connection>().map(Connection::answering);
    let Some(state) = request.app_data::<web::Data<AppState>>().cloned() else {
        let response = next(request).await?;
        return Ok(response.map_body(|_, body| Paced::new(body, answering)));
    };
    let response = match admit(&state, &request).await {
        Ok(admitted) => {
            let deadline = watch(&mut request, state.settings.limits.body_timeout_s);
            let response = next(request).await?;
            finish(&state, response, admitted, deadline)
        }
        Err(error) => refusal(request, &error),
    };
    Ok(response.map_body(|_, body| Paced::new(body, answering)))
}

/// What is to be settled when the answer is there.
#[derive(Debug, Default)]
struct Admitted {
    /// How the address stands that the request counted for.
    standing: Option<Standing>,
    /// Counts for this address unless it turns out to have a user.
    uncounted: Option<u64>,
    attempt: Option<sign_in::Attempt>,
}

async fn admit(state: &AppState, request: &ServiceRequest) -> ApiResult<Admitted> {
    if request.query_string().len() > QUERY_MAX_BYTES {
        return Err(ApiError::detail(
            StatusCode::URI_TOO_LONG,
            ErrorCode::QueryTooLong,
            format!("The query string is longer than {QUERY_MAX_BYTES} bytes; ask for less at a time."),
        ));
    }
    // As the routes see it: `%61` is `a`.
    let path = request.match_info().as_str();
    if !path.starts_with(API) {
        return Ok(Admitted::default());
    }
    let mut admitted = by_address(state, request).await?;
    if request.method() == Method::POST && SECRETS.contains(&path) {
        admitted.attempt = Some(sign_in::attempt_from_address(state, request.request())?);
    }
    Ok(admitted)
}

async fn by_address(state: &AppState, request: &ServiceRequest) -> ApiResult<Admitted> {
    const WHAT: &str = "Too many requests came from your address without signing in.";
    let limits = &state.limits;
    let (Some(rate), Some(key)) = (
        &limits.anonymous,
        limits.address_key(client_address(request.request())),
    ) else {
        return Ok(Admitted::default());
    };
    let now = limits.now();
    if !has_credentials(state, request.request()) {
        return match rate.take(key, now) {
            Ok(standing) => Ok(Admitted {
                standing: Some(standing),
                ..Admitted::default()
            }),
            Err(standing) => Err(refuse(request.request(), standing, WHAT)),
        };
    }
    if let Some(standing) = rate.exhausted(key, now)
        && let Err(error) = Box::pin(Caller::of(request.request())).await
    {
        // Others at this address may have used it up: who has valid credentials is not touched.
        return Err(match error.code() {
            ErrorCode::RateLimited => error,
            _ => refuse(request.request(), standing, WHAT),
        });
    }
    Ok(Admitted {
        uncounted: Some(key),
        ..Admitted::default()
    })
}

/// Whether the request says who calls, true or not.
fn has_credentials(state: &AppState, request: &HttpRequest) -> bool {
    let headers = request.headers();
    let user_header = state.settings.proxy.proxy_user_header.as_ref();
    headers.contains_key(AUTHORIZATION)
        || user_header.is_some_and(|name| headers.contains_key(name) && is_from_trusted_proxy(request))
        || headers.get_all(COOKIE).any(|cookies| {
            let name = session::cookie_name(state).as_bytes();
            cookies
                .as_bytes()
                .split(|byte| *byte == b';')
                .any(|cookie| cookie.trim_ascii_start().starts_with(name))
        })
}

fn finish(
    state: &AppState,
    response: ServiceResponse<BoxBody>,
    admitted: Admitted,
    deadline: Option<Deadline>,
) -> ServiceResponse<BoxBody> {
    let mut response = match deadline {
        Some(deadline) if deadline.has_passed() => super::body::late(response),
        _ => response,
    };
    if let Some(attempt) = admitted.attempt
        && response.status().is_success()
    {
        attempt.succeeded(&state.limits);
    }
    let (counted, refused) = {
        let extensions = response.request().extensions();
        (
            extensions.get::<Counted>().copied(),
            extensions.get::<Refused>().copied(),
        )
    };
    if let (None, Some(rate), Some(key)) = (counted, &state.limits.anonymous, admitted.uncounted) {
        // Too late to refuse this one; the next will be.
        let _ = rate.take(key, state.limits.now());
    }
    let standing = counted
        .and_then(|Counted(standing)| standing)
        .or(admitted.standing);
    let headers = response.headers_mut();
    match (refused, standing) {
        (Some(Refused(standing)), _) => say(standing, headers),
        (None, Some(standing)) => say_when_near(standing, headers),
        (None, None) => {}
    }
    response
}

fn refusal(request: ServiceRequest, error: &ApiError) -> ServiceResponse<BoxBody> {
    let mut response = request.into_response(error.error_response());
    let refused = response.request().extensions().get::<Refused>().copied();
    if let Some(Refused(standing)) = refused {
        say(standing, response.headers_mut());
    }
    response
}
