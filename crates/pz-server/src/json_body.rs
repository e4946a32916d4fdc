//! JSON bodies read strictly: a field has the type its documentation says, nothing is guessed. For endpoints that
//! no older client speaks to; the others read forms, too (see `body`).

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use bytes::BytesMut;
use futures_util::StreamExt;
use pz_model::{ErrorCode, Timestamp};
use serde_json::{Map, Value};
use utoipa::openapi::path::Operation;

use crate::body::malformed;
use crate::documentation::{Argument, add_response};
use crate::error::{ApiError, ApiResult, FieldErrors};

/// Largest body, in bytes: the longest description, escaped, with room to spare.
const MAX_BYTES: usize = 8 << 20;

/// A JSON body not yet read: a handler first settles who is calling, then reads.
pub(crate) struct JsonBody {
    content_type: String,
    payload: Payload,
}

impl FromRequest for JsonBody {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .unwrap_or_default();
        std::future::ready(Ok(Self {
            content_type: content_type.trim().to_ascii_lowercase(),
            payload: payload.take(),
        }))
    }
}

impl Argument for JsonBody {
    fn document(operation: &mut Operation) {
        add_response(
            operation,
            400,
            "The body is not JSON, or a field is wrong; the answer names it",
        );
        add_response(operation, 408, "The body did not come in time");
        add_response(operation, 413, "The body is too large");
        add_response(operation, 415, "The body is not JSON");
    }
}

impl JsonBody {
    /// Reads the fields; an empty body has none.
    ///
    /// # Errors
    /// 415 for another content type, 400 for a body that is no JSON object, 413 for one too large.
    pub(crate) async fn read(mut self) -> ApiResult<Input> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(|_| malformed("The body ended early."))?;
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(ApiError::detail(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    ErrorCode::BodyTooLarge,
                    format!("The body is larger than {MAX_BYTES} bytes."),
                ));
            }
            bytes.extend_from_slice(&chunk);
        }
        let is_json = self.content_type == "application/json";
        if !(is_json || bytes.is_empty() && self.content_type.is_empty()) {
            let shown: String = self.content_type.chars().take(80).collect();
            return Err(ApiError::detail(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                ErrorCode::UnsupportedMediaType,
                format!("Unsupported media type '{shown}'; send application/json."),
            ));
        }
        if bytes.is_empty() {
            return Ok(Input::default());
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(values)) => Ok(Input {
                values,
                errors: FieldErrors::default(),
            }),
            Ok(_) => Err(malformed("The body must be a JSON object.")),
            Err(error) => Err(malformed(&format!("JSON parse error: {error}"))),
        }
    }
}

/// The fields of a body, and what is wrong with those read so far.
#[derive(Debug, Default)]
pub(crate) struct Input {
    values: Map<String, Value>,
    errors: FieldErrors,
}

impl Input {
    /// What was read, when nothing is wrong.
    ///
    /// # Errors
    /// 400 naming every field that is wrong.
    pub(crate) fn check(self) -> ApiResult<()> {
        self.errors.check()
    }

    /// Adds a message for a field.
    pub(crate) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.add(name, ErrorCode::ValidationFailed, message);
    }

    /// Adds a message for a field that must be there and is not.
    pub(crate) fn require<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.values.contains_key(name) {
            self.refuse(name, "This field is required.");
        }
        value
    }

    /// A field that is there; null is an error unless `nullable`.
    fn value(&mut self, name: &str, nullable: bool) -> Option<Option<Value>> {
        match self.values.get(name)? {
            Value::Null if nullable => Some(None),
            Value::Null => {
                self.refuse(name, "This field may not be null.");
                None
            }
            value => Some(Some(value.clone())),
        }
    }

    /// Reads a field with `read`, which gives the message of what is wrong.
    fn read<T>(
        &mut self,
        name: &str,
        nullable: bool,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.value(name, nullable)? {
            None => Some(None),
            Some(value) => match read(value) {
                Ok(value) => Some(Some(value)),
                Err(message) => {
                    self.refuse(name, message);
                    None
                }
            },
        }
    }

    /// A text of so many characters, trimmed.
    pub(crate) fn text(&mut self, name: &str, min_chars: usize, max_chars: usize) -> Option<String> {
        self.read(name, false, |value| text(&value, min_chars, max_chars))?
    }

    /// A secret: a text of so many characters, as it is, without a word about what it was.
    pub(crate) fn secret(&mut self, name: &str, min_chars: usize, max_chars: usize) -> Option<String> {
        self.read(name, false, |value| {
            let given = value.as_str().ok_or("Not a valid string.")?;
            // Spaces at the ends are part of it; the rest is as of any text.
            text(&value, 1, max_chars)?;
            match given.chars().count() {
                count if count < min_chars => Err(format!("Use at least {min_chars} characters.")),
                count if count > max_chars => Err(format!("Use at most {max_chars} characters.")),
                _ => Ok(given.to_owned()),
            }
        })?
    }

    /// A text of at most so many characters, trimmed, or null.
    pub(crate) fn nullable_text(&mut self, name: &str, max_chars: usize) -> Option<Option<String>> {
        self.read(name, true, |value| text(&value, 0, max_chars))
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, false, |value| {
            value.as_bool().ok_or_else(|| "Must be true or false.".to_owned())
        })?
    }

    /// A whole number in a range, or null.
    pub(crate) fn nullable_integer(
        &mut self,
        name: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<Option<i64>> {
        self.read(name, true, |value| {
            integer(&value)
                .filter(|number| range.contains(number))
                .ok_or_else(|| {
                    format!(
                        "Must be a whole number from {} to {}.",
                        range.start(),
                        range.end()
                    )
                })
        })
    }

    /// A number, or null.
    pub(crate) fn nullable_number(&mut self, name: &str) -> Option<Option<f64>> {
        self.read(name, true, |value| {
            value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| "Must be a number.".to_owned())
        })
    }

    /// A point in time, or null.
    pub(crate) fn nullable_time(&mut self, name: &str) -> Option<Option<Timestamp>> {
        self.read(name, true, |value| {
            value
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| "Must be a time such as 2027-01-31T12:00:00Z.".to_owned())
        })
    }

    /// A list of at most so many values.
    pub(crate) fn list(&mut self, name: &str, max_items: usize) -> Option<Vec<Value>> {
        self.read(name, false, |value| list(value, max_items))?
    }

    /// A list of at most so many values, or null.
    pub(crate) fn nullable_list(&mut self, name: &str, max_items: usize) -> Option<Option<Vec<Value>>> {
        self.read(name, true, |value| list(value, max_items))
    }

    /// A list of ids.
    pub(crate) fn ids(&mut self, name: &str, max_items: usize) -> Option<Vec<i64>> {
        self.read(name, false, |value| {
            list(value, max_items)?
                .iter()
                .map(|item| integer(item).ok_or_else(|| format!("{item} is not an id: give whole numbers.")))
                .collect()
        })?
    }

    /// A JSON object.
    pub(crate) fn object(&mut self, name: &str) -> Option<Map<String, Value>> {
        self.read(name, false, |value| match value {
            Value::Object(object) => Ok(object),
            _ => Err("Must be a JSON object.".to_owned()),
        })?
    }
}

