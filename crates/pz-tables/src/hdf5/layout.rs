//! What is kept of a HDF5 file.

use serde::{Deserialize, Serialize};

/// Layout of a HDF5 file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hdf5Layout {
    /// Size of the file it belongs to.
    pub file_bytes: u64,
    /// Path of the group or dataset that is the table; `/` for the root.
    #[serde(default = "root")]
    pub table: String,
    /// The index of a pandas frame is a column.
    #[serde(default, skip_serializing_if = "is_false")]
    pub with_index: bool,
}

fn root() -> String {
    "/".to_owned()
}

fn is_false(value: &bool) -> bool {
    !value
}
