//! Data releases.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// One choice of a release, such as a kind of flux or a dereddening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedOption {
    /// Internal key.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 100,
            pattern = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85\ufeff][^\x00]*$",
            example = "psf"
        )
    )]
    pub name: String,
    /// Name for people.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 255,
            pattern = r"^[^\x00]*[^\s\x00\x1c-\x1f\x85\ufeff][^\x00]*$",
            example = "PSF"
        )
    )]
    pub display_name: String,
    /// Chosen by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub selected: bool,
    /// Shown, but cannot be chosen.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// A data release and what its photometric tables offer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Release {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub id: i64,
    /// Unique name; also the directory of its data sets.
    #[cfg_attr(feature = "openapi", schema(example = "dp1"))]
    pub name: String,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "DP1"))]
    pub display_name: String,
    /// Description.
    pub description: Option<String>,
    /// When the release was added.
    pub created_at: Timestamp,
    /// Object identifier column of the photometric tables.
    #[cfg_attr(feature = "openapi", schema(example = "objectId"))]
    pub indexing_column: String,
    /// A magnitude catalog exists.
    pub has_mag_hats: bool,
    /// A flux catalog exists.
    pub has_flux_hats: bool,
    /// Dereddenings offered.
    pub dereddening: Option<Vec<NamedOption>>,
    /// Kinds of flux offered.
    pub fluxes: Option<Vec<NamedOption>>,
    /// Magnitude zero point: 31.4 turns nanojansky into AB magnitudes.
    pub mag_zero_point: Option<f64>,
    /// Pattern of flux column names.
    pub flux_pattern: Option<String>,
    /// Pattern of flux error column names.
    pub flux_err_pattern: Option<String>,
    /// Pattern of magnitude column names.
    pub mag_pattern: Option<String>,
    /// Pattern of magnitude error column names.
    pub mag_err_pattern: Option<String>,
    /// Visible to everybody.
    pub is_public: bool,
    /// Ids of the groups that may see it; empty when unrestricted.
    pub access_groups: Vec<i64>,
}
