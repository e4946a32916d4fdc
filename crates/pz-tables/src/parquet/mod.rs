//! Parquet, by the `parquet` crate: everything it reads. Files come from strangers, so sizes are checked against
//! the file before anything is allocated, and a panic of the decoder becomes an error. Must never load a whole
//! row group.

mod column;
mod file;
mod inspect;
mod reader;
mod schema;

pub(crate) use inspect::inspect;
pub(crate) use reader::ParquetReader;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::TableError;

/// Runs `work`; a panic in it is the file's fault and becomes an error.
pub(crate) fn guarded<T>(
    file_name: &str,
    column: Option<&str>,
    work: impl FnOnce() -> Result<T, TableError>,
) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let reason = format!("the decoder gave up ({})", text.unwrap_or("no reason given"));
        Err(broken(file_name, column, reason))
    })
}

pub(crate) fn broken(file_name: &str, column: Option<&str>, reason: impl std::fmt::Display) -> TableError {
    let reason = format!("{reason}");
    // The crates' own prefixes say nothing to the reader of the message.
    let reason = ["Parquet error: ", "Parquet argument error: ", "External: "]
        .iter()
        .fold(reason.as_str(), |reason, prefix| {
            reason.strip_prefix(prefix).unwrap_or(reason)
        });
    TableError::BrokenParquet {
        file: file_name.to_owned(),
        reason: crate::statistics::shown(reason.trim_end_matches(['.', '\n'])),
        column: column.map(str::to_owned),
    }
}
