//! Request bodies: JSON, form-urlencoded or multipart, read into one kind of field map that tells absent,
//! null and empty apart, with the same coercions for all three.

use std::collections::BTreeMap;

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use bytes::BytesMut;
use futures_util::{StreamExt, TryStreamExt};
use pz_model::ErrorCode;
use serde_json::Value;

use crate::error::{ApiError, ApiResult, FieldErrors};

/// Largest body that is not a file upload, in bytes: the longest description with room to spare.
const MAX_BYTES: usize = 5 << 20;

/// A body not yet read: a handler first settles who is calling, then reads.
pub struct Body {
    request: HttpRequest,
    payload: Payload,
}

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
        }))
    }
}

impl Body {
    /// Reads the fields of the body.
    ///
    /// # Errors
    /// 415 for another content type, 400 for a body that is not what it says, 413 for one too large.
    pub async fn fields(self) -> ApiResult<Fields> {
        Ok(self.fields_and_file(None).await?.0)
    }

    /// Reads the fields of the body, and the multipart part of this name as a file of at most so many bytes.
    ///
    /// # Errors
    /// As [`Self::fields`]; 413 for a file that is too large.
    pub async fn fields_with_file(
        self,
        part: &str,
        max_bytes: usize,
    ) -> ApiResult<(Fields, Option<FilePart>)> {
        self.fields_and_file(Some((part, max_bytes))).await
    }

    async fn fields_and_file(self, file: Option<(&str, usize)>) -> ApiResult<(Fields, Option<FilePart>)> {
        let content_type = self
            .request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let media_type = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        match media_type.as_str() {
            "multipart/form-data" => self.multipart(file).await,
            "application/json" => {
                let bytes = self.bytes().await?;
                Ok((Fields::from_json(&bytes)?, None))
            }
            "application/x-www-form-urlencoded" => {
                let bytes = self.bytes().await?;
                Ok((Fields::from_form(&bytes)?, None))
            }
            "" => {
                let bytes = self.bytes().await?;
                if bytes.is_empty() {
                    Ok((Fields::default(), None))
                } else {
                    Err(unsupported("none"))
                }
            }
            other => Err(unsupported(other)),
        }
    }

