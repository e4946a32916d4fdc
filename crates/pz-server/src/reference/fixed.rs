//! Answers that stay the same while the service runs: with an `ETag`, answered 304 when the client has them, and
//! compressed once when they are large.

use std::io::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// A body with its type and its tag.
#[derive(Debug, Clone)]
pub(crate) struct Fixed {
    content_type: &'static str,
    plain: Bytes,
    gzip: Option<Bytes>,
    etag: String,
}

impl Fixed {
    /// Sent as it is.
    pub(crate) fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let plain = body.into();
        let digest = pz_store::blobs::hex(&Sha256::digest(&plain)[..16]);
        Self {
            content_type,
            plain,
            gzip: None,
            etag: format!("\"{digest}\""),
        }
    }

    /// Sent compressed to clients that take it. Both forms have the same, weak tag.
    pub(crate) fn compressed(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut fixed = Self::new(content_type, body);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        // Writing to memory does not fail; if it did, the plain form would do.
        fixed.gzip = encoder
            .write_all(&fixed.plain)
            .and_then(|()| encoder.finish())
            .ok()
            .map(Bytes::from);
        fixed.etag.insert_str(0, "W/");
        fixed
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name: HeaderName| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let mut response = HttpResponse::Ok();
        response
            .insert_header((ETAG, self.etag.clone()))
            .insert_header((CACHE_CONTROL, "public, no-cache"))
            .insert_header((VARY, "Accept, Accept-Encoding"));
        let tag = self.etag.trim_start_matches("W/");
        let known = header(IF_NONE_MATCH)
            .split(',')
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == tag || known == "*");
        if known {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.insert_header((CONTENT_TYPE, self.content_type));
        match &self.gzip {
            Some(gzip) if takes_gzip(header(ACCEPT_ENCODING)) => response
                .insert_header((CONTENT_ENCODING, "gzip"))
                .body(gzip.clone()),
            _ => response.body(self.plain.clone()),
        }
    }
}

fn takes_gzip(accept_encoding: &str) -> bool {
    accept_encoding.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0"))
    })
}
