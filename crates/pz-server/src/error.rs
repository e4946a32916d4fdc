//! Where errors become HTTP.
//!
//! Handlers and rules return [`ApiError`]; libraries below return their own types, which are turned into
//! it here. A client's mistake keeps its message; a fault of ours is logged with its cause and answered
//! with nothing but a request id.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use pz_model::ErrorCode;
use pz_store::StoreError;
use pz_tables::TableError;
use serde::Serialize;

/// Header that carries the stable code of an error.
pub const ERROR_CODE_HEADER: HeaderName = HeaderName::from_static("x-error-code");

/// What a handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// An answer that is not a success.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    body: Body,
    place: Option<Box<Place>>,
}

/// Where in the user's file something is wrong; further keys of the body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Data row, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// Name of the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Offset in the file, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
}

/// An error that is told in `detail`.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents a body that the error type writes")]
pub(crate) struct ErrorDetail {
    /// What is wrong and what would be right.
    #[schema(example = "Not found.")]
    detail: String,
    /// Stable code, the same as in the header `X-Error-Code`.
    #[schema(example = "not_found")]
    code: String,
}

/// An error that is told in `error`; one about a file says where in it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents a body that the error type writes")]
pub(crate) struct ErrorMessage {
    /// What is wrong, where, and what would be right.
    #[schema(
        example = "cat.csv: row 7 (line 8) has 4 fields where 5 were expected, with a comma between fields."
    )]
    error: String,
    /// Stable code, the same as in the header `X-Error-Code`.
    #[schema(example = "not_a_table")]
    code: String,
    /// Data row, from 1.
    #[schema(example = 7)]
    row: Option<u64>,
    /// Name of the column.
    column: Option<String>,
    /// Line of the file, from 1.
    #[schema(example = 8)]
    line: Option<u64>,
    /// Offset in the file, from 0.
    #[schema(example = 312)]
    byte: Option<u64>,
}

/// What is wrong with each field or query parameter, by its name.
#[derive(utoipa::ToSchema)]
#[schema(as = FieldErrors, example = json!({"display_name": ["This field may not be blank."]}))]
#[expect(dead_code, reason = "documents a body that the error type writes")]
pub(crate) struct FieldErrorsBody(BTreeMap<String, Vec<String>>);

/// The first thing that is wrong with each field, by its name: how creating a product answers.
#[derive(utoipa::ToSchema)]
#[schema(example = json!({"display_name": "This field may not be blank."}))]
#[expect(dead_code, reason = "documents a body that the error type writes")]
pub(crate) struct PlainFieldErrors(BTreeMap<String, String>);

/// Why a product was not created: fields as plain strings, rules of the product type as lists.
#[derive(utoipa::ToSchema)]
#[schema(as = ProductErrors)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents a body that the error type writes")]
pub(crate) enum ProductErrors {
    /// The first thing that is wrong with each field.
    Fields(PlainFieldErrors),
    /// What the product type does not allow.
    Rules(FieldErrorsBody),
}

/// A message with its code and, where it is about a place in a file, that place.
#[derive(Serialize)]
struct Message<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    code: &'a str,
    #[serde(flatten)]
    place: Option<&'a Place>,
}

/// The shapes that existing clients read.
#[derive(Debug)]
enum Body {
    /// `{"detail": …, "code": …}`
    Detail(String),
    /// `{"error": …, "code": …}`
    Error(String),
    /// `{"<field>": ["…"], …}`
    Fields(BTreeMap<String, Vec<String>>),
    /// `{"<field>": "…"}`: how creating a product answers.
    PlainFields(BTreeMap<String, String>),
    /// A bare string: how publishing answers.
    Text(String),
}

