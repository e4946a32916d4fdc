//! The headers of tus 1.0: what a client says in them, and what every answer says.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use base64::Engine as _;
use pz_model::{ErrorCode, FileRole};

use crate::body::Fields;
use crate::error::{ApiError, ApiResult};
use crate::product_files::digests::{BASE64, DigestCheck};

/// The version of the protocol.
pub(super) const VERSION: &str = "1.0.0";
/// The type of what PATCH carries.
pub(super) const OFFSET_STREAM: &str = "application/offset+octet-stream";
/// What is offered beyond the core.
const EXTENSIONS: &str = "creation,creation-with-upload,termination,checksum,expiration";
const CHECKSUM_ALGORITHMS: &str = "sha1,sha256,sha512";
/// Status of an answer to bytes that do not match their checksum.
const CHECKSUM_MISMATCH: u16 = 460;

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
/// Where the bytes go on.
pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
/// Length of the whole file.
pub(super) const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
/// Product, role, type and name of the file.
pub(super) const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
/// When the upload ends unless bytes arrive.
pub(super) const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// The file that an upload became.
pub(super) const FILE_ID: HeaderName = HeaderName::from_static("x-file-id");
const UPLOAD_CHECKSUM: &str = "upload-checksum";

/// Adds to an answer below [`super::PATH`] what the protocol asks of every answer, and to the answer of OPTIONS
/// what is offered.
pub(crate) fn announce(method: &Method, status: StatusCode, max_bytes: u64, headers: &mut HeaderMap) {
    let text = HeaderValue::from_static;
    headers.insert(TUS_RESUMABLE, text(VERSION));
    if method == Method::OPTIONS || status == StatusCode::PRECONDITION_FAILED {
        headers.insert(TUS_VERSION, text(VERSION));
    }
    if method == Method::OPTIONS {
        headers.insert(TUS_EXTENSION, text(EXTENSIONS));
        headers.insert(TUS_CHECKSUM_ALGORITHM, text(CHECKSUM_ALGORITHMS));
        headers.insert(TUS_MAX_SIZE, HeaderValue::from(max_bytes));
    }
}

fn invalid(header: impl std::fmt::Display, right: &str) -> ApiError {
    ApiError::detail(
        StatusCode::BAD_REQUEST,
        ErrorCode::InvalidHeader,
        format!("{header} is missing or wrong: {right}"),
    )
}

/// Refuses another version of the protocol; where nothing is changed, it may be left out.
///
/// # Errors
/// 412.
pub(super) fn check_version(request: &HttpRequest, needed: bool) -> ApiResult<()> {
    match request.headers().get(TUS_RESUMABLE) {
        Some(version) if version == VERSION => Ok(()),
        None if !needed => Ok(()),
        _ => Err(ApiError::detail(
            StatusCode::PRECONDITION_FAILED,
            ErrorCode::UnsupportedTusVersion,
            format!("Send the header Tus-Resumable with the version {VERSION}; there is no other here."),
        )),
    }
}

/// A header that is a number of bytes; one that no file can have when it is beyond 64 bits.
///
/// # Errors
/// 400.
pub(super) fn bytes(request: &HttpRequest, header: &HeaderName) -> ApiResult<u64> {
    let text = request
        .headers()
        .get(header)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid(header, "give a number of bytes in decimal digits."));
    }
    Ok(text.parse().unwrap_or(u64::MAX))
}

/// Whether the request carries bytes of the file.
pub(super) fn is_offset_stream(request: &HttpRequest) -> bool {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next());
    media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case(OFFSET_STREAM))
}

/// Refuses what does not carry bytes of the file as they are.
///
/// # Errors
/// 415.
pub(super) fn check_media_type(request: &HttpRequest) -> ApiResult<()> {
    if is_offset_stream(request) && !request.headers().contains_key(CONTENT_ENCODING) {
        return Ok(());
    }
    Err(ApiError::detail(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::UnsupportedMediaType,
        format!("Send the bytes as {OFFSET_STREAM}, without a content coding."),
    ))
}

/// What the client says that the bytes of this request are.
///
/// # Errors
/// 400 naming the header that cannot be read.
pub(super) fn digests(request: &HttpRequest) -> ApiResult<DigestCheck> {
    let mut check = DigestCheck::of(request.headers())?;
    let Some(value) = request.headers().get(UPLOAD_CHECKSUM) else {
        return Ok(check);
    };
    let refused = || {
        invalid(
            "Upload-Checksum",
            &format!("write it as one of {CHECKSUM_ALGORITHMS}, a blank, and the checksum in base64."),
        )
    };
    let (algorithm, encoded) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(refused)?;
    let digest = BASE64.decode(encoded.trim()).map_err(|_| refused())?;
    let status = StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
    let known = CHECKSUM_ALGORITHMS.split(',').any(|name| name == algorithm);
    match check.expect(UPLOAD_CHECKSUM, algorithm, digest, status) {
        Ok(true) if known => Ok(check),
        _ => Err(refused()),
    }
}

