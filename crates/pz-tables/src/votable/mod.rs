//! VOTable (IVOA, versions 1.1 to 1.5): tables as XML. Read are TABLEDATA, BINARY and BINARY2 within the
//! document. Must never read another file, resolve an entity of the document's own, or hold the document in memory.
//!
//! [`document`] and [`markup`] walk the XML, [`find`] looks for the table, [`tabledata`] and [`stream`] find the
//! cells of its rows, [`decode`] makes arrays of them; [`index`] does that for a whole file and [`reader`] for
//! the rows somebody asks for.

mod column;
mod decode;
mod document;
mod find;
mod index;
mod inspect;
mod layout;
mod markup;
mod nesting;
mod number;
mod reader;
mod rows;
mod scan;
mod stream;
mod tabledata;
mod window;
mod write;

pub(crate) use inspect::inspect;
pub use layout::VotableLayout;
pub(crate) use write::create;

use std::path::Path;

use crate::error::TableError;
use crate::reader::{ReadOptions, TableReader};

/// Opens the table in the file at `path`.
pub(crate) fn open(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    layout: Option<&VotableLayout>,
) -> Result<Box<dyn TableReader>, TableError> {
    Ok(Box::new(reader::VotableReader::open(
        path, file_name, options, layout,
    )?))
}