impl ApiError {
    /// An error with the body `{"detail": …}`.
    pub fn detail(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            body: Body::Detail(message.into()),
            place: None,
        }
    }

    /// An error with the body `{"error": …}`.
    pub fn error(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            body: Body::Error(message.into()),
            place: None,
        }
    }

    /// An error whose body is a bare string.
    pub fn text(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            body: Body::Text(message.into()),
            place: None,
        }
    }

    /// 400 naming one field.
    pub fn field(field: &str, code: ErrorCode, message: impl Into<String>) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(field, code, message);
        errors.into_error()
    }

    /// 404 for what is not there and for what the caller may not see, in the same words.
    pub fn not_found() -> Self {
        Self::detail(StatusCode::NOT_FOUND, ErrorCode::NotFound, "Not found.")
    }

    /// 403 for what the caller sees but may not change.
    pub fn forbidden() -> Self {
        Self::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::PermissionDenied,
            "Only the owner or an administrator may do this.",
        )
    }

    /// 400 for a query parameter.
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::field(name, ErrorCode::InvalidParameter, message)
    }

    /// A fault of ours: logged with its cause, answered without it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(cause = %cause, "the request failed by a fault of the service");
        Self::detail(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Internal,
            "The server could not do this. Quote the X-Request-Id of this answer when you report it.",
        )
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    fn message<'a>(&'a self, detail: Option<&'a str>, error: Option<&'a str>) -> Message<'a> {
        Message {
            detail,
            error,
            code: self.code.as_str(),
            place: self.place.as_deref(),
        }
    }

    /// Plain strings instead of lists in a field error: the form of `POST /api/products/`.
    #[must_use]
    pub fn with_plain_fields(mut self) -> Self {
        if let Body::Fields(fields) = self.body {
            let first = |messages: Vec<String>| messages.into_iter().next().unwrap_or_default();
            self.body = Body::PlainFields(
                fields
                    .into_iter()
                    .map(|(field, messages)| (field, first(messages)))
                    .collect(),
            );
        }
        self
    }
}

/// Collects what is wrong with the fields of one request.
#[derive(Debug, Default)]
pub struct FieldErrors {
    fields: BTreeMap<String, Vec<String>>,
    code: Option<ErrorCode>,
}

impl FieldErrors {
    /// Adds a message for a field.
    pub fn add(&mut self, field: &str, code: ErrorCode, message: impl Into<String>) {
        self.fields
            .entry(field.to_owned())
            .or_default()
            .push(message.into());
        // The code of a single cause; a mixture is "validation_failed".
        self.code = match self.code {
            None => Some(code),
            Some(first) if first == code => Some(code),
            Some(_) => Some(ErrorCode::ValidationFailed),
        };
    }

    /// Nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// 400 with everything that is wrong, if anything is.
    ///
    /// # Errors
    /// When there is at least one message.
    pub fn check(self) -> ApiResult<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.into_error())
        }
    }

    /// 400 with everything that is wrong.
    pub fn into_error(self) -> ApiError {
        ApiError {
            status: StatusCode::BAD_REQUEST,
            code: self.code.unwrap_or(ErrorCode::ValidationFailed),
            body: Body::Fields(self.fields),
            place: None,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.insert_header((ERROR_CODE_HEADER, HeaderValue::from_static(self.code.as_str())));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"api\""));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                response.insert_header((RETRY_AFTER, "5"));
            }
            _ => {}
        }
        match &self.body {
            Body::Detail(message) => response.json(self.message(Some(message), None)),
            Body::Error(message) => response.json(self.message(None, Some(message))),
            Body::Fields(fields) => response.json(fields),
            Body::PlainFields(fields) => response.json(fields),
            Body::Text(message) => response.json(message),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing { .. } => Self::not_found(),
            StoreError::AlreadyExists(_) => Self::detail(
                StatusCode::CONFLICT,
                ErrorCode::Conflict,
                "This exists already, or changed meanwhile. Read it again and repeat.",
            ),
            StoreError::NoSpace { .. } => Self::no_space(),
            StoreError::Io(error) if is_full(error.kind()) => Self::no_space(),
            other => {
                if is_unavailable(&other) {
                    tracing::error!(cause = %other, "the database is not available");
                    return Self::detail(
                        StatusCode::SERVICE_UNAVAILABLE,
                        ErrorCode::Unavailable,
                        "The service cannot answer right now. Try again in a few seconds.",
                    );
                }
                Self::internal(other)
            }
        }
    }
}

