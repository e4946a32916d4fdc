//! Product types and the rules each one brings.

use serde::{Deserialize, Serialize};

use crate::column_meaning::ColumnMeaning;
use crate::error_code::ErrorCode;

/// The kinds of photo-z data product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ProductType {
    /// Reference (mostly spectroscopic) redshifts and positions.
    RedshiftCatalog,
    /// Photometry matched to reference redshifts.
    TrainingSet,
    /// Metrics and plots that judge photo-z estimates.
    ValidationResults,
    /// Photo-z point estimates or PDFs.
    PhotozEstimates,
    /// Trained models and tuning files of photo-z algorithms.
    TrainingResults,
    /// Positions and photometry of objects.
    ObjectCatalog,
    /// Anything else worth sharing.
    Other,
}

/// What a product type asks of its products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeRules {
    /// The main file must be a readable table.
    pub table_required: bool,
    /// A product of this type may belong to a release.
    pub release_allowed: bool,
    /// A product of this type may name an algorithm or code.
    pub pz_code_allowed: bool,
    /// A product of this type may name a release year; only a hint for forms.
    pub release_year_offered: bool,
    /// Meanings that some column must carry before the product can be published, in the order in which
    /// missing ones are named.
    pub mandatory_meanings: &'static [ColumnMeaning],
    /// Meanings worth having.
    pub recommended_meanings: &'static [ColumnMeaning],
}

