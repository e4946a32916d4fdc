//! Reads any rows of a text table by its layout. Must never trust the layout: it may belong to another file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, RecordBatchOptions, StringBuilder,
    UInt64Builder,
};
use arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};
use fs_err::File;

use super::blocks::Blocks;
use super::column::Cells;
use super::quotes::Span;
use super::split::{Dialect, Records};
use super::value::{Integer, is_missing, parse_bool, parse_f64, parse_integer, trim};
use crate::Limits;
use crate::arrow_schema::described;
use crate::data_type::DataType;
use crate::error::TableError;
use crate::layout::{Layout, TextLayout};
use crate::reader::{Batches, ScanOrder, TableReader, check_projection};
use crate::recognise::Format;
use crate::schema::TableSchema;

/// A text table whose layout is known.
#[derive(Debug)]
pub(crate) struct TextReader {
    path: PathBuf,
    file_name: String,
    layout: TextLayout,
    schema: TableSchema,
}

impl TextReader {
    /// Opens the file that `layout` was made from.
    pub(crate) fn open(path: &Path, file_name: &str, layout: &TextLayout) -> Result<Self, TableError> {
        let file_bytes = fs_err::metadata(path)
            .map_err(|source| TableError::io(file_name, source))?
            .len();
        if file_bytes != layout.file_bytes {
            return Err(TableError::stale_size(file_name, layout.file_bytes, file_bytes));
        }
        let rows_indexed = layout.n_rows.div_ceil(layout.stride.max(1));
        if layout.stride == 0
            || layout.offsets.len() as u64 != rows_indexed
            || !layout.offsets.is_sorted()
            || layout.offsets.last().is_some_and(|last| *last >= file_bytes)
        {
            let reason = "its row index is damaged".to_owned();
            return Err(TableError::StaleLayout {
                file: file_name.to_owned(),
                reason,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            file_name: file_name.to_owned(),
            schema: TableSchema {
                columns: layout.columns.clone(),
            },
            layout: layout.clone(),
        })
    }

    fn dialect(&self) -> Dialect {
        Dialect {
            delimiter: self.layout.delimiter,
            lines_end_with_cr: self.layout.lines_end_with_cr,
            skips_comments: self.layout.skips_comments,
        }
    }

    fn stale(&self, reason: String) -> TableError {
        TableError::StaleLayout {
            file: self.file_name.clone(),
            reason,
        }
    }

    fn stale_column(&self, column: usize) -> TableError {
        let column = self.schema.columns.get(column);
        let (name, data_type) =
            column.map_or(("", "".to_owned()), |c| (c.name.as_str(), c.dtype.to_string()));
        self.stale(format!("a value of column '{name}' is not of type {data_type}"))
    }
}

impl TableReader for TextReader {
    fn format(&self) -> Format {
        Format::Csv
    }

    fn schema(&self) -> &TableSchema {
        &self.schema
    }

    fn arrow_schema(&self) -> SchemaRef {
        let columns: Vec<usize> = (0..self.schema.columns.len()).collect();
        arrow_schema(&self.schema, &columns)
    }

    fn layout(&self) -> Layout {
        Layout::Csv(self.layout.clone())
    }

    fn scan_order(&self) -> ScanOrder {
        ScanOrder::Rows
    }

    fn row_count(&self) -> u64 {
        self.layout.n_rows
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        let columns = check_projection(&self.file_name, self.schema.columns.len(), projection)?;
        let end = rows.end.min(self.layout.n_rows);
        if rows.start >= end {
            return Ok(Box::new(std::iter::empty()));
        }
        let entry = rows.start / self.layout.stride;
        let offset = self
            .layout
            .offsets
            .get(entry as usize)
            .copied()
            .unwrap_or(self.layout.data_start);
        let file = File::open(&self.path).map_err(|source| TableError::io(&self.file_name, source))?;
        // The line is not known in the middle of the file; it is for messages only, and inspection had none.
        let blocks = Blocks::new(
            file,
            &self.file_name,
            self.dialect(),
            &Limits::default(),
            offset,
            self.layout.data_line,
        )?;
        Ok(Box::new(TextBatches {
            reader: self,
            arrow_schema: arrow_schema(&self.schema, &columns),
            columns,
            blocks,
            records: Records::default(),
            row: entry * self.layout.stride,
            rows: rows.start..end,
        }))
    }
}

fn arrow_schema(schema: &TableSchema, columns: &[usize]) -> SchemaRef {
    let fields: Vec<Field> = columns
        .iter()
        .filter_map(|column| schema.columns.get(*column))
        .map(|column| described(&Field::new(&column.name, arrow_type(&column.dtype), true), column))
        .collect();
    Arc::new(Schema::new(fields))
}

fn arrow_type(data_type: &DataType) -> ArrowType {
    match data_type {
        DataType::Int64 => ArrowType::Int64,
        DataType::UInt64 => ArrowType::UInt64,
        DataType::Float64 => ArrowType::Float64,
        DataType::Bool => ArrowType::Boolean,
        _ => ArrowType::Utf8,
    }
}

/// The batches of one range of rows, one per block.
struct TextBatches<'a> {
    reader: &'a TextReader,
    arrow_schema: SchemaRef,
    columns: Vec<usize>,
    blocks: Blocks,
    records: Records,
    /// Number of the next row in the file.
    row: u64,
    /// Rows still wanted.
    rows: Range<u64>,
}

