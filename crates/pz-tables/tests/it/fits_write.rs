//! FITS written and read again.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    DurationSecondArray, FixedSizeBinaryArray, FixedSizeListArray, Float32Array, Float64Array, Int8Array,
    Int16Array, Int32Array, Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMicrosecondArray, UInt8Array, UInt16Array, UInt32Array,
    UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Int32Type, Schema, UInt16Type};
use pz_tables::write::{self, FactsScan, OutputFormat, Rules, WriteOptions};
use pz_tables::{DataType as Type, TableError};
use serde_json::{Value, json};

use crate::fits::fixture;
use crate::{TempTable, table};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .unwrap()
}

/// The batches in a FITS file; with the facts known before and through the temporary file alike.
fn written(batches: &[RecordBatch], rules: Rules) -> Result<TempTable, TableError> {
    let schema = batches[0].schema();
    let mut facts = FactsScan::new(&schema);
    batches.iter().for_each(|batch| facts.push(batch));
    let facts = facts.finish();
    let options = WriteOptions { rules };
    let mut files = Vec::new();
    for facts in [Some(&facts), None] {
        let file = table("new.fits", b"");
        let mut writer = write::create(&file.path, OutputFormat::Fits, &schema, facts, &options)?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish()?;
        files.push(file);
    }
    let file = files.pop().unwrap();
    let bytes = fs_err::read(&file.path).unwrap();
    assert_eq!(bytes.len() % 2_880, 0);
    assert_eq!(bytes, fs_err::read(&files[0].path).unwrap());
    Ok(file)
}

fn faithful(columns: Vec<(&str, ArrayRef)>) -> TempTable {
    written(&[batch(columns)], Rules::Faithful).unwrap()
}

fn rows(file: &TempTable) -> Vec<Value> {
    serde_json::from_str(&file.rows()).unwrap()
}

fn column(file: &TempTable, name: &str) -> Vec<Value> {
    rows(file).into_iter().map(|mut row| row[name].take()).collect()
}

#[test]
fn what_we_read_we_write_equal() {
    for name in [
        "scalars.fits",
        "masked.fits",
        "null_vectors.fits",
        "vectors.fits",
        "variable.fits",
        "conventions.fits",
        "scaled.fits",
        "several.fits",
        "names.fits",
        "long_name.fits",
        "no_rows.fits",
        "no_columns.fits",
        "fitsio.fits",
        "fitsio_vectors.fits",
        "fitsio_variable.fits",
        "ascii.fits",
        "ascii_conventions.fits",
    ] {
        let original = table(name, fixture(name));
        let reader = original.open();
        let copy = table("copy.fits", b"");
        write::convert(
            reader.as_ref(),
            &copy.path,
            OutputFormat::Fits,
            &WriteOptions::default(),
        )
        .unwrap();
        let again = copy.open();
        // FITS holds ASCII only.
        assert_eq!(copy.rows(), original.rows().replace('é', "?"), "{name}");
        for (old, new) in reader.schema().columns.iter().zip(&again.schema().columns) {
            let mut new = new.clone();
            // In a column that is never null nothing is missing.
            new.nullable = old.nullable;
            // Unsigned integers with missing values become wider signed ones.
            if matches!(old.dtype, Type::UInt16 | Type::UInt32 | Type::UInt64) && new.dtype.is_integer() {
                new.dtype = old.dtype.clone();
            }
            assert_eq!(old, &new, "{name}");
        }
        assert_eq!(reader.schema().columns.len(), again.schema().columns.len());
    }
}

