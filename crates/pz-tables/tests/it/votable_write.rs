//! VOTable, written and read again.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeListArray,
    Float16Array, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, ListArray,
    MapArray, RecordBatch, StringArray, StringViewArray, StructArray, TimestampMicrosecondArray, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema};
use pz_tables::write::{self, FactsScan, OutputFormat, WriteOptions};
use pz_tables::{DataType as Type, TableError};

use crate::{TempTable, table};

/// The columns, written and given back as a file.
fn written(columns: Vec<(&str, ArrayRef)>) -> Result<TempTable, TableError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    written_as(fields, columns.into_iter().map(|(_, array)| array).collect())
}

fn written_as(fields: Vec<Field>, columns: Vec<ArrayRef>) -> Result<TempTable, TableError> {
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out.vot");
    let mut facts = FactsScan::new(&schema);
    facts.push(&batch);
    let facts = facts.finish();
    let mut writer = write::create(
        &path,
        OutputFormat::Votable,
        &schema,
        Some(&facts),
        &WriteOptions::default(),
    )?;
    // In two pieces, to have offsets.
    let half = batch.num_rows() / 2;
    writer.write(&batch.slice(0, half))?;
    writer.write(&batch.slice(half, batch.num_rows() - half))?;
    writer.finish()?;
    Ok(table("out.vot", fs_err::read(&path).unwrap()))
}

/// The values of the only column.
fn round(array: impl Array + 'static) -> (String, String) {
    let file = written(vec![("x", Arc::new(array))]).unwrap();
    let rows = file
        .rows()
        .replace("{\"x\":", "")
        .replace("},", ",")
        .replace("}]", "]");
    (file.columns().remove(0), rows)
}

fn same(array: impl Array + 'static, column: &str, values: &str) {
    let (found, rows) = round(array);
    assert_eq!((found.as_str(), rows.as_str()), (column, values));
}

#[test]
fn every_scalar_type() {
    same(
        BooleanArray::from(vec![Some(true), None, Some(false)]),
        "x: bool",
        "[true,null,false]",
    );
    same(Int8Array::from(vec![Some(-128), None]), "x: int16", "[-128,null]");
    same(
        UInt16Array::from(vec![Some(65_535), None]),
        "x: int32",
        "[65535,null]",
    );
    same(
        UInt32Array::from(vec![Some(u32::MAX), None]),
        "x: int64",
        "[4294967295,null]",
    );
    same(
        Int64Array::from(vec![
            Some(i64::MIN),
            None,
            Some(i64::MAX),
            Some(9_007_199_254_740_993),
        ]),
        "x: int64",
        "[-9223372036854775808,null,9223372036854775807,9007199254740993]",
    );
    same(
        UInt64Array::from(vec![Some(1 << 62), None]),
        "x: int64",
        "[4611686018427387904,null]",
    );
    same(
        UInt64Array::from(vec![Some(u64::MAX), None]),
        "x: string",
        r#"["18446744073709551615",null]"#,
    );
    same(
        Float32Array::from(vec![Some(0.1), None]),
        "x: float32",
        "[0.1,null]",
    );
    same(
        Float64Array::from(vec![Some(0.1), None, Some(1e300)]),
        "x: float64",
        "[0.1,null,1e+300]",
    );
    same(
        StringArray::from(vec![Some("a<&>"), None, Some("")]),
        "x: string",
        r#"["a<&>",null,""]"#,
    );
    same(
        LargeStringArray::from(vec![Some("é日😀"), None]),
        "x: string",
        r#"["é日😀",null]"#,
    );
    same(
        StringViewArray::from(vec![Some("view"), None]),
        "x: string",
        r#"["view",null]"#,
    );
    same(
        BinaryArray::from_opt_vec(vec![Some(b"\0\xff"), None]),
        "x: list<uint8>",
        "[[0,255],null]",
    );
    same(
        Decimal128Array::from(vec![Some(12_345), None])
            .with_precision_and_scale(10, 2)
            .unwrap(),
        "x: float64",
        "[123.45,null]",
    );
    same(
        Decimal128Array::from(vec![Some(12_345_678_901_234_567_890), None])
            .with_precision_and_scale(30, 2)
            .unwrap(),
        "x: string",
        r#"["123456789012345678.90",null]"#,
    );
    same(
        TimestampMicrosecondArray::from(vec![Some(1_500_000), None]).with_timezone("UTC"),
        "x: string",
        r#"["1970-01-01T00:00:01.5Z",null]"#,
    );
    same(
        arrow::array::Date32Array::from(vec![Some(20_453), None]),
        "x: string",
        r#"["2025-12-31",null]"#,
    );
    same(
        arrow::array::Time32SecondArray::from(vec![Some(61), None]),
        "x: string",
        r#"["00:01:01",null]"#,
    );
    same(arrow::array::NullArray::new(2), "x: string", "[null,null]");
    same(
        ["b", "a", "b"]
            .into_iter()
            .collect::<DictionaryArray<Int32Type>>(),
        "x: string",
        r#"["b","a","b"]"#,
    );
    let half = Float16Array::from(vec![Some(half_of(0x3c00)), None]);
    same(half, "x: float32", "[1.0,null]");
}

fn half_of(bits: u16) -> <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native {
    <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native::from_bits(bits)
}

