//! HATS catalogs and collections, and plain directories of Parquet files: one table of many files.
//!
//! The layout is that of HATS 1.0 (LSST Interdisciplinary Network for Collaboration and Computing, "Hierarchical
//! Adaptive Tiling Scheme"); that of its first writers is read, too. Of a collection the primary catalog is the
//! table. Must never read a file that a properties file names outside of the place that was opened.

mod discover;
mod layout;
mod natural;
mod properties;
mod reader;
mod store;

pub use layout::{DatasetKind, HatsLayout, PartitionFile};
pub(crate) use properties::Properties;

use std::path::Path;

use reader::PartitionedReader;
use store::Store;

use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::TableReader;
use crate::unwrap::OpenContainer;

/// Opens the directory at `path`.
pub(crate) fn open_directory(
    path: &Path,
    file_name: &str,
    layout: Option<&Layout>,
) -> Result<Box<dyn TableReader>, TableError> {
    open(Store::directory(path, file_name), layout)
}

/// Opens the HATS layout in a container.
pub(crate) fn open_container(
    container: OpenContainer,
    file_name: &str,
    layout: Option<&Layout>,
) -> Result<Box<dyn TableReader>, TableError> {
    open(Store::container(container, file_name), layout)
}

fn open(store: Store, layout: Option<&Layout>) -> Result<Box<dyn TableReader>, TableError> {
    let reader = match layout {
        Some(Layout::Hats(layout)) => PartitionedReader::remembered(store, layout)?,
        Some(other) => {
            return Err(TableError::StaleLayout {
                file: store.file_name,
                reason: format!("it was {} and is a HATS catalog", other.format().title()),
            });
        }
        None => {
            let dataset = discover::discover(&store)?;
            PartitionedReader::discovered(store, dataset)?
        }
    };
    Ok(Box::new(reader))
}
