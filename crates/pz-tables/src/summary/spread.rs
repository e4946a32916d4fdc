//! How the numbers of a column are spread: quartiles, histogram, how many different ones. Must never keep more than
//! its share of memory.

use super::cardinality::{Cardinality, float_key, number_key};
use super::histogram::{frequencies, histogram, quartiles};
use super::sample::Sample;
use super::share::Share;
use crate::statistics::{ColumnStatistics, TOP_VALUES, ValueCount};

/// What is kept of the finite numbers of a column.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    sample: Sample,
    distinct: Option<Cardinality>,
    /// Integers may be among the keys of floating-point numbers.
    mixed_keys: bool,
    share: Share,
}

/// How often each number occurs, when that is known exactly.
#[derive(Debug, Clone)]
pub(crate) enum Counted {
    /// Integers.
    Integers(Vec<(i128, u64)>),
    /// Finite floating-point numbers.
    Floats(Vec<(f64, u64)>),
}

impl Spread {
    /// For one of `columns` columns; counts different values when `distinct`.
    pub(crate) fn new(columns: usize, distinct: bool) -> Self {
        let share = Share::of(columns);
        Self {
            sample: Sample::new(share.sample),
            distinct: distinct.then(|| Cardinality::new(share)),
            mixed_keys: false,
            share,
        }
    }

    /// Counts different values by a sketch from here on; `keys` are those seen before.
    pub(crate) fn start_sketch(&mut self, keys: impl Iterator<Item = u64>) {
        let mut sketch = Cardinality::sketch(self.share);
        sketch.push(keys);
        self.distinct = Some(sketch);
    }

    /// From here on whole numbers have the keys of integers, as there have been integers.
    pub(crate) fn mix_keys(&mut self) {
        self.mixed_keys = true;
    }

    /// Whether integers have keys of their own.
    pub(crate) fn has_mixed_keys(&self) -> bool {
        self.mixed_keys
    }

    /// The key of a floating-point number.
    pub(crate) fn key(&self, value: f64) -> u64 {
        if self.mixed_keys {
            number_key(value)
        } else {
            float_key(value)
        }
    }

    /// Adds finite numbers.
    #[inline]
    pub(crate) fn push_floats(&mut self, values: &[f64]) {
        self.sample.push(values);
        match (&mut self.distinct, self.mixed_keys) {
            (Some(distinct), false) => distinct.push(values.iter().map(|value| float_key(*value))),
            (Some(distinct), true) => distinct.push(values.iter().map(|value| number_key(*value))),
            (None, _) => {}
        }
    }

    /// Adds integers, also as floating-point numbers.
    #[inline]
    pub(crate) fn push_integers(&mut self, keys: impl Iterator<Item = u64>, values: &[f64]) {
        self.sample.push(values);
        if let Some(distinct) = &mut self.distinct {
            distinct.push(keys);
        }
    }

    /// The sketch of a column that turns out not to be of numbers.
    pub(crate) fn take_distinct(&mut self) -> Option<Cardinality> {
        self.distinct.take()
    }

    /// Fills in what is known of integers between `range.0` and `range.1`.
    pub(crate) fn describe_integers(
        &self,
        range: (i128, i128),
        counted: Option<Counted>,
        statistics: &mut ColumnStatistics,
    ) {
        let keys = self.distinct.as_ref().and_then(Cardinality::counts);
        let counted = counted.or_else(|| {
            // Two's complement: the keys of a column with negative numbers are signed.
            let value = |key: u64| {
                if range.0 < 0 {
                    i128::from(key as i64)
                } else {
                    i128::from(key)
                }
            };
            let values = keys?.into_iter().map(|(key, count)| (value(key), count));
            Some(Counted::Integers(values.collect()))
        });
        self.describe((range.0 as f64, range.1 as f64), true, counted, statistics);
    }

    /// Fills in what is known of finite floating-point numbers between `range.0` and `range.1`.
    pub(crate) fn describe_floats(
        &self,
        range: (f64, f64),
        counted: Option<Counted>,
        statistics: &mut ColumnStatistics,
    ) {
        let keys = self.distinct.as_ref().and_then(Cardinality::counts);
        let counted = counted.or_else(|| {
            let values = keys?.into_iter().map(|(key, count)| (f64::from_bits(key), count));
            Some(Counted::Floats(values.collect()))
        });
        self.describe(range, false, counted, statistics);
    }

    fn describe(
        &self,
        range: (f64, f64),
        whole: bool,
        counted: Option<Counted>,
        statistics: &mut ColumnStatistics,
    ) {
        let total = self.sample.seen();
        if total == 0 {
            return;
        }
        let values = match counted {
            Some(Counted::Integers(mut counts)) => {
                statistics.distinct = Some(counts.len() as u64);
                statistics.top_values = most_frequent(&mut counts);
                counts.sort_unstable();
                merged(counts.into_iter().map(|(value, count)| (value as f64, count)))
            }
            Some(Counted::Floats(mut counts)) => {
                counts.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                let values = merged(counts.into_iter());
                statistics.distinct = Some(values.len() as u64);
                values
            }
            None => {
                if let Some(distinct) = &self.distinct {
                    let (different, is_estimate) = distinct.different(total);
                    (statistics.distinct, statistics.distinct_is_estimate) = (Some(different), is_estimate);
                }
                let kept = self.sample.values();
                statistics.sampled = (!self.sample.is_whole()).then_some(kept.len() as u64);
                frequencies(kept)
            }
        };
        statistics.quartiles = quartiles(&values);
        statistics.histogram = histogram(&values, total, range, whole);
    }
}

/// The most frequent integers, most frequent first, equals in ascending order.
fn most_frequent(counts: &mut [(i128, u64)]) -> Vec<ValueCount> {
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
        .iter()
        .take(TOP_VALUES)
        .map(|(value, count)| ValueCount {
            value: value.to_string(),
            count: *count,
        })
        .collect()
}

/// Sorted values, equal ones together.
fn merged(counts: impl Iterator<Item = (f64, u64)>) -> Vec<(f64, u64)> {
    let mut merged: Vec<(f64, u64)> = Vec::new();
    for (value, count) in counts {
        match merged.last_mut() {
            Some((last, sum)) if *last == value => *sum += count,
            _ => merged.push((value, count)),
        }
    }
    merged
}
