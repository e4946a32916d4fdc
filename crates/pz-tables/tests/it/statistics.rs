//! Statistics against naive oracles: quartiles, different values, histogram, in text and in Parquet.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, FixedSizeListArray, Float32Array,
    Float64Array, Int8Array, Int64Array, ListArray, StringArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use proptest::prelude::*;
use pz_tables::{ColumnStatistics, Histogram, Scalar};

use crate::parquet::parquet;
use crate::table;

/// Statistics of one column, as they come back from JSON.
fn of(column: ArrayRef) -> ColumnStatistics {
    let field = Field::new("v", column.data_type().clone(), true);
    let inspection = table("s.parquet", parquet(vec![field], vec![column], None))
        .inspect()
        .unwrap();
    let found = inspection.statistics[0].clone();
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(
        serde_json::from_str::<ColumnStatistics>(&json).unwrap(),
        found,
        "{json}"
    );
    found
}

fn floats(values: &[f64]) -> ColumnStatistics {
    of(Arc::new(Float64Array::from(values.to_vec())))
}

/// Statistics of one column of a text table.
fn of_text<T: ToString>(values: impl IntoIterator<Item = T>) -> ColumnStatistics {
    let cells: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    let inspection = table("s.csv", format!("v,w\n{},1\n", cells.join(",1\n")))
        .inspect()
        .unwrap();
    inspection.statistics[0].clone()
}

/// `numpy.percentile(values, 100 p)`.
fn numpy_percentile(sorted: &[f64], p: f64) -> f64 {
    let rank = p * (sorted.len() - 1) as f64;
    let (a, b) = (
        sorted[rank as usize],
        sorted[(rank as usize + 1).min(sorted.len() - 1)],
    );
    let t = rank.fract();
    if !(b - a).is_finite() {
        return a * (1.0 - t) + b * t;
    }
    if t < 0.5 {
        a + (b - a) * t
    } else {
        b - (b - a) * (1.0 - t)
    }
}

fn sum(histogram: &Histogram) -> u64 {
    histogram.below + histogram.above + histogram.counts.iter().sum::<u64>()
}

/// What must hold for every column of numbers, whatever they are.
fn check(found: &ColumnStatistics, values: &[f64]) {
    let mut finite: Vec<f64> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .map(|v| v + 0.0)
        .collect();
    finite.sort_by(f64::total_cmp);
    let nan = values.iter().filter(|value| value.is_nan()).count();
    assert_eq!(
        (found.count, found.nan),
        ((values.len() - nan) as u64, nan as u64)
    );
    assert_eq!(found.infinite, (values.len() - nan - finite.len()) as u64);
    if finite.is_empty() {
        assert_eq!((&found.quartiles, &found.histogram), (&None, &None));
        assert_eq!(
            (found.min.clone(), found.distinct, found.sampled),
            (None, None, None)
        );
        return;
    }
    let different: HashSet<u64> = finite.iter().map(|value| value.to_bits()).collect();
    if different.len() <= 1_000 {
        assert_eq!(
            (found.distinct, found.distinct_is_estimate),
            (Some(different.len() as u64), false)
        );
    }
    assert_eq!(found.sampled, None);
    let expected = [0.25, 0.5, 0.75].map(|p| numpy_percentile(&finite, p));
    assert_eq!(found.quartiles, Some(expected));
    let histogram = found.histogram.as_ref().unwrap();
    assert_eq!(sum(histogram), finite.len() as u64, "{histogram:?}");
    assert!(histogram.counts.len() <= 64 && histogram.low <= histogram.high);
    let below = finite.iter().filter(|value| **value < histogram.low).count();
    let above = finite.iter().filter(|value| **value > histogram.high).count();
    assert_eq!(
        (histogram.below, histogram.above),
        (below as u64, above as u64),
        "{histogram:?}"
    );
    // Every bin against its edges, wherever they can be computed without overflow.
    let width = histogram.high - histogram.low;
    if width.is_finite() && width > 0.0 {
        let n = histogram.counts.len();
        let edge = |bin: usize| histogram.low + width * (bin as f64 / n as f64);
        let up_to = |bin: usize| histogram.below + histogram.counts.iter().take(bin).sum::<u64>();
        // Edges of a range of a few representable numbers fall together.
        if (1..n).all(|bin| edge(bin) > edge(bin - 1)) {
            for bin in 0..n {
                let expected = finite.iter().filter(|value| **value < edge(bin)).count() as u64;
                assert_eq!(up_to(bin), expected, "bin {bin} of {histogram:?}");
            }
        }
    }
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0..10.0f64,
        2 => (-5i32..5).prop_map(f64::from),
        1 => any::<f64>(),
        1 => Just(f64::MAX),
        1 => Just(-f64::MAX),
        1 => Just(5e-324),
        1 => Just(-99.0),
        1 => Just(1e20),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-0.0),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn floats_equal_the_oracle(values in proptest::collection::vec(any_number(), 1..300)) {
        check(&floats(&values), &values);
    }

    #[test]
    fn texts_of_floats_equal_the_oracle(values in proptest::collection::vec(any_number(), 1..300)) {
        prop_assume!(values.iter().any(|value| value.is_finite() && value.fract() != 0.0));
        let found = of_text(values.iter().map(|value| format!("{value:?}")));
        check(&found, &values);
    }

    #[test]
    fn integers_equal_the_oracle(values in proptest::collection::vec(prop_oneof![any::<i64>(), -20i64..20], 1..300)) {
        let as_floats: Vec<f64> = values.iter().map(|value| *value as f64).collect();
        for found in [of(Arc::new(Int64Array::from(values.clone()))), of_text(&values)] {
            let different: BTreeSet<i64> = values.iter().copied().collect();
            prop_assert_eq!(found.distinct, Some(different.len() as u64));
            let mut top: Vec<(usize, i64)> = different
                .iter()
                .map(|value| (values.iter().filter(|other| *other == value).count(), *value))
                .collect();
            top.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            let shown: Vec<(usize, i64)> = found
                .top_values
                .iter()
                .map(|top| (top.count as usize, top.value.parse().unwrap()))
                .collect();
            top.truncate(pz_tables::TOP_VALUES);
            prop_assert_eq!(shown, top);
            // Different integers may be one floating-point number.
            let different = as_floats.iter().map(|value| value.to_bits()).collect::<HashSet<_>>().len();
            check(&ColumnStatistics { distinct: Some(different as u64), ..found }, &as_floats);
        }
    }
}

