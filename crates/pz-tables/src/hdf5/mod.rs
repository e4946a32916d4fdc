//! HDF5: as h5py, pandas and `PyTables`, astropy, `tables_io` and qp write it.
//!
//! Structures and filters of the format are those of the crate `rust-hdf5`; the file itself is read here, through
//! one file handle and by its own walk, because the crate's reader opens the other files that a file points to as
//! soon as it opens that file. Which objects are tables is told in [`table`], types in [`kind`], what pandas does
//! in [`pandas`], what is written in [`mod@write`].
//!
//! Files come from strangers. Must never open another file, follow a soft link, or ask for memory by a number that
//! has not been held against the size of the file or a limit.

mod arrays;
mod attributes;
mod chunks;
mod companion;
mod dataset;
mod decode;
mod fault;
mod filters;
mod header;
mod heap;
mod kind;
mod layout;
mod pandas;
mod pickle;
mod reader;
mod source;
mod table;
mod walk;
mod write;

pub use layout::Hdf5Layout;
pub(crate) use write::create;

use std::path::Path;

use crate::error::TableError;
use crate::reader::{ReadOptions, TableReader};

/// Opens the table in the file at `path`.
pub(crate) fn open(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    layout: Option<&Hdf5Layout>,
) -> Result<Box<dyn TableReader>, TableError> {
    let reader = reader::Hdf5Reader::open(path, file_name, options, layout)?;
    Ok(Box::new(reader))
}
