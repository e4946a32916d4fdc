//! One table of many Parquet files, of which only the few that are being read are open. Must never hold the footers
//! of all.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ::arrow::array::{RecordBatch, RecordBatchOptions};
use ::arrow::compute::cast;
use ::arrow::datatypes::{DataType as ArrowType, Field, Schema, SchemaRef};

use super::discover::Dataset;
use super::layout::{HatsLayout, PartitionFile};
use super::store::Store;
use crate::arrow_schema::{described, table_schema};
use crate::error::TableError;
use crate::guard::guarded;
use crate::layout::Layout;
use crate::parquet::{ParquetBatches, ParquetReader};
use crate::reader::{Batches, ScanOrder, TableReader, check_projection};
use crate::recognise::Format;
use crate::schema::{ColumnInfo, TableSchema};
use crate::statistics::shown;

/// Files kept open.
const OPEN_FILES: usize = 8;

/// Up to so many openings of files a pass column by column is worth it.
const MAX_OPENINGS: usize = 20_000;

/// A table of many files.
#[derive(Debug)]
pub(super) struct PartitionedReader {
    store: Store,
    layout: HatsLayout,
    /// `starts[i]` is the first row of file `i`; the last entry is the number of rows.
    starts: Vec<u64>,
    schema: TableSchema,
    arrow_schema: SchemaRef,
    /// The files used last, the last one first.
    open: Mutex<Vec<(usize, Arc<Partition>)>>,
}

/// An open file.
#[derive(Debug)]
struct Partition {
    reader: ParquetReader,
    /// For each column of the table its position in the file.
    columns: Vec<usize>,
}

impl PartitionedReader {
    /// Opens what was found: looks into every file once.
    pub(super) fn discovered(store: Store, dataset: Dataset) -> Result<Self, TableError> {
        let mut layout = HatsLayout {
            dataset: dataset.kind,
            file_bytes: dataset.partitions.iter().map(|file| file.bytes).sum(),
            hidden: dataset.hidden,
            schema_file: dataset.schema_file,
            partitions: Vec::with_capacity(dataset.partitions.len()),
        };
        let mut columns: Option<Columns> = None;
        for file in dataset.partitions {
            let (reader, bytes) = store.parquet(&file.name)?;
            let known = match &columns {
                Some(columns) => columns,
                None => columns.insert(Columns::of(&store, &reader, &layout)?),
            };
            known.positions(&store, &file.name, &reader)?;
            layout.partitions.push(PartitionFile {
                name: file.name,
                bytes,
                rows: reader.row_count(),
            });
        }
        let reader = Self::new(store, layout, columns)?;
        match dataset.stated_rows {
            Some(stated) if stated != reader.row_count() => {
                let found = reader.row_count();
                let reason = format!(
                    "its properties state {stated} rows (hats_nrows) and its partitions have {found}; \
                     perhaps a partition is missing"
                );
                Err(reader.store.broken(reason))
            }
            _ => Ok(reader),
        }
    }

    /// Opens what was found before: looks into one file only.
    pub(super) fn remembered(store: Store, layout: &HatsLayout) -> Result<Self, TableError> {
        Self::new(store, layout.clone(), None)
    }

    fn new(store: Store, layout: HatsLayout, columns: Option<Columns>) -> Result<Self, TableError> {
        let columns = match columns {
            Some(columns) => columns,
            None => Columns::first(&store, &layout)?,
        };
        let mut starts = vec![0u64];
        let mut rows = 0u64;
        for partition in &layout.partitions {
            rows = rows
                .checked_add(partition.rows)
                .filter(|rows| *rows <= i64::MAX as u64)
                .ok_or_else(|| store.broken("it claims too many rows"))?;
            starts.push(rows);
        }
        Ok(Self {
            store,
            layout,
            starts,
            schema: columns.schema,
            arrow_schema: columns.arrow_schema,
            open: Mutex::default(),
        })
    }

