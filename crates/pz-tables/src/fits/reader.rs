//! Reads any rows of a FITS table: blocks of rows by position, of which only the wanted columns are decoded. Must
//! never hold more than a batch.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, ListArray, RecordBatch, RecordBatchOptions};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::column::{Column, Rows, Storage, columns, rows};
use super::decode::{BadCell, Cells, Sink};
use super::file::{Hdu, SourceFile, find_table, table_at};
use super::form::{Code, Substrings};
use super::heap::{Heap, Window, extents};
use super::{FitsLayout, ascii, broken, decode};
use crate::arrow_schema::{described, table_schema};
use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::{Batches, ReadOptions, ScanOrder, TableReader, check_projection};
use crate::recognise::Format;
use crate::schema::TableSchema;

/// Most rows of a batch, and roughly the bytes it may hold.
const MAX_BATCH_ROWS: u64 = 16 * 1024;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes of rows read at once: all columns are decoded from them while they are in the processor's cache.
const BLOCK_BYTES: u64 = 256 * 1024;

/// Longest row that is read whole for the sake of a part of it.
const WHOLE_ROW: u64 = 64 * 1024;

/// Most bytes of the decoded cells of a row.
const MAX_ROW: u64 = 256 * 1024 * 1024;

/// A FITS table whose header has been read.
#[derive(Debug)]
pub(crate) struct FitsReader {
    source: SourceFile,
    layout: FitsLayout,
    rows: Rows,
    columns: Vec<Column>,
    schema: TableSchema,
    arrow_schema: SchemaRef,
}

impl FitsReader {
    /// Opens the table that `layout` remembers, or else the one that `options` asks for.
    pub(crate) fn open(
        path: &Path,
        file_name: &str,
        options: &ReadOptions,
        layout: Option<&FitsLayout>,
    ) -> Result<Self, TableError> {
        let source = SourceFile::open(path, file_name)?;
        let hdu = match layout {
            Some(layout) => table_at(&source, layout)?,
            None => find_table(&source, options)?,
        };
        Self::of_hdu(source, &hdu)
    }

    fn of_hdu(source: SourceFile, hdu: &Hdu) -> Result<Self, TableError> {
        let rows = rows(&source, hdu)?;
        let columns = columns(&source, hdu, rows.row_bytes)?;
        let schema = table_schema(columns.iter().map(|column| &column.field));
        let fields = columns.iter().zip(&schema.columns);
        let fields: Vec<_> = fields
            .map(|(column, info)| described(&column.field, info))
            .collect();
        Ok(Self {
            layout: FitsLayout {
                file_bytes: source.length,
                hdu: hdu.number,
                header_start: hdu.header_start,
                data_start: hdu.data_start,
            },
            source,
            rows,
            columns,
            schema,
            arrow_schema: Arc::new(Schema::new(fields)),
        })
    }

    fn decoded_bytes(&self) -> u64 {
        self.columns
            .iter()
            .map(Column::decoded_bytes)
            .fold(0, u64::saturating_add)
    }
}

impl TableReader for FitsReader {
    fn format(&self) -> Format {
        Format::Fits
    }

    fn schema(&self) -> &TableSchema {
        &self.schema
    }

    fn arrow_schema(&self) -> SchemaRef {
        self.arrow_schema.clone()
    }

    fn row_count(&self) -> u64 {
        self.rows.count
    }

    fn layout(&self) -> Layout {
        Layout::Fits(self.layout.clone())
    }

    fn scan_order(&self) -> ScanOrder {
        // A table of few rows with long arrays is better taken apart.
        if self.decoded_bytes() > BATCH_BYTES {
            ScanOrder::Columns
        } else {
            ScanOrder::Rows
        }
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        let wanted = check_projection(&self.source.file_name, self.columns.len(), projection)?;
        let rows = rows.start..rows.end.min(self.rows.count);
        if rows.start >= rows.end {
            return Ok(Box::new(std::iter::empty()));
        }
        let columns: Vec<&Column> = wanted
            .iter()
            .filter_map(|column| self.columns.get(*column))
            .collect();
        let fields: Vec<_> = wanted
            .iter()
            .filter_map(|column| self.arrow_schema.fields().get(*column).cloned())
            .collect();
        let decoded = columns.iter().map(|column| column.decoded_bytes());
        let decoded = decoded.fold(0, u64::saturating_add).max(1);
        if decoded > MAX_ROW {
            return Err(TableError::limit(
                &self.source.file_name,
                "the size of one row",
                "256 MiB".to_owned(),
            ));
        }
        let place = Place::new(&columns, self.rows.row_bytes);
        Ok(Box::new(FitsBatches {
            windows: columns.iter().map(|_| Window::default()).collect(),
            batch_rows: (BATCH_BYTES / decoded).clamp(1, MAX_BATCH_ROWS),
            reader: self,
            columns,
            place,
            schema: Arc::new(Schema::new(fields)),
            rows,
            block: Vec::new(),
        }))
    }
}

