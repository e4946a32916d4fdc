//! How large a table's parts may be. Limits on time and memory are the business of [`crate::child`].

use serde::{Deserialize, Serialize};

use crate::error::TableError;

/// Bounds on the parts of a table, far beyond what catalogues have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Columns.
    pub max_columns: usize,
    /// Bytes of one row of a text table. A row is refused at the latest when it has twice as many.
    pub max_record_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_columns: 100_000,
            max_record_bytes: 16 * 1024 * 1024,
        }
    }
}

impl Limits {
    pub(crate) fn check_columns(&self, file_name: &str, columns: usize) -> Result<(), TableError> {
        if columns <= self.max_columns {
            return Ok(());
        }
        Err(TableError::LimitExceeded {
            file: file_name.to_owned(),
            what: format!("the number of columns ({columns})"),
            limit: self.max_columns.to_string(),
            remedy: "Split the table, or check the delimiter.",
            place: None,
        })
    }
}
