//! Endpoints that were removed on purpose: each says why, and what to use instead.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use pz_model::ErrorCode;

use super::Public;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::routing::{ApiRouter, PathMeta};

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("OAuth Token") => [oauth_token],
        PathMeta::action("OAuth") => [oauth],
        PathMeta::action("Csrf OAuth") => [csrf_oauth],
    );
}

fn gone() -> ApiError {
    ApiError::detail(
        StatusCode::GONE,
        ErrorCode::Gone,
        "There is no OAuth here any more: its client secret and tokens were in every browser's reach. Sign in at \
         /api/login/ for a session, or make an API token at /api/tokens/.",
    )
}

/// Refuse: OAuth tokens are no longer issued.
#[utoipa::path(post, path = "/api/auth/token", tag = "session", responses(
    (status = 410, description = "Removed; the answer says what to use instead"),
))]
async fn oauth_token(_: Public) -> ApiResult<HttpResponse> {
    Err(gone())
}

/// Refuse: the OAuth endpoints are no more.
#[utoipa::path(post, path = "/api/auth/{endpoint}/", tag = "session", params(
    ("endpoint" = String, Path, description = "`token`, `revoke-token`, `convert-token`, `invalidate-sessions`, `invalidate-refresh-tokens` or `disconnect-backend`"),
), responses(
    (status = 410, description = "Removed; the answer says what to use instead"),
))]
async fn oauth(_: Public) -> ApiResult<HttpResponse> {
    Err(gone())
}

/// Refuse: no OAuth tokens are handed to browsers.
#[utoipa::path(post, path = "/api/csrf_oauth/", tag = "session", responses(
    (status = 410, description = "Removed; the answer says what to use instead"),
))]
async fn csrf_oauth(_: Public) -> ApiResult<HttpResponse> {
    Err(gone())
}
