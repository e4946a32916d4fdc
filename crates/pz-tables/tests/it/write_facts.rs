//! What is known of a table before it is written: values count, what lies beside them does not.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, Decimal128Array, DictionaryArray, FixedSizeListArray,
    Float64Array, Int8Array, Int32Array, Int64Array, LargeStringArray, ListArray, ListViewArray, NullArray,
    RunArray, StringArray, StringViewArray, UInt64Array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Int32Type};
use pz_tables::write::{ColumnFacts, FactsScan};

use crate::write::batch;

/// The facts of a column in one batch.
fn facts(array: impl Array + 'static) -> ColumnFacts {
    let batch = batch(vec![("c", Arc::new(array) as ArrayRef)]);
    let mut scan = FactsScan::new(&batch.schema());
    scan.push(&batch);
    scan.finish().columns.remove(0)
}

fn integers(low: i128, high: i128) -> ColumnFacts {
    ColumnFacts {
        range: Some((low, high)),
        ..ColumnFacts::default()
    }
}

#[test]
fn plain_columns() {
    assert_eq!(
        facts(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)])),
        ColumnFacts {
            nulls: 1,
            ..integers(i128::from(i64::MIN), i128::from(i64::MAX))
        }
    );
    assert_eq!(
        facts(UInt64Array::from(vec![u64::MAX, 1])),
        integers(1, i128::from(u64::MAX))
    );
    assert_eq!(facts(Int8Array::from(vec![-128, 5])), integers(-128, 5));
    assert_eq!(
        facts(
            Decimal128Array::from(vec![Some(-150), None])
                .with_precision_and_scale(10, 2)
                .unwrap()
        ),
        ColumnFacts {
            nulls: 1,
            ..integers(-150, -150)
        }
    );
    // NaN is a value.
    assert_eq!(
        facts(Float64Array::from(vec![Some(f64::NAN), None])),
        ColumnFacts {
            nulls: 1,
            ..ColumnFacts::default()
        }
    );
    assert_eq!(facts(BooleanArray::from(vec![true])), ColumnFacts::default());
    assert_eq!(
        facts(NullArray::new(3)),
        ColumnFacts {
            nulls: 3,
            ..ColumnFacts::default()
        }
    );
    for length in [
        facts(StringArray::from(vec![Some("x"), None, Some("abc")])),
        facts(LargeStringArray::from(vec![Some("x"), None, Some("abc")])),
        facts(StringViewArray::from(vec![Some("x"), None, Some("abc")])),
        facts(BinaryViewArray::from(vec![
            Some(b"ab".as_slice()),
            None,
            Some(&[1, 2, 3]),
        ])),
    ] {
        assert_eq!(
            length,
            ColumnFacts {
                nulls: 1,
                max_bytes: 3,
                ..ColumnFacts::default()
            }
        );
    }
    let long = "a text of more than twelve bytes";
    assert_eq!(
        facts(StringViewArray::from(vec![long])).max_bytes,
        long.len() as u64
    );
}

#[test]
fn characters_beyond_ascii() {
    assert!(!facts(StringArray::from(vec![Some("plain"), None])).non_ascii);
    assert!(facts(StringArray::from(vec!["plain", "é"])).non_ascii);
    assert!(facts(StringViewArray::from(vec!["plain", "é"])).non_ascii);
    assert!(
        facts(
            vec![Some("é")]
                .into_iter()
                .collect::<DictionaryArray<Int32Type>>()
        )
        .non_ascii
    );
    assert!(!facts(StringArray::from(vec!["é", "in", "é"]).slice(1, 1)).non_ascii);
    let hidden = StringArray::new(
        OffsetBuffer::new(vec![0, 2, 4].into()),
        Buffer::from("éok".as_bytes()),
        Some(NullBuffer::from(vec![false, true])),
    );
    assert!(!facts(hidden).non_ascii);
}

#[test]
fn batches_add_up() {
    let part = |values: Vec<Option<&str>>| batch(vec![("c", Arc::new(StringArray::from(values)))]);
    let parts = [
        part(vec![Some("aaaa"), None]),
        part(vec![]),
        part(vec![None, Some("b")]),
    ];
    let mut scan = FactsScan::new(&parts[0].schema());
    for part in &parts {
        scan.push(part);
    }
    let facts = scan.finish();
    assert_eq!(
        (facts.n_rows, facts.columns[0].nulls, facts.columns[0].max_bytes),
        (4, 2, 4)
    );
}

