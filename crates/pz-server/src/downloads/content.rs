//! Bytes on the wire: content made of segments, sent whole or in part.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pz_store::{BlobStore, StoreError};

/// Bytes read from the blob store at once; two such pieces are in memory per download.
const CHUNK_BYTES: u64 = 256 << 10;

/// A run of bytes of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Made by us.
    Bytes(Bytes),
    /// Bytes of a blob.
    Blob {
        /// Its name in the store.
        key: String,
        /// Where in it they start.
        start: u64,
        /// How many they are.
        size_bytes: u64,
    },
}

impl Segment {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { size_bytes, .. } => *size_bytes,
        }
    }
}

/// What is to be sent, and the tag that changes whenever it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) segments: Vec<Segment>,
    /// Hexadecimal; the `ETag` without its quotes.
    pub(crate) tag: String,
}

impl Content {
    /// One blob; its SHA-256 is the tag.
    pub(crate) fn of_blob(key: &str, size_bytes: u64, sha256: &str) -> Self {
        Self {
            segments: vec![Segment::Blob {
                key: key.to_owned(),
                start: 0,
                size_bytes,
            }],
            tag: sha256.to_owned(),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.segments.iter().map(Segment::len).sum()
    }

    /// The pieces of `range`, in order.
    fn pieces(&self, range: &Range<u64>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut segment_start = 0;
        for segment in &self.segments {
            let segment_end = segment_start + segment.len();
            let start = range.start.max(segment_start);
            let end = range.end.min(segment_end);
            if start < end {
                let (from, to) = (start - segment_start, end - segment_start);
                match segment {
                    // A slice of memory: its length fits.
                    Segment::Bytes(bytes) => {
                        pieces.push(Piece::Bytes(bytes.slice(from as usize..to as usize)));
                    }
                    Segment::Blob { key, start, .. } => {
                        let (mut at, to) = (start + from, start + to);
                        while at < to {
                            let until = to.min(at + CHUNK_BYTES);
                            pieces.push(Piece::Blob {
                                key: key.clone(),
                                range: at..until,
                            });
                            at = until;
                        }
                    }
                }
            }
            segment_start = segment_end;
        }
        pieces
    }

    /// The bytes of `range`, read as they are needed.
    fn stream(
        &self,
        blobs: &BlobStore,
        range: &Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
        let blobs = blobs.clone();
        stream::iter(self.pieces(range))
            .map(move |piece| {
                let blobs = blobs.clone();
                async move {
                    match piece {
                        Piece::Bytes(bytes) => Ok(bytes),
                        Piece::Blob { key, range } => blobs
                            .read(&key, range.start, range.end)
                            .await
                            .inspect_err(|error| {
                                tracing::error!(key, %error, "a blob cannot be read during a download");
                            }),
                    }
                }
            })
            .buffered(2)
    }
}

enum Piece {
    Bytes(Bytes),
    Blob { key: String, range: Range<u64> },
}

/// How the client is told to keep the content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disposition {
    header: String,
    content_type: &'static str,
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
    /// Save under this name. ASCII names go quoted, others only as `filename*`: Python's header parser
    /// prefers a plain `filename` over the better one.
    pub(crate) fn attachment(name: &str) -> Self {
        let printable_ascii = name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        let header = if printable_ascii {
            format!(
                "attachment; filename=\"{}\"",
                name.replace('\\', "\\\\").replace('"', "\\\"")
            )
        } else {
            format!(
                "attachment; filename*=UTF-8''{}",
                utf8_percent_encode(name, ATTR_CHAR)
            )
        };
        Self {
            header,
            content_type: content_type(name),
        }
    }
}

fn content_type(name: &str) -> &'static str {
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
        // HTML and SVG among them: they are saved, not shown.
        _ => "application/octet-stream",
    }
}

/// Sends content: whole, the one range asked for, or "not modified".
///
/// A range that cannot be satisfied gets the whole (200) and not 416, which the Python library takes for
/// final; so do several ranges, and a range with an `If-Range` that is no longer true.
pub(crate) fn respond(
    blobs: &BlobStore,
    request: &HttpRequest,
    content: &Content,
    disposition: &Disposition,
) -> HttpResponse {
    respond_if(blobs, request, content, disposition, true)
}

