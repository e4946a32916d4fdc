//! Columns of a product's table.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A column of the main table, with its meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductContent {
    /// Identifier; a new registration gives new ones.
    pub id: i64,
    /// Id of the product.
    pub product: i64,
    /// Name of the column.
    #[cfg_attr(feature = "openapi", schema(example = "ra_deg"))]
    pub column_name: String,
    /// UCD1+ of the meaning; empty counts as none.
    #[cfg_attr(feature = "openapi", schema(example = "pos.eq.ra;meta.main"))]
    pub ucd: Option<String>,
    /// Position in the file, from 0.
    pub order: Option<i32>,
    /// Alias of the meaning; empty counts as none.
    #[cfg_attr(feature = "openapi", schema(example = "RA"))]
    pub alias: Option<String>,
    /// Type as stored, such as `int64`, `float32`, `string`, `list<float64>`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "float64"))]
    pub dtype: Option<String>,
    /// Shape of one cell, outermost axis first; empty for scalars and for lists of varying length.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!([])))]
    pub shape: Vec<u64>,
    /// Unit as the file gives it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "deg"))]
    pub unit: Option<String>,
    /// Description as the file gives it.
    #[serde(default)]
    pub description: Option<String>,
    /// The first values that are not missing, at most three, exactly as `read_data` gives them (long lists and texts
    /// are cut).
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!([150.1163, 150.1201, 150.0987])))]
    pub sample: Vec<JsonText>,
    /// Smallest finite value of numbers, dates, times and booleans.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 149.4))]
    pub min: Option<JsonText>,
    /// Largest finite value, as `min`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 150.8))]
    pub max: Option<JsonText>,
    /// Missing values, NaN included; null for a column that was added by hand.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 0))]
    pub null_count: Option<u64>,
}

/// A JSON value that keeps the text it was written with: integers of 64 bits and decimals to the last digit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// The value that this text is; none when it is no JSON.
    pub fn parse(text: &str) -> Option<Self> {
        RawValue::from_string(text.to_owned()).ok().map(Self)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for JsonText {}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for JsonText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::SchemaType::AnyValue)
            .description(Some("Any JSON value, as exact as the file has it"))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for JsonText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_text() {
        for text in [
            "1486231857497402613",
            "18446744073709551616",
            "0.10",
            "\"a\"",
            "[1,null]",
            "{\"re\":1.0}",
        ] {
            let value: JsonText = serde_json::from_str(text).unwrap();
            assert_eq!(
                (value.get(), serde_json::to_string(&value).unwrap().as_str()),
                (text, text)
            );
            assert_eq!(JsonText::parse(text), Some(value));
        }
        assert_eq!(JsonText::parse("x"), None);
    }

    #[test]
    fn columns_of_older_servers_are_read() {
        let text = r#"{"id":1,"product":2,"column_name":"a","ucd":null,"order":0,"alias":null}"#;
        let column: ProductContent = serde_json::from_str(text).unwrap();
        assert!(column.sample.is_empty() && column.min.is_none() && column.null_count.is_none());
    }
}