#[test]
fn every_number_to_its_ends() {
    let file = faithful(vec![
        ("i8", Arc::new(Int8Array::from(vec![i8::MIN, 0, i8::MAX]))),
        ("u8", Arc::new(UInt8Array::from(vec![0, 1, u8::MAX]))),
        ("i16", Arc::new(Int16Array::from(vec![i16::MIN, 0, i16::MAX]))),
        ("u16", Arc::new(UInt16Array::from(vec![0, 1, u16::MAX]))),
        ("i32", Arc::new(Int32Array::from(vec![i32::MIN, 0, i32::MAX]))),
        ("u32", Arc::new(UInt32Array::from(vec![0, 1, u32::MAX]))),
        ("i64", Arc::new(Int64Array::from(vec![i64::MIN, 0, i64::MAX]))),
        ("u64", Arc::new(UInt64Array::from(vec![0, 1, u64::MAX]))),
        (
            "f32",
            Arc::new(Float32Array::from(vec![f32::MIN_POSITIVE, -0.0, f32::NAN])),
        ),
        (
            "f64",
            Arc::new(Float64Array::from(vec![f64::MIN_POSITIVE, 0.1, f64::INFINITY])),
        ),
        (
            "f16",
            cast(&Float32Array::from(vec![0.5, 1.0, -2.0]), &DataType::Float16).unwrap(),
        ),
    ]);
    assert_eq!(
        file.columns(),
        [
            "i8: int8",
            "u8: uint8",
            "i16: int16",
            "u16: uint16",
            "i32: int32",
            "u32: uint32",
            "i64: int64",
            "u64: uint64",
            "f32: float32",
            "f64: float64",
            "f16: float32"
        ]
    );
    let found = rows(&file);
    assert_eq!(found[0]["i64"], json!(i64::MIN));
    assert_eq!(found[2]["u64"], json!(u64::MAX));
    for (name, least, most) in [
        ("i8", -128, 127),
        ("u8", 0, 255),
        ("i16", -32_768, 32_767),
        ("u16", 0, 65_535),
    ] {
        assert_eq!((&found[0][name], &found[2][name]), (&json!(least), &json!(most)));
    }
    assert_eq!(found[0]["f64"], json!(f64::MIN_POSITIVE));
    let batch = file
        .open()
        .read_rows(0..3, Some(&[8]))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let floats = batch.column(0).as_any().downcast_ref::<Float32Array>().unwrap();
    assert!(floats.value(1).is_sign_negative() && floats.value(2).is_nan() && floats.null_count() == 0);
}

#[test]
fn missing_values() {
    let file = faithful(vec![
        (
            "bool",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        ("u8", Arc::new(UInt8Array::from(vec![Some(1), None, Some(255)]))),
        ("full", Arc::new(UInt8Array::from(vec![Some(0), None, Some(255)]))),
        ("i8", Arc::new(Int8Array::from(vec![Some(-128), None, Some(3)]))),
        (
            "u16",
            Arc::new(UInt16Array::from(vec![Some(0), None, Some(65_534)])),
        ),
        (
            "i32",
            Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)])),
        ),
        (
            "i64",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(5)])),
        ),
        (
            "u64",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(5)])),
        ),
        (
            "f64",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN)])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
        ),
        ("none", Arc::new(arrow::array::NullArray::new(3))),
    ]);
    assert_eq!(
        file.columns()[1..8],
        [
            "u8: uint8",
            "full: int16",
            "i8: int16",
            "u16: int32",
            "i32: int64",
            "i64: int64",
            "u64: uint64"
        ]
    );
    let found = rows(&file);
    for name in ["bool", "u8", "full", "i8", "u16", "i32", "i64", "u64", "f64"] {
        assert_eq!(found[1][name], Value::Null, "{name}");
        assert_ne!(found[0][name], Value::Null, "{name}");
    }
    assert_eq!(
        (&found[0]["i64"], &found[0]["u64"]),
        (&json!(i64::MIN), &json!(u64::MAX))
    );
    assert_eq!(column(&file, "text"), ["a", "", ""]);
    let used_up = Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)]);
    let error = written(&[batch(vec![("x", Arc::new(used_up))])], Rules::Faithful)
        .err()
        .unwrap();
    assert_eq!(
        (error.code(), error.report().column.as_deref()),
        ("unwritable", Some("x"))
    );
}

#[test]
fn text() {
    let long = "x".repeat(5_000);
    let texts = vec![
        Some("blé"),
        None,
        Some("tab\there, 'quoted'"),
        Some("nul\0l"),
        Some(""),
        Some("ends  "),
    ];
    let wide = vec![
        Some(long.as_str()),
        None,
        Some("é"),
        Some(""),
        Some("a b"),
        Some("c"),
    ];
    let file = faithful(vec![
        ("text", Arc::new(StringArray::from(texts.clone()))),
        ("view", Arc::new(StringViewArray::from(texts.clone()))),
        ("large", Arc::new(LargeStringArray::from(texts.clone()))),
        (
            "dictionary",
            Arc::new(texts.into_iter().collect::<DictionaryArray<Int32Type>>()),
        ),
        ("wide", Arc::new(StringArray::from(wide))),
    ]);
    assert!(file.columns().iter().all(|column| column.ends_with(": string")));
    for name in ["text", "view", "large", "dictionary"] {
        let expected = ["bl?", "", "tab\there, 'quoted'", "nul?l", "", "ends"];
        assert_eq!(column(&file, name), expected, "{name}");
    }
    assert_eq!(column(&file, "wide"), [long.as_str(), "", "?", "", "a b", "c"]);
}

