//! What an administrator may say of a release, checked.

use std::collections::HashSet;

use pz_model::api::NamedOption;
use pz_model::limits::{
    COLUMN_NAME_MAX_CHARS, COLUMN_PATTERN_MAX_CHARS, DATASETS_LOCATION_MAX_CHARS, DESCRIPTION_MAX_CHARS,
    DISPLAY_NAME_MAX_CHARS, GROUP_CHANGE_MAX, MAG_ZERO_POINT_DEFAULT, RELEASE_NAME_MAX_CHARS,
    RELEASE_OPTIONS_MAX,
};
use pz_store::releases::{NewRelease, ReleaseChanges};
use serde_json::{Map, Value, json};

use crate::error::{ApiError, ApiResult};
use crate::json_body::{Input, text};
use crate::state::AppState;

/// Longest key of a kind of flux or dereddening, in characters.
const OPTION_NAME_MAX_CHARS: usize = 100;

/// Reads a new release.
///
/// # Errors
/// 400 naming the fields.
pub(super) async fn read_new(state: &AppState, mut input: Input) -> ApiResult<NewRelease> {
    let changes = read_fields(&mut input);
    let name = input.require("name", changes.name).unwrap_or_default();
    let display_name = input
        .require("display_name", changes.display_name)
        .unwrap_or_default();
    let indexing_column = input
        .require("indexing_column", changes.indexing_column)
        .unwrap_or_default();
    let access_groups = changes.access_groups.unwrap_or_default();
    check_groups(state, &access_groups, &mut input).await?;
    input.check()?;
    Ok(NewRelease {
        name,
        display_name,
        description: changes.description.flatten(),
        indexing_column,
        has_mag_hats: changes.has_mag_hats.unwrap_or(false),
        has_flux_hats: changes.has_flux_hats.unwrap_or(true),
        dereddening: changes.dereddening.flatten(),
        fluxes: changes.fluxes.flatten(),
        mag_zero_point: changes.mag_zero_point.unwrap_or(Some(MAG_ZERO_POINT_DEFAULT)),
        flux_pattern: changes.flux_pattern.flatten(),
        flux_err_pattern: changes.flux_err_pattern.flatten(),
        mag_pattern: changes.mag_pattern.flatten(),
        mag_err_pattern: changes.mag_err_pattern.flatten(),
        datasets_location: changes.datasets_location.flatten(),
        is_public: changes.is_public.unwrap_or(false),
        access_groups,
    })
}

/// Reads changes of a release.
///
/// # Errors
/// 400 naming the fields.
pub(super) async fn read_changes(state: &AppState, mut input: Input) -> ApiResult<ReleaseChanges> {
    let changes = read_fields(&mut input);
    if let Some(groups) = &changes.access_groups {
        check_groups(state, groups, &mut input).await?;
    }
    input.check()?;
    Ok(changes)
}

fn read_fields(input: &mut Input) -> ReleaseChanges {
    ReleaseChanges {
        name: read_name(input),
        display_name: input.text("display_name", 1, DISPLAY_NAME_MAX_CHARS),
        description: input.nullable_text("description", DESCRIPTION_MAX_CHARS),
        indexing_column: input.text("indexing_column", 1, COLUMN_NAME_MAX_CHARS),
        has_mag_hats: input.flag("has_mag_hats"),
        has_flux_hats: input.flag("has_flux_hats"),
        dereddening: read_options(input, "dereddening"),
        fluxes: read_options(input, "fluxes"),
        mag_zero_point: input.nullable_number("mag_zero_point"),
        flux_pattern: input.nullable_text("flux_pattern", COLUMN_PATTERN_MAX_CHARS),
        flux_err_pattern: input.nullable_text("flux_err_pattern", COLUMN_PATTERN_MAX_CHARS),
        mag_pattern: input.nullable_text("mag_pattern", COLUMN_PATTERN_MAX_CHARS),
        mag_err_pattern: input.nullable_text("mag_err_pattern", COLUMN_PATTERN_MAX_CHARS),
        datasets_location: read_location(input),
        is_public: input.flag("is_public"),
        access_groups: input.ids("access_groups", GROUP_CHANGE_MAX),
    }
}

/// The name is a directory's, too.
fn read_name(input: &mut Input) -> Option<String> {
    let name = input.text("name", 1, RELEASE_NAME_MAX_CHARS)?;
    let good = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !good {
        input.refuse(
            "name",
            "Use ASCII letters, digits and ._- and begin with a letter or digit.",
        );
        return None;
    }
    Some(name)
}

fn read_location(input: &mut Input) -> Option<Option<String>> {
    let location = input.nullable_text("datasets_location", DATASETS_LOCATION_MAX_CHARS)?;
    let Some(text) = location.filter(|text| !text.is_empty()) else {
        return Some(None);
    };
    let is_address = text.split_once("://").is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|c: char| c.is_ascii_lowercase())
            && scheme
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '+')
    });
    let climbs = text.split('/').any(|part| part == "..");
    if !(text.starts_with('/') || is_address) || climbs || text.chars().any(char::is_control) {
        input.refuse(
            "datasets_location",
            "Give an absolute directory without '..', or an address such as s3://bucket/path.",
        );
        return None;
    }
    Some(Some(text))
}

/// A list of `{name, display_name, selected?, disabled?}` with distinct names, or null.
fn read_options(input: &mut Input, field: &str) -> Option<Option<Value>> {
    let Some(items) = input.nullable_list(field, RELEASE_OPTIONS_MAX)? else {
        return Some(None);
    };
    let mut names = HashSet::new();
    let mut options = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let option = match item {
            Value::Object(object) => read_option(&object),
            _ => Err("must be an object with name and display_name".to_owned()),
        };
        let option = option.and_then(|option| {
            if names.insert(option.name.clone()) {
                Ok(option)
            } else {
                Err(format!("repeats the name '{}'", option.name))
            }
        });
        match option {
            Ok(option) => options.push(json!(option)),
            Err(message) => {
                input.refuse(field, format!("Item {} {message}.", index + 1));
                return None;
            }
        }
    }
    Some(Some(options.into()))
}

fn read_option(object: &Map<String, Value>) -> Result<NamedOption, String> {
    let part = |name: &str, max_chars| {
        let value = object.get(name).ok_or_else(|| format!("lacks {name}"))?;
        text(value, 1, max_chars)
            .map_err(|message| format!("has a wrong {name}: {}", message.trim_end_matches('.')))
    };
    let flag = |name: &str| match object.get(name) {
        None => Ok(false),
        Some(value) => value
            .as_bool()
            .ok_or_else(|| format!("has a {name} that is neither true nor false")),
    };
    Ok(NamedOption {
        name: part("name", OPTION_NAME_MAX_CHARS)?,
        display_name: part("display_name", DISPLAY_NAME_MAX_CHARS)?,
        selected: flag("selected")?,
        disabled: flag("disabled")?,
    })
}

async fn check_groups(state: &AppState, ids: &[i64], input: &mut Input) -> Result<(), ApiError> {
    if ids.is_empty() {
        return Ok(());
    }
    let known = state.store.known_group_ids(ids).await?;
    if let Some(unknown) = ids.iter().find(|id| !known.contains(id)) {
        input.refuse(
            "access_groups",
            format!("There is no group with the id {unknown}."),
        );
    }
    Ok(())
}
