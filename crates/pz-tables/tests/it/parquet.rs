//! Parquet: schema, pages, statistics, and what is refused.

use std::collections::HashMap;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use proptest::prelude::*;
use pz_tables::{Format, Layout, Scalar};
use serde_json::Value;

use crate::{TempTable, table};

/// The bytes of a Parquet file with these columns.
pub(crate) fn parquet(
    fields: Vec<Field>,
    columns: Vec<ArrayRef>,
    properties: Option<WriterProperties>,
) -> Vec<u8> {
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, properties).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// Rows `0..rows` with a number, its half (every fifth missing, every seventh NaN) and a text.
pub(crate) fn sample(rows: i64, group_rows: usize, page_rows: usize, page_index: bool) -> Vec<u8> {
    let half = |row: i64| match row {
        row if row % 5 == 4 => None,
        row if row % 7 == 6 => Some(f64::NAN),
        row => Some(row as f64 / 2.0),
    };
    let fields = vec![
        Field::new("id", DataType::Int64, false),
        Field::new("half", DataType::Float64, true),
        Field::new("text", DataType::Utf8, true),
    ];
    let columns: Vec<ArrayRef> = vec![
        Arc::new((0..rows).map(Some).collect::<Int64Array>()),
        Arc::new((0..rows).map(half).collect::<Float64Array>()),
        Arc::new(
            (0..rows)
                .map(|row| (row % 3 != 2).then(|| format!("t{}", row % 10)))
                .collect::<StringArray>(),
        ),
    ];
    let statistics = if page_index {
        EnabledStatistics::Page
    } else {
        EnabledStatistics::None
    };
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .set_data_page_row_count_limit(page_rows)
        .set_write_batch_size(page_rows.max(1))
        .set_statistics_enabled(statistics)
        .set_offset_index_disabled(!page_index)
        .set_compression(Compression::SNAPPY)
        .build();
    parquet(fields, columns, Some(properties))
}

fn rows_of(file: &TempTable, start: u64, end: u64, projection: Option<&[usize]>) -> Vec<Value> {
    serde_json::from_str(&pz_tables::rows_json(file.open().as_ref(), start..end, projection).unwrap())
        .unwrap()
}

#[test]
fn inspection() {
    let file = table("s.parquet", sample(10_000, 3_000, 500, true));
    let inspection = file.inspect().unwrap();
    assert_eq!((inspection.format, inspection.n_rows), (Format::Parquet, 10_000));
    assert!(matches!(inspection.layout, Layout::Parquet { .. }));
    assert_eq!(file.columns(), ["id: int64", "half: float64", "text: string"]);
    let nullable: Vec<bool> = inspection
        .schema
        .columns
        .iter()
        .map(|column| column.nullable)
        .collect();
    assert_eq!(nullable, [false, true, true]);
    let [id, half, text] = inspection.statistics.as_slice() else {
        panic!("three columns")
    };
    assert_eq!(
        (id.count, id.missing, id.min.clone(), id.max.clone()),
        (10_000, 0, Some(Scalar::Int(0)), Some(Scalar::Int(9_999)))
    );
    assert_eq!(id.mean, Some(4_999.5));
    assert!(
        (id.std.unwrap() - (10_000.0f64 * 10_001.0 / 12.0).sqrt()).abs() < 1e-6,
        "{:?}",
        id.std
    );
    let nan = (0..10_000).filter(|row| row % 5 != 4 && row % 7 == 6).count() as u64;
    assert_eq!(
        (half.count, half.missing, half.nan),
        (8_000 - nan, 2_000 + nan, nan)
    );
    assert_eq!(half.max, Some(Scalar::Float(4_999.0)));
    assert_eq!(
        (text.count, text.distinct, text.min_length, text.max_length),
        (6_667, Some(10), Some(2), Some(2))
    );
    assert_eq!(text.top_values.iter().map(|top| top.count).sum::<u64>(), 6_667);
    assert_eq!(text.sample, ["t0", "t1", "t3"]);
    assert_eq!(half.sample, ["0.0", "0.5", "1.0"]);
}

#[test]
fn columns_in_the_order_wanted() {
    let file = table("s.parquet", sample(100, 40, 7, true));
    let rows = pz_tables::rows_json(file.open().as_ref(), 41..43, Some(&[2, 0, 2])).unwrap();
    assert_eq!(
        rows,
        "[{\"text\":null,\"id\":41,\"text\":null},{\"text\":\"t2\",\"id\":42,\"text\":\"t2\"}]"
    );
    assert!(file.open().read_rows(0..1, Some(&[3])).is_err());
    assert_eq!(
        pz_tables::rows_json(file.open().as_ref(), 0..2, Some(&[])).unwrap(),
        "[{},{}]"
    );
}