#[test]
fn the_ends_of_the_integers() {
    let found = of(Arc::new(Int64Array::from(vec![i64::MIN, -1, 0, i64::MAX])));
    assert_eq!(
        (found.min.clone(), found.max.clone()),
        (Some(Scalar::Int(i64::MIN)), Some(Scalar::Int(i64::MAX)))
    );
    assert_eq!(found.distinct, Some(4));
    assert_eq!(sum(&found.histogram.unwrap()), 4);
    let large = [u64::MAX, u64::MAX - 1, 1 << 63, 5];
    for found in [of(Arc::new(UInt64Array::from(large.to_vec()))), of_text(large)] {
        assert_eq!(found.max, Some(Scalar::UInt(u64::MAX)));
        let top: Vec<String> = found.top_values.iter().map(|top| top.value.clone()).collect();
        let expected = [
            "5",
            "9223372036854775808",
            "18446744073709551614",
            "18446744073709551615",
        ];
        assert_eq!(top, expected);
    }
    let small = of(Arc::new(Int8Array::from(vec![
        Some(-128),
        None,
        Some(127),
        Some(127),
    ])));
    assert_eq!((small.count, small.missing, small.distinct), (3, 1, Some(2)));
    assert_eq!(small.top_values[0].value, "127");
}

#[test]
fn nothing_to_describe() {
    for values in [
        vec![f64::NAN; 3],
        vec![f64::INFINITY, f64::NEG_INFINITY, f64::NAN],
    ] {
        check(&floats(&values), &values);
    }
    let missing = of(Arc::new(Float64Array::from(vec![None, None])));
    assert_eq!(
        (missing.missing, missing.quartiles, missing.histogram),
        (2, None, None)
    );
    let one = floats(&[7.25]);
    assert_eq!(
        (one.quartiles, one.distinct, one.std),
        (Some([7.25; 3]), Some(1), None)
    );
    let histogram = one.histogram.unwrap();
    assert_eq!(
        (histogram.low, histogram.high, histogram.counts),
        (7.25, 7.25, vec![1])
    );
}

#[test]
fn flags_have_bins_and_counts_of_their_own() {
    // More values than a sample holds: the counts are exact all the same.
    let values: Vec<i64> = (0..200_000).map(|row| [4, 3, 4, 9, 4, -99][row % 6]).collect();
    let as_floats: Vec<f64> = values.iter().map(|value| *value as f64).collect();
    let integers = of(Arc::new(Int64Array::from(values.clone())));
    for found in [
        integers,
        of_text(&values),
        floats(&as_floats),
        of_text(as_floats.iter().map(|v| format!("{v:?}"))),
    ] {
        assert_eq!(
            (found.distinct, found.distinct_is_estimate, found.sampled),
            (Some(4), false, None)
        );
        assert_eq!(found.quartiles, Some([3.0, 4.0, 4.0]));
        let histogram = found.histogram.unwrap();
        assert_eq!(
            (histogram.low, histogram.high, histogram.below),
            (2.5, 9.5, 33_333)
        );
        assert_eq!(histogram.counts, [33_334, 100_000, 0, 0, 0, 0, 33_333]);
        if !found.top_values.is_empty() {
            assert_eq!(
                (found.top_values[0].value.as_str(), found.top_values[0].count),
                ("4", 100_000)
            );
        }
    }
}