/// A piece of metadata that the product type does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleViolation {
    /// The API field at fault.
    pub field: &'static str,
    /// What is wrong.
    pub code: ErrorCode,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl ProductType {
    /// All types in display order.
    pub const ALL: [Self; 7] = [
        Self::RedshiftCatalog,
        Self::TrainingSet,
        Self::TrainingResults,
        Self::ValidationResults,
        Self::PhotozEstimates,
        Self::ObjectCatalog,
        Self::Other,
    ];

    /// The id in the API and in the database.
    pub const fn id(self) -> i64 {
        match self {
            Self::RedshiftCatalog => 1,
            Self::TrainingSet => 2,
            Self::ValidationResults => 3,
            Self::PhotozEstimates => 4,
            Self::TrainingResults => 5,
            Self::ObjectCatalog => 6,
            Self::Other => 7,
        }
    }

    /// The type with this id.
    pub fn from_id(id: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|product_type| product_type.id() == id)
    }

    /// The internal key, as the Python library sends it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RedshiftCatalog => "redshift_catalog",
            Self::TrainingSet => "training_set",
            Self::ValidationResults => "validation_results",
            Self::PhotozEstimates => "photoz_estimates",
            Self::TrainingResults => "training_results",
            Self::ObjectCatalog => "object_catalog",
            Self::Other => "other",
        }
    }

    /// The type with this internal key.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|product_type| product_type.name() == name)
    }

    /// The name people read; an instance may change it in its database.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::RedshiftCatalog => "Reference Redshift Catalog",
            Self::TrainingSet => "Training Set",
            Self::ValidationResults => "Validation Results",
            Self::PhotozEstimates => "Photo-z Estimates",
            Self::TrainingResults => "Training Results",
            Self::ObjectCatalog => "Objects Catalog",
            Self::Other => "Other",
        }
    }

    /// One sentence for people; an instance may change it in its database.
    pub const fn description(self) -> &'static str {
        match self {
            Self::RedshiftCatalog => {
                "Catalog of reference redshifts and positions, usually spectroscopic, from one or more surveys."
            }
            Self::TrainingSet => {
                "Sample for training photo-z algorithms: photometry of objects with reference redshifts."
            }
            Self::ValidationResults => {
                "Results of a photo-z validation procedure: metrics, plots, or the notebook that made them."
            }
            Self::PhotozEstimates => {
                "Photo-z estimates of an algorithm: point estimates or PDFs, or how to get them when too large to upload."
            }
            Self::TrainingResults => {
                "Results of training a photo-z algorithm: a trained model or configuration to be used again."
            }
            Self::ObjectCatalog => "Catalog of objects with positions and measurements.",
            Self::Other => "Any other file useful for photo-z work.",
        }
    }

    /// Position in lists, from 1.
    pub fn order(self) -> i32 {
        Self::ALL
            .into_iter()
            .position(|t| t == self)
            .map_or(0, |index| index as i32 + 1)
    }

    /// The rules of this type.
    pub const fn rules(self) -> TypeRules {
        use ColumnMeaning::{Dec, Id, Ra, Survey, Z, ZErr, ZFlag};
        const FREE: TypeRules = TypeRules {
            table_required: false,
            release_allowed: true,
            pz_code_allowed: true,
            release_year_offered: false,
            mandatory_meanings: &[],
            recommended_meanings: &[],
        };
        match self {
            Self::RedshiftCatalog => TypeRules {
                table_required: true,
                release_allowed: false,
                pz_code_allowed: false,
                release_year_offered: true,
                mandatory_meanings: &[Dec, Ra, Z],
                recommended_meanings: &[ZErr, ZFlag, Survey],
            },
            Self::TrainingSet => TypeRules {
                table_required: true,
                pz_code_allowed: false,
                mandatory_meanings: &[Z],
                recommended_meanings: &[Id, Ra, Dec],
                ..FREE
            },
            Self::ObjectCatalog => TypeRules {
                table_required: true,
                mandatory_meanings: &[Dec, Ra],
                recommended_meanings: &[Id],
                ..FREE
            },
            Self::TrainingResults => TypeRules {
                pz_code_allowed: false,
                ..FREE
            },
            Self::ValidationResults | Self::PhotozEstimates | Self::Other => FREE,
        }
    }

    /// What these metadata break of the type's rules; empty when all is well. Empty text counts as absent.
    pub fn check_metadata(self, has_release: bool, pz_code: Option<&str>) -> Vec<RuleViolation> {
        let rules = self.rules();
        let mut violations = Vec::new();
        if has_release && !rules.release_allowed {
            violations.push(RuleViolation {
                field: "release",
                code: ErrorCode::ReleaseNotAllowed,
                message: format!("A {} belongs to no release; leave it empty.", self.display_name()),
            });
        }
        if pz_code.is_some_and(|code| !code.is_empty()) && !rules.pz_code_allowed {
            violations.push(RuleViolation {
                field: "pz_code",
                code: ErrorCode::PzCodeNotAllowed,
                message: format!(
                    "A {} names no algorithm or code; leave it empty.",
                    self.display_name()
                ),
            });
        }
        violations
    }

    /// The mandatory meanings that none of these aliases carries, in the order of the rules.
    pub fn missing_meanings<'a>(self, aliases: impl IntoIterator<Item = &'a str>) -> Vec<ColumnMeaning> {
        let aliases: Vec<&str> = aliases.into_iter().collect();
        self.rules()
            .mandatory_meanings
            .iter()
            .copied()
            .filter(|meaning| !aliases.contains(&meaning.alias()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_names_and_order_are_the_contract() {
        let table: Vec<(i64, &str, i32)> = ProductType::ALL
            .into_iter()
            .map(|t| (t.id(), t.name(), t.order()))
            .collect();
        assert_eq!(
            table,
            [
                (1, "redshift_catalog", 1),
                (2, "training_set", 2),
                (5, "training_results", 3),
                (3, "validation_results", 4),
                (4, "photoz_estimates", 5),
                (6, "object_catalog", 6),
                (7, "other", 7),
            ]
        );
        for product_type in ProductType::ALL {
            assert_eq!(ProductType::from_id(product_type.id()), Some(product_type));
            assert_eq!(ProductType::from_name(product_type.name()), Some(product_type));
            let json = serde_json::to_value(product_type).unwrap();
            assert_eq!(json, product_type.name());
        }
    }

    #[test]
    fn metadata_rules() {
        use ProductType::*;
        let fields = |t: ProductType| -> Vec<&str> {
            t.check_metadata(true, Some("bpz"))
                .into_iter()
                .map(|v| v.field)
                .collect()
        };
        assert_eq!(fields(RedshiftCatalog), ["release", "pz_code"]);
        assert_eq!(fields(TrainingSet), ["pz_code"]);
        assert_eq!(fields(TrainingResults), ["pz_code"]);
        for free in [ObjectCatalog, ValidationResults, PhotozEstimates, Other] {
            assert!(fields(free).is_empty());
        }
        assert!(RedshiftCatalog.check_metadata(false, Some("")).is_empty());
    }

    #[test]
    fn missing_meanings_are_exact_and_ordered() {
        let missing = |aliases: &[&str]| -> Vec<&str> {
            ProductType::RedshiftCatalog
                .missing_meanings(aliases.iter().copied())
                .into_iter()
                .map(ColumnMeaning::alias)
                .collect()
        };
        assert_eq!(missing(&[]), ["Dec", "RA", "z"]);
        assert_eq!(missing(&["ra", "Dec", "Z"]), ["RA", "z"]);
        assert!(missing(&["RA", "Dec", "z", "survey"]).is_empty());
    }
}
