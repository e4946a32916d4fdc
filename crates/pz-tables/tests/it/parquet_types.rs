//! Every type that Parquet can carry: its name, its values as JSON, its statistics.

use std::sync::Arc;

use arrow::array::Array;
use arrow::array::{
    ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    DictionaryArray, DurationMillisecondArray, FixedSizeBinaryArray, FixedSizeListArray, Float16Array,
    Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray,
    LargeListArray, LargeStringArray, ListArray, MapBuilder, NullArray, StringArray, StringBuilder,
    StringViewArray, StructArray, Time32MillisecondArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{Field, Float32Type, Int32Type, Int64Type, i256};
use pz_tables::{ColumnStatistics, Scalar};

use crate::parquet::parquet;
use crate::table;

/// Type, values as JSON and statistics of one column.
fn column(array: impl Array + 'static) -> (String, String, ColumnStatistics) {
    let array: ArrayRef = Arc::new(array);
    let field = Field::new("c", array.data_type().clone(), true);
    let file = table("t.parquet", parquet(vec![field], vec![array], None));
    let inspection = file.inspect().unwrap();
    let rows = file
        .rows()
        .replace("{\"c\":", "")
        .replace("},", ",")
        .replace("}]", "]");
    let info = &inspection.schema.columns[0];
    let shape = if info.shape.is_empty() {
        String::new()
    } else {
        format!("{:?}", info.shape)
    };
    (
        format!("{}{shape}", info.dtype),
        rows,
        inspection.statistics[0].clone(),
    )
}

/// Type and values.
fn shown(array: impl Array + 'static) -> (String, String) {
    let (data_type, rows, _) = column(array);
    (data_type, rows)
}

fn pair(data_type: &str, rows: &str) -> (String, String) {
    (data_type.to_owned(), rows.to_owned())
}

#[test]
fn numbers() {
    assert_eq!(
        shown(Int8Array::from(vec![Some(i8::MIN), None])),
        pair("int8", "[-128,null]")
    );
    assert_eq!(shown(Int16Array::from(vec![i16::MAX])), pair("int16", "[32767]"));
    assert_eq!(
        shown(Int32Array::from(vec![i32::MIN])),
        pair("int32", "[-2147483648]")
    );
    assert_eq!(
        shown(Int64Array::from(vec![i64::MIN, i64::MAX])),
        pair("int64", "[-9223372036854775808,9223372036854775807]")
    );
    assert_eq!(shown(UInt8Array::from(vec![u8::MAX])), pair("uint8", "[255]"));
    assert_eq!(
        shown(UInt16Array::from(vec![u16::MAX])),
        pair("uint16", "[65535]")
    );
    assert_eq!(
        shown(UInt32Array::from(vec![u32::MAX])),
        pair("uint32", "[4294967295]")
    );
    assert_eq!(
        shown(UInt64Array::from(vec![u64::MAX])),
        pair("uint64", "[18446744073709551615]")
    );
    assert_eq!(
        shown(Float32Array::from(vec![0.1, f32::NAN, -1e-30])),
        pair("float32", "[0.1,null,-1e-30]")
    );
    assert_eq!(
        shown(Float64Array::from(vec![0.1, f64::INFINITY, 1e300])),
        pair("float64", "[0.1,null,1e+300]")
    );
    let half = Float16Array::from_iter_values([0.5f32, 65504.0].map(half_of));
    assert_eq!(shown(half), pair("float16", "[0.5,65504.0]"));
    assert_eq!(
        shown(BooleanArray::from(vec![Some(true), None, Some(false)])),
        pair("bool", "[true,null,false]")
    );
}

/// The half-precision type without its crate: through a cast of Arrow.
fn half_of(value: f32) -> <arrow::datatypes::Float16Type as arrow::datatypes::ArrowPrimitiveType>::Native {
    let single: ArrayRef = Arc::new(Float32Array::from(vec![value]));
    let half = arrow::compute::cast(&single, &arrow::datatypes::DataType::Float16).unwrap();
    half.as_any().downcast_ref::<Float16Array>().unwrap().value(0)
}

#[test]
fn exact_ranges() {
    let statistics = column(Int64Array::from(vec![i64::MIN, 0, i64::MAX])).2;
    assert_eq!(
        (statistics.min, statistics.max),
        (Some(Scalar::Int(i64::MIN)), Some(Scalar::Int(i64::MAX)))
    );
    let statistics = column(UInt64Array::from(vec![u64::MAX - 1, u64::MAX])).2;
    assert_eq!(
        (statistics.min, statistics.max),
        (Some(Scalar::UInt(u64::MAX - 1)), Some(Scalar::UInt(u64::MAX)))
    );
    let statistics = column(UInt8Array::from(vec![Some(3), None, Some(9)])).2;
    assert_eq!(
        (statistics.min, statistics.max, statistics.mean),
        (Some(Scalar::Int(3)), Some(Scalar::Int(9)), Some(6.0))
    );
    let statistics = column(Float32Array::from(vec![
        Some(0.1),
        None,
        Some(0.3),
        Some(f32::NAN),
    ]))
    .2;
    assert_eq!((statistics.count, statistics.missing, statistics.nan), (2, 2, 1));
    assert_eq!(
        (statistics.min, statistics.max),
        (Some(Scalar::Float(0.1)), Some(Scalar::Float(0.3)))
    );
    let statistics = column(BooleanArray::from(vec![
        Some(true),
        None,
        Some(true),
        Some(false),
    ]))
    .2;
    assert_eq!(
        (statistics.count, statistics.missing, statistics.mean),
        (3, 1, Some(2.0 / 3.0))
    );
}

#[test]
fn texts() {
    let values = vec![Some("é\"\u{1}"), None, Some("")];
    let rows = "[\"é\\\"\\u0001\",null,\"\"]";
    assert_eq!(shown(StringArray::from(values.clone())), pair("string", rows));
    assert_eq!(
        shown(LargeStringArray::from(values.clone())),
        pair("string", rows)
    );
    assert_eq!(shown(StringViewArray::from(values.clone())), pair("string", rows));
    assert_eq!(
        shown(values.into_iter().collect::<DictionaryArray<Int32Type>>()),
        pair("string", rows)
    );
    let statistics = column(
        vec![Some("b"), None, Some("aaa"), Some("b")]
            .into_iter()
            .collect::<DictionaryArray<Int32Type>>(),
    )
    .2;
    assert_eq!(
        (statistics.count, statistics.missing, statistics.distinct),
        (3, 1, Some(2))
    );
    assert_eq!((statistics.min_length, statistics.max_length), (Some(1), Some(3)));
    assert_eq!(
        (
            statistics.top_values[0].value.as_str(),
            statistics.top_values[0].count
        ),
        ("b", 2)
    );
}

#[test]
fn bytes() {
    let values: Vec<Option<&[u8]>> = vec![Some(b"ab"), None, Some(b"\xff\x00")];
    let rows = "[\"ab\",null,\"0xff00\"]";
    assert_eq!(shown(BinaryArray::from(values.clone())), pair("binary", rows));
    assert_eq!(
        shown(LargeBinaryArray::from(values.clone())),
        pair("binary", rows)
    );
    assert_eq!(shown(BinaryViewArray::from(values.clone())), pair("binary", rows));
    let fixed = FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.into_iter(), 2).unwrap();
    assert_eq!(shown(fixed), pair("binary", rows));
}

