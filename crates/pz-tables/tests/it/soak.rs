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
const MEMORY: u64 = 200 << 20;

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

/// Writes a Parquet file of some 30 bytes a row.
fn write_parquet(path: &Path, rows: u64, group_rows: usize, index: bool) {
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
    let file = fs_err::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).unwrap();
    let floats = |range: std::ops::Range<u64>, salt: u64, scale: f64, shift: f64| {
        let values = range.map(|row| Some(fraction(row, salt) * scale + shift));
        Arc::new(values.collect::<Float64Array>()) as ArrayRef
    };
    for first in (0..rows).step_by(65_536) {
        let range = || first..(first + 65_536).min(rows);
        let redshifts = range().map(|row| (row % 10 > 0).then(|| fraction(row, 3)));
        let surveys = range().map(|row| Some(SURVEYS[row as usize % 4]));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(range().map(|row| Some(row as i64)).collect::<Int64Array>()),
            floats(range(), 1, 360.0, 0.0),
            floats(range(), 2, 180.0, -90.0),
            Arc::new(redshifts.collect::<Float64Array>()),
            Arc::new(surveys.collect::<StringArray>()),
        ];
        writer
            .write(&RecordBatch::try_new(schema.clone(), columns).unwrap())
            .unwrap();
    }
    writer.close().unwrap();
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
        let rows = megabytes() * 1_000_000 / 30;
        write_parquet(&path, rows, group_rows, index);
        measure(&path, name, rows);
    }
}

/// Converts with the program, within [`MEMORY`].
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn convert(from: &Path, to: &Path) {
    let start = Instant::now();
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -v $0; exec \"$1\" convert \"$2\" \"$3\""])
        .arg((MEMORY >> 10).to_string())
        .args([program(), from, to])
        .status()
        .unwrap();
    assert!(status.success(), "converting to {}", to.display());
    let mb = fs_err::metadata(to).unwrap().len() as f64 / 1e6;
    let seconds = start.elapsed().as_secs_f64();
    let format = to.extension().unwrap().to_string_lossy().into_owned();
    println!(
        "written as {format}: {mb:.0} MB in {seconds:.2} s ({:.0} MB/s)",
        mb / seconds
    );
}

/// A Parquet file converted to another format of about [`megabytes`], which is then read.
fn large(name: &str, bytes_per_row: u64) {
    let directory = tempfile::tempdir().unwrap();
    let (source, path) = (
        directory.path().join("source.parquet"),
        directory.path().join(name),
    );
    let rows = megabytes() * 1_000_000 / bytes_per_row;
    write_parquet(&source, rows, 1 << 20, true);
    convert(&source, &path);
    measure(&path, name, rows);
}

#[test]
#[ignore = "writes a large file"]
fn large_converted_csv() {
    large("large.csv", 70);
}

#[test]
#[ignore = "writes a large file"]
fn large_fits() {
    large("large.fits", 39);
}

#[test]
#[ignore = "writes a large file"]
fn large_hdf5() {
    large("large.hdf5", 28);
}

#[test]
#[ignore = "writes a large file"]
fn large_votable() {
    large("large.vot", 60);
}
