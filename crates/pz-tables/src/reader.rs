//! The one interface behind which every table format stands. Must never mention a format's details.

use std::ops::Range;

use arrow::array::RecordBatch;

use crate::error::TableError;
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

    /// Its number of rows.
    fn row_count(&self) -> u64;

    /// Streams the rows `rows` (from 0; what lies beyond the last row is left out) of the columns `projection`
    /// (positions in the schema, in the order wanted; `None` is all of them). The batches' fields are named as
    /// in [`TableReader::schema`].
    ///
    /// # Errors
    /// [`TableError::NoSuchColumn`] for a position beyond the schema, and whatever makes the file unreadable.
    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError>;
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