fn fixed(values: ArrayRef, length: i32) -> FixedSizeListArray {
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    FixedSizeListArray::try_new(item, length, values, None).unwrap()
}

#[test]
fn arrays_lists_and_complex_numbers() {
    let values = Arc::new(Int64Array::from(
        (0..12).map(|v| (v != 7).then_some(v)).collect::<Vec<_>>(),
    ));
    let matrix = fixed(Arc::new(fixed(values, 2)), 3);
    same(
        matrix,
        "x: int64",
        "[[[0,1],[2,3],[4,5]],[[6,null],[8,9],[10,11]]]",
    );
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
        Some(vec![Some(i64::MAX)]),
    ]);
    same(
        lists,
        "x: list<int64>",
        "[[1,null],null,[],[9223372036854775807]]",
    );
    let pairs = fixed(
        Arc::new(Float32Array::from(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])),
        2,
    );
    let item = Arc::new(Field::new("item", pairs.data_type().clone(), true));
    let lists = ListArray::new(
        item,
        OffsetBuffer::new(vec![0, 1, 3].into()),
        Arc::new(pairs),
        None,
    );
    let (_, rows) = round(lists);
    assert_eq!(rows, "[[[1.0,2.0]],[[3.0,4.0],[5.0,6.0]]]");
    same(
        fixed(Arc::new(StringArray::from(vec!["a", "bcé", "", "d"])), 2),
        "x: string",
        r#"[["a","bcé"],["","d"]]"#,
    );
    let complex = StructArray::from(vec![
        (
            Arc::new(Field::new("re", DataType::Float64, true)),
            Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("im", DataType::Float64, true)),
            Arc::new(Float64Array::from(vec![-1.0, 0.5])) as ArrayRef,
        ),
    ]);
    let file = written(vec![("x", Arc::new(complex))]).unwrap();
    assert_eq!(
        file.rows(),
        r#"[{"x":{"re":1.0,"im":-1.0}},{"x":{"re":2.0,"im":0.5}}]"#
    );
}

#[test]
fn nulls_in_many_columns_have_their_bits() {
    let columns: Vec<(String, ArrayRef)> = (0..19)
        .map(|column| {
            let values: Int32Array = (0..40)
                .map(|row| ((row * 7 + column) % 5 > 0).then_some(row))
                .collect();
            (format!("c{column}"), Arc::new(values) as ArrayRef)
        })
        .collect();
    let file = written(
        columns
            .iter()
            .map(|(name, array)| (name.as_str(), array.clone()))
            .collect(),
    )
    .unwrap();
    let mut read = file
        .open()
        .read_rows(0..40, None)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(read.num_columns(), 19);
    for (name, array) in &columns {
        assert_eq!(read.column_by_name(name).unwrap(), array, "{name}");
    }
    read = read.slice(0, 0);
    assert_eq!(read.num_rows(), 0);
}

#[test]
fn units_ucds_and_descriptions_come_back() {
    let metadata = [
        ("unit", "mag \"AB\""),
        ("ucd", "phot.mag;em.opt.i"),
        ("description", "a < b & c\n>"),
    ];
    let field = Field::new("mag <i> & \"x\"", DataType::Float32, true).with_metadata(
        metadata
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect::<std::collections::HashMap<_, _>>(),
    );
    let file = written_as(vec![field], vec![Arc::new(Float32Array::from(vec![1.0]))]).unwrap();
    let column = &file.inspect().unwrap().schema.columns[0];
    assert_eq!(column.name, "mag <i> & \"x\"");
    assert_eq!(column.dtype, Type::Float32);
    assert_eq!(column.unit.as_deref(), Some("mag \"AB\""));
    assert_eq!(column.ucd.as_deref(), Some("phot.mag;em.opt.i"));
    // A line end in a description is a blank, as in any XML text.
    assert_eq!(column.description.as_deref(), Some("a < b & c >"));
}

#[test]
fn what_has_no_place_is_refused_by_name() {
    let parts = StructArray::from(vec![(
        Arc::new(Field::new("a", DataType::Int32, true)),
        Arc::new(Int32Array::from(vec![1])) as ArrayRef,
    )]);
    let entries = StructArray::from(vec![
        (
            Arc::new(Field::new("keys", DataType::Utf8, false)),
            Arc::new(StringArray::from(vec!["a"])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("values", DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![1])) as ArrayRef,
        ),
    ]);
    let map = MapArray::new(
        Arc::new(Field::new("entries", entries.data_type().clone(), false)),
        OffsetBuffer::new(vec![0, 1].into()),
        entries,
        None,
        false,
    );
    let inner = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    let item = Arc::new(Field::new("item", inner.data_type().clone(), true));
    let lists = ListArray::new(item, OffsetBuffer::new(vec![0, 1].into()), Arc::new(inner), None);
    for (array, part) in [
        (Arc::new(parts) as ArrayRef, "columns of their own"),
        (Arc::new(map), "keys and values"),
        (Arc::new(lists), "lists within lists"),
        (Arc::new(StringArray::from(vec!["a\0b"])), "NUL"),
    ] {
        let error = written(vec![("bad one", array)]).err().expect("must be refused");
        let message = error.to_string();
        assert_eq!(error.code(), "unwritable");
        assert!(
            message.contains("'bad one'") && message.contains(part),
            "{message}"
        );
    }
}
