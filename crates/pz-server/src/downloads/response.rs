//! Content as an HTTP answer: whole, the one range asked for, or "not modified".

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, HeaderValue, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pz_store::{BlobStore, StoreError};

use super::content::Content;
use crate::error::{ApiError, ApiResult};

/// Who may embed an answer.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// Digest of the whole, whichever part of it is sent (RFC 9530).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// What the client is told to do with the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disposition {
    header: String,
    content_type: &'static str,
    /// Headers that confine what a browser does with it.
    confinement: Vec<(HeaderName, String)>,
}

/// What may stand unescaped in `filename*` (RFC 8187).
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

impl Disposition {
    /// Save under this name. Whatever the file holds, a browser runs nothing of it.
    pub(crate) fn attachment(name: &str) -> Self {
        Self {
            header: format!("attachment; {}", file_name_parameter(name)),
            content_type: content_type(name),
            confinement: vec![
                (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin".to_owned()),
            ],
        }
    }

    /// Show as this type, confined by these headers.
    pub(crate) fn inline(
        name: &str,
        content_type: &'static str,
        confinement: Vec<(HeaderName, String)>,
    ) -> Self {
        Self {
            header: format!("inline; {}", file_name_parameter(name)),
            content_type,
            confinement,
        }
    }
}

/// ASCII names go quoted, others only as `filename*`: Python's header parser prefers a plain `filename` over
/// the better one.
fn file_name_parameter(name: &str) -> String {
    if name.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
        format!("filename=\"{escaped}\"")
    } else {
        format!("filename*=UTF-8''{}", utf8_percent_encode(name, ATTR_CHAR))
    }
}

/// The media type of a file that is saved. HTML and SVG have none: they are shown by signed views only.
pub(super) fn content_type(name: &str) -> &'static str {
    match pz_model::file_name::extension(name).as_str() {
        ".csv" => "text/csv",
        ".txt" | ".dat" => "text/plain; charset=utf-8",
        ".zip" => "application/zip",
        ".gz" | ".tar.gz" => "application/gzip",
        ".json" => "application/json",
        ".fits" | ".fit" => "application/fits",
        ".parquet" | ".pq" => "application/vnd.apache.parquet",
        ".h5" | ".hdf5" | ".hf5" | ".hdf" => "application/x-hdf5",
        ".pdf" => "application/pdf",
        ".png" => "image/png",
        ".jpg" | ".jpeg" => "image/jpeg",
        ".yaml" | ".yml" => "application/yaml",
        _ => "application/octet-stream",
    }
}

/// Sends content: whole, the one range asked for, or "not modified".
///
/// A range that cannot be satisfied gets the whole (200) and not 416, which the Python library takes for
/// final; so do several ranges, and a range with an `If-Range` that is no longer true.
///
/// # Errors
/// 500 when a blob is missing or has another length than it should; nothing is sent then.
pub(crate) async fn respond(
    blobs: &BlobStore,
    request: &HttpRequest,
    content: &Content,
    disposition: &Disposition,
) -> ApiResult<HttpResponse> {
    respond_if(blobs, request, content, disposition, true).await
}

/// Like [`respond`]; without `range_allowed` a range is ignored.
///
/// # Errors
/// As [`respond`].
pub(crate) async fn respond_if(
    blobs: &BlobStore,
    request: &HttpRequest,
    content: &Content,
    disposition: &Disposition,
    range_allowed: bool,
) -> ApiResult<HttpResponse> {
    let etag = format!("\"{}\"", content.tag);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, etag.clone()))
        .insert_header((ACCEPT_RANGES, "bytes"));
    for (name, value) in &disposition.confinement {
        response.insert_header((name.clone(), value.as_str()));
    }
    if is_known(request, &etag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let total = content.len();
    let asked = range_asked(request, &etag, total).filter(|_| range_allowed);
    let range = asked.clone().unwrap_or(0..total);
    content.check(blobs, &range).await.map_err(ApiError::internal)?;
    if asked.is_some() {
        response.status(StatusCode::PARTIAL_CONTENT);
        response.insert_header((
            CONTENT_RANGE,
            format!("bytes {}-{}/{total}", range.start, range.end - 1),
        ));
    }
    if let Some(digest) = content.sha256.as_deref().and_then(repr_digest) {
        response.insert_header((REPR_DIGEST, digest));
    }
    response
        .insert_header((CONTENT_TYPE, disposition.content_type))
        .insert_header((CONTENT_DISPOSITION, disposition.header.clone()));
    let length = range.end - range.start;
    Ok(if request.method() == Method::HEAD {
        let nothing = stream::empty::<Result<Bytes, StoreError>>();
        response.body(SizedStream::new(length, nothing))
    } else {
        response.body(SizedStream::new(length, Box::pin(content.stream(blobs, &range))))
    })
}