/// What `Upload-Metadata` says of the file.
#[derive(Debug)]
pub(super) struct Metadata {
    /// `product`, `role` and `type`.
    pub(super) fields: Fields,
    /// Its name as the client calls it.
    pub(super) file_name: String,
}

/// Reads `Upload-Metadata`: pairs of a key and a value in base64, with commas between.
///
/// # Errors
/// 400 for a header that cannot be read, or a value that is no text.
pub(super) fn metadata(request: &HttpRequest) -> ApiResult<Metadata> {
    let refused = |what: &str| {
        invalid(
            "Upload-Metadata",
            &format!(
                "{what}; write it as key base64,key base64 with the keys product, role, type and filename."
            ),
        )
    };
    let mut pairs = BTreeMap::new();
    for line in request.headers().get_all(UPLOAD_METADATA) {
        let text = line.to_str().map_err(|_| refused("it is not ASCII"))?;
        for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
            let value = BASE64
                .decode(encoded.trim())
                .map_err(|_| refused("a value is not base64"))?;
            // What browsers' libraries call the MIME type.
            let key = if key == "filetype" { "type" } else { key };
            if pairs.insert(key.to_owned(), value).is_some() {
                return Err(refused("a key comes twice"));
            }
        }
    }
    let file_name = match pairs.remove("filename") {
        Some(bytes) => String::from_utf8(bytes).map_err(|_| {
            ApiError::field("filename", ErrorCode::InvalidFileName, "This is not UTF-8 text.")
        })?,
        None => String::new(),
    };
    let mut fields = Fields::form();
    for (key, value) in pairs {
        fields.insert_text(key, &value)?;
    }
    Ok(Metadata { fields, file_name })
}

/// The header that says the same again.
pub(super) fn metadata_text(upload: &pz_store::entities::uploads::Model) -> String {
    let role = FileRole::from_code(upload.role).unwrap_or(FileRole::Auxiliary);
    let mut pairs = vec![
        ("product", upload.product_id.to_string()),
        ("role", role.code().to_string()),
        ("filename", upload.name.clone()),
    ];
    if let Some(mime_type) = &upload.mime_type {
        pairs.push(("type", mime_type.clone()));
    }
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{key} {}", BASE64.encode(value)))
        .collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use pz_store::entities::uploads;

    use super::*;
    use crate::error::FieldErrors;

    fn read(value: &str) -> ApiResult<Metadata> {
        metadata(
            &TestRequest::get()
                .insert_header(("upload-metadata", value))
                .to_http_request(),
        )
    }

    #[test]
    fn metadata_is_said_again_as_it_was_understood() {
        let now = pz_model::Timestamp::now().to_utc();
        let upload = uploads::Model {
            id: "0".repeat(32),
            user_id: 1,
            product_id: 16,
            role: 2,
            name: "notes ü;\" 1.txt".into(),
            mime_type: Some("text/plain".into()),
            length_bytes: 1,
            offset_bytes: 0,
            staging_key: "00/00".into(),
            file_id: None,
            created_at: now,
            updated_at: now,
            expires_at: now,
        };
        let text = metadata_text(&upload);
        let metadata = read(&text).unwrap();
        let mut errors = FieldErrors::default();
        assert_eq!(metadata.file_name, upload.name);
        assert_eq!(metadata.fields.integer("product", &mut errors), Some(Some(16)));
        assert_eq!(metadata.fields.integer("role", &mut errors), Some(Some(2)));
        assert_eq!(
            metadata.fields.text("type", 99, &mut errors),
            Some(Some("text/plain".into()))
        );
        assert!(errors.is_empty());
    }

    #[test]
    fn metadata_that_cannot_be_read() {
        for wrong in [
            "filename ***",
            "filename eA==,filename eA==",
            "filename eA== eA==",
            "filename /w==",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("flag, filename eA==").is_ok(), "a key without a value");
    }

    #[test]
    fn checksums() {
        let check = |value: &str| {
            let request = TestRequest::patch().insert_header(("upload-checksum", value));
            digests(&request.to_http_request()).map(|check| check.is_empty())
        };
        // Of "abc", from sha1sum.
        assert!(matches!(check("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0="), Ok(false)));
        for wrong in ["sha1", "sha1 ***", "sha1 AAEC", "md5 AAEC", "sha-256 AAEC", ""] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
