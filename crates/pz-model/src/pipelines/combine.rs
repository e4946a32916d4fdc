//! The configuration of the pipeline that combines redshift catalogs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::{ConfigError, flag};
use super::words::words;

/// The value of `flags_translation_file` that stands for the rules that come with the pipeline. Clients send it
/// back as they got it; it is no path.
pub const DEFAULT_FLAGS_TRANSLATION: &str = "default";

/// Names that an extra column cannot have: the pipeline writes them itself.
pub const RESERVED_COLUMNS: [&str; 17] = [
    "CRD_ID",
    "id",
    "ra",
    "dec",
    "z",
    "z_flag",
    "z_err",
    "instrument_type",
    "survey",
    "source",
    "tie_result",
    "compared_to",
    "group_id",
    "z_flag_homogenized",
    "instrument_type_homogenized",
    "is_in_DP1_fields",
    "is_in_rubin_footprint",
];

/// Most extra columns.
const EXTRA_COLUMNS_MAX: usize = 500;
/// Longest name of an extra column or its source, in characters.
const COLUMN_NAME_MAX_CHARS: usize = crate::limits::COLUMN_NAME_MAX_CHARS;

words! {
    /// What is done with objects that several catalogs have.
    CombineType {
        /// Catalogs are put below each other; nothing is matched.
        Concatenate = "concatenate",
        /// Every row is kept, with `tie_result` saying which is best.
        MarkDuplicates = "concatenate_and_mark_duplicates",
        /// Only the best row of each object is kept.
        RemoveDuplicates = "concatenate_and_remove_duplicates",
    }
}

words! {
    /// Which rows are kept of objects whose best row cannot be told.
    TieTreatment {
        /// None of them.
        RemoveAll = "remove_all",
        /// All of them.
        KeepAll = "keep_all",
        /// One, drawn at random.
        DrawOne = "draw_one",
    }
}

words! {
    /// The type of an extra column.
    ColumnType {
        /// Whole number, 64 bits.
        Int = "int" | "int64",
        /// Number, 64 bits.
        Float = "float" | "float64" | "double",
        /// Text.
        Text = "str" | "string",
        /// True or false.
        Bool = "bool" | "boolean",
    }
}

/// A further column of the output: its type, or its type and the column of the inputs that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a type (str, float, int or bool), or an object with type and, optionally, source"
)]
pub enum ExtraColumn {
    /// The column of the inputs has the same name.
    Type(ColumnType),
    /// The column of the inputs is named.
    From(ExtraColumnSource),
}

/// An extra column whose source is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraColumnSource {
    /// Column of the inputs; the name of the output column when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Type of the output column.
    pub r#type: ColumnType,
}

/// What users choose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CombineParam {
    /// What is done with objects that several catalogs have.
    pub combine_type: CombineType,
    /// Which rows are kept of objects whose best row cannot be told; only when duplicates are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tie_treatment_option: Option<TieTreatment>,
    /// Further columns of the output by name.
    pub extra_columns: BTreeMap<String, ExtraColumn>,
    /// Rows whose homogenised quality flag (0 none, 1 below 70 %, 2 70 to 90 %, 3 90 to 99 %, 4 above 99 %, 6 star)
    /// is below this are left out; 0 or null keeps all.
    pub z_flag_homogenized_value_to_cut: Option<f64>,
    /// Rules that translate quality flags: the marker of the built-in ones, or the name of the file sent along.
    pub flags_translation_file: String,
    /// Adds the column `is_in_DP1_fields`.
    #[serde(rename = "insert_DP1_footprint_flag", deserialize_with = "flag")]
    pub insert_dp1_footprint_flag: bool,
    /// Adds the column `is_in_rubin_footprint`.
    #[serde(deserialize_with = "flag")]
    pub insert_rubin_footprint_flag: bool,
    /// Makes the draw of `draw_one` the same every time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub random_seed: Option<u64>,
}

impl Default for CombineParam {
    fn default() -> Self {
        Self {
            combine_type: CombineType::Concatenate,
            tie_treatment_option: None,
            extra_columns: BTreeMap::new(),
            z_flag_homogenized_value_to_cut: Some(3.0),
            flags_translation_file: DEFAULT_FLAGS_TRANSLATION.to_owned(),
            insert_dp1_footprint_flag: false,
            insert_rubin_footprint_flag: true,
            random_seed: None,
        }
    }
}

impl CombineParam {
    /// Keys that other servers take and that mean nothing here: only how parallel the work is.
    pub(super) const IGNORED: &'static [&'static str] = &[
        "prepare_max_inflight",
        "auto_cross_max_inflight",
        "cross_max_inflight",
        "output_catalog_name",
    ];

    /// Everything that is wrong beyond types.
    pub(super) fn check(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        if let Some(cut) = self.z_flag_homogenized_value_to_cut
            && ![0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0].contains(&cut)
        {
            errors.push(ConfigError::param(
                "z_flag_homogenized_value_to_cut",
                format!("{cut} is not a whole number from 0 (no cut) to 6."),
            ));
        }
        if self.extra_columns.len() > EXTRA_COLUMNS_MAX {
            errors.push(ConfigError::param(
                "extra_columns",
                format!("Give at most {EXTRA_COLUMNS_MAX} columns."),
            ));
        }
        for (name, column) in &self.extra_columns {
            if let Err(message) = check_extra_column(name, column) {
                errors.push(ConfigError::param("extra_columns", message));
            }
        }
        errors
    }
}

fn check_extra_column(name: &str, column: &ExtraColumn) -> Result<(), String> {
    let output = super::shown(name);
    if name.trim().is_empty() {
        return Err("A column needs a name.".to_owned());
    }
    if name.chars().count() > COLUMN_NAME_MAX_CHARS {
        return Err(format!(
            "{output}: a name has at most {COLUMN_NAME_MAX_CHARS} characters."
        ));
    }
    if RESERVED_COLUMNS.contains(&name.trim()) {
        return Err(format!(
            "{output}: the pipeline writes this column itself; give it another name than {}.",
            RESERVED_COLUMNS.join(", ")
        ));
    }
    let ExtraColumn::From(ExtraColumnSource {
        source: Some(source), ..
    }) = column
    else {
        return Ok(());
    };
    if source.trim().is_empty() || source.chars().count() > COLUMN_NAME_MAX_CHARS {
        return Err(format!(
            "{output}: source is the name of a column of the inputs, 1 to {COLUMN_NAME_MAX_CHARS} characters."
        ));
    }
    Ok(())
}