/// Where the wanted cells are in a block of rows.
struct Place {
    /// Bytes of a row in the block.
    stride: usize,
    /// Offsets of the cells in it.
    offsets: Vec<usize>,
    /// The rows have been read whole.
    whole: bool,
}

impl Place {
    fn new(columns: &[&Column], row_bytes: u64) -> Self {
        let wanted = columns.iter().map(|column| column.width as u64);
        let wanted = wanted.fold(0, u64::saturating_add);
        let whole = row_bytes <= WHOLE_ROW || row_bytes / 2 <= wanted;
        if whole {
            return Self {
                stride: usize::try_from(row_bytes).unwrap_or(usize::MAX),
                offsets: columns.iter().map(|column| column.offset).collect(),
                whole,
            };
        }
        let mut stride = 0;
        let offsets = columns.iter().map(|column| {
            let offset = stride;
            stride += column.width;
            offset
        });
        Self {
            offsets: offsets.collect(),
            stride,
            whole,
        }
    }
}

/// The batches of one range of rows.
struct FitsBatches<'a> {
    reader: &'a FitsReader,
    columns: Vec<&'a Column>,
    place: Place,
    schema: SchemaRef,
    /// Rows still to come; none after an error.
    rows: Range<u64>,
    batch_rows: u64,
    block: Vec<u8>,
    windows: Vec<Window>,
}

impl Iterator for FitsBatches<'_> {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rows.start >= self.rows.end {
            return None;
        }
        let batch = self.batch();
        if batch.is_err() {
            self.rows.start = self.rows.end;
        }
        Some(batch)
    }
}

