//! What can go wrong when talking to the server, in one type.

use std::collections::BTreeMap;
use std::fmt;

use pz_model::ErrorCode;
use serde_json::Value;

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call gave no value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request could not even be written.
    #[error("the request cannot be sent: {0}")]
    Request(String),
    /// Nothing answered, or the connection broke.
    #[error("the server cannot be reached: {0}")]
    Network(String),
    /// The server answered, but not with what it promises.
    #[error("the server's answer cannot be read: {0}")]
    Decode(String),
    /// The server refused.
    #[error("{0}")]
    Rejected(Box<Rejection>),
}

impl Error {
    /// The server's refusal, when there was one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    /// Status of the refusal.
    pub fn status(&self) -> Option<u16> {
        self.rejection().map(|rejection| rejection.status)
    }

    /// Code of the refusal.
    pub fn code(&self) -> Option<ErrorCode> {
        self.rejection().and_then(|rejection| rejection.code)
    }
}

/// An unsuccessful answer, whichever of the API's body shapes it had.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rejection {
    /// HTTP status.
    pub status: u16,
    /// Stable code of what went wrong.
    pub code: Option<ErrorCode>,
    /// Id under which the server's log has the request.
    pub request_id: Option<String>,
    /// Seconds to wait before trying again.
    pub retry_after_seconds: Option<u64>,
    /// What went wrong as a whole, for people.
    pub messages: Vec<String>,
    /// What is wrong with each field or filter.
    pub fields: BTreeMap<String, Vec<String>>,
}

impl Rejection {
    pub(crate) fn new(
        status: u16,
        body: &str,
        code: Option<&str>,
        request_id: Option<&str>,
        retry_after: Option<&str>,
    ) -> Self {
        let mut rejection = Self {
            status,
            code: code.and_then(code_named),
            request_id: request_id.map(str::to_owned),
            retry_after_seconds: retry_after.and_then(|text| text.trim().parse().ok()),
            messages: Vec::new(),
            fields: BTreeMap::new(),
        };
        match serde_json::from_str::<Value>(body) {
            Ok(Value::Object(members)) => {
                for (key, value) in members {
                    rejection.take(&key, &value);
                }
            }
            Ok(value) => rejection.messages = messages(&value),
            // Not ours: a proxy's page, perhaps. Nobody wants to read that.
            Err(_) => {}
        }
        rejection
    }

    fn take(&mut self, key: &str, value: &Value) {
        match key {
            "code" => self.code = self.code.or_else(|| value.as_str().and_then(code_named)),
            "detail" | "error" | "message" | "non_field_errors" => self.messages.extend(messages(value)),
            field => {
                let messages = messages(value);
                if !messages.is_empty() {
                    self.fields.insert(field.to_owned(), messages);
                }
            }
        }
    }

    /// Everything the server said, field by field, as one text; empty when it said nothing readable.
    pub fn text(&self) -> String {
        let fields = self
            .fields
            .iter()
            .map(|(field, messages)| format!("{field}: {}", messages.join(" ")));
        self.messages
            .iter()
            .cloned()
            .chain(fields)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            text if text.is_empty() => write!(f, "the server answered with status {}", self.status),
            text => write!(f, "{text} (status {})", self.status),
        }
    }
}

fn code_named(name: &str) -> Option<ErrorCode> {
    ErrorCode::ALL.iter().copied().find(|code| code.as_str() == name)
}

/// The texts in a message, a list of messages, or a mapping of either.
fn messages(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(messages).collect(),
        Value::Object(members) => members.values().flat_map(messages).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(status: u16, body: &str) -> Rejection {
        Rejection::new(status, body, None, None, None)
    }

    #[test]
    fn every_body_shape_of_the_api_is_read() {
        assert_eq!(rejected(404, r#"{"detail":"Not found."}"#).text(), "Not found.");
        assert_eq!(
            rejected(403, r#"{"error":"Admins only."}"#).text(),
            "Admins only."
        );
        assert_eq!(rejected(500, r#"{"message":"Try later."}"#).text(), "Try later.");
        assert_eq!(
            rejected(406, r#""Missing column associations: Dec,RA,z""#).text(),
            "Missing column associations: Dec,RA,z"
        );

        let lists = rejected(
            400,
            r#"{"release":["Leave it empty."],"pz_code":["Too long.","No blanks."]}"#,
        );
        assert_eq!(lists.fields["pz_code"], ["Too long.", "No blanks."]);
        assert_eq!(
            lists.text(),
            "pz_code: Too long. No blanks. release: Leave it empty."
        );

        let plain = rejected(400, r#"{"display_name":"This field may not be blank."}"#);
        assert_eq!(plain.fields["display_name"], ["This field may not be blank."]);
    }

    #[test]
    fn the_code_comes_from_the_header_or_the_body() {
        let body = r#"{"detail":"Wrong.","code":"invalid_credentials"}"#;
        assert_eq!(rejected(400, body).code, Some(ErrorCode::InvalidCredentials));
        let header = Rejection::new(413, "{}", Some("file_too_large"), Some("r-1"), Some("30"));
        assert_eq!(header.code, Some(ErrorCode::FileTooLarge));
        assert_eq!(header.request_id.as_deref(), Some("r-1"));
        assert_eq!(header.retry_after_seconds, Some(30));
        assert_eq!(rejected(400, r#"{"code":"from_the_future"}"#).code, None);
    }

    #[test]
    fn a_proxys_page_is_not_shown() {
        let rejection = rejected(502, "<html><h1>Bad gateway</h1></html>");
        assert_eq!(rejection.text(), "");
        assert_eq!(rejection.to_string(), "the server answered with status 502");
    }
}
