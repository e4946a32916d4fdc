//! Signed addresses of views: valid for a quarter of an hour, for one user, one file with this content, and
//! one choice about scripts.

use std::time::Duration;

use actix_web::http::StatusCode;
use pz_model::{ErrorCode, Timestamp};
use pz_store::Viewer;
use pz_store::entities::product_files;
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// How long an address may be opened.
const VALID_FOR: Duration = Duration::from_secs(900);
const PURPOSE: &str = "view";

#[derive(Serialize, Deserialize)]
struct Claims {
    file: i64,
    /// SHA-256 of the file when the address was made.
    sha: String,
    uid: i64,
    /// The user acted as an administrator.
    adm: bool,
    scripts: bool,
}

/// What an address leads to.
pub(super) struct View {
    pub(super) file: product_files::Model,
    pub(super) scripts: bool,
}

/// The token of a view, and when it ends.
pub(super) fn sign(
    state: &AppState,
    caller: &Caller,
    file: &product_files::Model,
    scripts: bool,
) -> (String, Timestamp) {
    let claims = Claims {
        file: file.id,
        sha: file.sha256.clone(),
        uid: caller.account.id,
        adm: caller.is_admin(),
        scripts,
    };
    let expires_at = Timestamp::from(Timestamp::now().to_utc() + VALID_FOR);
    (state.keys.sign(PURPOSE, claims, VALID_FOR), expires_at)
}

/// The view that a token is for, if its user may still have it.
///
/// # Errors
/// 403 when the token is forged or has expired, its user may no longer sign in, or the file has other bytes by
/// now; 404 when the file is gone or no longer for this user.
pub(super) async fn open(state: &AppState, token: &str) -> ApiResult<View> {
    let refused = || {
        ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::InvalidLink,
            "The address is not valid or has expired. Open the file from its product again.",
        )
    };
    let claims = state.keys.check::<Claims>(PURPOSE, token).ok_or_else(refused)?;
    let account = state
        .store
        .account_by_id(claims.uid)
        .await?
        .filter(|account| account.is_active)
        .ok_or_else(refused)?;
    let viewer = Viewer {
        user_id: account.id,
        is_admin: account.is_admin && claims.adm,
    };
    let file = state
        .store
        .file(viewer, claims.file)
        .await?
        .ok_or_else(ApiError::not_found)?
        .file;
    if file.sha256 != claims.sha {
        return Err(refused());
    }
    Ok(View {
        file,
        scripts: claims.scripts,
    })
}