impl FitsBatches<'_> {
    fn batch(&mut self) -> Result<RecordBatch, TableError> {
        let room = self.batch_rows.min(self.rows.end - self.rows.start);
        let first = self.rows.start;
        let capacity = usize::try_from(room).unwrap_or(0);
        let mut parts: Vec<Part> = self
            .columns
            .iter()
            .map(|column| Part::new(column, capacity))
            .collect();
        let mut budget = Some(BATCH_BYTES);
        while let Some(left) = budget
            && self.rows.start < first + room
        {
            let wanted =
                (BLOCK_BYTES / (self.place.stride as u64).max(1)).clamp(1, first + room - self.rows.start);
            self.read_block(wanted)?;
            let (count, left) = self.affordable(wanted, left, self.rows.start == first)?;
            self.append(&mut parts, count)?;
            self.rows.start += count;
            budget = left;
        }
        self.finish(parts, self.rows.start - first)
    }

    /// Reads the next `count` rows.
    fn read_block(&mut self, count: u64) -> Result<(), TableError> {
        let row_bytes = self.reader.rows.row_bytes;
        let start = self.reader.layout.data_start + self.rows.start * row_bytes;
        let source = &self.reader.source;
        let rows = usize::try_from(count).unwrap_or(0);
        self.block.resize(rows.saturating_mul(self.place.stride), 0);
        if self.place.whole {
            return source.read(start, &mut self.block);
        }
        for (row, cells) in self.block.chunks_exact_mut(self.place.stride.max(1)).enumerate() {
            let start = start + row as u64 * row_bytes;
            for (column, offset) in self.columns.iter().zip(&self.place.offsets) {
                if let Some(cell) = cells.get_mut(*offset..*offset + column.width) {
                    source.read(start + column.offset as u64, cell)?;
                }
            }
        }
        Ok(())
    }

    /// The cells of a column in the first `rows` rows of the block.
    fn cells(&self, position: usize, rows: u64) -> Cells<'_> {
        Cells {
            bytes: &self.block,
            stride: self.place.stride,
            offset: self.place.offsets.get(position).copied().unwrap_or(0),
            width: self.columns.get(position).map_or(0, |column| column.width),
            rows: usize::try_from(rows).unwrap_or(0),
        }
    }

    fn heap(&self) -> Heap {
        let (start, length) = self.reader.rows.heap;
        Heap { start, length }
    }

    /// How many of `count` rows of the block have arrays in the heap of no more than `budget` bytes together, and
    /// what is left of it; none when it is used up. The first row of a batch is always affordable.
    fn affordable(&self, count: u64, budget: u64, first: bool) -> Result<(u64, Option<u64>), TableError> {
        let mut sizes: Vec<u64> = Vec::new();
        for (position, column) in self.columns.iter().enumerate() {
            let Storage::Heap { descriptor, .. } = column.storage else {
                continue;
            };
            sizes.resize(usize::try_from(count).unwrap_or(0), 0);
            let cells = self.cells(position, count);
            let extents = extents(
                &self.reader.source,
                column,
                descriptor,
                cells,
                self.heap(),
                self.rows.start + 1,
            );
            for (size, extent) in sizes.iter_mut().zip(extents) {
                *size = size.saturating_add(extent?.decoded_bytes(column));
            }
        }
        let mut left = budget;
        for (row, size) in sizes.iter().enumerate() {
            if row == 0 && first && *size > MAX_ROW {
                let what = format!("the size of row {}", self.rows.start + 1);
                return Err(TableError::limit(
                    &self.reader.source.file_name,
                    &what,
                    "256 MiB".to_owned(),
                ));
            }
            match left.checked_sub(*size) {
                Some(rest) => left = rest,
                None if row == 0 && first => return Ok((1, None)),
                None => return Ok((row as u64, None)),
            }
        }
        Ok((count, Some(left)))
    }

    /// Decodes the first `count` rows of the block.
    fn append(&mut self, parts: &mut [Part], count: u64) -> Result<(), TableError> {
        let mut windows = std::mem::take(&mut self.windows);
        let first_row = self.rows.start + 1;
        for (position, (part, column)) in parts.iter_mut().zip(&self.columns).enumerate() {
            let cells = self.cells(position, count);
            let (Storage::Heap { descriptor, .. }, Some(window)) =
                (&column.storage, windows.get_mut(position))
            else {
                part.sink.rows(cells).map_err(|BadCell { row, reason }| {
                    let reason = format!("in row {} {reason}", first_row + row as u64);
                    broken(&self.reader.source.file_name, Some(&column.name), reason)
                })?;
                continue;
            };
            let (source, heap) = (&self.reader.source, self.heap());
            for extent in extents(source, column, *descriptor, cells, heap, first_row) {
                let extent = extent?;
                let bytes = window.get(source, heap, extent)?;
                part.push_array(bytes, extent.count);
            }
        }
        self.windows = windows;
        Ok(())
    }

    fn finish(&self, parts: Vec<Part>, rows: u64) -> Result<RecordBatch, TableError> {
        let name = &self.reader.source.file_name;
        let rows = usize::try_from(rows).unwrap_or(0);
        let mut arrays = Vec::with_capacity(parts.len());
        for (part, column) in parts.into_iter().zip(&self.columns) {
            let array = part.finish(column.field.data_type(), rows);
            arrays.push(array.map_err(|error| broken(name, Some(&column.name), error))?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
            .map_err(|error| broken(name, None, error))
    }
}

/// A column of the batch being made.
struct Part {
    sink: Box<dyn Sink>,
    /// Ends of the lists in a column of them.
    ends: Option<Vec<i32>>,
}

impl Part {
    fn new(column: &Column, rows: usize) -> Self {
        match &column.storage {
            Storage::Ascii { form, null } => Self {
                sink: ascii::sink(column, *form, null.as_deref(), rows),
                ends: None,
            },
            Storage::Heap { substrings, .. } => {
                // A string is no list, and lists of strings with delimiters are made by their sink.
                let lists =
                    column.code != Code::Character || matches!(substrings, Some(Substrings::Width(_)));
                Self {
                    sink: decode::sink(column, rows),
                    ends: lists.then(|| vec![0]),
                }
            }
            _ => Self {
                sink: decode::sink(column, rows),
                ends: None,
            },
        }
    }

    fn push_array(&mut self, bytes: &[u8], count: usize) {
        let appended = self.sink.array(bytes, count);
        if let Some(ends) = &mut self.ends {
            let last = ends.last().copied().unwrap_or(0);
            // Within 31 bits by the size of a batch.
            ends.push(last.saturating_add(i32::try_from(appended).unwrap_or(i32::MAX)));
        }
    }

    fn finish(mut self, data_type: &ArrowType, rows: usize) -> Result<ArrayRef, ArrowError> {
        let elements = self.sink.finish()?;
        match (self.ends, data_type) {
            (Some(ends), ArrowType::List(item)) => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
                Ok(Arc::new(ListArray::try_new(
                    item.clone(),
                    offsets,
                    elements,
                    None,
                )?))
            }
            _ => shaped(elements, data_type, rows),
        }
    }
}

/// The elements in the arrays of fixed shape of `data_type`, `length` of them.
fn shaped(elements: ArrayRef, data_type: &ArrowType, length: usize) -> Result<ArrayRef, ArrowError> {
    let mut levels: Vec<(&Arc<Field>, i32, usize)> = Vec::new();
    let (mut inner, mut count) = (data_type, length);
    while let ArrowType::FixedSizeList(item, size) = inner {
        levels.push((item, *size, count));
        count = count.saturating_mul(usize::try_from(*size).unwrap_or(0));
        inner = item.data_type();
    }
    levels
        .into_iter()
        .rev()
        .try_fold(elements, |values, (item, size, count)| {
            let lists = FixedSizeListArray::try_new_with_length(item.clone(), size, values, None, count)?;
            Ok(Arc::new(lists) as ArrayRef)
        })
}
