//! Releases, product types and pipelines as administrators change them.

use serde::{Deserialize, Serialize};

use super::release::{NamedOption, Release};
use crate::limits::MAG_ZERO_POINT_DEFAULT;

/// A release with what only administrators see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AdminRelease {
    /// What everybody sees.
    #[serde(flatten)]
    pub release: Release,
    /// Directory or object-store address of the photometric catalogs.
    #[cfg_attr(feature = "openapi", schema(example = "/data/hats/dp1"))]
    pub datasets_location: Option<String>,
    /// Products that name the release, deleted ones included.
    #[cfg_attr(feature = "openapi", schema(example = 4))]
    pub product_count: i64,
}

/// A release to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewRelease {
    /// Unique name, also the directory of its data sets.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 100,
            pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$",
            example = "dp1"
        )
    )]
    pub name: String,
    /// Name for people, unique.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 255, example = "DP1")
    )]
    pub display_name: String,
    /// Description.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 1000000))]
    pub description: Option<String>,
    /// Object identifier column of the photometric tables.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 256, example = "objectId")
    )]
    pub indexing_column: String,
    /// A magnitude catalog exists.
    #[serde(default)]
    pub has_mag_hats: bool,
    /// A flux catalog exists; true when absent.
    #[serde(default = "yes")]
    #[cfg_attr(feature = "openapi", schema(default = true))]
    pub has_flux_hats: bool,
    /// Dereddenings offered.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub dereddening: Option<Vec<NamedOption>>,
    /// Kinds of flux offered.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub fluxes: Option<Vec<NamedOption>>,
    /// Magnitude zero point; 31.4 (nanojansky to AB magnitudes) when absent.
    #[serde(default = "zero_point")]
    #[cfg_attr(feature = "openapi", schema(default = 31.4))]
    pub mag_zero_point: Option<f64>,
    /// Pattern of flux column names.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256, example = "{band}_{flux}Flux"))]
    pub flux_pattern: Option<String>,
    /// Pattern of flux error column names.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub flux_err_pattern: Option<String>,
    /// Pattern of magnitude column names.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub mag_pattern: Option<String>,
    /// Pattern of magnitude error column names.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 256))]
    pub mag_err_pattern: Option<String>,
    /// An absolute directory, or an object-store address such as `s3://bucket/path`.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 1024,
            pattern = "^(|([a-z][a-z0-9+]*://|/)[^\\x00-\\x1f\\x7f-\\x9f]*)$",
            example = "/data/hats/dp1"
        )
    )]
    pub datasets_location: Option<String>,
    /// Visible to everybody.
    #[serde(default)]
    pub is_public: bool,
    /// Ids of the groups that may see it; empty for everybody signed in.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub access_groups: Vec<i64>,
}

impl Default for NewRelease {
    fn default() -> Self {
        Self {
            name: String::new(),
            display_name: String::new(),
            description: None,
            indexing_column: String::new(),
            has_mag_hats: false,
            has_flux_hats: true,
            dereddening: None,
            fluxes: None,
            mag_zero_point: zero_point(),
            flux_pattern: None,
            flux_err_pattern: None,
            mag_pattern: None,
            mag_err_pattern: None,
            datasets_location: None,
            is_public: false,
            access_groups: Vec::new(),
        }
    }
}

const fn yes() -> bool {
    true
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
const fn zero_point() -> Option<f64> {
    Some(MAG_ZERO_POINT_DEFAULT)
}

/// What to change of a release; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReleasePatch {
    /// Unique name, also the directory of its data sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = String, required = false, min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$")
    )]
    pub name: Option<String>,
    /// Name for people, unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, min_length = 1, max_length = 255))]
    pub display_name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 1000000))]
    pub description: Option<Option<String>>,
    /// Object identifier column of the photometric tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, min_length = 1, max_length = 256))]
    pub indexing_column: Option<String>,
    /// A magnitude catalog exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub has_mag_hats: Option<bool>,
    /// A flux catalog exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub has_flux_hats: Option<bool>,
    /// Dereddenings offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<NamedOption>>, max_items = 100))]
    pub dereddening: Option<Option<Vec<NamedOption>>>,
    /// Kinds of flux offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<NamedOption>>, max_items = 100))]
    pub fluxes: Option<Option<Vec<NamedOption>>>,
    /// Magnitude zero point.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    pub mag_zero_point: Option<Option<f64>>,
    /// Pattern of flux column names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 256))]
    pub flux_pattern: Option<Option<String>>,
    /// Pattern of flux error column names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 256))]
    pub flux_err_pattern: Option<Option<String>>,
    /// Pattern of magnitude column names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 256))]
    pub mag_pattern: Option<Option<String>>,
    /// Pattern of magnitude error column names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 256))]
    pub mag_err_pattern: Option<Option<String>>,
    /// An absolute directory, or an object-store address such as `s3://bucket/path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 1024, pattern = "^(|([a-z][a-z0-9+]*://|/)[^\\x00-\\x1f\\x7f-\\x9f]*)$"))]
    pub datasets_location: Option<Option<String>>,
    /// Visible to everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub is_public: Option<bool>,
    /// Ids of the groups that may see it; empty for everybody signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<i64>, required = false, max_items = 10000))]
    pub access_groups: Option<Vec<i64>>,
}

/// What to change of a product type's texts; its name and rules are fixed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductTypePatch {
    /// Name for people, unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, min_length = 1, max_length = 255))]
    pub display_name: Option<String>,
    /// What products of this type hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 1000000))]
    pub description: Option<Option<String>>,
    /// Position in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i32>, minimum = -2147483648, maximum = 2147483647))]
    pub order: Option<Option<i32>>,
}

/// What an administrator may set of a pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PipelineTexts {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub id: i64,
    /// Unique name.
    #[cfg_attr(feature = "openapi", schema(example = "training_set_maker"))]
    pub name: String,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "Training Set Maker"))]
    pub display_name: String,
    /// Description.
    pub description: Option<String>,
    /// Default configuration; holds the object `param`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub system_config: serde_json::Value,
}

/// What to change of a pipeline; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PipelinePatch {
    /// Name for people, unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, min_length = 1, max_length = 255))]
    pub display_name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, max_length = 1000000))]
    pub description: Option<Option<String>>,
    /// Defaults: the object `system_config.param` with the same keys and kinds of value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object, required = false))]
    pub param: Option<serde_json::Map<String, serde_json::Value>>,
}