#[test]
fn null_slots_may_hold_anything() {
    // A null text of five bytes, as filters and other libraries leave them.
    let texts = StringArray::new(
        OffsetBuffer::new(vec![0, 5, 7].into()),
        Buffer::from(b"wrongok"),
        Some(NullBuffer::from(vec![false, true])),
    );
    assert_eq!(
        facts(texts),
        ColumnFacts {
            nulls: 1,
            max_bytes: 2,
            ..ColumnFacts::default()
        }
    );
    let numbers = Int64Array::new(
        vec![i64::MAX, 1, 2].into(),
        Some(NullBuffer::from(vec![false, true, true])),
    );
    assert_eq!(
        facts(numbers),
        ColumnFacts {
            nulls: 1,
            ..integers(1, 2)
        }
    );
    // A null list of three large numbers.
    let list = ListArray::new(
        Arc::new(Field::new("item", DataType::Int64, true)),
        OffsetBuffer::new(vec![0, 3, 5].into()),
        Arc::new(Int64Array::from(vec![700, 800, 900, 7, 8])),
        Some(NullBuffer::from(vec![false, true])),
    );
    assert_eq!(
        facts(list),
        ColumnFacts {
            nulls: 1,
            max_items: 2,
            ..integers(7, 8)
        }
    );
    let vector = FixedSizeListArray::new(
        Arc::new(Field::new("item", DataType::Utf8, true)),
        2,
        Arc::new(StringArray::from(vec![
            Some("wrong"),
            Some("wrong"),
            Some("ok"),
            None,
        ])),
        Some(NullBuffer::from(vec![false, true])),
    );
    assert_eq!(
        facts(vector),
        ColumnFacts {
            nulls: 1,
            max_bytes: 2,
            ..ColumnFacts::default()
        }
    );
}

#[test]
fn only_the_window_of_a_slice_counts() {
    let texts = StringArray::from(vec!["outside before", "in", "yes", "outside behind"]);
    assert_eq!(facts(texts.slice(1, 2)).max_bytes, 3);
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(-900); 9]),
        Some(vec![Some(1), None]),
        None,
        Some(vec![Some(3)]),
        Some(vec![Some(900); 9]),
    ]);
    assert_eq!(
        facts(list.slice(1, 3)),
        ColumnFacts {
            nulls: 1,
            max_items: 2,
            ..integers(1, 3)
        }
    );
    let vector = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        [
            Some(vec![Some(-900), Some(-900)]),
            Some(vec![Some(1), None]),
            Some(vec![Some(900), Some(900)]),
        ],
        2,
    );
    assert_eq!(facts(vector.slice(1, 1)), integers(1, 1));
    assert_eq!(
        facts(Int32Array::from(vec![900, 1, 2, 900]).slice(1, 2)),
        integers(1, 2)
    );
    assert_eq!(
        facts(Int32Array::from(vec![900]).slice(0, 0)),
        ColumnFacts::default()
    );
}

#[test]
fn only_the_values_that_a_dictionary_uses_count() {
    let dictionary = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![Some(1), None, Some(2), Some(0)]),
        Arc::new(StringArray::from(vec![
            Some("outside"),
            Some("in"),
            None,
            Some("never used"),
        ])),
    );
    // The third is null because its value is.
    assert_eq!(
        facts(dictionary.slice(0, 3)),
        ColumnFacts {
            nulls: 2,
            max_bytes: 2,
            ..ColumnFacts::default()
        }
    );
    let none = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![None, None]),
        Arc::new(StringArray::from(Vec::<&str>::new())),
    );
    assert_eq!(
        facts(none),
        ColumnFacts {
            nulls: 2,
            ..ColumnFacts::default()
        }
    );
}

#[test]
fn other_encodings_of_the_same_values() {
    let runs = RunArray::<Int32Type>::try_new(
        &Int32Array::from(vec![2, 3]),
        &StringArray::from(vec![Some("abc"), None]),
    )
    .unwrap();
    assert_eq!(
        facts(runs),
        ColumnFacts {
            nulls: 1,
            max_bytes: 3,
            ..ColumnFacts::default()
        }
    );
    let views = ListViewArray::new(
        Arc::new(Field::new("item", DataType::Int64, true)),
        ScalarBuffer::from(vec![2, 0]),
        ScalarBuffer::from(vec![1, 2]),
        Arc::new(Int64Array::from(vec![5, 6, 7, 900])),
        None,
    );
    assert_eq!(
        facts(views),
        ColumnFacts {
            max_items: 2,
            ..integers(5, 7)
        }
    );
}

#[test]
fn lists_of_lists() {
    let inner = ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1), Some(2), Some(3)]),
        None,
        Some(vec![]),
        Some(vec![Some(900)]),
    ]);
    let outer = ListArray::new(
        Arc::new(Field::new("item", inner.data_type().clone(), true)),
        OffsetBuffer::new(vec![0, 2, 3, 4].into()),
        Arc::new(inner),
        Some(NullBuffer::from(vec![true, true, false])),
    );
    assert_eq!(
        facts(outer),
        ColumnFacts {
            nulls: 1,
            max_items: 3,
            ..integers(1, 3)
        }
    );
}