/// A text of so many characters, trimmed.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn text(value: &Value, min_chars: usize, max_chars: usize) -> Result<String, String> {
    let text = value.as_str().ok_or("Not a valid string.")?.trim();
    if text.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    match text.chars().count() {
        0 if min_chars > 0 => Err("This field may not be blank.".to_owned()),
        count if count < min_chars => Err(format!("Ensure this field has at least {min_chars} characters.")),
        count if count > max_chars => Err(format!(
            "Ensure this field has no more than {max_chars} characters."
        )),
        _ => Ok(text.to_owned()),
    }
}

fn list(value: Value, max_items: usize) -> Result<Vec<Value>, String> {
    match value {
        Value::Array(items) if items.len() > max_items => Err(format!("Give at most {max_items} items.")),
        Value::Array(items) => Ok(items),
        _ => Err("Must be a list.".to_owned()),
    }
}

/// A whole number; JSON writes 1.0 for 1, too.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(value: Value) -> Input {
        let Value::Object(values) = value else {
            unreachable!("the tests give objects")
        };
        Input {
            values,
            errors: FieldErrors::default(),
        }
    }

    #[test]
    fn types_are_not_guessed() {
        let wrong = json!({"text": 3, "flag": "true", "number": "7", "time": "tomorrow", "list": {}, "null": null,
            "blank": "  ", "long": "abcd", "nul": "a\u{0}", "ids": [1, "2"], "object": []});
        let mut input = input(wrong);
        assert_eq!(input.text("text", 0, 9), None);
        assert_eq!(input.flag("flag"), None);
        assert_eq!(input.nullable_integer("number", 0..=9), None);
        assert_eq!(input.nullable_time("time"), None);
        assert_eq!(input.list("list", 3), None);
        assert_eq!(input.text("null", 0, 9), None);
        assert_eq!(input.text("blank", 1, 9), None);
        assert_eq!(input.text("long", 0, 3), None);
        assert_eq!(input.text("nul", 0, 9), None);
        assert_eq!(input.ids("ids", 9), None);
        assert_eq!(input.object("object"), None);
        let absent = input.text("absent", 1, 9);
        assert_eq!(input.require("absent", absent), None);
        let body = format!("{:?}", input.check().unwrap_err());
        for field in [
            "text", "flag", "number", "time", "list", "null", "blank", "long", "nul", "ids", "object",
            "absent",
        ] {
            assert!(body.contains(&format!("\"{field}\"")), "{field}: {body}");
        }
    }

    #[test]
    fn what_is_right_is_read() {
        let right = json!({"text": " x ", "flag": true, "number": 7.0, "none": null, "time": "2027-01-01T00:00:00Z",
            "ids": [1, 2], "ratio": 31.4});
        let mut input = input(right);
        assert_eq!(input.text("text", 1, 9), Some("x".into()));
        assert_eq!(input.flag("flag"), Some(true));
        assert_eq!(input.nullable_integer("number", 0..=9), Some(Some(7)));
        assert_eq!(input.nullable_integer("none", 0..=9), Some(None));
        assert_eq!(input.nullable_integer("absent", 0..=9), None);
        assert!(input.nullable_time("time").flatten().is_some());
        assert_eq!(input.ids("ids", 2), Some(vec![1, 2]));
        assert_eq!(input.nullable_number("ratio"), Some(Some(31.4)));
        assert!(input.check().is_ok());
    }
}
