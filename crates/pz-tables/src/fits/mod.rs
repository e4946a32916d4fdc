//! FITS, by the FITS standard 4.0: binary and ASCII tables, read by position and written as a stream. Must never
//! believe a size, a count or a pointer of the file before comparing it with the file's own size.

mod ascii;
mod card;
mod column;
mod decode;
mod file;
mod form;
mod heap;
mod layout;
mod reader;
mod write;

pub use layout::FitsLayout;
pub(crate) use write::create;

use std::path::Path;

use crate::error::TableError;
use crate::reader::{ReadOptions, TableReader};
use crate::recognise::Format;

/// Headers and data come in blocks of so many bytes.
const BLOCK: u64 = 2_880;

/// Opens the table in the file at `path`.
pub(crate) fn open(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    layout: Option<&FitsLayout>,
) -> Result<Box<dyn TableReader>, TableError> {
    let reader = reader::FitsReader::open(path, file_name, options, layout)?;
    Ok(Box::new(reader))
}

fn broken(file_name: &str, column: Option<&str>, reason: impl std::fmt::Display) -> TableError {
    TableError::broken(file_name, Format::Fits, column, reason)
}
