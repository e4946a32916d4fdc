//! Reads any rows of the table of a HDF5 file. Must never decode a chunk for each column that lies in it, nor keep
//! more than some pieces of the file.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Metadata, Schema, SchemaRef};

use super::decode;
use super::fault::Fault;
use super::heap::Heap;
use super::layout::Hdf5Layout;
use super::source::Source;
use super::table::{self, Candidate, Column, Missing, Table};
use super::walk;
use crate::arrow_schema::{described, table_schema};
use crate::error::TableError;
use crate::guard::guarded;
use crate::layout::Layout;
use crate::reader::{Batches, ReadOptions, ScanOrder, TableReader, check_projection};
use crate::recognise::Format;
use crate::schema::TableSchema;

/// Most rows of a batch, and roughly the bytes it may hold.
const MAX_BATCH_ROWS: u64 = 16 * 1024;
const BATCH_BYTES: u64 = 8 << 20;

/// Bytes of a piece read at once, and most of all pieces together; a chunk with more is decoded more than once.
const PIECE_BYTES: u64 = 4 << 20;
const ALL_PIECES: u64 = 64 << 20;

/// The table of a HDF5 file.
#[derive(Debug)]
pub(crate) struct Hdf5Reader {
    file_name: String,
    source: Source,
    layout: Hdf5Layout,
    table: Table,
    schema: TableSchema,
    arrow_schema: SchemaRef,
}

impl Hdf5Reader {
    /// Opens the table of the file that is asked for, the one of the layout, or the first.
    pub(super) fn open(
        path: &Path,
        file_name: &str,
        options: &ReadOptions,
        layout: Option<&Hdf5Layout>,
    ) -> Result<Self, TableError> {
        guarded(file_name, Format::Hdf5, None, || {
            Self::open_table(path, file_name, options, layout)
        })
    }

    fn open_table(
        path: &Path,
        file_name: &str,
        options: &ReadOptions,
        layout: Option<&Hdf5Layout>,
    ) -> Result<Self, TableError> {
        let fail = |fault: Fault| fault.of(file_name, None);
        let source = Source::open(path).map_err(fail)?;
        let file_bytes = source.file_bytes();
        if let Some(expected) = layout
            .map(|layout| layout.file_bytes)
            .filter(|expected| *expected != file_bytes)
        {
            return Err(TableError::stale_size(file_name, expected, file_bytes));
        }
        let groups = walk::groups(&source).map_err(fail)?;
        let candidates = table::candidates(&groups);
        let wanted = layout
            .map(|layout| layout.table.as_str())
            .or(options.table.as_deref());
        let chosen = choose(&candidates, file_name, wanted)?;
        let (table, with_index) = chosen
            .table(&source, layout.map(|layout| layout.with_index))
            .map_err(|(fault, column)| fault.of(file_name, column.as_deref()))?;
        if table.columns.is_empty() {
            return Err(TableError::broken(
                file_name,
                Format::Hdf5,
                None,
                format!("'{}' has no columns", chosen.path),
            ));
        }
        options.limits.check_columns(file_name, table.columns.len())?;
        let fields: Vec<Field> = table.columns.iter().map(field).collect();
        let schema = table_schema(fields.iter());
        let fields: Vec<Field> = fields
            .iter()
            .zip(&schema.columns)
            .map(|(field, column)| described(field, column))
            .collect();
        let layout = Hdf5Layout {
            file_bytes,
            table: chosen.path.clone(),
            with_index,
        };
        Ok(Self {
            file_name: file_name.to_owned(),
            source,
            layout,
            table,
            schema,
            arrow_schema: Arc::new(Schema::new(fields)),
        })
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.schema.columns.get(column).map(|column| column.name.as_str())
    }

    fn dataset(&self, number: usize) -> Result<&super::dataset::Dataset, Fault> {
        let dataset = self.table.datasets.get(number).map(Arc::as_ref);
        dataset.ok_or_else(|| Fault::broken("a column without data"))
    }
}

