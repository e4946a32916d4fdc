//! Reads any rows of a VOTable by its layout. Must never trust the layout: it may belong to another file.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};

use super::column::{Column, arrow_field};
use super::decode::decode;
use super::index::{columns, index};
use super::layout::{Serialisation, VotableLayout};
use super::rows::Block;
use super::scan::Scan;
use super::window::Window;
use crate::arrow_schema::{described, table_schema};
use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::{Batches, ReadOptions, ScanOrder, TableReader, check_projection};
use crate::recognise::Format;
use crate::schema::TableSchema;

/// A VOTable whose layout is known.
#[derive(Debug)]
pub(crate) struct VotableReader {
    path: PathBuf,
    layout: VotableLayout,
    options: ReadOptions,
    table: Description,
}

/// The columns of a table in all their forms, and how their cells become batches.
#[derive(Debug)]
pub(super) struct Description {
    file_name: String,
    serialisation: Serialisation,
    columns: Vec<Column>,
    pub(super) schema: TableSchema,
    arrow_schema: SchemaRef,
}

impl Description {
    pub(super) fn new(layout: &VotableLayout, columns: Vec<Column>, file_name: &str) -> Self {
        let fields: Vec<_> = columns
            .iter()
            .zip(&layout.fields)
            .map(|(column, field)| arrow_field(column, field))
            .collect();
        let schema = table_schema(fields.iter());
        let fields = fields.iter().zip(&schema.columns);
        let fields: Vec<_> = fields.map(|(field, column)| described(field, column)).collect();
        Self {
            file_name: file_name.to_owned(),
            serialisation: layout.serialisation,
            columns,
            schema,
            arrow_schema: Arc::new(Schema::new(fields)),
        }
    }

    /// The columns at `projection`.
    fn project(&self, projection: &[usize]) -> SchemaRef {
        let fields = projection
            .iter()
            .filter_map(|column| self.arrow_schema.fields().get(*column).cloned());
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// Some rows of the column at `position`.
    pub(super) fn decode(
        &self,
        block: &Block<'_>,
        position: usize,
        rows: Range<usize>,
    ) -> Result<ArrayRef, TableError> {
        let Some(column) = self.columns.get(position) else {
            return Err(TableError::NoSuchColumn {
                file: self.file_name.clone(),
                index: position,
                columns: self.columns.len(),
            });
        };
        decode(
            block,
            position,
            column,
            self.serialisation,
            rows.start,
            rows.len(),
        )
        .map_err(|fault| {
            let row = block.first_row + fault.row as u64 + 1;
            let name = self
                .schema
                .columns
                .get(position)
                .map_or("", |column| column.name.as_str());
            let reason = format!("row {row}, column '{name}': {}", fault.reason);
            TableError::broken(&self.file_name, Format::Votable, Some(name), reason)
        })
    }
}

impl VotableReader {
    /// Opens the file that `layout` was made from; without one, makes it first.
    pub(crate) fn open(
        path: &Path,
        file_name: &str,
        options: &ReadOptions,
        layout: Option<&VotableLayout>,
    ) -> Result<Self, TableError> {
        let layout = match layout {
            Some(layout) => {
                check(layout, path, file_name)?;
                layout.clone()
            }
            None => index(path, file_name, options, |_, _| Ok(()), |(), _| Ok(()))?.0,
        };
        let columns = columns(&layout, file_name, options)?;
        Ok(Self {
            path: path.to_owned(),
            table: Description::new(&layout, columns, file_name),
            options: options.clone(),
            layout,
        })
    }
}

/// Makes sure that the layout fits the file.
fn check(layout: &VotableLayout, path: &Path, file_name: &str) -> Result<(), TableError> {
    let file_bytes = fs_err::metadata(path)
        .map_err(|source| TableError::io(file_name, source))?
        .len();
    if file_bytes != layout.file_bytes {
        return Err(TableError::stale_size(file_name, layout.file_bytes, file_bytes));
    }
    let indexed = layout.n_rows.div_ceil(layout.stride.max(1));
    let scale = if layout.serialisation == Serialisation::Tabledata {
        1
    } else {
        4
    };
    if layout.stride == 0
        || layout.positions.len() as u64 != indexed
        || !layout.positions.is_sorted()
        || layout
            .positions
            .last()
            .is_some_and(|last| *last / scale >= file_bytes)
    {
        return Err(TableError::StaleLayout {
            file: file_name.to_owned(),
            reason: "its row index is damaged".to_owned(),
        });
    }
    Ok(())
}

impl TableReader for VotableReader {
    fn format(&self) -> Format {
        Format::Votable
    }

    fn schema(&self) -> &TableSchema {
        &self.table.schema
    }

    fn arrow_schema(&self) -> SchemaRef {
        self.table.arrow_schema.clone()
    }

    fn row_count(&self) -> u64 {
        self.layout.n_rows
    }

    fn layout(&self) -> Layout {
        Layout::Votable(self.layout.clone())
    }

    fn scan_order(&self) -> ScanOrder {
        ScanOrder::Rows
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        let file_name = &self.table.file_name;
        let projection = check_projection(file_name, self.table.columns.len(), projection)?;
        let end = rows.end.min(self.layout.n_rows);
        if rows.start >= end {
            return Ok(Box::new(std::iter::empty()));
        }
        let entry = rows.start / self.layout.stride;
        let position = self.layout.positions.get(entry as usize).copied().unwrap_or(0);
        let (offset, skip) = match self.layout.serialisation {
            Serialisation::Tabledata | Serialisation::Empty => (position, 0),
            Serialisation::Binary | Serialisation::Binary2 => (position / 4, (position % 4) as usize),
        };
        let limits = &self.options.limits;
        Ok(Box::new(VotableBatches {
            schema: self.table.project(&projection),
            window: Window::open(&self.path, file_name, limits, offset)?,
            scan: Scan::new(
                &self.table.columns,
                self.layout.serialisation,
                entry * self.layout.stride,
                skip,
                limits.max_record_bytes,
            ),
            table: &self.table,
            projection,
            rows: rows.start..end,
        }))
    }
}

/// The batches of one range of rows, one per block.
struct VotableBatches<'a> {
    table: &'a Description,
    projection: Vec<usize>,
    schema: SchemaRef,
    window: Window,
    scan: Scan,
    /// Rows still wanted.
    rows: Range<u64>,
}

impl Iterator for VotableBatches<'_> {
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
        Some(batch)
    }
}

impl VotableBatches<'_> {
    fn next_batch(&mut self) -> Result<RecordBatch, TableError> {
        let stale = |reason: String| TableError::StaleLayout {
            file: self.table.file_name.clone(),
            reason,
        };
        loop {
            let Some(block) = self.scan.next(&mut self.window, |_| ())? else {
                return Err(stale("it ends too early".to_owned()));
            };
            let after = block.first_row + block.rows() as u64;
            if after <= self.rows.start {
                continue;
            }
            let from = (self.rows.start - block.first_row) as usize;
            let to = (self.rows.end.min(after) - block.first_row) as usize;
            let arrays: Result<Vec<_>, _> = self
                .projection
                .iter()
                .map(|column| self.table.decode(&block, *column, from..to))
                .collect();
            let options = RecordBatchOptions::new().with_row_count(Some(to - from));
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays?, &options)
                .map_err(|error| stale(error.to_string()))?;
            self.rows.start = self.rows.end.min(after);
            return Ok(batch);
        }
    }
}
