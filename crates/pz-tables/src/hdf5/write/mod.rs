//! Writes HDF5: one dataset per column at the root, in the order of the columns, in chunks with shuffle and gzip.
//! What h5py, `PyTables`, pandas and the C library read alike: texts of fixed width, never variable-length ones.
//!
//! | column | dataset |
//! |---|---|
//! | integers, floats | the same type; a missing float is NaN |
//! | integers with missing values | float64 with NaN; refused beyond ±2⁵³, where digits would be lost |
//! | booleans | enumeration of FALSE and TRUE, as h5py writes them |
//! | booleans with missing values | text `true`, `false` or nothing |
//! | text | UTF-8 of the width of the longest value, 1 to 65,536 bytes; missing text is empty |
//! | dates, times, instants, lengths of time | text in ISO 8601 (lengths: milliseconds); missing is empty |
//! | decimals | float64 |
//! | complex numbers | compound of `r` and `i`, as h5py writes them |
//! | bytes of fixed width | opaque |
//! | arrays of fixed shape | one axis more for each of theirs |
//! | lists | one axis more, as long as the longest; filled up with NaN (floats and integers, which become float64) or empty text |
//! | a column without any value | float64, NaN |
//!
//! [`Rules::Pipelines`](crate::write::Rules::Pipelines) writes all booleans as text and integers of 8 bits as 16. Bytes of varying width, lists
//! within lists, structs and maps are refused. Unit, UCD and description are the attributes `unit`, `ucd` and
//! `description` of the dataset. Must never write a value that reads back as another one.

mod cells;
mod plan;

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use rust_hdf5::{DatatypeMessage, H5Dataset, H5File, H5FileOptions, Hdf5Error};

use self::plan::Plan;
use crate::arrow_schema::{DESCRIPTION, UCD, UNIT};
use crate::error::TableError;
use crate::write::{TableFacts, TableWriter, WriteOptions};

/// Bytes of a chunk, and of the chunks of all columns that are being filled.
const CHUNK_BYTES: usize = 1 << 20;
const ALL_BYTES: usize = 64 << 20;

/// Effort of gzip: little, since shuffled numbers pack well anyway.
const GZIP_LEVEL: u32 = 3;

/// Longest attribute; an object header holds 64 KiB in all.
const MAX_ATTRIBUTE: usize = 16 << 10;

/// A table or column that cannot be written; `reason` says why and what to do.
fn unwritable(column: Option<&str>, reason: impl Into<String>) -> TableError {
    TableError::Unwritable {
        format: "HDF5",
        reason: reason.into(),
        column: column.map(str::to_owned),
    }
}

fn failed(error: Hdf5Error) -> TableError {
    let source = match error {
        Hdf5Error::Io(source) => source,
        other => std::io::Error::other(other.to_string()),
    };
    TableError::io("The new HDF5 file", source)
}

/// Starts a HDF5 file at `path`.
pub(crate) fn create(
    path: &Path,
    schema: &SchemaRef,
    facts: &TableFacts,
    options: &WriteOptions,
) -> Result<Box<dyn TableWriter>, TableError> {
    let file = H5FileOptions::new()
        .no_locking()
        .track_order(true)
        .create(path)
        .map_err(failed)?;
    let fields = schema.fields();
    let chunk_bytes = (ALL_BYTES / fields.len().max(1)).clamp(4_096, CHUNK_BYTES);
    let rows = usize::try_from(facts.n_rows).map_err(|_| unwritable(None, "it has too many rows"))?;
    let no_facts = crate::write::ColumnFacts::default();
    let mut columns = Vec::with_capacity(fields.len());
    for (position, field) in fields.iter().enumerate() {
        let name = field.name();
        if name.is_empty() || name.contains(['/', '\0']) || matches!(name.as_str(), "." | "..") {
            let reason = format!("a dataset cannot be called '{name}'. Rename the column");
            return Err(unwritable(Some(name), reason));
        }
        let facts = facts.columns.get(position).unwrap_or(&no_facts);
        let plan = plan::plan(field, facts, options.rules)?;
        let row_bytes = plan.bytes();
        let chunk_rows = (chunk_bytes / row_bytes.max(1)).clamp(1, rows.max(1));
        let mut shape = vec![rows];
        plan.push_shape(&mut shape);
        let mut chunk = vec![chunk_rows];
        plan.push_shape(&mut chunk);
        let mut dataset = file.new_dataset::<u8>().datatype(plan.datatype()).shape(&shape);
        // No chunk fits into nothing.
        if !shape.contains(&0) {
            dataset = dataset.chunk(&chunk).shuffle_deflate(GZIP_LEVEL);
        }
        let dataset = dataset.create(name).map_err(failed)?;
        for key in [UNIT, UCD, DESCRIPTION] {
            if let Some(text) = field.metadata().get(key) {
                describe(&dataset, key, text)?;
            }
        }
        columns.push(ColumnWriter {
            name: name.clone(),
            plan,
            dataset,
            chunk_bytes: chunk_rows * row_bytes,
            filling: Vec::new(),
            written: 0,
        });
    }
    Ok(Box::new(Hdf5Writer {
        columns,
        file,
        rows: 0,
        expected: facts.n_rows,
    }))
}

/// Writes a text attribute.
fn describe(dataset: &H5Dataset, key: &str, text: &str) -> Result<(), TableError> {
    let mut end = text.len().min(MAX_ATTRIBUTE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut bytes = text.get(..end).unwrap_or_default().as_bytes().to_vec();
    bytes.push(0);
    let datatype = DatatypeMessage::fixed_string_utf8(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    dataset.set_attr_typed(key, datatype, bytes).map_err(failed)
}

struct ColumnWriter {
    name: String,
    plan: Plan,
    dataset: H5Dataset,
    chunk_bytes: usize,
    /// Less than a chunk.
    filling: Vec<u8>,
    /// Chunks.
    written: usize,
}

impl ColumnWriter {
    /// Writes all full chunks.
    fn flush(&mut self) -> Result<(), TableError> {
        if self.chunk_bytes == 0 {
            return Ok(());
        }
        let mut start = 0;
        while let Some(chunk) = self.filling.get(start..start + self.chunk_bytes) {
            self.dataset.write_chunk(self.written, chunk).map_err(failed)?;
            self.written += 1;
            start += self.chunk_bytes;
        }
        self.filling.drain(..start);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), TableError> {
        if !self.filling.is_empty() {
            self.filling.resize(self.chunk_bytes, 0);
        }
        self.flush()
    }
}

/// A HDF5 file being written.
struct Hdf5Writer {
    // Dropped before the file.
    columns: Vec<ColumnWriter>,
    file: H5File,
    rows: u64,
    expected: u64,
}

impl TableWriter for Hdf5Writer {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        self.rows += batch.num_rows() as u64;
        if self.rows > self.expected {
            return Err(unwritable(None, "it has more rows than it was said to have"));
        }
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            cells::append(&column.plan, array, &column.name, &mut column.filling)?;
            column.flush()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), TableError> {
        if self.rows != self.expected {
            return Err(unwritable(None, "it has fewer rows than it was said to have"));
        }
        for column in &mut self.columns {
            column.finish()?;
        }
        let Self { columns, file, .. } = *self;
        drop(columns);
        file.close().map_err(failed)
    }
}