/// The table called `wanted`; without a name the first good one, else the first.
fn choose<'a, 'b>(
    candidates: &'b [Candidate<'a>],
    file_name: &str,
    wanted: Option<&str>,
) -> Result<&'b Candidate<'a>, TableError> {
    if let Some(wanted) = wanted {
        let found = candidates.iter().find(|candidate| candidate.is_called(wanted));
        return found.ok_or_else(|| TableError::NoSuchTable {
            file: file_name.to_owned(),
            table: wanted.to_owned(),
            tables: list(candidates),
        });
    }
    let good = candidates.iter().find(|candidate| candidate.is_strong());
    good.or(candidates.first()).ok_or_else(|| TableError::NotATable {
        file: file_name.to_owned(),
        reason: "it is an HDF5 file in which no array can be a column".to_owned(),
        line: None,
        byte: None,
    })
}

/// Names of tables in a message.
fn list(candidates: &[Candidate<'_>]) -> String {
    const SHOWN: usize = 20;
    let mut names: Vec<&str> = candidates
        .iter()
        .take(SHOWN)
        .map(|candidate| candidate.path.as_str())
        .collect();
    if names.is_empty() {
        names.push("no table at all");
    }
    let mut text = names.join(", ");
    if candidates.len() > SHOWN {
        text.push_str(&format!(" and {} more", candidates.len() - SHOWN));
    }
    text
}

fn field(column: &Column) -> Field {
    let nullable = column.missing != Missing::None || column.kind.is_nullable();
    let mut metadata = Metadata::new();
    for (key, value) in [
        (crate::arrow_schema::UNIT, &column.unit),
        (crate::arrow_schema::UCD, &column.ucd),
        (crate::arrow_schema::DESCRIPTION, &column.description),
    ] {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    Field::new(&column.name, column.kind.arrow(), nullable).with_metadata(metadata)
}

impl TableReader for Hdf5Reader {
    fn format(&self) -> Format {
        Format::Hdf5
    }

    fn schema(&self) -> &TableSchema {
        &self.schema
    }

    fn arrow_schema(&self) -> SchemaRef {
        self.arrow_schema.clone()
    }

    fn row_count(&self) -> u64 {
        self.table.rows
    }

    fn layout(&self) -> Layout {
        Layout::Hdf5(self.layout.clone())
    }

    fn scan_order(&self) -> ScanOrder {
        if self.table.datasets.len() < self.table.columns.len() {
            ScanOrder::Rows
        } else {
            ScanOrder::Columns
        }
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        let wanted = check_projection(&self.file_name, self.schema.columns.len(), projection)?;
        let rows = rows.start..rows.end.min(self.table.rows);
        let fields: Vec<_> = wanted
            .iter()
            .filter_map(|column| self.arrow_schema.fields().get(*column).cloned())
            .collect();
        let mut datasets: Vec<usize> = wanted
            .iter()
            .filter_map(|column| Some(self.table.columns.get(*column)?.dataset))
            .collect();
        datasets.sort_unstable();
        datasets.dedup();
        let row_bytes = |dataset: &usize| {
            self.table
                .datasets
                .get(*dataset)
                .map_or(0, |dataset| dataset.row_bytes())
        };
        let all_bytes = datasets.iter().map(row_bytes).fold(0, u64::saturating_add).max(1);
        Ok(Box::new(Hdf5Batches {
            reader: self,
            rows,
            columns: wanted,
            schema: Arc::new(Schema::new(fields)),
            batch_rows: (BATCH_BYTES / all_bytes).clamp(1, MAX_BATCH_ROWS),
            piece_most: ALL_PIECES / (datasets.len() as u64).max(1),
            pieces: HashMap::new(),
            is_over: false,
        }))
    }
}

/// The batches of one range of rows.
struct Hdf5Batches<'a> {
    reader: &'a Hdf5Reader,
    /// Rows still to come.
    rows: Range<u64>,
    columns: Vec<usize>,
    schema: SchemaRef,
    batch_rows: u64,
    /// Most bytes of a dataset's piece.
    piece_most: u64,
    /// By dataset, what was read of it last.
    pieces: HashMap<usize, Piece>,
    is_over: bool,
}

struct Piece {
    rows: Range<u64>,
    bytes: Vec<u8>,
}

impl Iterator for Hdf5Batches<'_> {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over || self.rows.start >= self.rows.end {
            return None;
        }
        let reader = self.reader;
        let batch = guarded(&reader.file_name, Format::Hdf5, None, || self.batch());
        self.is_over = batch.is_err();
        Some(batch)
    }
}

