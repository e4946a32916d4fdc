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
/// `min`, `max`, `mean`, `std`, quartiles and histogram, so that one of them does not hide the rest.
///
/// A column of vectors or arrays of numbers is counted by its cells; all other figures, `nan` and `infinite` among
/// them, are those of its elements, without `distinct`. Dates and times have a range and `distinct`, but no mean,
/// quartiles and histogram.
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
    /// Quartiles (25 %, 50 %, 75 %) of the finite values of numbers: between two values linearly, as numpy does by
    /// default (R. Hyndman and Y. Fan 1996, "Sample Quantiles in Statistical Packages", type 7). Of a vector
    /// column those of all its elements, as `min`, `max`, `mean`, `std` and `histogram` are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quartiles: Option<[f64; 3]>,
    /// How the finite values of numbers are distributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// Number of values that `quartiles` and `histogram` rest on when there were too many to keep all: a uniform
    /// random sample, the same for the same file. None when they rest on every value and are exact: up to 65,536
    /// values, or while different values are counted exactly. A rank in a sample is wrong by less than 1.1 % of the
    /// values in 999 of 1,000 cases (with fewer values per column, √(3.8 / `sampled`), when more than 128 columns of
    /// a table stored by rows share the memory).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<u64>,
    /// Length in characters of the shortest text, in bytes of the shortest binary value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Length of the longest, as `min_length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Number of different values present (of numbers NaN and infinities left out): exact up to about a thousand
    /// (fewer in tables of more than 500 columns), beyond that an estimate with a standard error of 1.2 % (3.3 % in
    /// tables of more than 2,048 columns). None for types whose values are not compared (bytes, nested types).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<u64>,
    /// Whether `distinct` is an estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub distinct_is_estimate: bool,
    /// The most frequent texts, or integers (at most [`TOP_VALUES`], most frequent first, equals in their own
    /// order); empty when they were too many to follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top_values: Vec<ValueCount>,
    /// The first values present (at most [`SAMPLE_VALUES`]) as text for people, cut at [`SHOWN_CHARACTERS`].
    #[serde(default)]
    pub sample: Vec<String>,
    /// The first values present that JSON can say (at most [`SAMPLE_VALUES`]), each as the JSON text that
    /// [`crate::rows_json`] writes; long lists and texts are cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json_sample: Vec<String>,
}

/// How many finite values of a column lie in each of equally wide bins.
///
/// `below + above + Σ counts` is the number of finite values, exactly, also when the counts rest on a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin, itself part of it.
    pub high: f64,
    /// Values of each bin. Bin `i` of `n` starts at `low + i (high − low) / n`.
    pub counts: Vec<u64>,
    /// Finite values below `low`.
    pub below: u64,
    /// Finite values above `high`.
    pub above: u64,
}

/// How often a value occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueCount {
    /// The value as text, cut at [`SHOWN_CHARACTERS`].
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
            self.distinct = Some(u64::from(falses > 0) + u64::from(trues > 0));
        }
    }
}