#[test]
fn dates_and_decimals() {
    let micro = vec![Some(0), Some(1_764_547_199_123_456), None];
    let file = faithful(vec![
        (
            "date",
            Arc::new(Date32Array::from(vec![Some(20_453), Some(-1), None])),
        ),
        ("naive", Arc::new(TimestampMicrosecondArray::from(micro.clone()))),
        (
            "utc",
            Arc::new(TimestampMicrosecondArray::from(micro).with_timezone("UTC")),
        ),
        (
            "duration",
            Arc::new(DurationSecondArray::from(vec![Some(5), Some(-7), None])),
        ),
        (
            "whole",
            Arc::new(
                Decimal128Array::from(vec![Some(999_999_999_999_999_999), Some(-1), None])
                    .with_precision_and_scale(18, 0)
                    .unwrap(),
            ),
        ),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![Some(12_345), Some(-1), None])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
        ),
    ]);
    assert_eq!(
        file.columns(),
        [
            "date: string",
            "naive: string",
            "utc: string",
            "duration: int64",
            "whole: int64",
            "decimal: float64"
        ]
    );
    assert_eq!(column(&file, "date"), ["2025-12-31", "1969-12-31", ""]);
    for name in ["naive", "utc"] {
        let expected = ["1970-01-01T00:00:00", "2025-11-30T23:59:59.123456", ""];
        assert_eq!(column(&file, name), expected);
    }
    assert_eq!(column(&file, "duration"), [json!(5), json!(-7), Value::Null]);
    assert_eq!(
        column(&file, "whole"),
        [json!(999_999_999_999_999_999i64), json!(-1), Value::Null]
    );
    assert_eq!(
        column(&file, "decimal"),
        [json!(123.45), json!(-0.01), Value::Null]
    );
    let inspection = file.inspect().unwrap();
    assert_eq!(inspection.schema.columns[3].unit.as_deref(), Some("s"));
}

fn lists(rows: Vec<Option<Vec<Option<i32>>>>) -> ArrayRef {
    Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(rows))
}

#[test]
fn arrays() {
    let vectors = vec![
        Some(vec![Some(1), Some(2)]),
        None,
        Some(vec![None, Some(u16::MAX)]),
        Some(vec![Some(3), Some(5)]),
    ];
    let fixed = FixedSizeListArray::from_iter_primitive::<UInt16Type, _, _>(vectors, 2);
    let item = Arc::new(Field::new_list_field(DataType::Float32, false));
    let flat = Float32Array::from_iter_values((0..24u8).map(f32::from));
    let inner = FixedSizeListArray::new(item.clone(), 3, Arc::new(flat), None);
    let outer = Arc::new(Field::new_list_field(inner.data_type().clone(), false));
    let cube = FixedSizeListArray::new(outer, 2, Arc::new(inner), None);
    let one = FixedSizeListArray::new(
        item,
        1,
        Arc::new(Float32Array::from(vec![1.0, 2.0, 3.0, 4.0])),
        None,
    );
    let flags = BooleanArray::from(vec![
        Some(true),
        None,
        Some(false),
        Some(true),
        None,
        None,
        Some(false),
        Some(false),
    ]);
    let flags = FixedSizeListArray::new(
        Arc::new(Field::new_list_field(DataType::Boolean, true)),
        2,
        Arc::new(flags),
        None,
    );
    let words = StringArray::from(vec!["a", "bbb", "", "é", "e", "f", "g", "h"]);
    let words = FixedSizeListArray::new(
        Arc::new(Field::new_list_field(DataType::Utf8, false)),
        2,
        Arc::new(words),
        None,
    );
    let varying = lists(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
        Some(vec![Some(i32::MAX)]),
    ]);
    let complex = |parts: [Vec<f32>; 2]| {
        let fields = vec![
            Field::new("re", DataType::Float32, false),
            Field::new("im", DataType::Float32, false),
        ];
        let parts = parts.map(|part| Arc::new(Float32Array::from(part)) as ArrayRef);
        StructArray::new(fields.into(), parts.to_vec(), None)
    };
    let mut texts = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    for row in [&["a", "bcd"][..], &[], &["", "x", ""], &["é"]] {
        row.iter().for_each(|text| texts.values().append_value(text));
        texts.append(true);
    }
    let file = faithful(vec![
        ("fixed", Arc::new(fixed)),
        ("cube", Arc::new(cube)),
        ("one", Arc::new(one)),
        ("flags", Arc::new(flags)),
        ("words", Arc::new(words)),
        ("varying", varying),
        (
            "complex",
            Arc::new(complex([vec![1.0, 2.0, 0.1, -0.5], vec![0.0, -1.0, 0.2, 7.0]])),
        ),
        (
            "bytes",
            Arc::new(BinaryArray::from(vec![
                Some(&b"ab"[..]),
                None,
                Some(b""),
                Some(b"\xff"),
            ])),
        ),
        (
            "pair",
            Arc::new(FixedSizeBinaryArray::try_from_iter(["ab", "cd", "ef", "gh"].iter()).unwrap()),
        ),
        ("texts", Arc::new(texts.finish())),
    ]);
    let schema = file.inspect().unwrap().schema;
    let described: Vec<String> = schema
        .columns
        .iter()
        .map(|column| format!("{} {} {:?}", column.name, column.dtype, column.shape))
        .collect();
    assert_eq!(
        described,
        [
            "fixed uint16 [2]",
            "cube float32 [2, 3]",
            "one float32 [1]",
            "flags bool [2]",
            "words string [2]",
            "varying list<int32> []",
            "complex struct<re: float32, im: float32> []",
            "bytes list<uint8> []",
            "pair uint8 [2]",
            "texts list<string> []"
        ]
    );
    let found = rows(&file);
    assert_eq!(
        column(&file, "fixed"),
        [
            json!([1, 2]),
            json!([null, null]),
            json!([null, 65_535]),
            json!([3, 5])
        ]
    );
    assert_eq!(found[1]["cube"], json!([[6.0, 7.0, 8.0], [9.0, 10.0, 11.0]]));
    assert_eq!(found[0]["one"], json!([1.0]));
    assert_eq!(
        column(&file, "flags"),
        [
            json!([true, null]),
            json!([false, true]),
            json!([null, null]),
            json!([false, false])
        ]
    );
    assert_eq!(
        column(&file, "words"),
        [
            json!(["a", "bbb"]),
            json!(["", "?"]),
            json!(["e", "f"]),
            json!(["g", "h"])
        ]
    );
    assert_eq!(
        column(&file, "varying"),
        [json!([1, null]), json!([]), json!([]), json!([i32::MAX])]
    );
    assert_eq!(found[2]["complex"], json!({"re": 0.1, "im": 0.2}));
    assert_eq!(
        column(&file, "bytes"),
        [json!([97, 98]), json!([]), json!([]), json!([255])]
    );
    assert_eq!(found[1]["pair"], json!([99, 100]));
    assert_eq!(
        column(&file, "texts"),
        [json!(["a", "bcd"]), json!([]), json!(["", "x", ""]), json!(["?"])]
    );
}

