//! Where errors become HTTP.
//!
//! Handlers and rules return [`ApiError`]; libraries below return their own types, which are turned into
//! it here. A client's mistake keeps its message; a fault of ours is logged with its cause and answered
//! with nothing but a request id.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use pz_model::ErrorCode;
use pz_store::StoreError;
use pz_tables::TableError;
use serde_json::json;

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
        }
    }

    /// An error with the body `{"error": …}`.
    pub fn error(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            body: Body::Error(message.into()),
        }
    }

    /// An error whose body is a bare string.
    pub fn text(status: StatusCode, code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            body: Body::Text(message.into()),
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
            StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((RETRY_AFTER, "5"));
            }
            _ => {}
        }
        match &self.body {
            Body::Detail(message) => response.json(json!({"detail": message, "code": self.code.as_str()})),
            Body::Error(message) => response.json(json!({"error": message, "code": self.code.as_str()})),
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
            StoreError::NoSpace { .. } => Self::detail(
                StatusCode::INSUFFICIENT_STORAGE,
                ErrorCode::InsufficientStorage,
                "There is no space left on the server for this file. Tell the administrators, then try again.",
            ),
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
        let code = match error.code() {
            "empty_file" => ErrorCode::EmptyFile,
            "unsupported_format" | "unsupported_type" => ErrorCode::UnsupportedFormat,
            "limit_exceeded" => ErrorCode::InspectionLimit,
            "io" => return Self::internal(error),
            "broken_parquet" | "broken_file" | "stale_layout" | "inspection_failed" => ErrorCode::BrokenFile,
            _ => ErrorCode::NotATable,
        };
        Self::error(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}
