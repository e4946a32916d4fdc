//! Writes FITS: an empty primary HDU and one binary table, rows as a stream, variable-length arrays through a
//! temporary file. Must never hold more than a batch.
//!
//! | Arrow | FITS |
//! |---|---|
//! | boolean | `L`, null as a 0 byte |
//! | integers | `B`, `I`, `J`, `K`, unsigned ones and signed bytes shifted by TZERO; null as TNULL, a value that the column does not use. With nulls, shifted ones and those that use their whole range become the next wider type |
//! | half, single, double precision | `E`, `E`, `D`; null as NaN |
//! | text | `A` as wide as the longest value, beyond ASCII `?`, null as NUL; very wide ones in the heap |
//! | dates, times, timestamps | ISO 8601 text, timestamps in UTC |
//! | durations | `K` with the resolution as unit |
//! | decimals | `K` when they are whole and of at most 18 digits, else `D` |
//! | `{re, im}` structs | `C`, `M` |
//! | fixed-size lists | vectors, with TDIM beyond one axis |
//! | lists, bytes | variable-length arrays |
//! | other structs, maps, lists of lists | refused |

mod cards;
mod cells;
mod plan;

use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::BLOCK;
use crate::error::TableError;
use crate::write::{TableFacts, TableWriter, WriteOptions};
use cards::Ending;
use cells::{BadValue, Items};
use plan::Column;

/// Bytes of rows made at once, at least one row.
const BLOCK_BYTES: usize = 1024 * 1024;

/// A file without a name has no path that an error could show.
#[expect(
    clippy::disallowed_types,
    reason = "fs_err adds the path to errors, and there is none"
)]
type Unnamed = std::fs::File;

/// Starts a FITS file at `path`.
pub(crate) fn create(
    path: &Path,
    schema: &SchemaRef,
    facts: &TableFacts,
    options: &WriteOptions,
) -> Result<Box<dyn TableWriter>, TableError> {
    let columns = plan::columns(schema, facts, options.rules)?;
    let row_bytes = columns.iter().map(|column| column.width as u64).sum();
    let header = cards::header(&columns, row_bytes, facts.n_rows, &Ending::default());
    let mut file = BufWriter::with_capacity(256 * 1024, fs_err::File::create(path).map_err(io)?);
    file.write_all(&header).map_err(io)?;
    let heap = if columns.iter().any(|column| column.descriptor.is_some()) {
        let directory = path.parent().unwrap_or(Path::new("."));
        Some(Heap {
            file: BufWriter::new(tempfile::tempfile_in(directory).map_err(io)?),
            length: 0,
        })
    } else {
        None
    };
    Ok(Box::new(FitsWriter {
        file,
        with_nulls: vec![false; columns.len()],
        columns,
        row_bytes: usize::try_from(row_bytes).unwrap_or(usize::MAX),
        n_rows: facts.n_rows,
        written: 0,
        heap,
        block: Vec::new(),
        array: Vec::new(),
    }))
}

fn io(source: std::io::Error) -> TableError {
    TableError::io("The new FITS file", source)
}

fn unwritable(column: Option<&str>, reason: String) -> TableError {
    TableError::Unwritable {
        format: "FITS",
        reason,
        column: column.map(str::to_owned),
    }
}

/// The heap under construction.
struct Heap {
    file: BufWriter<Unnamed>,
    length: u64,
}

/// A FITS file under construction.
struct FitsWriter {
    file: BufWriter<fs_err::File>,
    columns: Vec<Column>,
    with_nulls: Vec<bool>,
    row_bytes: usize,
    n_rows: u64,
    written: u64,
    heap: Option<Heap>,
    block: Vec<u8>,
    array: Vec<u8>,
}