#[test]
fn sliced_batches() {
    let whole = batch(vec![
        (
            "list",
            lists(
                (0..10)
                    .map(|row| Some(vec![Some(row); row as usize % 3]))
                    .collect(),
            ),
        ),
        (
            "vector",
            Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
                (0..10u8).map(|row| (row != 7).then(|| vec![Some(f32::from(row)), None])),
                2,
            )),
        ),
        (
            "text",
            Arc::new(
                (0..10)
                    .map(|row| Some(format!("t{row}")))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "flag",
            Arc::new(
                (0..10)
                    .map(|row| (row != 3).then_some(row % 2 == 0))
                    .collect::<BooleanArray>(),
            ),
        ),
    ]);
    let parts = [
        whole.slice(0, 3),
        whole.slice(3, 0),
        whole.slice(3, 6),
        whole.slice(9, 1),
    ];
    let file = written(&parts, Rules::Faithful).unwrap();
    assert_eq!(rows(&file), rows(&written(&[whole], Rules::Faithful).unwrap()));
    assert_eq!(
        rows(&file)[8],
        json!({"list": [8, 8], "vector": [8.0, null], "text": "t8", "flag": true})
    );
    assert_eq!(
        rows(&file)[7],
        json!({"list": [7], "vector": [null, null], "text": "t7", "flag": false})
    );
}

#[test]
fn as_the_pipelines_write() {
    let file = written(
        &[batch(vec![
            (
                "flag",
                Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            ),
            ("small", Arc::new(Int8Array::from(vec![-1, 0, 1]))),
            ("byte", Arc::new(UInt8Array::from(vec![255, 0, 1]))),
            ("holes", Arc::new(Int64Array::from(vec![Some(3), None, Some(-9)]))),
            ("id", Arc::new(Int64Array::from(vec![i64::MAX, 0, 1]))),
            (
                "text",
                Arc::new(StringArray::from(vec![Some("a"), None, Some("é")])),
            ),
        ])],
        Rules::Pipelines,
    )
    .unwrap();
    assert_eq!(
        file.columns(),
        [
            "flag: string",
            "small: int16",
            "byte: int16",
            "holes: float64",
            "id: int64",
            "text: string"
        ]
    );
    assert_eq!(column(&file, "flag"), ["true", "", "false"]);
    assert_eq!(column(&file, "holes"), [json!(3.0), Value::Null, json!(-9.0)]);
    assert_eq!(file.inspect().unwrap().statistics[3].nan, 1);
    assert_eq!(column(&file, "text"), ["a", "", "?"]);
    let long = "x".repeat(70_000);
    let wide = written(
        &[batch(vec![("t", Arc::new(StringArray::from(vec![long])))])],
        Rules::Pipelines,
    )
    .unwrap();
    assert_eq!(column(&wide, "t")[0].as_str().unwrap().len(), 65_536);
}

