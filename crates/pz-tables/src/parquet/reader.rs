//! Reads any rows of a Parquet file: row groups that are not wanted are never touched, pages within a row group
//! are skipped. Must never rename columns other than to make names unique.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use ::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};

use super::file::SourceFile;
use super::{ASTROPY_KEY, broken, guarded};
use crate::arrow_schema::{described, table_schema};
use crate::csv::ecsv;
use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::{Batches, ScanOrder, TableReader, check_projection};
use crate::recognise::Format;
use crate::schema::TableSchema;

/// Most rows of a batch, and roughly the bytes it may hold.
const MAX_BATCH_ROWS: u64 = 16 * 1024;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// A Parquet file whose footer has been read.
#[derive(Debug)]
pub(crate) struct ParquetReader {
    file_name: Arc<str>,
    source: SourceFile,
    metadata: ArrowReaderMetadata,
    schema: TableSchema,
    arrow_schema: SchemaRef,
    row_count: u64,
}

impl ParquetReader {
    /// Opens the file; `file_bytes` is its size as remembered, if it is.
    pub(crate) fn open(path: &Path, file_name: &str, file_bytes: Option<u64>) -> Result<Self, TableError> {
        let source = SourceFile::open(path, file_name)?;
        let length = ::parquet::file::reader::Length::len(&source);
        if let Some(expected) = file_bytes.filter(|expected| *expected != length) {
            return Err(TableError::stale_size(file_name, expected, length));
        }
        guarded(file_name, None, || Self::with_source(source, file_name, length))
    }

    /// Opens the Parquet file that is the `length` bytes of `file` from `start` on, all of which exist.
    pub(crate) fn within(
        file: Arc<fs_err::File>,
        start: u64,
        length: u64,
        file_name: &str,
    ) -> Result<Self, TableError> {
        let source = SourceFile::within(file, start, length, file_name)?;
        guarded(file_name, None, || Self::with_source(source, file_name, length))
    }

    fn with_source(source: SourceFile, file_name: &str, length: u64) -> Result<Self, TableError> {
        let options = || {
            ArrowReaderOptions::new()
                .with_column_index_policy(PageIndexPolicy::Skip)
                .with_offset_index_policy(PageIndexPolicy::Optional)
        };
        let metadata = ArrowReaderMetadata::load(&source, options())
            // An Arrow schema that contradicts the file is only a hint; the file's own schema counts.
            .or_else(|_| ArrowReaderMetadata::load(&source, options().with_skip_arrow_metadata(true)))
            // Nor is a damaged page index worth refusing the file for.
            .or_else(|_| ArrowReaderMetadata::load(&source, ArrowReaderOptions::new().with_skip_arrow_metadata(true)))
            .map_err(|error| broken(file_name, None, error))?;
        let row_count =
            check_row_groups(metadata.metadata(), length).map_err(|why| broken(file_name, None, why))?;
        let mut schema = table_schema(metadata.schema().fields().iter().map(Arc::as_ref));
        describe_as_astropy(metadata.metadata(), &mut schema);
        let fields = metadata.schema().fields().iter().zip(&schema.columns);
        let fields: Vec<_> = fields.map(|(field, column)| described(field, column)).collect();
        Ok(Self {
            file_name: file_name.into(),
            source,
            metadata,
            arrow_schema: Arc::new(Schema::new(fields)),
            schema,
            row_count,
        })
    }

    /// As [`TableReader::read_rows`], without a tie to this reader.
    pub(crate) fn batches(
        &self,
        rows: Range<u64>,
        projection: Option<&[usize]>,
    ) -> Result<ParquetBatches, TableError> {
        let wanted = check_projection(&self.file_name, self.schema.columns.len(), projection)?;
        let rows = rows.start..rows.end.min(self.row_count);
        let mut decoded = wanted.clone();
        decoded.sort_unstable();
        decoded.dedup();
        let order = wanted
            .iter()
            .filter_map(|column| decoded.binary_search(column).ok())
            .collect();
        let fields: Vec<_> = wanted
            .iter()
            .filter_map(|column| self.arrow_schema.fields().get(*column).cloned())
            .collect();
        let batches = if rows.start < rows.end {
            Some(guarded(&self.file_name, None, || self.decode(&rows, &decoded))?)
        } else {
            None
        };
        Ok(ParquetBatches {
            file_name: self.file_name.clone(),
            batches,
            schema: Arc::new(Schema::new(fields)),
            order,
            missing: rows.end.saturating_sub(rows.start),
        })
    }

    /// Size of the file.
    fn file_bytes(&self) -> u64 {
        ::parquet::file::reader::Length::len(&self.source)
    }

