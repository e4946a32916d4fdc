//! What a table's columns are, the same for every format. Must never hold values.

use serde::{Deserialize, Serialize};

use crate::data_type::DataType;

/// The columns of a table, in file order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSchema {
    /// The columns.
    pub columns: Vec<ColumnInfo>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// Unique within the table (duplicates in the file get `.1`, `.2`), never empty.
    pub name: String,
    /// Type of one value; for a column of fixed-shape arrays the type of one element.
    pub dtype: DataType,
    /// Unit as the file writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Unified Content Descriptor as the file writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ucd: Option<String>,
    /// Description as the file writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Shape of one cell: empty for scalars and for lists of varying length.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shape: Vec<u64>,
    /// May hold missing values. In a text table: does hold missing values.
    pub nullable: bool,
}

impl TableSchema {
    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Position of the column called `name`. The columns of a table without a header, which are called `0`, `1` and
    /// so on, are also found as `col_0`, `col_1` and so on.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .or_else(|| self.numbered(name))
    }

    /// Position of `col_N` among columns that have nothing but their numbers for names.
    fn numbered(&self, name: &str) -> Option<usize> {
        let index: usize = name.strip_prefix("col_")?.parse().ok()?;
        let is_number = |(index, column): (usize, &ColumnInfo)| column.name == index.to_string();
        let is_alias = self.columns.iter().enumerate().all(is_number) && name == format!("col_{index}");
        (is_alias && index < self.columns.len()).then_some(index)
    }
}

impl ColumnInfo {
    /// A scalar column with nothing but a name and a type.
    pub fn plain(name: impl Into<String>, dtype: DataType, nullable: bool) -> Self {
        Self {
            name: name.into(),
            dtype,
            unit: None,
            ucd: None,
            description: None,
            shape: Vec::new(),
            nullable,
        }
    }
}
