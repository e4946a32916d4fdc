//! Archives as users make them.

use std::io::{Cursor, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A zip of these members, compressed.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

pub fn tar_xz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut tar = tar::Builder::new(lzma_rust2::XzWriter::new(Vec::new(), options).unwrap());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Rows of a catalog of 300 objects whose ids do not survive a double.
pub const HATS_ROWS: usize = 300;

/// A HATS catalog of two partitions, as files by their paths below its directory.
pub fn hats_catalog() -> Vec<(String, Vec<u8>)> {
    let half = HATS_ROWS as i64 / 2;
    let properties = format!(
        "#HATS catalog\nobs_collection=tiny\ndataproduct_type=object\nhats_nrows={HATS_ROWS}\n\
         hats_col_ra=ra\nhats_col_dec=dec\nhats_col_healpix=_healpix_29\nhats_col_healpix_order=29\n\
         hats_npix_suffix=.parquet\nhats_order=0\nhats_version=v1.0\n"
    );
    vec![
        ("hats.properties".into(), properties.clone().into_bytes()),
        ("properties".into(), properties.into_bytes()),
        ("partition_info.csv".into(), b"Norder,Npix\n0,4\n0,7\n".to_vec()),
        ("dataset/_common_metadata".into(), partition(0..0, 4)),
        (
            "dataset/Norder=0/Dir=0/Npix=4.parquet".into(),
            partition(0..half, 4),
        ),
        (
            "dataset/Norder=0/Dir=0/Npix=7.parquet".into(),
            partition(half..2 * half, 7),
        ),
    ]
}

/// The same as a collection, below the directory `tiny`.
pub fn hats_collection() -> Vec<(String, Vec<u8>)> {
    let properties = b"#HATS Collection\nobs_collection=tiny\nhats_primary_table_url=objects\n".to_vec();
    let mut files = vec![("tiny/collection.properties".to_owned(), properties)];
    files.extend(
        hats_catalog()
            .into_iter()
            .map(|(name, bytes)| (format!("tiny/objects/{name}"), bytes)),
    );
    files
}

/// The files in the form that [`zip`] takes.
pub fn members(files: &[(String, Vec<u8>)]) -> Vec<(&str, &[u8])> {
    files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect()
}

fn partition(rows: std::ops::Range<i64>, pixel: i64) -> Vec<u8> {
    let column = |value: &dyn Fn(i64) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(rows.clone().map(value)))
    };
    let batch = RecordBatch::try_from_iter([
        (
            "_healpix_29",
            Arc::new(Int64Array::from_iter_values(
                rows.clone().map(|row| (pixel << 58) + row),
            )) as ArrayRef,
        ),
        (
            "id",
            Arc::new(Int64Array::from_iter_values(
                rows.clone().map(|row| 1_486_231_857_497_402_613 + row),
            )) as ArrayRef,
        ),
        ("ra", column(&|row| 10.0 + row as f64 / 8.0)),
        ("dec", column(&|row| -5.0 + row as f64 / 64.0)),
        ("z", column(&|row| row as f64 / 128.0)),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