/// Numbers between 0 and 1 in disorder.
fn disorder(rows: usize) -> Vec<f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..rows)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        })
        .collect()
}

#[test]
fn samples_are_within_the_documented_error() {
    let rows = 1_000_000;
    let random = disorder(rows);
    let mut sorted = random.clone();
    sorted.sort_by(f64::total_cmp);
    let skewed: Vec<f64> = random.iter().map(|value| (value * 20.0).exp()).collect();
    let waves: Vec<f64> = (0..rows)
        .map(|row| ((row % 1_024) as f64 * 0.01).sin() + row as f64 * 1e-9)
        .collect();
    for values in [
        random,
        sorted.clone(),
        sorted.iter().rev().copied().collect(),
        skewed,
        waves,
    ] {
        let found = floats(&values);
        let mut ordered = values.clone();
        ordered.sort_by(f64::total_cmp);
        let sampled = found.sampled.unwrap();
        assert!((32_768..=65_536).contains(&sampled), "{sampled}");
        for (p, value) in [0.25, 0.5, 0.75].into_iter().zip(found.quartiles.unwrap()) {
            let rank = ordered.partition_point(|other| *other < value) as f64 / rows as f64;
            assert!((rank - p).abs() < 0.011, "{rank} for {p}");
        }
        let histogram = found.histogram.clone().unwrap();
        assert_eq!(sum(&histogram), rows as u64);
        let width = histogram.high - histogram.low;
        let mut up_to = histogram.below;
        for (bin, count) in histogram.counts.iter().enumerate() {
            up_to += count;
            let edge = histogram.low + width * ((bin + 1) as f64 / histogram.counts.len() as f64);
            let exact = ordered.partition_point(|other| *other < edge) as f64;
            assert!(
                (exact - up_to as f64).abs() < 0.011 * rows as f64,
                "bin {bin}: {up_to} for {exact}"
            );
        }
        let different = ordered.len() as f64;
        assert!(found.distinct_is_estimate);
        assert!(
            (found.distinct.unwrap() as f64 / different - 1.0).abs() < 0.05,
            "{:?}",
            found.distinct
        );
        // The same file, the same statistics.
        assert_eq!(found, floats(&values));
    }
}

#[test]
fn exact_up_to_the_capacity() {
    let mut values = disorder(65_536);
    let found = floats(&values);
    assert_eq!(found.sampled, None);
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    assert_eq!(
        found.quartiles,
        Some([0.25, 0.5, 0.75].map(|p| numpy_percentile(&sorted, p)))
    );
    values.push(0.5);
    assert!(floats(&values).sampled.is_some());
}

#[test]
fn one_far_value_among_many() {
    let mut values = disorder(500_000);
    values[123_456] = -1e20;
    values[400_000] = f64::MAX;
    let found = floats(&values);
    let histogram = found.histogram.unwrap();
    assert!(histogram.low >= 0.0 && histogram.high <= 1.0, "{histogram:?}");
    assert!(
        histogram.below >= 1 && histogram.above >= 1 && histogram.below < 100,
        "{histogram:?}"
    );
    assert_eq!(sum(&histogram), 500_000);
    assert_eq!(found.min, Some(Scalar::Float(-1e20)));
}

#[test]
fn different_values_of_every_type() {
    let days = of(Arc::new(Date32Array::from(
        (0..5_000).map(|row| row % 31).collect::<Vec<_>>(),
    )));
    assert_eq!(
        (days.distinct, days.distinct_is_estimate, days.histogram),
        (Some(31), false, None)
    );
    let many = of(Arc::new(Date32Array::from((0..5_000).collect::<Vec<_>>())));
    assert!(many.distinct_is_estimate && many.distinct.unwrap().abs_diff(5_000) < 250);
    let bools = of(Arc::new(BooleanArray::from(vec![Some(true), None, Some(true)])));
    assert_eq!(bools.distinct, Some(1));
    let decimals: Vec<i128> = vec![1, 2, 2, 10i128.pow(25), -10i128.pow(25), 10i128.pow(25) + 1];
    let decimals = Decimal128Array::from(decimals)
        .with_precision_and_scale(30, 2)
        .unwrap();
    let found = of(Arc::new(decimals));
    assert_eq!((found.distinct, found.distinct_is_estimate), (Some(5), false));
    assert!(found.quartiles.is_some() && found.histogram.is_some());
    let names: Vec<String> = (0..40_000)
        .map(|row| format!("object {}", row % 20_000))
        .collect();
    for found in [of(Arc::new(StringArray::from(names.clone()))), of_text(&names)] {
        assert!(found.distinct_is_estimate && found.top_values.is_empty());
        assert!(
            found.distinct.unwrap().abs_diff(20_000) < 1_000,
            "{:?}",
            found.distinct
        );
    }
    let sequence: Vec<i64> = (0..300_000).map(|row| 7_000_000_000_000_000_000 + row).collect();
    for found in [
        of(Arc::new(Int64Array::from(sequence.clone()))),
        of_text(&sequence),
    ] {
        assert!(found.distinct_is_estimate, "{found:?}");
        assert!(
            found.distinct.unwrap().abs_diff(300_000) < 15_000,
            "{:?}",
            found.distinct
        );
    }
}