/// The client has this content already: `If-None-Match` names it, or is `*`.
fn is_known(request: &HttpRequest, etag: &str) -> bool {
    request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// The range that a GET asks for, when it can be given.
fn range_asked(request: &HttpRequest, etag: &str, total: u64) -> Option<Range<u64>> {
    if request.method() != Method::GET {
        return None;
    }
    // Only the very tag counts: there is no date of change that a date could be compared with.
    let unchanged = |value: &HeaderValue| value.to_str().is_ok_and(|tag| tag.trim() == etag);
    if !request.headers().get(IF_RANGE).is_none_or(unchanged) {
        return None;
    }
    let mut ranges = request.headers().get_all(RANGE);
    let text = ranges.next()?.to_str().ok()?;
    if ranges.next().is_some() {
        return None;
    }
    parse_range(text, total)
}

/// The one range in a `Range` header that lies within `total` bytes.
fn parse_range(text: &str, total: u64) -> Option<Range<u64>> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    // What `parse` would take beside digits is a sign.
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u64>().ok())
            .flatten()
    };
    if first.is_empty() {
        let suffix = number(last)?;
        let start = total.saturating_sub(suffix);
        return (suffix > 0 && start < total).then_some(start..total);
    }
    let start = number(first)?;
    let end = if last.is_empty() {
        total
    } else {
        number(last)?.saturating_add(1).min(total)
    };
    (start < end).then_some(start..end)
}

/// The digest as a dictionary of structured fields.
fn repr_digest(sha256: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = (0..sha256.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(sha256.get(at..at + 2)?, 16).ok())
        .collect();
    Some(format!("sha-256=:{}:", STANDARD.encode(bytes?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes=0-", 10), Some(0..10));
        assert_eq!(parse_range("Bytes = 3-5 ", 10), Some(3..6));
        assert_eq!(parse_range("bytes=3-99", 10), Some(3..10));
        assert_eq!(parse_range("bytes=3-18446744073709551615", 10), Some(3..10));
        assert_eq!(parse_range("bytes=-4", 10), Some(6..10));
        assert_eq!(parse_range("bytes=-40", 10), Some(0..10));
        for none in [
            "bytes=10-",
            "bytes=5-3",
            "bytes=-0",
            "bytes=-",
            "bytes=",
            "bytes=1-2,4-5",
            "lines=1-2",
            "bytes=x-",
            "bytes=+1-",
            "bytes=1-+2",
            "bytes=99999999999999999999-",
            "3-5",
        ] {
            assert_eq!(parse_range(none, 10), None, "{none}");
        }
        assert_eq!(parse_range("bytes=0-", 0), None);
    }

    #[test]
    fn names_survive_pythons_header_parser() {
        let header = |name| Disposition::attachment(name).header;
        assert_eq!(header("a;b.csv"), "attachment; filename=\"a;b.csv\"");
        assert_eq!(header("a\"b\\.csv"), "attachment; filename=\"a\\\"b\\\\.csv\"");
        assert_eq!(
            header("ünï.csv"),
            "attachment; filename*=UTF-8''%C3%BCn%C3%AF.csv"
        );
    }

    #[test]
    fn digests_are_byte_sequences() {
        // The example of RFC 9530, in its two spellings.
        assert_eq!(
            repr_digest("5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1").as_deref(),
            Some("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:")
        );
        assert_eq!(repr_digest("xy"), None);
    }
}