impl Hdf5Batches<'_> {
    fn batch(&mut self) -> Result<RecordBatch, TableError> {
        let reader = self.reader;
        let file_name = &reader.file_name;
        let rows = self.rows.start..self.rows.end.min(self.rows.start.saturating_add(self.batch_rows));
        let count = (rows.end - rows.start) as usize;
        let mut heap = Heap::new(&reader.source);
        let mut raw: HashMap<usize, Vec<u8>> = HashMap::new();
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        let columns = std::mem::take(&mut self.columns);
        for (position, number) in columns.iter().enumerate() {
            let Some(column) = reader.table.columns.get(*number) else {
                continue;
            };
            let fail = |fault: Fault| fault.of(file_name, reader.name(*number));
            let bytes = match raw.remove(&column.dataset) {
                Some(bytes) => bytes,
                None => self.bytes(column.dataset, &rows).map_err(fail)?,
            };
            let stride = reader.dataset(column.dataset).map_err(fail)?.row_bytes() as usize;
            arrays.push(array(column, &bytes, stride, count, &mut heap, rows.start).map_err(fail)?);
            let is_wanted_again = columns
                .get(position + 1..)
                .unwrap_or_default()
                .iter()
                .any(|later| {
                    reader
                        .table
                        .columns
                        .get(*later)
                        .is_some_and(|later| later.dataset == column.dataset)
                });
            if is_wanted_again {
                raw.insert(column.dataset, bytes);
            }
        }
        self.columns = columns;
        self.rows.start = rows.end;
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|error| TableError::broken(file_name, Format::Hdf5, None, error))
    }

    /// The bytes of these rows of a dataset, taken from pieces that end where chunks do.
    fn bytes(&mut self, number: usize, rows: &Range<u64>) -> Result<Vec<u8>, Fault> {
        let dataset = self.reader.dataset(number)?;
        let row_bytes = dataset.row_bytes();
        let mut bytes = Vec::with_capacity((row_bytes * (rows.end - rows.start)) as usize);
        let mut row = rows.start;
        while row < rows.end {
            let piece = match self.pieces.remove(&number) {
                Some(piece) if piece.rows.contains(&row) => piece,
                _ => {
                    let end = dataset.piece_end(row, PIECE_BYTES.min(self.piece_most), self.piece_most);
                    let piece_rows = row..end.min(self.rows.end).max(row + 1);
                    Piece {
                        bytes: dataset.read_rows(&self.reader.source, piece_rows.clone())?,
                        rows: piece_rows,
                    }
                }
            };
            let end = piece.rows.end.min(rows.end);
            let offset = |row: u64| ((row - piece.rows.start) * row_bytes) as usize;
            let part = piece.bytes.get(offset(row)..offset(end));
            bytes.extend_from_slice(part.ok_or_else(|| Fault::broken("a piece is cut off"))?);
            row = end;
            if piece.rows.end > end {
                self.pieces.insert(number, piece);
            }
        }
        Ok(bytes)
    }
}

/// The values of a column from the bytes of rows.
fn array(
    column: &Column,
    bytes: &[u8],
    stride: usize,
    count: usize,
    heap: &mut Heap<'_>,
    first: u64,
) -> Result<ArrayRef, Fault> {
    let values = decode::gather(bytes, stride, column.place.clone());
    let array = decode::array(&column.kind, &values, count, heap, first)?;
    let missing: BooleanArray = match &column.missing {
        Missing::None => return Ok(array),
        Missing::Text(word) => match array.as_string_opt::<i32>() {
            Some(texts) => texts
                .iter()
                .map(|text| Some(text == Some(word.as_str())))
                .collect(),
            None => return Ok(array),
        },
        Missing::Mask(place) => {
            let masks = decode::gather(bytes, stride, place.clone());
            masks.iter().map(|mask| Some(*mask != 0)).collect()
        }
    };
    Ok(decode::without(&array, &missing))
}