    /// Decodes rows of the columns `columns` (in ascending order).
    fn decode(&self, rows: &Range<u64>, columns: &[usize]) -> Result<ParquetRecordBatchReader, TableError> {
        let mut groups = Vec::new();
        let (mut first_row, mut row) = (0, 0);
        for (index, group) in self.metadata.metadata().row_groups().iter().enumerate() {
            let next = row + group.num_rows().unsigned_abs();
            if next > rows.start && row < rows.end {
                if groups.is_empty() {
                    first_row = row;
                }
                groups.push(index);
            }
            row = next;
        }
        let batch_rows = self
            .batch_rows(&groups, columns)
            .min(rows.end - rows.start)
            .max(1);
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.source.clone(), self.metadata.clone())
            .with_row_groups(groups)
            .with_projection(mask)
            .with_batch_size(batch_rows as usize)
            .with_offset(rows.start.saturating_sub(first_row) as usize)
            .with_limit((rows.end - rows.start) as usize)
            .build()
            .map_err(|error| broken(&self.file_name, None, error))
    }

    /// Rows of which the columns fill about [`BATCH_BYTES`].
    fn batch_rows(&self, groups: &[usize], columns: &[usize]) -> u64 {
        let parquet_schema = self.metadata.parquet_schema();
        let (mut bytes, mut rows) = (0u64, 0u64);
        for group in groups
            .iter()
            .filter_map(|group| self.metadata.metadata().row_groups().get(*group))
        {
            rows += group.num_rows().unsigned_abs();
            for (leaf, chunk) in group.columns().iter().enumerate() {
                if columns
                    .binary_search(&parquet_schema.get_column_root_idx(leaf))
                    .is_ok()
                {
                    bytes = bytes.saturating_add(chunk.uncompressed_size().unsigned_abs());
                }
            }
        }
        let row_bytes = bytes / rows.max(1) + columns.len() as u64;
        (BATCH_BYTES / row_bytes.max(1)).clamp(1, MAX_BATCH_ROWS)
    }
}

/// Units and descriptions as astropy keeps them: one entry of the file, the columns in the words of an ECSV head.
fn describe_as_astropy(metadata: &ParquetMetaData, schema: &mut TableSchema) {
    let entries = metadata.file_metadata().key_value_metadata();
    let Some(told) = entries
        .and_then(|entries| entries.iter().find(|entry| entry.key == ASTROPY_KEY))
        .and_then(|entry| entry.value.as_ref())
    else {
        return;
    };
    let mut head = vec!["# %ECSV 1.0".to_owned()];
    head.extend(told.lines().map(|line| format!("# {line}")));
    for described in ecsv::columns(&head) {
        if let Some(column) = schema
            .columns
            .iter_mut()
            .find(|column| column.name == described.name)
        {
            // What the field itself says comes first.
            column.unit = column.unit.take().or(described.unit);
            column.description = column.description.take().or(described.description);
        }
    }
}

/// Counts the rows and makes sure that everything the footer points to lies within the file.
fn check_row_groups(metadata: &ParquetMetaData, length: u64) -> Result<u64, String> {
    let mut total = 0u64;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let rows = u64::try_from(group.num_rows())
            .map_err(|_| format!("row group {index} has {} rows", group.num_rows()))?;
        total = total
            .checked_add(rows)
            .filter(|total| *total <= i64::MAX as u64)
            .ok_or("it claims too many rows")?;
        for chunk in group.columns() {
            let start = chunk
                .dictionary_page_offset()
                .unwrap_or(i64::MAX)
                .min(chunk.data_page_offset());
            let start = if start == 0 {
                chunk.data_page_offset()
            } else {
                start
            };
            let end = u64::try_from(start)
                .ok()
                .zip(u64::try_from(chunk.compressed_size()).ok());
            if end
                .and_then(|(start, size)| start.checked_add(size))
                .is_none_or(|end| end > length)
            {
                return Err(format!(
                    "column '{}' of row group {index} lies outside the file",
                    chunk.column_path()
                ));
            }
        }
    }
    let claimed = metadata.file_metadata().num_rows();
    if u64::try_from(claimed) != Ok(total) {
        return Err(format!(
            "it claims {claimed} rows and its row groups have {total}"
        ));
    }
    Ok(total)
}

impl TableReader for ParquetReader {
    fn format(&self) -> Format {
        Format::Parquet
    }

    fn schema(&self) -> &TableSchema {
        &self.schema
    }

    fn arrow_schema(&self) -> SchemaRef {
        self.arrow_schema.clone()
    }

    fn layout(&self) -> Layout {
        Layout::Parquet {
            file_bytes: self.file_bytes(),
        }
    }

    fn scan_order(&self) -> ScanOrder {
        ScanOrder::Columns
    }

    fn row_count(&self) -> u64 {
        self.row_count
    }

    fn read_rows(&self, rows: Range<u64>, projection: Option<&[usize]>) -> Result<Batches<'_>, TableError> {
        Ok(Box::new(self.batches(rows, projection)?))
    }
}

/// The batches of one range of rows.
pub(crate) struct ParquetBatches {
    file_name: Arc<str>,
    /// None after the end or an error.
    batches: Option<ParquetRecordBatchReader>,
    schema: SchemaRef,
    /// For each column wanted its position among those decoded.
    order: Vec<usize>,
    missing: u64,
}

impl Iterator for ParquetBatches {
    type Item = Result<RecordBatch, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.next_batch();
        if !matches!(batch, Ok(Some(_))) {
            self.batches = None;
        }
        batch.transpose()
    }
}

impl ParquetBatches {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        let Some(batches) = self.batches.as_mut().filter(|_| self.missing > 0) else {
            return Ok(None);
        };
        let (file_name, order, schema) = (self.file_name.as_ref(), &self.order, &self.schema);
        let batch = guarded(file_name, None, || {
            let Some(batch) = batches.next() else {
                return Err(broken(file_name, None, "it has fewer rows than its footer says"));
            };
            let batch = batch.map_err(|error| broken(file_name, None, error))?;
            let columns = order
                .iter()
                .filter_map(|column| batch.columns().get(*column).cloned())
                .collect();
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(schema.clone(), columns, &options)
                .map_err(|error| broken(file_name, None, error))
        })?;
        self.missing = self.missing.saturating_sub(batch.num_rows() as u64);
        Ok(Some(batch))
    }
}
