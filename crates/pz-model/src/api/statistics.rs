//! What the columns of a table hold, as `pz-tables` counts it in one pass.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The columns of a product's table with their statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableStatistics {
    /// Id of the product.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub product: i64,
    /// Id of the main file.
    #[cfg_attr(feature = "openapi", schema(example = 23))]
    pub file: i64,
    /// Format of the table: `csv` (any delimited or aligned text), `fits`, `hdf5`, `parquet`, `votable`, `hats`, ….
    #[cfg_attr(feature = "openapi", schema(example = "parquet"))]
    pub format: Option<String>,
    /// Rows of the table.
    #[cfg_attr(feature = "openapi", schema(example = 367_139))]
    pub n_rows: i64,
    /// The columns in file order.
    pub columns: Vec<ColumnWithStatistics>,
}

/// A column with its statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnWithStatistics {
    /// Name of the column.
    #[cfg_attr(feature = "openapi", schema(example = "redshift"))]
    pub column_name: String,
    /// Type as stored, such as `int64`, `float32`, `string`, `list<float64>`.
    #[cfg_attr(feature = "openapi", schema(example = "float64"))]
    pub dtype: Option<String>,
    /// Unit as the file gives it.
    pub unit: Option<String>,
    /// UCD1+ of the meaning.
    #[cfg_attr(feature = "openapi", schema(example = "src.redshift"))]
    pub ucd: Option<String>,
    /// Alias of the meaning.
    #[cfg_attr(feature = "openapi", schema(example = "z"))]
    pub alias: Option<String>,
    /// Description as the file gives it.
    pub description: Option<String>,
    /// Shape of one cell, outermost axis first; absent for scalars and for lists of varying length.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<u64>,
    /// Statistics over all rows; null for a column that was added by hand.
    pub statistics: Option<ColumnStatistics>,
}

/// Summary of one column over all rows; what does not apply to its type is absent.
///
/// `count + missing` is the number of rows. NaN counts as missing; infinite values count as present but not in
/// `min`, `max`, `mean`, `std`, `quartiles` and `histogram`. Of a vector column these are over all elements.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnStatistics {
    /// Values present.
    #[cfg_attr(feature = "openapi", schema(example = 367_044))]
    pub count: u64,
    /// Missing values, NaN included.
    #[cfg_attr(feature = "openapi", schema(example = 95))]
    pub missing: u64,
    /// How many of the missing are NaN.
    #[serde(default)]
    pub nan: u64,
    /// How many of the present are +∞ or −∞.
    #[serde(default)]
    pub infinite: u64,
    /// Smallest finite value of numbers, dates, times and booleans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Scalar>,
    /// Largest finite value, as `min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Scalar>,
    /// Arithmetic mean of numbers; of booleans the share of `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Sample standard deviation (divisor n − 1) of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
    /// 25 %, 50 % (the median) and 75 % quantiles of numbers, between two values linearly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<f64>>, min_items = 3, max_items = 3))]
    pub quartiles: Option<[f64; 3]>,
    /// How numbers are distributed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// Number of values that `quartiles` and `histogram` rest on when there were too many to keep all; absent
    /// when they are exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<u64>,
    /// Characters of the shortest text, bytes of the shortest binary value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Length of the longest, as `min_length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// Number of different values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<u64>,
    /// `distinct` is an estimate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub distinct_is_estimate: bool,
    /// The most frequent values, most frequent first; absent when they are too many to follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub top_values: Vec<ValueCount>,
    /// The first values present, as text for people.
    #[serde(default)]
    pub sample: Vec<String>,
}

/// How many values lie in each of equally wide bins; `below + above + Σ counts` is the number of finite values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueCount {
    /// The value as text, possibly cut.
    pub value: String,
    /// Rows that hold it.
    pub count: u64,
}

/// A single exact value: a boolean, a number (64-bit integers to the last digit), or text for all else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub Value);

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Value::String(text) => f.write_str(text),
            value => write!(f, "{value}"),
        }
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Scalar {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
        let of = |kind| ObjectBuilder::new().schema_type(kind).build();
        OneOfBuilder::new()
            .item(of(Type::Boolean))
            .item(of(Type::Number))
            .item(of(Type::String))
            .description(Some(
                "A single exact value: a boolean, a number (64-bit integers to the last digit), or text for all else",
            ))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Scalar {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_keep_every_digit() {
        for text in [
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "true",
            "0.1",
        ] {
            let scalar: Scalar = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&scalar).unwrap(), text);
            assert_eq!(scalar.to_string(), text);
        }
        assert_eq!(Scalar(Value::from("2026-11-20")).to_string(), "2026-11-20");
    }

    #[test]
    fn what_does_not_apply_is_absent() {
        let text = r#"{"count":3,"missing":1,"nan":0,"infinite":0,"min":1,"histogram":{"low":0.0,"high":1.0,"counts":[1,2],"below":0,"above":0},"sample":["1"]}"#;
        let statistics: ColumnStatistics = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&statistics).unwrap(), text);
    }
}
