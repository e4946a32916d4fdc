//! What is worth knowing about a column's values, the same for every format. Must never hold more than a
//! bounded number of values.

use serde::{Deserialize, Serialize};

/// Values kept in [`ColumnStatistics::sample`].
pub const SAMPLE_VALUES: usize = 3;

/// Entries kept in [`ColumnStatistics::top_values`].
pub const TOP_VALUES: usize = 20;

/// Characters of a value kept in samples and top values.
pub const SHOWN_CHARACTERS: usize = 200;

/// Summary of one column, from one pass over all rows.
///
/// `count + missing` is the number of rows. NaN counts as missing. Infinite values count as values but not in
/// `min`, `max`, `mean` and `std`, so that one of them does not hide the rest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColumnStatistics {
    /// Values present.
    pub count: u64,
    /// Missing values, NaN included.
    pub missing: u64,
    /// How many of the missing are NaN (floating-point columns only).
    #[serde(default)]
    pub nan: u64,
    /// How many of the present are +∞ or −∞.
    #[serde(default)]
    pub infinite: u64,
    /// Smallest finite value of numbers, dates, times and booleans. Exact for all 64-bit integers; decimals,
    /// dates, times as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Scalar>,
    /// Largest finite value, as `min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Scalar>,
    /// Arithmetic mean of the finite values of numbers; of booleans the share of `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Sample standard deviation (divisor n − 1) of the finite values of numbers; none below two values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
    /// Length in characters of the shortest text, in bytes of the shortest binary value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Length of the longest, as `min_length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Number of different texts, exact; none when they are too many to follow (about a thousand).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<u64>,
    /// The most frequent texts (at most [`TOP_VALUES`], most frequent first, equals in alphabetical order);
    /// empty when `distinct` is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top_values: Vec<ValueCount>,
    /// The first values present (at most [`SAMPLE_VALUES`]) as text for people, cut at [`SHOWN_CHARACTERS`].
    #[serde(default)]
    pub sample: Vec<String>,
}

/// How often a text occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCount {
    /// The text, cut at [`SHOWN_CHARACTERS`].
    pub value: String,
    /// Rows that hold it.
    pub count: u64,
}

/// A single exact value. In JSON a number, a boolean or a string.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// Boolean.
    Bool(bool),
    /// Integer up to 2⁶³ − 1.
    Int(i64),
    /// Integer from 2⁶³.
    UInt(u64),
    /// Finite floating-point number.
    Float(f64),
    /// Anything else, as text.
    Text(String),
}

/// The start of `text`, at most [`SHOWN_CHARACTERS`] characters.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

impl Scalar {
    /// A 64-bit integer, with or without sign (anything else becomes text).
    pub(crate) fn integer(value: i128) -> Self {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => Self::Int(value),
            (_, Ok(value)) => Self::UInt(value),
            _ => Self::Text(value.to_string()),
        }
    }
}

impl ColumnStatistics {
    /// Fills in range and mean of booleans.
    pub(crate) fn describe_bools(&mut self, falses: u64, trues: u64) {
        let total = falses + trues;
        if total > 0 {
            self.min = Some(Scalar::Bool(falses == 0));
            self.max = Some(Scalar::Bool(trues > 0));
            self.mean = Some(trues as f64 / total as f64);
        }
    }
}
