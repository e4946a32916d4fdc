//! Writes Parquet: one file, an Arrow schema within, so that every type of Arrow's comes back as it went in. Must
//! never hold more than one row group.
//!
//! Unit, UCD and description are field metadata (`unit`, `ucd`, `description`) of that Arrow schema; unit and
//! description also stand where astropy looks for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType as ArrowType, Field, FieldRef, IntervalUnit, Schema, SchemaRef};
use fs_err::File;

use super::TableWriter;
use super::finish::name_of;
use crate::arrow_schema::{DESCRIPTION, UNIT, data_type};
use crate::data_type::DataType;
use crate::error::TableError;
use crate::parquet::ASTROPY_KEY;

/// Rows of a row group, and bytes of it in the file. Readers hold a row group, or a few columns of one, at a time.
const GROUP_ROWS: usize = 1024 * 1024;
const GROUP_BYTES: usize = 64 * 1024 * 1024;

/// Rows of a page: a preview in the middle of a file decodes one page per column.
const PAGE_ROWS: usize = 20_000;

/// Zstandard at its quickest, as HATS catalogs have it. Measured on a catalog of 3 million rows and 12 columns (seconds of
/// one processor to convert and to summarise, megabytes; and megabytes of a dozen samples of public surveys):
///
/// | codec | write | read | catalog | samples |
/// |---|---|---|---|---|
/// | none | 0.6 | 0.14 | 180 | 1.80 |
/// | Snappy | 0.7 | 0.20 | 153 | 1.50 |
/// | LZ4 | 0.6 | 0.18 | 154 | 1.49 |
/// | Zstandard 1 | 0.9 | 0.25 | 121 | 1.31 |
/// | Zstandard 3 | 1.0 | 0.26 | 123 | 1.30 |
const ZSTD_LEVEL: i32 = 1;

/// Starts a Parquet file at `path`.
pub(super) fn create(path: &Path, schema: &SchemaRef) -> Result<Box<dyn TableWriter>, TableError> {
    check_types(schema)?;
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(|error| unwritable(error.to_string()))?;
    let file = File::create(path).map_err(|source| TableError::io(&name_of(path), source))?;
    let properties = WriterProperties::builder()
        .set_created_by(concat!("pz-tables ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .build();
    let metadata = described_for_astropy(schema).map(|lines| (ASTROPY_KEY.to_owned(), lines));
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    let schema = Arc::new(Schema::new(schema.fields().clone()).with_metadata(metadata));
    let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties))
        .map_err(|error| unwritten(path, error))?;
    Ok(Box::new(ParquetWriter {
        path: path.to_owned(),
        schema,
        writer,
    }))
}

/// Units and descriptions as astropy wants them: a list of all columns in YAML, of which JSON is a part.
///
/// They are in the Arrow schema, since pyarrow, by which astropy reads, looks nowhere else when there is one.
fn described_for_astropy(schema: &SchemaRef) -> Option<String> {
    let is_described = |field: &FieldRef| {
        [UNIT, DESCRIPTION]
            .iter()
            .any(|key| field.metadata().contains_key(key))
    };
    if !schema.fields().iter().any(is_described) {
        return None;
    }
    let mut lines = String::from("datatype:");
    for field in schema.fields() {
        let datatype = match data_type(field.data_type()) {
            DataType::Decimal(..) => "string".to_owned(),
            plain if plain.is_number() || plain == DataType::Bool => plain.to_string(),
            _ => "string".to_owned(),
        };
        lines.push_str(&format!("\n- {{name: {}", quoted(field.name())));
        if let Some(unit) = field.metadata().get(UNIT) {
            lines.push_str(&format!(", unit: {}", quoted(unit)));
        }
        lines.push_str(&format!(", datatype: {datatype}"));
        if let Some(description) = field.metadata().get(DESCRIPTION) {
            lines.push_str(&format!(", description: {}", quoted(description)));
        }
        lines.push('}');
    }
    Some(lines)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Types that Parquet has no word for, with the column's name.
fn check_types(schema: &SchemaRef) -> Result<(), TableError> {
    for field in schema.fields() {
        let alone = Schema::new(vec![Arc::clone(field)]);
        let known = ArrowSchemaConverter::new().convert(&alone).is_ok() && !has_spans(field);
        if !known {
            return Err(TableError::Unwritable {
                format: "Parquet",
                reason: format!(
                    "column '{}' has the type {}, for which Parquet has no word. Leave the column out",
                    field.name(),
                    field.data_type()
                ),
                column: Some(field.name().clone()),
            });
        }
    }
    Ok(())
}

/// Spans of months, days and nanoseconds, which the converter lets pass and the writer does not know.
fn has_spans(field: &Field) -> bool {
    let inner = |field: &FieldRef| has_spans(field);
    match field.data_type() {
        ArrowType::Interval(IntervalUnit::MonthDayNano) => true,
        ArrowType::List(item)
        | ArrowType::LargeList(item)
        | ArrowType::ListView(item)
        | ArrowType::LargeListView(item)
        | ArrowType::FixedSizeList(item, _)
        | ArrowType::Map(item, _) => inner(item),
        ArrowType::Struct(fields) => fields.iter().any(inner),
        _ => false,
    }
}

struct ParquetWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
}

impl TableWriter for ParquetWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        // Same columns, but the metadata of the fields may be told otherwise in a batch.
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(self.schema.clone(), batch.columns().to_vec(), &options)
                .map_err(|error| unwritable(error.to_string()))?;
        self.writer
            .write(&batch)
            .map_err(|error| unwritten(&self.path, error))
    }

    fn finish(self: Box<Self>) -> Result<(), TableError> {
        let Self { path, writer, .. } = *self;
        writer.close().map_err(|error| unwritten(&path, error))?;
        Ok(())
    }
}

fn unwritable(reason: String) -> TableError {
    TableError::Unwritable {
        format: "Parquet",
        reason,
        column: None,
    }
}

fn unwritten(path: &Path, error: ParquetError) -> TableError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => TableError::io(&name_of(path), *source),
            Err(other) => unwritable(other.to_string()),
        },
        other => unwritable(other.to_string()),
    }
}