    async fn bytes(mut self) -> ApiResult<BytesMut> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(|_| malformed("The body ended early."))?;
            if bytes.len() + chunk.len() > MAX_BYTES {
                return Err(too_large(MAX_BYTES));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// The bytes of the body as they come, for a handler that streams a file.
    pub(crate) fn into_payload(self) -> Payload {
        self.payload
    }

    async fn multipart(self, file: Option<(&str, usize)>) -> ApiResult<(Fields, Option<FilePart>)> {
        let mut parts = Multipart::new(self.request.headers(), self.payload);
        let mut fields = Fields::form();
        let mut file_part = None;
        let mut left = MAX_BYTES;
        while let Some(mut part) = parts
            .try_next()
            .await
            .map_err(|error| malformed(&error.to_string()))?
        {
            let name = part.name().unwrap_or_default().to_owned();
            match file.filter(|(file, _)| *file == name) {
                Some((_, max_bytes)) => {
                    let mut left = max_bytes;
                    let bytes = part_bytes(&mut part, &mut left, max_bytes).await?;
                    let file_name = part
                        .content_disposition()
                        .and_then(|disposition| disposition.get_filename().map(str::to_owned));
                    // What a form sends when nothing was chosen.
                    file_part = (!bytes.is_empty()).then_some(FilePart { file_name, bytes });
                }
                None => {
                    let bytes = part_bytes(&mut part, &mut left, MAX_BYTES).await?;
                    fields.insert_text(name, &bytes)?;
                }
            }
        }
        Ok((fields, file_part))
    }
}

async fn part_bytes(part: &mut Field, left: &mut usize, max_bytes: usize) -> ApiResult<BytesMut> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = part
        .try_next()
        .await
        .map_err(|error| malformed(&error.to_string()))?
    {
        *left = left
            .checked_sub(chunk.len())
            .ok_or_else(|| too_large(max_bytes))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A small file sent along in a multipart body.
#[derive(Debug)]
pub struct FilePart {
    /// Its name as sent.
    pub file_name: Option<String>,
    /// The bytes.
    pub bytes: BytesMut,
}

/// The fields of a body.
#[derive(Debug, Default)]
pub struct Fields {
    values: BTreeMap<String, Value>,
    /// Of a form: all fields in their order, repeated ones, too.
    pairs: Vec<(String, String)>,
    /// Sent as a form: numbers and nulls are text.
    from_form: bool,
}

impl Fields {
    /// No fields yet, of a form.
    pub fn form() -> Self {
        Self {
            from_form: true,
            ..Self::default()
        }
    }

    fn from_json(bytes: &[u8]) -> ApiResult<Self> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(object)) => Ok(Self {
                values: object.into_iter().collect(),
                ..Self::default()
            }),
            Ok(_) => Err(malformed("The body must be a JSON object.")),
            Err(error) => Err(malformed(&format!("JSON parse error: {error}"))),
        }
    }

    fn from_form(bytes: &[u8]) -> ApiResult<Self> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_bytes(bytes).map_err(|error| malformed(&error.to_string()))?;
        let values = pairs
            .iter()
            .map(|(name, text)| (name.clone(), Value::String(text.clone())))
            .collect();
        Ok(Self {
            values,
            pairs,
            from_form: true,
        })
    }

    /// Adds a text part of a multipart body.
    ///
    /// # Errors
    /// 400 when it is not UTF-8.
    pub fn insert_text(&mut self, name: String, bytes: &[u8]) -> ApiResult<()> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| ApiError::field(&name, ErrorCode::ValidationFailed, "This is not UTF-8 text."))?;
        self.pairs.push((name.clone(), text.to_owned()));
        self.values.insert(name, Value::String(text.to_owned()));
        Ok(())
    }

    /// The value of a field as it was sent: JSON, or the text of a form.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A list of ids, which in a form is a repeated field: `None` absent or null.
    pub fn ids(&self, name: &str, errors: &mut FieldErrors) -> Option<Vec<i64>> {
        let id = |value: &Value| match value {
            Value::Number(number) => whole(number),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let ids: Option<Vec<i64>> = match self.values.get(name)? {
            Value::Null => return None,
            Value::Array(items) => items.iter().map(id).collect(),
            _ if self.from_form => {
                let texts = self.pairs.iter().filter(|(field, _)| field == name);
                let filled = texts.filter(|(_, text)| !text.trim().is_empty());
                filled.map(|(_, text)| text.trim().parse().ok()).collect()
            }
            one => id(one).map(|id| vec![id]),
        };
        if ids.is_none() {
            errors.add(name, ErrorCode::ValidationFailed, "A list of ids is required.");
        }
        ids
    }

    /// An integer: `None` absent, `Some(None)` null (an empty string in forms).
    pub fn integer(&self, name: &str, errors: &mut FieldErrors) -> Option<Option<i64>> {
        let value = self.values.get(name)?;
        let number = match value {
            Value::Null => return Some(None),
            Value::String(text) if text.trim().is_empty() && self.from_form => return Some(None),
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => whole(number),
            _ => None,
        };
        if number.is_none() {
            errors.add(name, ErrorCode::ValidationFailed, "A valid integer is required.");
            return None;
        }
        Some(number)
    }

    /// A boolean; null and anything else that is none is an error.
    pub fn flag(&self, name: &str, errors: &mut FieldErrors) -> Option<bool> {
        let text = match self.values.get(name)? {
            Value::Bool(flag) => return Some(*flag),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_lowercase(),
            _ => String::new(),
        };
        match text.as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
            "false" | "0" | "no" | "off" | "f" | "n" => Some(false),
            _ => {
                errors.add(
                    name,
                    ErrorCode::ValidationFailed,
                    "Must be a valid boolean: true or false.",
                );
                None
            }
        }
    }

    /// A text, trimmed: `None` absent, `Some(None)` null. Numbers become text, booleans do not.
    pub fn text(&self, name: &str, max_chars: usize, errors: &mut FieldErrors) -> Option<Option<String>> {
        let text = match self.values.get(name)? {
            Value::Null => return Some(None),
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => {
                errors.add(name, ErrorCode::ValidationFailed, "Not a valid string.");
                return None;
            }
        };
        if text.contains('\0') {
            errors.add(
                name,
                ErrorCode::ValidationFailed,
                "Null characters are not allowed.",
            );
            return None;
        }
        if text.chars().count() > max_chars {
            errors.add(
                name,
                ErrorCode::ValidationFailed,
                format!("Ensure this field has no more than {max_chars} characters."),
            );
            return None;
        }
        Some(Some(text))
    }

    /// A secret, of which the spaces at its ends are part: the text as it was sent, if it is one of at most so many
    /// characters.
    pub fn as_sent(&self, name: &str, max_chars: usize) -> Option<String> {
        let text = self.values.get(name)?.as_str()?;
        (text.chars().count() <= max_chars).then(|| text.to_owned())
    }

    /// A list: `None` absent, `Some(None)` null or an empty text. Sent as a text, as forms do, it is JSON.
    pub fn list(&self, name: &str, errors: &mut FieldErrors) -> Option<Option<Vec<Value>>> {
        let list = match self.values.get(name)? {
            Value::Null => return Some(None),
            Value::String(text) if text.trim().is_empty() => return Some(None),
            Value::String(text) => serde_json::from_str(text).ok(),
            Value::Array(list) => Some(list.clone()),
            _ => None,
        };
        if list.is_none() {
            errors.add(
                name,
                ErrorCode::ValidationFailed,
                "Not a list; in forms, send the list as JSON text.",
            );
            return None;
        }
        Some(list)
    }

    /// A text that is needed: absent (unless `partial`), null and blank are errors.
    pub fn required_text(
        &self,
        name: &str,
        max_chars: usize,
        partial: bool,
        errors: &mut FieldErrors,
    ) -> Option<String> {
        match self.text(name, max_chars, errors) {
            Some(Some(text)) if text.is_empty() => {
                errors.add(name, ErrorCode::ValidationFailed, "This field may not be blank.");
                None
            }
            Some(Some(text)) => Some(text),
            Some(None) => {
                errors.add(name, ErrorCode::ValidationFailed, "This field may not be null.");
                None
            }
            None => {
                if !partial && !self.values.contains_key(name) {
                    errors.add(name, ErrorCode::ValidationFailed, "This field is required.");
                }
                None
            }
        }
    }

    /// An integer that is needed.
    pub fn required_integer(&self, name: &str, partial: bool, errors: &mut FieldErrors) -> Option<i64> {
        match self.integer(name, errors) {
            Some(Some(number)) => Some(number),
            Some(None) => {
                errors.add(name, ErrorCode::ValidationFailed, "This field may not be null.");
                None
            }
            None => {
                if !partial && !self.values.contains_key(name) {
                    errors.add(name, ErrorCode::ValidationFailed, "This field is required.");
                }
                None
            }
        }
    }
}