impl Iterator for TextBatches<'_> {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rows.is_empty() {
            return None;
        }
        let batch = self.next_batch();
        if batch.is_err() {
            // An error ends the reading.
            self.rows.start = self.rows.end;
        }
        batch.transpose()
    }
}

impl TextBatches<'_> {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        let reader = self.reader;
        let width = reader.schema.columns.len();
        loop {
            let Some(block) = self.blocks.next(&mut self.records, self.row)? else {
                return Err(reader.stale("it ends too early".to_owned()));
            };
            let first = self.row;
            self.row += self.records.len() as u64;
            if self.row <= self.rows.start {
                continue;
            }
            if self.records.first_ragged(width).is_some() {
                let reason = format!("a row near row {} has another number of fields", first + 1);
                return Err(reader.stale(reason));
            }
            let from = (self.rows.start - first) as usize;
            let to = (self.rows.end.min(self.row) - first) as usize;
            let spans = self.records.spans.get(..to * width).unwrap_or_default();
            let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
            for column in &self.columns {
                let cells = Cells {
                    text: block.text,
                    spans,
                    column: *column,
                    columns: width,
                };
                let data_type = reader.schema.columns.get(*column).map(|column| &column.dtype);
                let array = build(cells, from, to - from, data_type.unwrap_or(&DataType::String));
                arrays.push(array.ok_or_else(|| reader.stale_column(*column))?);
            }
            let options = RecordBatchOptions::new().with_row_count(Some(to - from));
            let batch = RecordBatch::try_new_with_options(self.arrow_schema.clone(), arrays, &options)
                .map_err(|error| reader.stale(error.to_string()))?;
            self.rows.start = self.rows.end.min(self.row);
            return Ok(Some(batch));
        }
    }
}

/// The cells from row `first` as an array; none when a cell does not have the type.
fn build(cells: Cells<'_>, first: usize, rows: usize, data_type: &DataType) -> Option<ArrayRef> {
    let mut scratch = Vec::new();
    macro_rules! typed {
        ($builder:ty, $parse:expr) => {{
            let mut builder = <$builder>::with_capacity(rows);
            for span in cells.from(first) {
                let cell = trim(span.bytes(cells.text.as_bytes(), &mut scratch));
                match $parse(cell) {
                    Some(value) => builder.append_value(value),
                    None if is_missing(cell) => builder.append_null(),
                    None => return None,
                }
            }
            Some(Arc::new(builder.finish()) as ArrayRef)
        }};
    }
    match data_type {
        DataType::Int64 => typed!(Int64Builder, |cell| match parse_integer(cell)? {
            Integer::Signed(value) => Some(value),
            _ => None,
        }),
        DataType::UInt64 => typed!(UInt64Builder, |cell| match parse_integer(cell)? {
            Integer::Signed(value) => u64::try_from(value).ok(),
            Integer::Unsigned(value) => Some(value),
            Integer::Beyond => None,
        }),
        DataType::Float64 => {
            let mut builder = Float64Builder::with_capacity(rows);
            for span in cells.from(first) {
                let cell = trim(span.bytes(cells.text.as_bytes(), &mut scratch));
                match parse_f64(cell) {
                    Some(value) if value.is_nan() => builder.append_null(),
                    Some(value) => builder.append_value(value),
                    None if is_missing(cell) => builder.append_null(),
                    None => return None,
                }
            }
            Some(Arc::new(builder.finish()))
        }
        DataType::Bool => typed!(BooleanBuilder, parse_bool),
        _ => Some(build_texts(cells.text, cells.from(first), rows)),
    }
}

fn build_texts(text: &str, spans: impl Iterator<Item = Span>, rows: usize) -> ArrayRef {
    let mut scratch = Vec::new();
    let mut builder = StringBuilder::with_capacity(rows, rows * 16);
    for span in spans {
        let cell = span.bytes(text.as_bytes(), &mut scratch);
        if is_missing(trim(cell)) {
            builder.append_null();
        } else {
            // The block is UTF-8 and fields are cut at ASCII characters.
            builder.append_value(std::str::from_utf8(cell).unwrap_or_default());
        }
    }
    Arc::new(builder.finish())
}
