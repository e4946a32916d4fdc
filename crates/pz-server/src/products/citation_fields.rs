//! Metadata for citation in the bodies that create and change products.

use actix_web::http::StatusCode;
use pz_model::license::{LICENSES, License};
use pz_model::limits::IDENTIFIER_MAX_CHARS;
use pz_model::{ErrorCode, citation};
use pz_store::product_citation::CitationChanges;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::auth::Caller;
use crate::body::Fields;
use crate::error::{ApiError, ApiResult, FieldErrors};

/// Reads and checks the fields that are there.
pub(super) fn read(fields: &Fields, errors: &mut FieldErrors) -> CitationChanges {
    CitationChanges {
        license: license(fields, errors),
        creators: list(fields, "creators", citation::creators, errors),
        related_identifiers: list(
            fields,
            "related_identifiers",
            citation::related_identifiers,
            errors,
        ),
        subjects: list(fields, "subjects", citation::subjects, errors),
        funding: list(fields, "funding", citation::funding, errors),
        doi: doi(fields, errors),
    }
}

/// A DOI is registered for the instance, not for a user.
pub(super) fn check_doi(caller: &Caller) -> ApiResult<()> {
    if caller.is_admin() {
        return Ok(());
    }
    Err(ApiError::error(
        StatusCode::FORBIDDEN,
        ErrorCode::PermissionDenied,
        "Only administrators may set or change the DOI of a product.",
    ))
}

fn license(fields: &Fields, errors: &mut FieldErrors) -> Option<Option<String>> {
    let text = fields.text("license", IDENTIFIER_MAX_CHARS, errors)?;
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(None);
    };
    let known = License::from_id(&text);
    if known.is_none() {
        let ids: Vec<&str> = LICENSES.iter().map(|license| license.id).collect();
        errors.add(
            "license",
            ErrorCode::ValidationFailed,
            format!("Give one of {}.", ids.join(", ")),
        );
    }
    known.map(|license| Some(license.id.to_owned()))
}

fn doi(fields: &Fields, errors: &mut FieldErrors) -> Option<Option<String>> {
    let text = fields.text("doi", IDENTIFIER_MAX_CHARS, errors)?;
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Some(None);
    };
    match citation::doi(&text) {
        Ok(doi) => Some(Some(doi)),
        Err(message) => {
            errors.add("doi", ErrorCode::ValidationFailed, message);
            None
        }
    }
}

/// A list in its normal form; null empties it.
fn list<T: DeserializeOwned>(
    fields: &Fields,
    name: &str,
    check: impl Fn(Vec<T>) -> Result<Vec<T>, String>,
    errors: &mut FieldErrors,
) -> Option<Vec<T>> {
    let values = fields.list(name, errors)?.unwrap_or_default();
    let list: Result<Vec<T>, String> = values.into_iter().enumerate().map(entry).collect();
    match list.and_then(check) {
        Ok(list) => Some(list),
        Err(message) => {
            errors.add(name, ErrorCode::ValidationFailed, message);
            None
        }
    }
}

fn entry<T: DeserializeOwned>((index, value): (usize, Value)) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("Entry {}: {error}.", index + 1))
}
