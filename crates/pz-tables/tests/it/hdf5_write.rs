//! HDF5 written and read back.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, FixedSizeListArray, Float32Array, Float64Array, Int8Array,
    Int32Array, Int64Array, LargeStringArray, ListArray, NullArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray, UInt8Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Fields, Float32Type, Int32Type, Metadata, Schema, SchemaRef};
use pz_tables::write::{self, FactsScan, OutputFormat, Rules, WriteOptions};
use pz_tables::{Format, TableError, TableReader};
use serde_json::json;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

fn write_to(
    path: &Path,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    rules: Rules,
) -> Result<(), TableError> {
    let mut facts = FactsScan::new(schema);
    batches.iter().for_each(|batch| facts.push(batch));
    let facts = facts.finish();
    let options = WriteOptions { rules };
    let mut writer = write::create(path, OutputFormat::Hdf5, schema, Some(&facts), &options)?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()
}

/// Written, and open again.
fn written(batches: &[RecordBatch], rules: Rules) -> (tempfile::TempDir, Box<dyn TableReader>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.hdf5");
    write_to(&path, &batches[0].schema(), batches, rules).unwrap();
    let inspection = pz_tables::inspect(&path, "out.hdf5", &pz_tables::Limits::default()).unwrap();
    assert_eq!(inspection.format, Format::Hdf5);
    let reader = pz_tables::open(&path, "out.hdf5", Some(&inspection.layout)).unwrap();
    (directory, reader)
}

fn refused(batch: &RecordBatch) -> TableError {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.hdf5");
    let error = write_to(
        &path,
        &batch.schema(),
        std::slice::from_ref(batch),
        Rules::Faithful,
    )
    .unwrap_err();
    assert_eq!(error.code(), "unwritable", "{error}");
    assert_eq!(
        fs_err::read_dir(directory.path()).unwrap().count(),
        0,
        "something was left behind"
    );
    error
}

fn rows(reader: &dyn TableReader) -> serde_json::Value {
    serde_json::from_str(&pz_tables::rows_json(reader, 0..u64::MAX, None).unwrap()).unwrap()
}

fn types(reader: &dyn TableReader) -> Vec<String> {
    let columns = reader.schema().columns.iter();
    columns
        .map(|column| format!("{}: {}{:?}", column.name, column.dtype, column.shape))
        .collect()
}

fn all_types() -> RecordBatch {
    let complex: Fields = vec![
        Field::new("re", DataType::Float64, true),
        Field::new("im", DataType::Float64, true),
    ]
    .into();
    batch(vec![
        (
            "z",
            Arc::new(Int64Array::from(vec![i64::MIN, i64::MAX, 9_007_199_254_740_993])),
        ),
        ("u", Arc::new(UInt64Array::from(vec![0, u64::MAX, 1]))),
        ("i8", Arc::new(Int8Array::from(vec![-128, 127, 0]))),
        ("u8", Arc::new(UInt8Array::from(vec![255, 0, 1]))),
        (
            "f4",
            Arc::new(Float32Array::from(vec![Some(0.1), None, Some(f32::NAN)])),
        ),
        (
            "f8",
            Arc::new(Float64Array::from(vec![Some(1e300), None, Some(-0.1)])),
        ),
        (
            "some",
            Arc::new(Int32Array::from(vec![Some(-5), None, Some(1 << 30)])),
        ),
        ("flag", Arc::new(BooleanArray::from(vec![true, false, true]))),
        (
            "maybe",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("é"), None, Some("ταυ")])),
        ),
        ("large", Arc::new(LargeStringArray::from(vec!["a", "", "abc"]))),
        ("nothing", Arc::new(NullArray::new(3))),
        (
            "vector",
            Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
                vec![
                    Some(vec![Some(1.0), Some(2.0)]),
                    None,
                    Some(vec![Some(3.0), None]),
                ],
                2,
            )),
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
                Some(vec![Some(1)]),
                Some(vec![]),
                Some(vec![Some(2), Some(3)]),
            ])),
        ),
        (
            "complex",
            Arc::new(StructArray::new(
                complex,
                vec![
                    Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])) as ArrayRef,
                    Arc::new(Float64Array::from(vec![-1.0, 0.0, 0.5])),
                ],
                None,
            )),
        ),
        (
            "time",
            Arc::new(TimestampMillisecondArray::from(vec![Some(0), None, Some(1_500)])),
        ),
        (
            "price",
            Arc::new(
                Decimal128Array::from(vec![Some(12_345), None, Some(-1)])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
    ])
}

