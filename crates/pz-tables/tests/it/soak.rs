//! Large files: memory stays flat whatever their size. Run with `--release --run-ignored all --no-capture`; the
//! size in megabytes is taken from `PZ_SOAK_MB`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::WriterProperties;
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use pz_tables::child::{self, ChildLimits};

use crate::child::program;

/// Address space for the program, its code and libraries included.
const MEMORY: u64 = 100 << 20;

fn megabytes() -> u64 {
    std::env::var("PZ_SOAK_MB")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200)
}

/// A number between 0 and 1 from the row.
fn fraction(row: u64, salt: u64) -> f64 {
    let mut z = row
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(salt.wrapping_mul(0xbf58_476d_1ce4_e5b9));
    z = (z ^ (z >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1u64 << 53) as f64
}

const SURVEYS: [&str; 4] = ["VVDS", "DESI", "zCOSMOS", "PRIMUS"];

#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn measure(path: &Path, name: &str, rows: u64) {
    let bytes = fs_err::metadata(path).unwrap().len();
    let limits = ChildLimits {
        time: Duration::from_secs(600),
        memory_bytes: MEMORY,
    };
    let start = Instant::now();
    let inspection = child::inspect(program(), path, name, limits).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(inspection.n_rows, rows);
    assert_eq!(
        inspection.statistics[0].max,
        Some(pz_tables::Scalar::Int(rows as i64 - 1))
    );
    let start = Instant::now();
    let reader = pz_tables::open(path, name, Some(&inspection.layout)).unwrap();
    let opened = start.elapsed();
    let mut slowest = Duration::ZERO;
    for page in 0..50 {
        let first = rows / 50 * page;
        let start = Instant::now();
        let json = pz_tables::rows_json(reader.as_ref(), first..first + 100, None).unwrap();
        slowest = slowest.max(start.elapsed());
        assert!(json.starts_with(&format!("[{{\"id\":{first},")), "{json}");
    }
    let mb = bytes as f64 / 1e6;
    println!(
        "{name}: {mb:.0} MB, {rows} rows, inspected in {seconds:.2} s ({:.0} MB/s, {:.1} million rows/s) within \
         {} MiB; opened in {opened:?}, slowest page of 50 in {slowest:?}",
        mb / seconds,
        rows as f64 / seconds / 1e6,
        MEMORY >> 20
    );
}

#[test]
#[ignore = "writes a large file"]
fn large_csv() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.csv");
    let mut out = std::io::BufWriter::new(fs_err::File::create(&path).unwrap());
    writeln!(out, "id,ra,dec,mag,error,z,flag,survey,note").unwrap();
    let (mut rows, mut bytes) = (0u64, 0u64);
    while bytes < megabytes() * 1_000_000 {
        let line = format!(
            "{rows},{},{},{:.4},{:.5},{:.5},{},{},\"{}\"\n",
            fraction(rows, 1) * 360.0,
            fraction(rows, 2) * 180.0 - 90.0,
            fraction(rows, 3) * 10.0 + 15.0,
            fraction(rows, 4),
            fraction(rows, 5) * 3.0,
            rows % 5,
            SURVEYS[rows as usize % 4],
            if rows % 1_000 == 0 { "two\nlines" } else { "ok" },
        );
        out.write_all(line.as_bytes()).unwrap();
        bytes += line.len() as u64;
        rows += 1;
    }
    out.flush().unwrap();
    measure(&path, "large.csv", rows);
}

#[test]
#[ignore = "writes a large file"]
fn large_parquet() {
    let directory = tempfile::tempdir().unwrap();
    for (name, group_rows, index) in [
        ("groups.parquet", 1 << 20, true),
        ("one-group.parquet", usize::MAX / 2, false),
    ] {
        let path = directory.path().join(name);
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("ra", DataType::Float64, false),
            Field::new("dec", DataType::Float64, false),
            Field::new("z", DataType::Float64, true),
            Field::new("survey", DataType::Utf8, false),
        ]));
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(group_rows))
            .set_offset_index_disabled(!index)
            .set_compression(Compression::SNAPPY)
            .build();
        let mut writer = ArrowWriter::try_new(
            fs_err::File::create(&path).unwrap(),
            schema.clone(),
            Some(properties),
        )
        .unwrap();
        let rows = megabytes() * 1_000_000 / 30;
        for first in (0..rows).step_by(65_536) {
            let range = || first..(first + 65_536).min(rows);
            let columns: Vec<ArrayRef> = vec![
                Arc::new(range().map(|row| Some(row as i64)).collect::<Int64Array>()),
                Arc::new(
                    range()
                        .map(|row| Some(fraction(row, 1) * 360.0))
                        .collect::<Float64Array>(),
                ),
                Arc::new(
                    range()
                        .map(|row| Some(fraction(row, 2) * 180.0 - 90.0))
                        .collect::<Float64Array>(),
                ),
                Arc::new(
                    range()
                        .map(|row| (row % 10 > 0).then(|| fraction(row, 3)))
                        .collect::<Float64Array>(),
                ),
                Arc::new(
                    range()
                        .map(|row| Some(SURVEYS[row as usize % 4]))
                        .collect::<StringArray>(),
                ),
            ];
            writer
                .write(&RecordBatch::try_new(schema.clone(), columns).unwrap())
                .unwrap();
        }
        writer.close().unwrap();
        measure(&path, name, rows);
    }
}