#[test]
fn names_units_and_descriptions() {
    let name = |index: usize| format!("{}column {index}", "a_'long'_name_".repeat(20));
    let description = "It's 'quoted' & long ".repeat(40).trim().to_owned();
    let fields = vec![
        Field::new(name(0), DataType::Int32, false).with_metadata(std::collections::HashMap::from(
            [
                ("unit", "erg s**-1"),
                ("ucd", "phot.flux;em.opt"),
                ("description", description.as_str()),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        )),
        Field::new(name(1), DataType::Int32, false),
        Field::new("σ", DataType::Int32, false),
        Field::new("μ", DataType::Int32, false),
    ];
    let values: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![values; 4]).unwrap();
    let file = written(&[batch], Rules::Faithful).unwrap();
    let columns = file.inspect().unwrap().schema.columns;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, [name(0).as_str(), &name(1), "?", "?.1"]);
    assert_eq!(columns[0].unit.as_deref(), Some("erg s**-1"));
    assert_eq!(columns[0].ucd.as_deref(), Some("phot.flux;em.opt"));
    assert_eq!(columns[0].description.as_deref(), Some(description.as_str()));
}

#[test]
fn what_does_not_fit() {
    let structs = StructArray::from(vec![(
        Arc::new(Field::new("a", DataType::Int32, false)),
        Arc::new(Int32Array::from(vec![1])) as ArrayRef,
    )]);
    let nested = ListArray::new(
        Arc::new(Field::new_list_field(
            DataType::List(Arc::new(Field::new_list_field(DataType::Int32, true))),
            true,
        )),
        arrow::buffer::OffsetBuffer::from_lengths([1]),
        lists(vec![Some(vec![Some(1)])]),
        None,
    );
    for (array, part) in [
        (Arc::new(structs) as ArrayRef, "struct<a: int32>"),
        (Arc::new(nested), "list<list<int32>>"),
    ] {
        let error = written(&[batch(vec![("odd", array)])], Rules::Faithful)
            .err()
            .unwrap();
        let message = error.to_string();
        assert_eq!(error.report().column.as_deref(), Some("odd"));
        assert!(message.contains(part) && message.contains("Parquet"), "{message}");
    }
    let columns = |count: usize| {
        let one: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let names: Vec<String> = (0..count).map(|index| format!("c{index}")).collect();
        let columns = names.iter().map(|name| (name.as_str(), one.clone()));
        written(&[batch(columns.collect())], Rules::Faithful)
    };
    assert_eq!(columns(999).unwrap().inspect().unwrap().schema.columns.len(), 999);
    let error = columns(1_000).err().unwrap().to_string();
    assert!(
        error.contains("1000 columns") && error.contains("HDF5"),
        "{error}"
    );
}

#[test]
fn facts_that_are_not_true() {
    let short = batch(vec![("t", Arc::new(StringArray::from(vec!["a"])))]);
    let mut facts = FactsScan::new(&short.schema());
    facts.push(&short);
    let facts = facts.finish();
    let start = |file: &TempTable| {
        write::create(
            &file.path,
            OutputFormat::Fits,
            &short.schema(),
            Some(&facts),
            &WriteOptions::default(),
        )
        .unwrap()
    };
    let file = table("new.fits", b"old");
    let mut writer = start(&file);
    let longer = batch(vec![("t", Arc::new(StringArray::from(vec!["ab"])))]);
    let error = writer.write(&longer).unwrap_err().to_string();
    assert!(
        error.contains("in row 1 of column 't' 'ab' has more than the 1 characters"),
        "{error}"
    );
    drop(writer);
    assert_eq!(start(&file).finish().unwrap_err().code(), "unwritable");
    let mut writer = start(&file);
    writer.write(&short).unwrap();
    assert_eq!(writer.write(&short).unwrap_err().code(), "unwritable");
    drop(writer);
    assert_eq!(fs_err::read(&file.path).unwrap(), b"old");
}