#[test]
fn every_type() {
    let (_directory, reader) = written(&[all_types()], Rules::Faithful);
    assert_eq!(
        types(reader.as_ref()),
        [
            "z: int64[]",
            "u: uint64[]",
            "i8: int8[]",
            "u8: uint8[]",
            "f4: float32[]",
            "f8: float64[]",
            "some: float64[]",
            "flag: bool[]",
            "maybe: string[]",
            "text: string[]",
            "large: string[]",
            "nothing: float64[]",
            "vector: float32[2]",
            "list: float64[2]",
            "complex: struct<re: float64, im: float64>[]",
            "time: string[]",
            "price: float64[]",
        ]
    );
    assert_eq!(
        rows(reader.as_ref()),
        json!([
            {"z": i64::MIN, "u": 0, "i8": -128, "u8": 255, "f4": 0.1, "f8": 1e300, "some": -5.0, "flag": true,
             "maybe": "true", "text": "é", "large": "a", "nothing": null, "vector": [1.0, 2.0], "list": [1.0, null],
             "complex": {"re": 1.0, "im": -1.0}, "time": "1970-01-01T00:00:00", "price": 123.45},
            {"z": i64::MAX, "u": u64::MAX, "i8": 127, "u8": 0, "f4": null, "f8": null, "some": null, "flag": false,
             "maybe": "", "text": "", "large": "", "nothing": null, "vector": [null, null], "list": [null, null],
             "complex": {"re": 2.0, "im": 0.0}, "time": "", "price": null},
            {"z": 9_007_199_254_740_993i64, "u": 1, "i8": 0, "u8": 1, "f4": null, "f8": -0.1, "some": 1073741824.0,
             "flag": true, "maybe": "false", "text": "ταυ", "large": "abc", "nothing": null, "vector": [3.0, null],
             "list": [2.0, 3.0], "complex": {"re": 3.0, "im": 0.5}, "time": "1970-01-01T00:00:01.5", "price": -0.01},
        ])
    );
}

#[test]
fn rules_of_the_pipelines() {
    let (_directory, reader) = written(&[all_types()], Rules::Pipelines);
    let types = types(reader.as_ref());
    for expected in [
        "z: int64[]",
        "i8: int16[]",
        "u8: uint16[]",
        "some: float64[]",
        "flag: string[]",
        "maybe: string[]",
    ] {
        assert!(
            types.iter().any(|found| found == expected),
            "{expected} is not in {types:?}"
        );
    }
    let rows = rows(reader.as_ref());
    assert_eq!(rows[1]["flag"], "false");
    assert_eq!((&rows[0]["i8"], &rows[0]["u8"]), (&json!(-128), &json!(255)));
}

#[test]
fn many_batches_and_chunks() {
    let rows_in = 400_000;
    let batches: Vec<RecordBatch> = (0..rows_in)
        .step_by(10_007)
        .map(|first| {
            let range = || first..(first + 10_007).min(rows_in);
            batch(vec![
                ("id", Arc::new(Int64Array::from_iter_values(range())) as ArrayRef),
                (
                    "name",
                    Arc::new(StringArray::from_iter_values(
                        range().map(|row| format!("o{}", row % 1_000)),
                    )),
                ),
            ])
        })
        .collect();
    let (_directory, reader) = written(&batches, Rules::Faithful);
    assert_eq!(reader.row_count(), rows_in as u64);
    let mut next = 0;
    for found in reader.read_rows(0..u64::MAX, None).unwrap() {
        let found = found.unwrap();
        assert!(found.num_rows() <= 16_384);
        let ids = found.column(0).as_any().downcast_ref::<Int64Array>().unwrap();
        for id in ids.values() {
            assert_eq!(*id, next);
            next += 1;
        }
    }
    assert_eq!(next, rows_in);
    for row in [0, 131_071, 131_072, 262_143, 399_999] {
        assert_eq!(
            pz_tables::rows_json(reader.as_ref(), row..row + 1, None).unwrap(),
            format!("[{{\"id\":{row},\"name\":\"o{}\"}}]", row % 1_000)
        );
    }
}