impl TableWriter for FitsWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        if self.n_rows.saturating_sub(self.written) < batch.num_rows() as u64 {
            return Err(self.other_rows(self.written + batch.num_rows() as u64));
        }
        let mut items = Vec::with_capacity(self.columns.len());
        let columns = self.columns.iter().zip(&mut self.with_nulls);
        for ((column, with_nulls), array) in columns.zip(batch.columns()) {
            let column_items = Items::new(array, column)
                .map_err(|error| unwritable(Some(&column.name), error.to_string()))?;
            *with_nulls |= column_items.has_nulls();
            items.push(column_items);
        }
        let rows = (BLOCK_BYTES / self.row_bytes.max(1)).max(1);
        let mut start = 0;
        while start < batch.num_rows() {
            let end = batch.num_rows().min(start + rows);
            self.write_block(&items, start, end - start)?;
            start = end;
        }
        self.written += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), TableError> {
        if self.written != self.n_rows {
            return Err(self.other_rows(self.written));
        }
        let mut length = self.written * self.row_bytes as u64;
        let mut ending = Ending {
            heap_bytes: 0,
            with_nulls: std::mem::take(&mut self.with_nulls),
        };
        if let Some(heap) = self.heap.take() {
            let mut file = heap.file.into_inner().map_err(|error| io(error.into_error()))?;
            file.seek(SeekFrom::Start(0)).map_err(io)?;
            std::io::copy(&mut file, &mut self.file).map_err(io)?;
            ending.heap_bytes = heap.length;
            length += heap.length;
        }
        let padding = length.next_multiple_of(BLOCK) - length;
        let padding = usize::try_from(padding).unwrap_or(0);
        self.file.write_all(&vec![0; padding]).map_err(io)?;
        let mut file = self.file.into_inner().map_err(|error| io(error.into_error()))?;
        let header = cards::header(&self.columns, self.row_bytes as u64, self.n_rows, &ending);
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        file.write_all(&header).map_err(io)?;
        file.flush().map_err(io)
    }
}

impl FitsWriter {
    fn other_rows(&self, found: u64) -> TableError {
        let reason = format!(
            "{} rows were announced and {found} came, so its source has changed meanwhile. Try again",
            self.n_rows
        );
        unwritable(None, reason)
    }

    /// Writes `rows` rows from the row `start` of the batch.
    fn write_block(&mut self, items: &[Items], start: usize, rows: usize) -> Result<(), TableError> {
        self.block.clear();
        self.block.resize(rows * self.row_bytes, 0);
        let mut offset = 0;
        for (column, items) in self.columns.iter().zip(items) {
            let fail = |bad: BadValue, per_row: usize| {
                let row = self.written + (start + bad.item.checked_div(per_row).unwrap_or(0)) as u64 + 1;
                let reason = format!("in row {row} of column '{}' {}", column.name, bad.reason);
                unwritable(Some(&column.name), reason)
            };
            if column.width == 0 {
                continue;
            }
            match (column.descriptor, &mut self.heap) {
                (Some(descriptor), Some(heap)) => {
                    for (row, cells) in self.block.chunks_exact_mut(self.row_bytes.max(1)).enumerate() {
                        let count = items
                            .array(column, start + row, &mut self.array)
                            .map_err(|bad| fail(BadValue { item: row, ..bad }, 1))?;
                        let pointer = descriptor.pointer(count, if count > 0 { heap.length } else { 0 });
                        let pointer = pointer.ok_or_else(|| {
                            let reason =
                                "the arrays have more than 2 GiB, more than were announced".to_owned();
                            fail(BadValue { item: row, reason }, 1)
                        })?;
                        if let Some(cell) = cells.get_mut(offset..offset + column.width) {
                            cell.copy_from_slice(pointer.get(..column.width).unwrap_or_default());
                        }
                        heap.file.write_all(&self.array).map_err(io)?;
                        heap.length += self.array.len() as u64;
                    }
                }
                _ => items
                    .cells(column, start, rows, &mut self.block, self.row_bytes, offset)
                    .map_err(|bad| fail(bad, column.count))?,
            }
            offset += column.width;
        }
        self.file.write_all(&self.block).map_err(io)
    }
}
