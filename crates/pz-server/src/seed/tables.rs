//! Tables made in memory and written as files.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{Field, Schema};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// The values of a column; `None` is missing.
#[derive(Debug)]
pub(super) enum Values {
    Float64(Vec<Option<f64>>),
    Float32(Vec<Option<f32>>),
    Int64(Vec<i64>),
    Int32(Vec<i32>),
    Text(Vec<String>),
}

/// A table: name, unit and values of each column.
#[derive(Debug, Default)]
pub(super) struct DemoTable {
    columns: Vec<(&'static str, &'static str, Values)>,
}

impl DemoTable {
    pub(super) fn add(&mut self, name: &'static str, unit: &'static str, values: Values) {
        self.columns.push((name, unit, values));
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, _, values)| match values {
            Values::Float64(values) => values.len(),
            Values::Float32(values) => values.len(),
            Values::Int64(values) => values.len(),
            Values::Int32(values) => values.len(),
            Values::Text(values) => values.len(),
        })
    }

    /// As Parquet, with units in the field metadata.
    pub(super) fn to_parquet(&self) -> anyhow::Result<Vec<u8>> {
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (name, unit, values) in &self.columns {
            let array: ArrayRef = match values {
                Values::Float64(values) => Arc::new(Float64Array::from(values.clone())),
                Values::Float32(values) => Arc::new(Float32Array::from(values.clone())),
                Values::Int64(values) => Arc::new(Int64Array::from(values.clone())),
                Values::Int32(values) => Arc::new(Int32Array::from(values.clone())),
                Values::Text(values) => Arc::new(StringArray::from(values.clone())),
            };
            let mut field = Field::new(*name, array.data_type().clone(), true);
            if !unit.is_empty() {
                field = field.with_metadata([("unit".to_owned(), (*unit).to_owned())]);
            }
            fields.push(field);
            arrays.push(array);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
        writer.write(&batch)?;
        Ok(writer.into_inner()?)
    }

    /// As CSV with a header; missing values are empty.
    pub(super) fn to_csv(&self) -> anyhow::Result<Vec<u8>> {
        let names: Vec<&str> = self.columns.iter().map(|(name, _, _)| *name).collect();
        let mut text = names.join(",");
        text.push('\n');
        for row in 0..self.rows() {
            for (index, (_, _, values)) in self.columns.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                match values {
                    Values::Float64(values) => {
                        if let Some(Some(value)) = values.get(row) {
                            write!(text, "{value}")?;
                        }
                    }
                    Values::Float32(values) => {
                        if let Some(Some(value)) = values.get(row) {
                            write!(text, "{value}")?;
                        }
                    }
                    Values::Int64(values) => write!(text, "{}", values[row])?,
                    Values::Int32(values) => write!(text, "{}", values[row])?,
                    // None of the texts made here needs quotes.
                    Values::Text(values) => text.push_str(&values[row]),
                }
            }
            text.push('\n');
        }
        Ok(text.into_bytes())
    }
}
