//! What is kept of a HATS catalog, or of a directory of Parquet files.

use serde::{Deserialize, Serialize};

use crate::recognise::Format;

/// Layout of a HATS catalog or of a directory of Parquet files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HatsLayout {
    /// Which of the two.
    pub dataset: DatasetKind,
    /// Sum of the sizes of the partition files.
    pub file_bytes: u64,
    /// Columns of the files that are no columns of the table: the spatial index, and what the path says anyway.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// File of the schema alone, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_file: Option<String>,
    /// The files with the rows, in the order of the rows.
    pub partitions: Vec<PartitionFile>,
}

/// What the files are together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetKind {
    /// A HATS catalog.
    Hats,
    /// Parquet files in a directory.
    ParquetDirectory,
}

/// One file with rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionFile {
    /// Path relative to the opened directory or the root of the container.
    pub name: String,
    /// Size.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
}

impl HatsLayout {
    pub(crate) fn format(&self) -> Format {
        match self.dataset {
            DatasetKind::Hats => Format::Hats,
            DatasetKind::ParquetDirectory => Format::ParquetDirectory,
        }
    }
}
