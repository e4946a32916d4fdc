//! Columns of a product's table.

use serde::{Deserialize, Serialize};

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
}
