//! Answers that need not be sent again.

use actix_web::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{ApiError, ApiResult};

/// The value as JSON with a tag of its bytes; 304 without a body when the caller has these already.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn json(request: &HttpRequest, value: &impl Serialize) -> ApiResult<HttpResponse> {
    let body = serde_json::to_vec(value).map_err(ApiError::internal)?;
    let etag = format!("\"{}\"", pz_store::blobs::hex(&Sha256::digest(&body)[..16]));
    let is_known = is_known(request, &etag);
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, etag));
    if is_known {
        return Ok(response
            .status(actix_web::http::StatusCode::NOT_MODIFIED)
            .finish());
    }
    Ok(response
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

/// Whether the caller has what this tag stands for: weak comparison, as RFC 9110 wants it for `If-None-Match`.
pub(crate) fn is_known(request: &HttpRequest, tag: &str) -> bool {
    request.headers().get_all(IF_NONE_MATCH).any(|known| {
        known.to_str().is_ok_and(|tags| {
            tags.split(',')
                .map(|known| known.trim().trim_start_matches("W/"))
                .any(|known| known == "*" || known == tag)
        })
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let known = |header: &str| {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, header));
            is_known(&request.to_http_request(), "\"a-1\"")
        };
        for same in ["\"a-1\"", "W/\"a-1\"", "\"x\", \"a-1\"", "*"] {
            assert!(known(same), "{same}");
        }
        for other in ["\"a-2\"", "a-1", ""] {
            assert!(!known(other), "{other}");
        }
    }
}