    /// The file `index`, from the cache if it is there.
    fn partition(&self, index: usize) -> Result<Arc<Partition>, TableError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = open.iter().position(|(known, _)| *known == index) {
            let entry = open.remove(at);
            let partition = entry.1.clone();
            open.insert(0, entry);
            return Ok(partition);
        }
        drop(open);
        let partition = Arc::new(self.open_partition(index)?);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(0, (index, partition.clone()));
        open.truncate(OPEN_FILES);
        Ok(partition)
    }

    fn open_partition(&self, index: usize) -> Result<Partition, TableError> {
        let file = self
            .layout
            .partitions
            .get(index)
            .ok_or_else(|| self.store.broken("it has fewer files"))?;
        let (reader, bytes) = self.store.parquet(&file.name)?;
        if bytes != file.bytes || reader.row_count() != file.rows {
            return Err(TableError::StaleLayout {
                file: self.store.file_name.clone(),
                reason: format!(
                    "its {} had {} rows in {} bytes and has {} in {bytes}",
                    shown(&file.name),
                    file.rows,
                    file.bytes,
                    reader.row_count()
                ),
            });
        }
        let columns = positions(&self.store, &self.schema, &file.name, &reader)?;
        Ok(Partition { reader, columns })
    }
}

/// The columns of the table.
struct Columns {
    schema: TableSchema,
    arrow_schema: SchemaRef,
}

impl Columns {
    /// Those of the first file, or of the file of the schema when there are no rows.
    fn first(store: &Store, layout: &HatsLayout) -> Result<Self, TableError> {
        let name = layout.partitions.first().map(|partition| &partition.name);
        let name = name.or(layout.schema_file.as_ref()).ok_or_else(|| {
            store.broken("it has neither partitions nor a file _common_metadata that names its columns")
        })?;
        Self::of(store, &store.parquet(name)?.0, layout)
    }

    fn of(store: &Store, reader: &ParquetReader, layout: &HatsLayout) -> Result<Self, TableError> {
        let arrow_schema = reader.arrow_schema();
        let mut fields: Vec<Field> = arrow_schema
            .fields()
            .iter()
            .filter(|field| !layout.hidden.contains(field.name()))
            // Another file may have missing values where this one has none.
            .map(|field| field.as_ref().clone().with_nullable(true))
            .collect();
        if fields.iter().any(|field| field.data_type() == &ArrowType::Null)
            && let Some(name) = &layout.schema_file
        {
            // A column without a value in this file: what it would be is said elsewhere.
            let (typed, _) = store.parquet(name)?;
            for field in fields
                .iter_mut()
                .filter(|field| field.data_type() == &ArrowType::Null)
            {
                if let Ok(typed) = typed.arrow_schema().field_with_name(field.name()) {
                    field.set_data_type(typed.data_type().clone());
                }
            }
        }
        let schema = table_schema(fields.iter());
        let fields = fields.iter().zip(&schema.columns);
        let fields: Vec<_> = fields.map(|(field, column)| described(field, column)).collect();
        Ok(Self {
            schema,
            arrow_schema: Arc::new(Schema::new(fields)),
        })
    }

    fn positions(&self, store: &Store, name: &str, reader: &ParquetReader) -> Result<Vec<usize>, TableError> {
        positions(store, &self.schema, name, reader)
    }
}

/// Where the columns of the table are in a file, which must have them all with the same types (in any order).
fn positions(
    store: &Store,
    schema: &TableSchema,
    name: &str,
    reader: &ParquetReader,
) -> Result<Vec<usize>, TableError> {
    let differs = |column: &str, how: String| {
        let reason = format!("its partitions do not agree: {} {how}", shown(name));
        TableError::broken(&store.file_name, Format::Hats, Some(column), reason)
    };
    let theirs = reader.schema();
    // Mostly the order is the same; hidden columns are all that comes in between.
    let mut guess = 0;
    let mut found = Vec::with_capacity(schema.columns.len());
    for column in &schema.columns {
        let position = theirs
            .columns
            .iter()
            .skip(guess)
            .position(|other| other.name == column.name)
            .map(|position| guess + position)
            .or_else(|| theirs.index_of(&column.name))
            .ok_or_else(|| differs(&column.name, format!("has no column '{}'", shown(&column.name))))?;
        guess = position + 1;
        let Some(other) = theirs.columns.get(position) else {
            continue;
        };
        if !same_type(column, other) {
            let how = format!(
                "has the column '{}' as {}, others as {}",
                shown(&column.name),
                type_name(other),
                type_name(column)
            );
            return Err(differs(&column.name, how));
        }
        found.push(position);
    }
    Ok(found)
}

