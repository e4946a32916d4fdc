//! Links by which a user sets a new password.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::PasswordResetLink;

use crate::auth::{Admin, password_reset};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Password Reset Link") => [make_reset_link],
    );
}

/// Make a link by which a user sets a new password: good once, for a day. One made before ends.
#[utoipa::path(post, path = "/api/admin/users/{id}/password-reset/", tag = "administration", responses(
    (status = 201, description = "The link, shown this once", body = PasswordResetLink),
    (status = 409, description = "The account is not active"),
))]
async fn make_reset_link(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
) -> ApiResult<HttpResponse> {
    let account = state
        .store
        .account_by_id(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    if !account.is_active {
        return Err(ApiError::detail(
            StatusCode::CONFLICT,
            ErrorCode::InactiveUser,
            "This account is not active; activate it first.",
        ));
    }
    let base = state.settings.public_url.as_deref().unwrap_or_default();
    let link = password_reset::new_link(&state, account.id, Some(caller.account.id), base).await?;
    state
        .store
        .audit(caller.audit("user.password_link", "user", account.id))
        .await?;
    Ok(HttpResponse::Created().json(link))
}
