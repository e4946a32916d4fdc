//! How answers tell limits: 429 with the time to wait, and from half of a limit on how much of it is left.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::{HttpMessage, HttpRequest};
use pz_model::ErrorCode;

use super::Standing;
use crate::error::ApiError;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The rate that refused a request, kept with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused(pub(super) Standing);

/// 429; the answer to the request will say how long to wait.
pub(super) fn refuse(request: &HttpRequest, standing: Standing, what: &str) -> ApiError {
    request.extensions_mut().insert(Refused(standing));
    too_many(standing, what)
}

/// 429 for what came too often.
pub(super) fn too_many(standing: Standing, what: &str) -> ApiError {
    let seconds = standing.retry_after_s.max(1);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    ApiError::detail(
        StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::RateLimited,
        format!("{what} Try again in {seconds} {unit}."),
    )
}

/// Says how a client stands.
pub(super) fn say(standing: Standing, headers: &mut HeaderMap) {
    headers.insert(LIMIT, HeaderValue::from(standing.limit));
    headers.insert(REMAINING, HeaderValue::from(standing.remaining));
    headers.insert(RESET, HeaderValue::from(standing.reset_s));
    if standing.retry_after_s > 0 {
        headers.insert(RETRY_AFTER, HeaderValue::from(standing.retry_after_s));
    }
}

/// The same, from half of the limit on: most answers need not carry it.
pub(super) fn say_when_near(standing: Standing, headers: &mut HeaderMap) {
    if standing.remaining < standing.limit / 2 {
        say(standing, headers);
    }
}
