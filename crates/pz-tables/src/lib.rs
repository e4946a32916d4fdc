//! Tables in and out: recognise, describe, stream, preview.
//!
//! [`inspect`] makes the one pass over a new file: format, columns, row count, statistics and a [`Layout`] to
//! keep. [`open`] with that layout then reads any rows at once, and [`rows_json`] writes them as the preview
//! values of the REST interface. Files come from strangers: [`child::inspect`] runs the pass in a process of
//! its own with limits on time and memory, and nothing here may panic, whatever the bytes.

#![forbid(unsafe_code)]

mod arrow_schema;
pub mod child;
mod csv;
mod data_type;
mod describe;
mod error;
mod fits;
mod guard;
mod hats;
mod hdf5;

mod json;
mod layout;
mod limits;
mod names;
mod parquet;
pub mod plot;
mod reader;
mod recognise;
mod schema;
mod statistics;
mod summary;
pub mod unwrap;
mod votable;
pub mod write;

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use data_type::{DataType, TimeUnit};
pub use error::{ErrorReport, Place, TableError};
pub use json::{batch_json, rows_json, value_text};
pub use layout::{
    DatasetKind, Delimiter, FitsLayout, HatsLayout, Hdf5Layout, Layout, PartitionFile, TextLayout,
    VotableLayout,
};
pub use limits::Limits;
pub use reader::{Batches, ReadOptions, ScanOrder, TableReader};
pub use recognise::{Format, HEAD_BYTES, Recognised, recognise};
pub use schema::{ColumnInfo, TableSchema};
pub use statistics::{
    ColumnStatistics, Histogram, SAMPLE_VALUES, SHOWN_CHARACTERS, Scalar, TOP_VALUES, ValueCount,
};

/// All that one pass over a table finds out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Format of the file.
    pub format: Format,
    /// Columns.
    pub schema: TableSchema,
    /// Data rows.
    pub n_rows: u64,
    /// Statistics of the columns, in the same order.
    pub statistics: Vec<ColumnStatistics>,
    /// What to give to [`open`] later.
    pub layout: Layout,
}

/// Describes the table in the file at `path` in one streaming pass. `file_name` is the user's name for it:
/// it breaks ties between formats and appears in messages.
///
/// # Errors
/// Whatever makes the file unreadable as a table, with its place in the file.
pub fn inspect(path: &Path, file_name: &str, limits: &Limits) -> Result<Inspection, TableError> {
    let options = ReadOptions {
        limits: *limits,
        table: None,
    };
    inspect_with(path, file_name, &options)
}

/// As [`inspect`], with a choice between the tables of the file.
///
/// # Errors
/// As [`inspect`], and [`TableError::NoSuchTable`].
pub fn inspect_with(path: &Path, file_name: &str, options: &ReadOptions) -> Result<Inspection, TableError> {
    // Text finds its types in the very pass that counts it; every other format has a schema to start from.
    if !path.is_dir() {
        match recognise_file(path, file_name)? {
            Format::Csv => return csv::inspect(path, file_name, &options.limits),
            format if format.is_wrapping() => return unwrap::inspect(path, file_name, options),
            // It counts its rows by reading them.
            Format::Votable => return votable::inspect(path, file_name, options),
            _ => {}
        }
    }
    let reader = open_with(path, file_name, options, None)?;
    describe::inspect_reader(reader.as_ref(), file_name, options)
}

/// Opens the table in the file at `path`. With the `layout` of an earlier [`inspect`] nothing is scanned;
/// without one a text table is.
///
/// # Errors
/// Whatever makes the file unreadable as a table; [`TableError::StaleLayout`] when the layout belongs to another
/// file.
pub fn open(
    path: &Path,
    file_name: &str,
    layout: Option<&Layout>,
) -> Result<Box<dyn TableReader>, TableError> {
    open_with(path, file_name, &ReadOptions::default(), layout)
}

/// As [`open`], with a choice between the tables of the file (which a `layout` has made already).
///
/// # Errors
/// As [`open`], and [`TableError::NoSuchTable`].
pub fn open_with(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    layout: Option<&Layout>,
) -> Result<Box<dyn TableReader>, TableError> {
    if path.is_dir() {
        return hats::open_directory(path, file_name, layout);
    }
    match (recognise_file(path, file_name)?, layout) {
        (Format::Csv, None) => {
            let inspection = csv::inspect(path, file_name, &options.limits)?;
            match inspection.layout {
                Layout::Csv(layout) => Ok(Box::new(csv::TextReader::open(path, file_name, &layout)?)),
                other => Err(wrong_layout(file_name, Format::Csv, &other)),
            }
        }
        (Format::Csv, Some(Layout::Csv(layout))) => {
            Ok(Box::new(csv::TextReader::open(path, file_name, layout)?))
        }
        (Format::Parquet, None) => Ok(Box::new(parquet::ParquetReader::open(path, file_name, None)?)),
        (Format::Parquet, Some(Layout::Parquet { file_bytes })) => Ok(Box::new(
            parquet::ParquetReader::open(path, file_name, Some(*file_bytes))?,
        )),
        (Format::Fits, None) => fits::open(path, file_name, options, None),
        (Format::Fits, Some(Layout::Fits(layout))) => fits::open(path, file_name, options, Some(layout)),
        (Format::Hdf5, None) => hdf5::open(path, file_name, options, None),
        (Format::Hdf5, Some(Layout::Hdf5(layout))) => hdf5::open(path, file_name, options, Some(layout)),
        (Format::Votable, None) => votable::open(path, file_name, options, None),
        (Format::Votable, Some(Layout::Votable(layout))) => {
            votable::open(path, file_name, options, Some(layout))
        }
        (format, layout) if format.is_wrapping() => unwrap::open(path, file_name, options, layout),
        (format, Some(layout)) => Err(wrong_layout(file_name, format, layout)),
        (format, None) => Err(TableError::UnsupportedFormat {
            file: file_name.to_owned(),
            format,
        }),
    }
}

fn wrong_layout(file_name: &str, format: Format, layout: &Layout) -> TableError {
    let reason = format!("it was {} and is {}", layout.format().title(), format.title());
    TableError::StaleLayout {
        file: file_name.to_owned(),
        reason,
    }
}

/// What the file is by its first bytes.
pub(crate) fn recognise_file(path: &Path, file_name: &str) -> Result<Format, TableError> {
    let io = |source| TableError::io(file_name, source);
    let mut head = Vec::with_capacity(HEAD_BYTES);
    fs_err::File::open(path)
        .map_err(io)?
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(io)?;
    recognise(&head, file_name).known(file_name)
}
