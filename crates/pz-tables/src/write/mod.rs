//! Tables out: CSV, FITS, HDF5, Parquet and VOTable, streamed from record batches. A file appears under its name
//! when it is complete and on disk, or not at all.
//!
//! Some formats want to know the longest text or the number of rows before the first row. [`create`] takes these
//! [`TableFacts`] when they are known; otherwise it sets the batches aside in a temporary file until they are.

mod csv;
mod facts;
mod finish;
mod parquet;
mod spool;

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};

use crate::error::TableError;
use crate::reader::TableReader;
pub use facts::{ColumnFacts, FactsScan, TableFacts};

/// Formats that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// Comma-separated values.
    Csv,
    /// FITS, one binary table.
    Fits,
    /// HDF5, one dataset per column at the root.
    Hdf5,
    /// Apache Parquet.
    Parquet,
    /// VOTable 1.4 (XML), data as BINARY2.
    Votable,
}

impl OutputFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Fits, Self::Hdf5, Self::Parquet, Self::Votable];

    /// The format that a file of this name should have.
    pub fn of_name(file_name: &str) -> Option<Self> {
        match crate::recognise::extension(file_name).as_str() {
            "csv" => Some(Self::Csv),
            "fits" | "fit" => Some(Self::Fits),
            "hdf5" | "h5" | "hf5" | "hdf" => Some(Self::Hdf5),
            "parquet" | "pq" => Some(Self::Parquet),
            "vot" | "vo" | "votable" | "xml" => Some(Self::Votable),
            _ => None,
        }
    }

    /// The usual extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Fits => "fits",
            Self::Hdf5 => "hdf5",
            Self::Parquet => "parquet",
            Self::Votable => "vot",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Fits => "FITS",
            Self::Hdf5 => "HDF5",
            Self::Parquet => "Parquet",
            Self::Votable => "VOTable",
        }
    }

    /// Must know [`TableFacts`] before the first row.
    fn needs_facts(self) -> bool {
        matches!(self, Self::Fits | Self::Hdf5 | Self::Votable)
    }
}

/// How values are put where a format has no type of its own for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rules {
    /// As close to the source as the format can be: FITS logicals and TNULL, HDF5 booleans as h5py writes them.
    #[default]
    Faithful,
    /// What the redshift pipelines write: in FITS and HDF5 booleans as the bytes `true`, `false` or nothing,
    /// integers with missing values as float64 with NaN, 8-bit integers as 16 bits, missing text as empty.
    Pipelines,
}

/// How to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// How values are put where a format has no type of its own for them.
    pub rules: Rules,
}

/// A file being written. Dropped before [`TableWriter::finish`], it leaves nothing behind.
pub trait TableWriter: Send {
    /// Appends the rows of `batch`, whose schema is that given to [`create`].
    ///
    /// # Errors
    /// [`TableError::Unwritable`] for a value that the format cannot hold, [`TableError::Unwritten`].
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError>;

    /// Completes the file.
    ///
    /// # Errors
    /// As [`TableWriter::write`].
    fn finish(self: Box<Self>) -> Result<(), TableError>;
}

/// Starts a table file at `path`; one that is there already is replaced when the new one is complete. Unit, UCD
/// and description of the columns are taken from the metadata of the fields (see
/// [`TableReader::arrow_schema`]).
///
/// # Errors
/// [`TableError::Unwritable`] for a type that the format cannot hold, [`TableError::Unwritten`].
pub fn create(
    path: &Path,
    format: OutputFormat,
    schema: &SchemaRef,
    facts: Option<&TableFacts>,
    options: &WriteOptions,
) -> Result<Box<dyn TableWriter>, TableError> {
    let finishing = finish::Finishing::new(path)?;
    match facts {
        Some(facts) => {
            let writer = start(finishing.partial(), format, schema, facts, options)
                .map_err(|error| finishing.blame(error))?;
            Ok(Box::new(finishing.around(writer)))
        }
        None if format.needs_facts() => {
            let spool = spool::Spool::new(finishing.partial(), format, schema, options)
                .map_err(|error| finishing.blame(error))?;
            Ok(Box::new(finishing.around(Box::new(spool))))
        }
        None => {
            let writer = start(
                finishing.partial(),
                format,
                schema,
                &TableFacts::default(),
                options,
            )
            .map_err(|error| finishing.blame(error))?;
            Ok(Box::new(finishing.around(writer)))
        }
    }
}

fn start(
    path: &Path,
    format: OutputFormat,
    schema: &SchemaRef,
    facts: &TableFacts,
    options: &WriteOptions,
) -> Result<Box<dyn TableWriter>, TableError> {
    match format {
        OutputFormat::Csv => csv::create(path, schema),
        OutputFormat::Fits => crate::fits::create(path, schema, facts, options),
        OutputFormat::Hdf5 => crate::hdf5::create(path, schema, facts, options),
        OutputFormat::Parquet => parquet::create(path, schema),
        OutputFormat::Votable => crate::votable::create(path, schema, facts, options),
    }
}

/// Writes the whole table of `reader` to `path`. Reads it twice where the format must know [`TableFacts`].
///
/// # Errors
/// Whatever reading or writing says.
pub fn convert(
    reader: &dyn TableReader,
    path: &Path,
    format: OutputFormat,
    options: &WriteOptions,
) -> Result<(), TableError> {
    let schema = reader.arrow_schema();
    let facts = if format.needs_facts() {
        let mut scan = FactsScan::new(&schema);
        for batch in reader.read_rows(0..u64::MAX, None)? {
            scan.push(&batch?);
        }
        Some(scan.finish())
    } else {
        None
    };
    let mut writer = create(path, format, &schema, facts.as_ref(), options)?;
    for batch in reader.read_rows(0..u64::MAX, None)? {
        writer.write(&batch?)?;
    }
    writer.finish()
}