#[test]
fn dates_and_times() {
    assert_eq!(
        shown(Date32Array::from(vec![Some(20_453), None])),
        pair("date", "[\"2025-12-31\",null]")
    );
    assert_eq!(
        shown(Time32MillisecondArray::from(vec![3_723_500])),
        pair("time[ms]", "[\"01:02:03.5\"]")
    );
    assert_eq!(
        shown(Time64MicrosecondArray::from(vec![1])),
        pair("time[us]", "[\"00:00:00.000001\"]")
    );
    assert_eq!(
        shown(TimestampMillisecondArray::from(vec![Some(-1), None])),
        pair("timestamp[ms]", "[-1,null]")
    );
    assert_eq!(
        shown(TimestampMicrosecondArray::from(vec![-1, 1_999])),
        pair("timestamp[us]", "[-1,1]")
    );
    assert_eq!(
        shown(TimestampNanosecondArray::from(vec![1_700_000_000_123_456_789]).with_timezone("UTC")),
        pair("timestamp[ns, UTC]", "[1700000000123]")
    );
    assert_eq!(shown(TimestampSecondArray::from(vec![5])).1, "[5000]");
    assert_eq!(
        shown(DurationMillisecondArray::from(vec![1_500])),
        pair("duration[ms]", "[1500]")
    );
    let statistics = column(TimestampMicrosecondArray::from(vec![
        Some(1_500_000),
        None,
        Some(-1),
    ]))
    .2;
    assert_eq!(
        statistics.min,
        Some(Scalar::Text("1969-12-31T23:59:59.999999".into()))
    );
    assert_eq!(statistics.max, Some(Scalar::Text("1970-01-01T00:00:01.5".into())));
    assert_eq!(
        statistics.sample,
        ["1970-01-01T00:00:01.5", "1969-12-31T23:59:59.999999"]
    );
    let statistics = column(Date32Array::from(vec![Some(-1), None, Some(0)])).2;
    assert_eq!(statistics.min, Some(Scalar::Text("1969-12-31".into())));
}

