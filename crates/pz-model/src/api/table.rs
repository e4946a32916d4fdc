//! Tables as the API describes them.

use serde::{Deserialize, Serialize};

/// A column with its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnAssociation {
    /// Name of the column.
    #[cfg_attr(feature = "openapi", schema(example = "ra_deg"))]
    pub column_name: String,
    /// UCD1+ of its meaning.
    #[cfg_attr(feature = "openapi", schema(example = "pos.eq.ra;meta.main"))]
    pub ucd: Option<String>,
    /// Alias of its meaning.
    #[cfg_attr(feature = "openapi", schema(example = "RA"))]
    pub alias: Option<String>,
}

/// What is known of a column beyond its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TableColumn {
    /// Name of the column.
    pub name: String,
    /// Type as stored, such as `int64`, `float32`, `string`, `list<float64>`.
    pub dtype: String,
    /// Unit as the file gives it.
    pub unit: Option<String>,
}