/// A column without any value may have any type.
fn same_type(column: &ColumnInfo, other: &ColumnInfo) -> bool {
    (column.dtype == other.dtype && column.shape == other.shape)
        || other.dtype == crate::data_type::DataType::Null
}

fn type_name(column: &ColumnInfo) -> String {
    if column.shape.is_empty() {
        return column.dtype.to_string();
    }
    format!("{}{:?}", column.dtype, column.shape)
}

impl TableReader for PartitionedReader {
    fn format(&self) -> Format {
        self.layout.format()
    }

    fn schema(&self) -> &TableSchema {
        &self.schema
    }

    fn arrow_schema(&self) -> SchemaRef {
        self.arrow_schema.clone()
    }

    fn row_count(&self) -> u64 {
        self.starts.last().copied().unwrap_or_default()
    }

    fn layout(&self) -> Layout {
        Layout::Hats(self.layout.clone())
    }

    fn scan_order(&self) -> ScanOrder {
        // Column by column needs less memory, but opens every file once for each column.
        let openings = self
            .layout
            .partitions
            .len()
            .saturating_mul(self.schema.columns.len());
        if openings <= MAX_OPENINGS {
            ScanOrder::Columns
        } else {
            ScanOrder::Rows
        }
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        let wanted = check_projection(&self.store.file_name, self.schema.columns.len(), projection)?;
        let rows = rows.start..rows.end.min(self.row_count());
        let fields: Vec<_> = wanted
            .iter()
            .filter_map(|column| self.arrow_schema.fields().get(*column).cloned())
            .collect();
        // The last file that begins at or before the first row.
        let first = self
            .starts
            .partition_point(|start| *start <= rows.start)
            .saturating_sub(1);
        Ok(Box::new(PartitionedBatches {
            reader: self,
            wanted,
            schema: Arc::new(Schema::new(fields)),
            rows,
            next: first,
            current: None,
        }))
    }
}

/// The batches of one range of rows, file after file.
struct PartitionedBatches<'a> {
    reader: &'a PartitionedReader,
    wanted: Vec<usize>,
    schema: SchemaRef,
    /// What is wanted.
    rows: Range<u64>,
    /// The next file.
    next: usize,
    current: Option<ParquetBatches>,
}

impl Iterator for PartitionedBatches<'_> {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.next_batch();
        if !matches!(batch, Ok(Some(_))) {
            self.rows = 0..0;
            self.current = None;
        }
        batch.transpose()
    }
}

impl PartitionedBatches<'_> {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
                return self.conform(&batch?).map(Some);
            }
            let (Some(start), Some(end)) = (
                self.reader.starts.get(self.next),
                self.reader.starts.get(self.next + 1),
            ) else {
                return Ok(None);
            };
            if *start >= self.rows.end {
                return Ok(None);
            }
            let rows = self.rows.start.max(*start)..self.rows.end.min(*end);
            if rows.start < rows.end {
                let partition = self.reader.partition(self.next)?;
                let columns: Vec<usize> = self
                    .wanted
                    .iter()
                    .filter_map(|column| partition.columns.get(*column).copied())
                    .collect();
                let range = rows.start - start..rows.end - start;
                self.current = Some(partition.reader.batches(range, Some(&columns))?);
            }
            self.next += 1;
        }
    }

    /// The batch with the types of the table: files may hold the same column in different ways.
    fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, TableError> {
        let store = &self.reader.store;
        guarded(&store.file_name, Format::Hats, None, || {
            let mut columns = Vec::with_capacity(batch.num_columns());
            for (array, field) in batch.columns().iter().zip(self.schema.fields()) {
                columns.push(if array.data_type() == field.data_type() {
                    array.clone()
                } else {
                    cast(array, field.data_type()).map_err(|error| {
                        TableError::broken(&store.file_name, Format::Hats, Some(field.name()), error)
                    })?
                });
            }
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
                .map_err(|error| store.broken(error))
        })
    }
}
