//! Keeps the panics of other people's decoders where they belong: with the file. Must never hide one of ours, so
//! it stands around calls into decoders only.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::TableError;
use crate::recognise::Format;

/// Runs `work`; a panic in it is the file's fault and becomes an error.
pub(crate) fn guarded<T>(
    file_name: &str,
    format: Format,
    column: Option<&str>,
    work: impl FnOnce() -> Result<T, TableError>,
) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let reason = format!("the decoder gave up ({})", text.unwrap_or("no reason given"));
        Err(TableError::broken(file_name, format, column, reason))
    })
}