/// An integer, also when it is written as `3.0`.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let whole = number.as_f64().filter(|number| number.fract() == 0.0)?;
        format!("{whole:.0}").parse().ok()
    })
}

fn unsupported(media_type: &str) -> ApiError {
    let shown: String = media_type.chars().take(80).collect();
    ApiError::detail(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::UnsupportedMediaType,
        format!(
            "Unsupported media type '{shown}'; send application/json, application/x-www-form-urlencoded or multipart/form-data."
        ),
    )
}

/// 400 for a body that is not what its content type says.
pub fn malformed(reason: &str) -> ApiError {
    ApiError::detail(StatusCode::BAD_REQUEST, ErrorCode::MalformedBody, reason)
}

fn too_large(max_bytes: usize) -> ApiError {
    ApiError::detail(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::BodyTooLarge,
        format!("The body or a file in it is larger than {max_bytes} bytes."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Fields {
        Fields::from_json(text.as_bytes()).unwrap()
    }

    fn form(text: &str) -> Fields {
        Fields::from_form(text.as_bytes()).unwrap()
    }

    #[test]
    fn absent_null_and_empty_differ() {
        let mut errors = FieldErrors::default();
        let fields = json(r#"{"a": null, "b": "", "n": 3, "s": "4"}"#);
        assert_eq!(fields.text("x", 9, &mut errors), None);
        assert_eq!(fields.text("a", 9, &mut errors), Some(None));
        assert_eq!(fields.text("b", 9, &mut errors), Some(Some(String::new())));
        assert_eq!(fields.integer("a", &mut errors), Some(None));
        assert_eq!(fields.integer("n", &mut errors), Some(Some(3)));
        assert_eq!(fields.integer("s", &mut errors), Some(Some(4)));
        assert_eq!(json(r#"{"a": -3.0}"#).integer("a", &mut errors), Some(Some(-3)));
        let fields = form("a=&n=7");
        assert_eq!(fields.integer("a", &mut errors), Some(None));
        assert_eq!(fields.text("a", 9, &mut errors), Some(Some(String::new())));
        assert_eq!(fields.integer("n", &mut errors), Some(Some(7)));
        assert!(errors.is_empty());
        assert_eq!(json(r#"{"a": ""}"#).integer("a", &mut errors), None);
        assert!(!errors.is_empty());
    }

    #[test]
    fn lists_of_ids_in_json_and_forms() {
        let mut errors = FieldErrors::default();
        assert_eq!(json(r#"{"a": [3, "4"]}"#).ids("a", &mut errors), Some(vec![3, 4]));
        assert_eq!(json(r#"{"a": 3}"#).ids("a", &mut errors), Some(vec![3]));
        assert_eq!(json(r#"{"a": null}"#).ids("a", &mut errors), None);
        assert_eq!(form("a=3&b=x&a=+4").ids("a", &mut errors), Some(vec![3, 4]));
        assert_eq!(form("a=").ids("a", &mut errors), Some(vec![]));
        assert!(errors.is_empty());
        for wrong in [
            r#"{"a": [3.5]}"#,
            r#"{"a": [[3]]}"#,
            r#"{"a": "x"}"#,
            r#"{"a": {}}"#,
        ] {
            let mut errors = FieldErrors::default();
            assert_eq!(json(wrong).ids("a", &mut errors), None);
            assert!(!errors.is_empty(), "{wrong}");
        }
    }

    #[test]
    fn booleans() {
        for (text, expected) in [
            ("True", true),
            ("on", true),
            ("F", false),
            ("no", false),
            ("1", true),
        ] {
            let mut errors = FieldErrors::default();
            assert_eq!(form(&format!("a={text}")).flag("a", &mut errors), Some(expected));
            assert!(errors.is_empty());
        }
        let mut errors = FieldErrors::default();
        assert_eq!(form("a=maybe").flag("a", &mut errors), None);
        assert!(!errors.is_empty());
    }

    #[test]
    fn text_is_trimmed_bounded_and_without_nul() {
        let mut errors = FieldErrors::default();
        assert_eq!(
            json(r#"{"a": "  x\u00a0 "}"#).text("a", 9, &mut errors),
            Some(Some("x".into()))
        );
        assert_eq!(
            json(r#"{"a": 12}"#).text("a", 9, &mut errors),
            Some(Some("12".into()))
        );
        assert!(errors.is_empty());
        for wrong in [
            r#"{"a": true}"#,
            r#"{"a": "x\u0000y"}"#,
            r#"{"a": "0123456789"}"#,
            r#"{"a": []}"#,
        ] {
            let mut errors = FieldErrors::default();
            assert_eq!(json(wrong).text("a", 9, &mut errors), None);
            assert!(!errors.is_empty(), "{wrong}");
        }
    }

    #[test]
    fn lists_are_json_in_forms_too() {
        let mut errors = FieldErrors::default();
        let expected = Some(Some(vec![Value::from("x"), Value::from(1)]));
        assert_eq!(json(r#"{"a": ["x", 1]}"#).list("a", &mut errors), expected);
        assert_eq!(form("a=[\"x\",1]").list("a", &mut errors), expected);
        assert_eq!(form("a=").list("a", &mut errors), Some(None));
        assert_eq!(json(r#"{"a": null}"#).list("a", &mut errors), Some(None));
        assert_eq!(json("{}").list("a", &mut errors), None);
        assert!(errors.is_empty());
        for wrong in [r#"{"a": {}}"#, r#"{"a": "x"}"#, r#"{"a": 3}"#, r#"{"a": "{}"}"#] {
            let mut errors = FieldErrors::default();
            assert_eq!(json(wrong).list("a", &mut errors), None);
            assert!(!errors.is_empty(), "{wrong}");
        }
    }

    #[test]
    fn bodies_that_are_no_objects_are_refused() {
        for wrong in ["[]", "3", "{", "{\"a\":}"] {
            assert_eq!(
                Fields::from_json(wrong.as_bytes()).unwrap_err().code(),
                ErrorCode::MalformedBody
            );
        }
        assert!(Fields::from_json(b"").is_ok());
    }
}