#[test]
fn decimals() {
    let small = Decimal128Array::from(vec![Some(-5), None, Some(12_300)])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let (data_type, rows, statistics) = column(small);
    assert_eq!(
        (data_type.as_str(), rows.as_str()),
        ("decimal(10,2)", "[-0.05,null,123.00]")
    );
    assert_eq!(statistics.min, Some(Scalar::Text("-0.05".into())));
    assert_eq!(statistics.max, Some(Scalar::Text("123.00".into())));
    assert!((statistics.mean.unwrap() - 61.475).abs() < 1e-12);
    let digits = "123456789012345678901234567890123456.78";
    let large = Decimal128Array::from(vec![digits.replace('.', "").parse::<i128>().unwrap()]);
    assert_eq!(
        shown(large.with_precision_and_scale(38, 2).unwrap()).1,
        format!("[{digits}]")
    );
    let huge = "1".repeat(70);
    let larger = Decimal256Array::from(vec![i256::from_string(&huge).unwrap()]);
    let (data_type, rows, statistics) = column(larger.with_precision_and_scale(76, 0).unwrap());
    assert_eq!((data_type.as_str(), rows), ("decimal(76,0)", format!("[{huge}]")));
    assert_eq!(statistics.max, Some(Scalar::Text(huge)));
    assert!(statistics.mean.unwrap() > 1.1e69);
}

#[test]
fn nested() {
    let lists = vec![Some(vec![Some(1.5), None, Some(f32::NAN)]), None, Some(vec![])];
    let list = ListArray::from_iter_primitive::<Float32Type, _, _>(lists.clone());
    let (data_type, rows, statistics) = column(list);
    assert_eq!(
        (data_type.as_str(), rows.as_str()),
        ("list<float32>", "[[1.5,null,null],null,[]]")
    );
    assert_eq!(
        (statistics.count, statistics.missing, statistics.min),
        (2, 1, Some(Scalar::Float(1.5)))
    );
    assert_eq!(statistics.sample, ["[1.5,null,null]", "[]"]);
    let large = LargeListArray::from_iter_primitive::<Float32Type, _, _>(lists);
    assert_eq!(shown(large).1, "[[1.5,null,null],null,[]]");
    let vectors = vec![Some(vec![Some(1), Some(2)]), Some(vec![Some(3), None])];
    let fixed = FixedSizeListArray::from_iter_primitive::<Int64Type, _, _>(vectors, 2);
    assert_eq!(shown(fixed), pair("int64[2]", "[[1,2],[3,null]]"));
    let parts: Vec<(Arc<Field>, ArrayRef)> = vec![
        (
            Arc::new(Field::new("a", arrow::datatypes::DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![Some(1), None])),
        ),
        (
            Arc::new(Field::new("b c", arrow::datatypes::DataType::Utf8, true)),
            Arc::new(StringArray::from(vec!["x", "y"])),
        ),
    ];
    let (data_type, rows, _) = column(StructArray::from(parts));
    assert_eq!(data_type, "struct<a: int64, \"b c\": string>");
    assert!(
        rows.contains("\"a\":1,\"b c\":\"x\"") && rows.contains("\"a\":null"),
        "{rows}"
    );
    let mut maps = MapBuilder::new(None, StringBuilder::new(), arrow::array::Int32Builder::new());
    maps.keys().append_value("k");
    maps.values().append_value(7);
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    let (data_type, rows, _) = column(maps.finish());
    assert_eq!(data_type, "map<string, int32>");
    assert!(rows.contains("\"k\":7"), "{rows}");
    let (data_type, rows, statistics) = column(NullArray::new(2));
    assert_eq!(
        (data_type.as_str(), rows.as_str(), statistics.missing),
        ("null", "[null,null]", 2)
    );
}
