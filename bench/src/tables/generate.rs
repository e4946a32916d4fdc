//! A catalogue of galaxies of any length, the same every time.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use pz_tables::write::{FactsScan, OutputFormat, WriteOptions, create};

/// Columns of the table.
pub(super) const COLUMNS: usize = 10;

/// Rows made at a time.
const BATCH: u64 = 16_384;

const SURVEYS: [&str; 5] = ["DESI", "VVDS", "zCOSMOS", "PRIMUS", "3D-HST"];

/// Writes the table, complete, at `path`.
pub(super) fn write(path: &Path, format: OutputFormat, rows: u64) -> anyhow::Result<()> {
    let schema = schema();
    let mut facts = FactsScan::new(&schema);
    for batch in batches(&schema, rows) {
        facts.push(&batch?);
    }
    let mut writer = create(
        path,
        format,
        &schema,
        Some(&facts.finish()),
        &WriteOptions::default(),
    )?;
    for batch in batches(&schema, rows) {
        writer.write(&batch?)?;
    }
    Ok(writer.finish()?)
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("object_id", DataType::Int64, false),
        Field::new("ra", DataType::Float64, false),
        Field::new("dec", DataType::Float64, false),
        Field::new("mag_g", DataType::Float32, false),
        Field::new("mag_r", DataType::Float32, false),
        Field::new("mag_i", DataType::Float32, false),
        Field::new("z", DataType::Float64, true),
        Field::new("z_flag", DataType::Int64, false),
        Field::new("survey", DataType::Utf8, false),
        Field::new("is_secure", DataType::Boolean, false),
    ]))
}

fn batches(schema: &SchemaRef, rows: u64) -> impl Iterator<Item = anyhow::Result<RecordBatch>> {
    (0..rows).step_by(BATCH as usize).map(move |first| {
        let range = || first..(first + BATCH).min(rows);
        let magnitude = |salt: u64| -> ArrayRef {
            // A few percent are not detected, and say so by 99.
            let value = |row| {
                let detected = fraction(row, salt + 10) > 0.03;
                if detected {
                    18.0 + 3.0 * bell(row, salt) as f32
                } else {
                    99.0
                }
            };
            Arc::new(range().map(|row| Some(value(row))).collect::<Float32Array>())
        };
        let redshift = |row| (row % 50 != 17).then(|| (0.6 + 0.2 * bell(row, 5)).powi(2));
        let flag = |row| [4, 3, 4, 2, 4, 9, 1, 3][(fraction(row, 6) * 8.0) as usize % 8];
        let survey = |row| SURVEYS[(fraction(row, 7) * 5.0) as usize % 5];
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                range()
                    .map(|row| Some(4_611_686_018_427_387_000 + 37 * row as i64))
                    .collect::<Int64Array>(),
            ),
            Arc::new(
                range()
                    .map(|row| Some(360.0 * fraction(row, 1)))
                    .collect::<Float64Array>(),
            ),
            Arc::new(
                range()
                    .map(|row| Some((2.0 * fraction(row, 2) - 1.0).asin().to_degrees()))
                    .collect::<Float64Array>(),
            ),
            magnitude(20),
            magnitude(40),
            magnitude(60),
            Arc::new(range().map(redshift).collect::<Float64Array>()),
            Arc::new(range().map(|row| Some(flag(row))).collect::<Int64Array>()),
            Arc::new(range().map(|row| Some(survey(row))).collect::<StringArray>()),
            Arc::new(
                range()
                    .map(|row| Some(fraction(row, 8) < 0.7))
                    .collect::<BooleanArray>(),
            ),
        ];
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    })
}

/// A number from 0 to 1 for the row: `SplitMix64` (Steele, Lea and Flood 2014).
fn fraction(row: u64, salt: u64) -> f64 {
    let mut z = row.wrapping_add(salt << 40).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Nearly normal, from −3.5 to 3.5: the sum of four.
fn bell(row: u64, salt: u64) -> f64 {
    (0..4).map(|part| fraction(row, salt + part) - 0.5).sum::<f64>() * 3f64.sqrt()
}
