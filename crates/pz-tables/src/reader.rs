//! The one interface behind which every table format stands. Must never mention a format's details.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::error::TableError;
use crate::layout::Layout;
use crate::limits::Limits;
use crate::recognise::Format;
use crate::schema::TableSchema;

/// Record batches of a range of rows, in order, each of bounded size. Ends after the first error.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<RecordBatch, TableError>> + Send + 'a>;

/// A table that is open for reading.
pub trait TableReader: Send + Sync + std::fmt::Debug {
    /// Its format.
    fn format(&self) -> Format;

    /// Its columns.
    fn schema(&self) -> &TableSchema;

    /// Its columns as the batches have them. Names are those of [`TableReader::schema`]; the metadata of a field
    /// hold `unit`, `ucd` and `description` where the file gives them. A complex number is a struct of the
    /// fields `re` and `im`, an array of fixed shape nested fixed-size lists, outermost axis first.
    fn arrow_schema(&self) -> SchemaRef;

    /// Its number of rows.
    fn row_count(&self) -> u64;

    /// What to give to [`crate::open`] to open the same file without looking for its table again.
    fn layout(&self) -> Layout;

    /// How the file is best read as a whole.
    fn scan_order(&self) -> ScanOrder;

    /// Streams the rows `rows` (from 0; what lies beyond the last row is left out) of the columns `projection`
    /// (positions in the schema, in the order wanted; `None` is all of them). The batches' fields are those of
    /// [`TableReader::arrow_schema`].
    ///
    /// # Errors
    /// [`TableError::NoSuchColumn`] for a position beyond the schema, and whatever makes the file unreadable.
    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError>;
}

/// How a file is best read as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanOrder {
    /// All columns together: its rows lie one after the other.
    Rows,
    /// One column after the other: its columns lie apart.
    Columns,
}

/// How to open a file.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// Bounds on the parts of the table.
    pub limits: Limits,
    /// Which table of a file of several, by its name (FITS: EXTNAME, HDF5: path of the group or dataset,
    /// VOTable: name or ID). None is the first.
    pub table: Option<String>,
}

/// The positions that `projection` asks for, all of which exist.
pub(crate) fn check_projection(
    file_name: &str,
    columns: usize,
    projection: Option<&[usize]>,
) -> Result<Vec<usize>, TableError> {
    let Some(projection) = projection else {
        return Ok((0..columns).collect());
    };
    match projection.iter().find(|index| **index >= columns) {
        Some(index) => Err(TableError::NoSuchColumn {
            file: file_name.to_owned(),
            index: *index,
            columns,
        }),
        None => Ok(projection.to_vec()),
    }
}
