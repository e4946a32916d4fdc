//! Entity tags of products: whoever changes a product may say which state of it they saw.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use pz_model::ErrorCode;
use pz_model::api::Product;
use pz_store::StoreError;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};

/// The tag of a product as its caller sees it: any difference in the answer is another tag.
fn tag(body: &[u8]) -> String {
    format!("\"{}\"", pz_store::blobs::hex(&Sha256::digest(body)[..16]))
}

/// The product with its tag.
///
/// # Errors
/// When it cannot be written.
pub(super) fn answer(product: &Product) -> ApiResult<HttpResponse> {
    let body = serde_json::to_vec(product).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, tag(&body)))
        .content_type("application/json")
        .body(body))
}

/// The product with its tag, or 304 when the caller has it already.
///
/// # Errors
/// When it cannot be written.
pub(super) fn answer_unless_known(request: &HttpRequest, product: &Product) -> ApiResult<HttpResponse> {
    let response = answer(product)?;
    let Some(tag) = response.headers().get(ETAG).cloned() else {
        return Ok(response);
    };
    // Weak comparison: a tag that a proxy weakened still says the same.
    let known = tags(request.headers(), IF_NONE_MATCH)
        .iter()
        .any(|known| known == "*" || known.trim_start_matches("W/").as_bytes() == tag.as_bytes());
    if known {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, tag)).finish());
    }
    Ok(response)
}

/// Whether the caller asks to change the product only in the state they saw.
///
/// # Errors
/// 412 when that is another state than this one.
pub(super) fn check_state_seen(request: &HttpRequest, product: &Product) -> ApiResult<bool> {
    let seen = tags(request.headers(), IF_MATCH);
    if seen.is_empty() {
        return Ok(false);
    }
    let body = serde_json::to_vec(product).map_err(ApiError::internal)?;
    let tag = tag(&body);
    if seen.iter().any(|seen| seen == "*" || *seen == tag) {
        Ok(true)
    } else {
        Err(changed_meanwhile())
    }
}

/// What an error of the store means for a write of somebody who saw a state of the product, or did not say so.
pub(super) fn lost_race(error: StoreError, as_seen: bool) -> ApiError {
    match error {
        StoreError::Missing { .. } if as_seen => changed_meanwhile(),
        other => other.into(),
    }
}

/// 412 for a product that is not in the state that the caller saw.
fn changed_meanwhile() -> ApiError {
    ApiError::detail(
        StatusCode::PRECONDITION_FAILED,
        ErrorCode::Conflict,
        "The product changed meanwhile. Read it again, then repeat the change with the new ETag.",
    )
}

/// The tags in all headers of this name; a header without any counts as one that matches nothing.
fn tags(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    headers
        .get_all(name)
        .flat_map(|value| match value.to_str() {
            Ok(text) => text.split(',').map(|tag| tag.trim().to_owned()).collect(),
            Err(_) => vec![String::new()],
        })
        .collect()
}