/// Like [`respond`]; without `range_allowed` a range is ignored.
pub(crate) fn respond_if(
    blobs: &BlobStore,
    request: &HttpRequest,
    content: &Content,
    disposition: &Disposition,
    range_allowed: bool,
) -> HttpResponse {
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let etag = format!("\"{}\"", content.tag);
    let total = content.len();
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, etag.clone()))
        .insert_header((ACCEPT_RANGES, "bytes"))
        // Whatever the file holds, a browser runs nothing of it.
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"));
    if header(IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag)) {
        return response.status(StatusCode::NOT_MODIFIED).finish();
    }
    let unchanged = header(IF_RANGE).is_none_or(|tag| tag.trim() == etag);
    let asked = header(RANGE)
        .filter(|_| range_allowed && unchanged)
        .and_then(|text| parse_range(text, total));
    let range = asked.clone().unwrap_or(0..total);
    if asked.is_some() {
        response.status(StatusCode::PARTIAL_CONTENT);
        response.insert_header((
            CONTENT_RANGE,
            format!("bytes {}-{}/{total}", range.start, range.end - 1),
        ));
    }
    response
        .insert_header((CONTENT_TYPE, disposition.content_type))
        .insert_header((CONTENT_DISPOSITION, disposition.header.clone()));
    let length = range.end - range.start;
    if request.method() == Method::HEAD {
        return response.body(SizedStream::new(
            length,
            stream::empty::<Result<Bytes, StoreError>>(),
        ));
    }
    response.body(SizedStream::new(length, Box::pin(content.stream(blobs, &range))))
}

/// The one range in a `Range` header that lies within `total` bytes.
fn parse_range(text: &str, total: u64) -> Option<Range<u64>> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let suffix: u64 = last.parse().ok()?;
        let start = total.saturating_sub(suffix);
        return (suffix > 0 && start < total).then_some(start..total);
    }
    let start: u64 = first.parse().ok()?;
    let end = if last.is_empty() {
        total
    } else {
        last.parse::<u64>().ok()?.saturating_add(1).min(total)
    };
    (start < end).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        assert_eq!(parse_range("bytes=0-", 10), Some(0..10));
        assert_eq!(parse_range("bytes=3-5", 10), Some(3..6));
        assert_eq!(parse_range("bytes=3-99", 10), Some(3..10));
        assert_eq!(parse_range("bytes=-4", 10), Some(6..10));
        assert_eq!(parse_range("bytes=-40", 10), Some(0..10));
        for none in [
            "bytes=10-",
            "bytes=5-3",
            "bytes=-0",
            "bytes=",
            "bytes=1-2,4-5",
            "lines=1-2",
            "bytes=x-",
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
    fn pieces_cover_exactly_the_range() {
        let content = Content {
            segments: vec![
                Segment::Bytes(Bytes::from_static(b"abc")),
                Segment::Blob {
                    key: "k".into(),
                    start: 7,
                    size_bytes: 2 * CHUNK_BYTES + 5,
                },
                Segment::Bytes(Bytes::from_static(b"xyz")),
            ],
            tag: "t".into(),
        };
        let total = content.len();
        for range in [
            0..total,
            1..2,
            2..4,
            3..total,
            total - 1..total,
            5..CHUNK_BYTES * 2,
        ] {
            let sum: u64 = content
                .pieces(&range)
                .iter()
                .map(|piece| match piece {
                    Piece::Bytes(bytes) => bytes.len() as u64,
                    Piece::Blob { range, .. } => range.end - range.start,
                })
                .sum();
            assert_eq!(sum, range.end - range.start);
        }
        let [Piece::Bytes(_), Piece::Blob { range, .. }] = &content.pieces(&(2..5))[..] else {
            panic!("a byte of the first segment and two of the blob")
        };
        assert_eq!(*range, 7..9);
    }
}