#[test]
fn different_values_of_a_column_that_changes_its_type() {
    // Integers first, then numbers, then words, with too many of each to be counted.
    let cells = |words: bool| -> Vec<String> {
        let mut cells: Vec<String> = (0..30_000).map(|row| row.to_string()).collect();
        cells.extend((0..30_000).map(|row| format!("{row}.0")));
        cells.extend((0..30_000).map(|row| format!("{row}.5")));
        if words {
            cells.extend((0..40_000).map(|row| format!("word {row}")));
            cells.extend((0..30_000).map(|row| format!("{row}.50")));
        }
        cells
    };
    let numbers = of_text(cells(false));
    assert!(
        numbers.distinct_is_estimate && numbers.distinct.unwrap().abs_diff(60_000) < 3_000,
        "{numbers:?}"
    );
    assert_eq!(sum(&numbers.histogram.unwrap()), 90_000);
    let texts = of_text(cells(true));
    assert!(
        texts.distinct_is_estimate && texts.distinct.unwrap().abs_diff(100_000) < 5_000,
        "{:?}",
        texts.distinct
    );
    assert_eq!(
        (texts.histogram, texts.quartiles, texts.sampled),
        (None, None, None)
    );
}

#[test]
fn single_precision_is_written_short() {
    let found = of(Arc::new(Float32Array::from(vec![0.1f32, 0.1, 0.2, 0.3, 0.3])));
    assert_eq!(found.quartiles, Some([0.1, 0.2, 0.3]));
    assert_eq!(
        (found.min, found.max),
        (Some(Scalar::Float(0.1)), Some(Scalar::Float(0.3)))
    );
    assert_eq!(sum(&found.histogram.unwrap()), 5);
}

#[test]
fn vectors_are_described_by_their_elements() {
    let values = Float64Array::from(vec![0.0, 1.0, 2.0, f64::NAN, 99.0, 99.0, 5.0, 6.0]);
    let item = Arc::new(Field::new("item", DataType::Float64, true));
    // The third cell is null; its elements do not count.
    let nulls = Some(NullBuffer::from(vec![true, true, false, true]));
    let fixed = FixedSizeListArray::new(item.clone(), 2, Arc::new(values.clone()), nulls.clone());
    let lists = ListArray::new(
        item,
        OffsetBuffer::from_lengths([1, 3, 2, 2]),
        Arc::new(values),
        nulls,
    );
    for column in [Arc::new(fixed) as ArrayRef, Arc::new(lists)] {
        let found = of(column);
        assert_eq!((found.count, found.missing, found.nan), (3, 1, 1));
        assert_eq!(
            (found.min, found.max),
            (Some(Scalar::Float(0.0)), Some(Scalar::Float(6.0)))
        );
        assert_eq!((found.mean, found.distinct), (Some(2.8), None));
        assert_eq!(found.quartiles, Some([1.0, 2.0, 5.0]));
        assert_eq!(sum(&found.histogram.unwrap()), 5);
    }
    let inner = Arc::new(Field::new("item", DataType::Int64, true));
    let pairs = FixedSizeListArray::new(
        inner,
        2,
        Arc::new(Int64Array::from((0..12).collect::<Vec<_>>())),
        None,
    );
    let outer = Arc::new(Field::new("item", pairs.data_type().clone(), true));
    let arrays = FixedSizeListArray::new(outer, 3, Arc::new(pairs), None);
    let found = of(Arc::new(arrays));
    assert_eq!(
        (found.count, found.min, found.max),
        (2, Some(Scalar::Int(0)), Some(Scalar::Int(11)))
    );
    assert_eq!(found.mean, Some(5.5));
    let words = ListArray::new(
        Arc::new(Field::new("item", DataType::Utf8, true)),
        OffsetBuffer::from_lengths([1, 1]),
        Arc::new(StringArray::from(vec!["a", "b"])),
        None,
    );
    let found = of(Arc::new(words));
    assert_eq!((found.count, found.min, found.histogram), (2, None, None));
}
