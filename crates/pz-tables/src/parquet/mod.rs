//! Parquet, by the `parquet` crate: everything it reads. Files come from strangers, so sizes are checked against
//! the file before anything is allocated, and a panic of the decoder becomes an error. Must never load a whole
//! row group.

mod file;
mod reader;

pub(crate) use reader::{ParquetBatches, ParquetReader};

use crate::error::TableError;
use crate::recognise::Format;

/// Under which entry of a file astropy keeps units and descriptions.
pub(crate) const ASTROPY_KEY: &str = "table_meta_yaml";

/// Runs `work`; a panic in it is the file's fault and becomes an error.
pub(crate) fn guarded<T>(
    file_name: &str,
    column: Option<&str>,
    work: impl FnOnce() -> Result<T, TableError>,
) -> Result<T, TableError> {
    crate::guard::guarded(file_name, Format::Parquet, column, work)
}

pub(crate) fn broken(file_name: &str, column: Option<&str>, reason: impl std::fmt::Display) -> TableError {
    let reason = format!("{reason}");
    // The crates' own prefixes say nothing to the reader of the message.
    let reason = ["Parquet error: ", "Parquet argument error: ", "External: "]
        .iter()
        .fold(reason.as_str(), |reason, prefix| {
            reason.strip_prefix(prefix).unwrap_or(reason)
        });
    TableError::broken(file_name, Format::Parquet, column, reason)
}