/// No connection to the database could be had in time.
fn is_unavailable(error: &StoreError) -> bool {
    let text = error.to_string();
    text.contains("pool timed out")
        || text.contains("Connection Error")
        || text.contains("database is locked")
}

impl From<TableError> for ApiError {
    fn from(error: TableError) -> Self {
        let (status, code) = match error.code() {
            "io" => return Self::of_storage(&error),
            "empty_file" => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::EmptyFile),
            "unsupported_format" | "unsupported_type" | "unsupported_feature" | "unwritable" => {
                (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::UnsupportedFormat)
            }
            "limit_exceeded" => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::InspectionLimit),
            "outside_reference" => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::OutsideReference),
            "broken_file" | "stale_layout" | "inspection_failed" => {
                (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BrokenFile)
            }
            // A choice between the parts of a file is the request's, not the file's.
            "no_such_table" | "no_such_column" => (StatusCode::BAD_REQUEST, ErrorCode::InvalidParameter),
            _ => (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::NotATable),
        };
        let report = error.report();
        let place = Place {
            row: report.row,
            column: report.column,
            line: report.line,
            byte: report.byte,
        };
        let mut answer = Self::error(status, code, report.message);
        answer.place = (place != Place::default()).then(|| Box::new(place));
        answer
    }
}

impl ApiError {
    /// Storage that fails while a table is read or unpacked.
    fn of_storage(error: &TableError) -> Self {
        let full = match error {
            TableError::Io { source, .. } => is_full(source.kind()),
            // From another process only the words arrive.
            other => [ErrorKind::StorageFull, ErrorKind::QuotaExceeded]
                .iter()
                .any(|kind| other.to_string().contains(&format!("({kind})"))),
        };
        if full {
            return Self::no_space();
        }
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(error);
        while let Some(current) = cause {
            causes.push(current.to_string());
            cause = current.source();
        }
        Self::internal(causes.join(": "))
    }

    fn no_space() -> Self {
        Self::detail(
            StatusCode::INSUFFICIENT_STORAGE,
            ErrorCode::InsufficientStorage,
            "There is no space left on the server for this file. Tell the administrators, then try again.",
        )
    }
}

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(error: &ApiError) -> (u16, serde_json::Value) {
        let response = error.error_response();
        let status = response.status().as_u16();
        let body = actix_web::body::MessageBody::try_into_bytes(response.into_body()).unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn errors_of_tables_keep_their_place() {
        let ragged = TableError::RaggedRow {
            file: "cat.csv".into(),
            row: 7,
            line: 8,
            byte: 120,
            expected: 3,
            found: 2,
            delimiter: "a comma".into(),
        };
        let (status, body) = json(&ragged.into());
        assert_eq!(status, 422);
        assert_eq!(body["code"], "not_a_table");
        assert_eq!(
            (&body["row"], &body["line"], &body["byte"]),
            (&7.into(), &8.into(), &120.into())
        );
        assert!(
            body["error"]
                .as_str()
                .unwrap()
                .contains("cat.csv: row 7 (line 8)")
        );
        assert!(body.get("column").is_none());

        let column = TableError::UnsupportedType {
            file: "x.parquet".into(),
            column: "flux".into(),
            data_type: "UNION".into(),
        };
        assert_eq!(json(&column.into()).1["column"], "flux");
    }

    #[test]
    fn a_full_disk_is_no_fault_of_the_file() {
        let full = |file: &str| TableError::Io {
            file: file.into(),
            source: ErrorKind::StorageFull.into(),
        };
        let reported = TableError::Reported(Box::new(full("a.zip").report()));
        for error in [full("a.zip"), reported] {
            let (status, body) = json(&error.into());
            assert_eq!((status, &body["code"]), (507, &"insufficient_storage".into()));
        }
        let lost = TableError::Io {
            file: "a.zip".into(),
            source: ErrorKind::NotFound.into(),
        };
        let (status, body) = json(&lost.into());
        assert_eq!((status, &body["code"]), (500, &"internal".into()));
    }
}
