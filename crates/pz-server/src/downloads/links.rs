//! Signed links: valid for a quarter of an hour, for one user, one product and one kind of download.

use std::time::Duration;

use actix_web::http::StatusCode;
use pz_model::ErrorCode;
use serde::{Deserialize, Serialize};

use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// How long a link may be followed; a transfer that has begun may last longer.
const VALID_FOR: Duration = Duration::from_secs(900);
const PURPOSE: &str = "download";

/// What is downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// The whole product.
    Product,
    /// Its main file.
    MainFile,
}

impl Kind {
    /// What the database calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::MainFile => "main_file",
        }
    }

    /// Where the download is prepared.
    pub(super) fn prepare_path(self, product_id: i64) -> String {
        match self {
            Self::Product => format!("/api/products/{product_id}/download/prepare/"),
            Self::MainFile => format!("/api/products/{product_id}/download/main-file/prepare/"),
        }
    }

    /// The address of the download.
    fn path(self, product_id: i64) -> String {
        match self {
            Self::Product => format!("/api/products/{product_id}/download/file/"),
            Self::MainFile => format!("/api/products/{product_id}/download/main-file/file/"),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: i64,
    kind: Kind,
    uid: i64,
    /// Tag of the content when the link was made.
    sig: String,
}

/// A link to a download.
pub(super) fn sign(state: &AppState, caller: &Caller, kind: Kind, product_id: i64, tag: &str) -> String {
    let claims = Claims {
        sub: product_id,
        kind,
        uid: caller.account.id,
        sig: tag.to_owned(),
    };
    let token = state.keys.sign(PURPOSE, claims, VALID_FOR);
    let base = state
        .settings
        .public_url
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('/');
    format!("{base}{}?token={token}", kind.path(product_id))
}

/// Checks a link and returns the tag of the content it was made for.
///
/// # Errors
/// 403 when it is missing, forged, expired, or for something or somebody else.
pub(super) fn check(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    product_id: i64,
    token: Option<&str>,
) -> ApiResult<String> {
    token
        .and_then(|token| state.keys.check::<Claims>(PURPOSE, token))
        .filter(|claims| claims.sub == product_id && claims.kind == kind && claims.uid == caller.account.id)
        .map(|claims| claims.sig)
        .ok_or_else(|| {
            ApiError::detail(
                StatusCode::FORBIDDEN,
                ErrorCode::InvalidLink,
                "The download link is not valid or has expired. Prepare the download again.",
            )
        })
}