#[test]
fn empty_tables() {
    let file = table("e.parquet", sample(0, 10, 10, true));
    assert_eq!((file.inspect().unwrap().n_rows, file.rows().as_str()), (0, "[]"));
    assert_eq!(file.inspect().unwrap().statistics[0].min, None);
    let none = table("e.parquet", {
        let mut bytes = Vec::new();
        ArrowWriter::try_new(&mut bytes, Arc::new(Schema::empty()), None)
            .unwrap()
            .close()
            .unwrap();
        bytes
    });
    assert_eq!(none.inspect().unwrap().schema.columns, []);
}

#[test]
fn names_and_metadata() {
    let meta = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    let field = |name: &str| Field::new(name, DataType::Int64, false);
    let fields = vec![
        field("ra").with_metadata(meta(&[
            ("unit", "deg"),
            ("ucd", "pos.eq.ra"),
            ("description", "Right ascension"),
        ])),
        field("mag").with_metadata(meta(&[("UNIT", "mag"), ("description", " ")])),
        field(""),
        field("été 😀\"\\\n"),
    ];
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let file = table("m.parquet", parquet(fields, vec![column; 4], None));
    let columns = file.inspect().unwrap().schema.columns;
    assert_eq!(columns[0].unit.as_deref(), Some("deg"));
    assert_eq!(columns[0].ucd.as_deref(), Some("pos.eq.ra"));
    assert_eq!(columns[0].description.as_deref(), Some("Right ascension"));
    assert_eq!(
        (columns[1].unit.as_deref(), columns[1].description.as_deref()),
        (Some("mag"), None)
    );
    assert_eq!(
        file.rows(),
        "[{\"ra\":1,\"mag\":1,\"Unnamed: 2\":1,\"été 😀\\\"\\\\\\n\":1}]"
    );
    assert_eq!(rows_of(&file, 0, 1, Some(&[3]))[0]["été 😀\"\\\n"], 1);
}

#[test]
fn wide_tables() {
    let fields: Vec<Field> = (0..1_200)
        .map(|index| Field::new(format!("c{index}"), DataType::Int64, false))
        .collect();
    let columns: Vec<ArrayRef> = (0..1_200)
        .map(|index| Arc::new(Int64Array::from(vec![index, -index])) as ArrayRef)
        .collect();
    let file = table("w.parquet", parquet(fields, columns, None));
    let inspection = file.inspect().unwrap();
    assert_eq!(inspection.statistics.len(), 1_200);
    assert_eq!(inspection.statistics[1_199].min, Some(Scalar::Int(-1_199)));
    assert_eq!(rows_of(&file, 1, 2, Some(&[7]))[0]["c7"], -7);
}

#[test]
fn refused_before_anything_is_allocated() {
    assert_eq!(table("p.parquet", b"PAR1").error().code, "broken_file");
    assert_eq!(table("p.parquet", b"PAR1PAR1").error().code, "broken_file");
    assert_eq!(
        table("p.parquet", b"PAR1\xff\xff\xff\x7fPAR1").error().code,
        "broken_file"
    );
    assert_eq!(
        table("p.parquet", b"PARE\x15\x00\x15\x00\x04\x00\x00\x00PARE")
            .error()
            .code,
        "not_a_table"
    );
    let bytes = sample(100, 50, 10, false);
    let cut = table("cut.parquet", &bytes[..bytes.len() - 1]).error();
    assert!(cut.message.contains("cut off"), "{}", cut.message);
}

#[test]
fn a_layout_of_another_size_is_stale() {
    let file = table("s.parquet", sample(10, 5, 5, true));
    let open = |layout: &Layout| pz_tables::open(&file.path, "s.parquet", Some(layout)).map(|_| ());
    assert!(open(&file.inspect().unwrap().layout).is_ok());
    assert_eq!(
        open(&Layout::Parquet { file_bytes: 5 }).unwrap_err().code(),
        "stale_layout"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_range_is_a_slice_of_all_rows(
        rows in 1i64..400,
        group_rows in 1usize..150,
        page_rows in 1usize..60,
        page_index in any::<bool>(),
        ranges in proptest::collection::vec((0u64..450, 0u64..450), 4),
        projection in proptest::option::of(proptest::sample::subsequence(vec![0usize, 1, 2], 1..=3).prop_shuffle()),
    ) {
        let file = table("r.parquet", sample(rows, group_rows, page_rows, page_index));
        let all = rows_of(&file, 0, u64::MAX, projection.as_deref());
        prop_assert_eq!(all.len() as i64, rows);
        if projection.as_ref().is_none_or(|projection| projection.contains(&0)) {
            prop_assert!(all.iter().enumerate().all(|(row, value)| value["id"] == row));
        }
        for (start, count) in ranges {
            let part = rows_of(&file, start, start + count, projection.as_deref());
            let (from, to) = ((start as usize).min(all.len()), ((start + count) as usize).min(all.len()));
            prop_assert_eq!(part.as_slice(), &all[from..to]);
        }
    }
}