#[test]
fn units_and_no_rows() {
    let field = Field::new("ra", DataType::Float64, true).with_metadata(
        [("unit", "deg"), ("ucd", "pos.eq.ra"), ("description", "Länge")]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect::<Metadata>(),
    );
    let text = Field::new("name", DataType::Utf8, true);
    let schema: SchemaRef = Arc::new(Schema::new(vec![field, text]));
    let (_directory, reader) = written(&[RecordBatch::new_empty(schema)], Rules::Faithful);
    let ra = &reader.schema().columns[0];
    assert_eq!(ra.unit.as_deref(), Some("deg"));
    assert_eq!(ra.ucd.as_deref(), Some("pos.eq.ra"));
    assert_eq!(ra.description.as_deref(), Some("Länge"));
    assert_eq!(
        (reader.row_count(), types(reader.as_ref())),
        (0, vec!["ra: float64[]".into(), "name: string[]".into()])
    );
}

#[test]
fn what_cannot_be_written() {
    let far = batch(vec![(
        "ident",
        Arc::new(Int64Array::from(vec![Some((1 << 53) + 1), None])) as ArrayRef,
    )]);
    let error = refused(&far).to_string();
    assert!(
        error.contains("ident") && error.contains("9007199254740993") && error.contains("Parquet"),
        "{error}"
    );
    let exact = batch(vec![(
        "ident",
        Arc::new(Int64Array::from(vec![Some(1 << 53), None])) as ArrayRef,
    )]);
    assert_eq!(
        rows(written(&[exact], Rules::Faithful).1.as_ref())[0]["ident"],
        json!(9_007_199_254_740_992.0)
    );
    let long = "x".repeat(65_537);
    let error = refused(&batch(vec![(
        "note",
        Arc::new(StringArray::from(vec![long.as_str()])) as ArrayRef,
    )]));
    assert!(error.to_string().contains("note"), "{error}");
    let slash = refused(&batch(vec![(
        "a/b",
        Arc::new(Int32Array::from(vec![1])) as ArrayRef,
    )]));
    assert!(slash.to_string().contains("'a/b'"), "{slash}");
    let parts: Fields = vec![Field::new("x", DataType::Int32, true)].into();
    let parts = StructArray::new(parts, vec![Arc::new(Int32Array::from(vec![1])) as ArrayRef], None);
    refused(&batch(vec![("parts", Arc::new(parts) as ArrayRef)]));
    let holes =
        FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None])], 2);
    refused(&batch(vec![("holes", Arc::new(holes) as ArrayRef)]));
}

#[test]
fn converted_from_the_libraries_files() {
    // Read, written and read again: the same values.
    for name in [
        "compound.h5",
        "filters.hdf5",
        "astropy.hf5",
        "pandas_table.h5",
        "qp.hdf5",
        "latest.hdf5",
    ] {
        let file = crate::hdf5::copy(name);
        let reader = file.open();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("again.hdf5");
        let result = write::convert(
            reader.as_ref(),
            &path,
            OutputFormat::Hdf5,
            &WriteOptions::default(),
        );
        match name {
            // Parts of parts, and an int64 with missing values beyond what float64 holds.
            "compound.h5" => assert_eq!(result.unwrap_err().code(), "unwritable"),
            _ => {
                result.unwrap();
                let again = pz_tables::open(&path, "again.hdf5", None).unwrap();
                let (before, after) = (rows(reader.as_ref()), rows(again.as_ref()));
                for (before, after) in before.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
                    for (key, value) in before.as_object().unwrap() {
                        let missing = value.is_null() && (after[key].is_null() || after[key] == "");
                        let time = key == "time";
                        let number = value.as_f64().is_some() && value.as_f64() == after[key].as_f64();
                        assert!(
                            value == &after[key] || missing || number || time,
                            "{name}: {key}: {value} and {}",
                            after[key]
                        );
                    }
                }
                assert_eq!(before.as_array().unwrap().len(), after.as_array().unwrap().len());
            }
        }
    }
}
