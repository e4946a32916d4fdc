//! Smallest, largest, mean and spread of numbers; integers stay exact to the last digit.

use super::moments::{LANES, Moments};
use super::spread::{Counted, Spread};
use crate::statistics::{ColumnStatistics, Scalar};

/// Values worked on at a time, so that they stay in the nearest cache.
const CHUNK: usize = 1_024;

/// Summary of floating-point values.
#[derive(Debug, Clone, Default)]
pub(crate) struct FloatSummary {
    pub(crate) nan: u64,
    pub(crate) infinite: u64,
    range: Option<(f64, f64)>,
    moments: Moments,
    finite: Vec<f64>,
}

impl FloatSummary {
    /// Adds values; NaN and infinities are set apart and counted, the others go into `spread` too.
    pub(crate) fn push_chunk(&mut self, values: &[f64], spread: &mut Spread) {
        for part in values.chunks(CHUNK) {
            self.push_part(part, spread);
        }
    }

    fn push_part(&mut self, values: &[f64], spread: &mut Spread) {
        if all_finite(values) {
            self.push_finite(values, spread);
            return;
        }
        let mut finite = std::mem::take(&mut self.finite);
        finite.clear();
        for value in values {
            if value.is_finite() {
                finite.push(*value);
            } else if value.is_nan() {
                self.nan += 1;
            } else {
                self.infinite += 1;
            }
        }
        self.push_finite(&finite, spread);
        self.finite = finite;
    }

    fn push_finite(&mut self, values: &[f64], spread: &mut Spread) {
        let Some(&first) = values.first() else { return };
        self.moments.push_chunk(values);
        spread.push_floats(values);
        let (mut low, mut high) = ([first; LANES], [first; LANES]);
        let mut chunks = values.chunks_exact(LANES);
        for chunk in &mut chunks {
            for ((low, high), value) in low.iter_mut().zip(high.iter_mut()).zip(chunk) {
                *low = if *value < *low { *value } else { *low };
                *high = if *value > *high { *value } else { *high };
            }
        }
        for value in low.iter().chain(&high).chain(chunks.remainder()).copied() {
            self.widen(value, value);
        }
    }

    /// Takes over what was seen while the values still were integers.
    pub(crate) fn absorb(&mut self, integers: &IntSummary) {
        if let Some((low, high)) = integers.range {
            self.widen(low as f64, high as f64);
        }
        self.moments.merge(integers.moments());
    }

    fn widen(&mut self, low: f64, high: f64) {
        let (old_low, old_high) = self.range.unwrap_or((low, high));
        self.range = Some((old_low.min(low), old_high.max(high)));
    }

    /// Fills in range, mean, spread, quartiles, histogram and the infinite values; the finite ones are `counted` when
    /// they have been elsewhere.
    pub(crate) fn describe(
        &self,
        spread: &Spread,
        counted: Option<Counted>,
        statistics: &mut ColumnStatistics,
    ) {
        if let Some((low, high)) = self.range {
            (statistics.min, statistics.max) = (Some(Scalar::Float(low)), Some(Scalar::Float(high)));
            spread.describe_floats((low, high), counted, statistics);
        }
        statistics.infinite = self.infinite;
        statistics.mean = self.moments.mean();
        statistics.std = self.moments.std();
    }
}

fn all_finite(values: &[f64]) -> bool {
    // The exponent bits are all ones exactly for NaN and infinities.
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    !values.iter().fold(false, |found, value| {
        found | (value.to_bits() & EXPONENT == EXPONENT)
    })
}

/// Summary of integers: the range in 128 bits, so that every 64-bit value, signed or not, is exact.
///
/// The moments are those of the differences from the first value: identifiers have more digits than floating-point
/// numbers, and their differences do not.
#[derive(Debug, Clone, Default)]
pub(crate) struct IntSummary {
    range: Option<(i128, i128)>,
    first: Option<i128>,
    moments: Moments,
}

macro_rules! push_integers {
    ($($name:ident: $type:ty),*) => { $(
        /// Adds integers, to `spread` too.
        pub(crate) fn $name(&mut self, values: &[$type], spread: &mut Spread) {
            let Some(first) = values.first() else { return };
            let first = *self.first.get_or_insert(i128::from(*first));
            let mut floats = [0.0f64; CHUNK];
            for part in values.chunks(CHUNK) {
                let low = i128::from(part.iter().copied().fold(<$type>::MAX, std::cmp::min));
                let high = i128::from(part.iter().copied().fold(<$type>::MIN, std::cmp::max));
                self.widen(low, high);
                let floats = floats.get_mut(..part.len()).unwrap_or_default();
                if i64::try_from(low - first).is_ok() && i64::try_from(high - first).is_ok() {
                    for (float, value) in floats.iter_mut().zip(part) {
                        *float = (*value as u64).wrapping_sub(first as u64) as i64 as f64;
                    }
                } else {
                    for (float, value) in floats.iter_mut().zip(part) {
                        *float = *value as f64 - first as f64;
                    }
                }
                self.moments.push_chunk(floats);
                for (float, value) in floats.iter_mut().zip(part) {
                    *float = *value as f64;
                }
                spread.push_integers(part.iter().map(|value| *value as u64), floats);
            }
        }
    )* };
}

impl IntSummary {
    push_integers!(push_i64: i64, push_u64: u64);

    fn widen(&mut self, low: i128, high: i128) {
        let (old_low, old_high) = self.range.unwrap_or((low, high));
        self.range = Some((old_low.min(low), old_high.max(high)));
    }

    /// Of the values themselves.
    fn moments(&self) -> Moments {
        self.moments.moved(self.first.unwrap_or(0))
    }

    pub(crate) fn range(&self) -> Option<(i128, i128)> {
        self.range
    }

    /// As [`FloatSummary::describe`].
    pub(crate) fn describe(
        &self,
        spread: &Spread,
        counted: Option<Counted>,
        statistics: &mut ColumnStatistics,
    ) {
        if let Some((low, high)) = self.range {
            (statistics.min, statistics.max) = (Some(Scalar::integer(low)), Some(Scalar::integer(high)));
            spread.describe_integers((low, high), counted, statistics);
        }
        statistics.mean = self.moments().mean();
        statistics.std = self.moments.std();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread() -> Spread {
        Spread::new(1, true)
    }

    #[test]
    fn integers_are_exact_at_both_ends() {
        let mut summary = IntSummary::default();
        summary.push_i64(&[0, i64::MIN, i64::MIN + 1], &mut spread());
        summary.push_u64(&[u64::MAX, u64::MAX - 1], &mut spread());
        assert_eq!(
            summary.range(),
            Some((i128::from(i64::MIN), i128::from(u64::MAX)))
        );
    }

    #[test]
    fn identifiers_have_an_exact_spread() {
        let mut summary = IntSummary::default();
        let start = 4_611_686_018_427_387_000i64;
        let values: Vec<i64> = (0..100_000).map(|row| start + 37 * row).collect();
        values
            .chunks(777)
            .for_each(|chunk| summary.push_i64(chunk, &mut spread()));
        // Of n numbers in a row with sample variance n (n + 1) / 12.
        let expected = 37.0 * (100_000.0 * 100_001.0 / 12.0f64).sqrt();
        assert!((summary.moments.std().unwrap() / expected - 1.0).abs() < 1e-12);
        assert_eq!(summary.moments().mean(), Some((start + 37 * 49_999) as f64));
        let mut ends = IntSummary::default();
        ends.push_i64(&[i64::MIN, i64::MAX], &mut spread());
        ends.push_u64(&[u64::MAX], &mut spread());
        let mean = (2.0f64.powi(64) - 2.0) / 3.0;
        assert!((ends.moments().mean().unwrap() / mean - 1.0).abs() < 1e-15);
    }

    #[test]
    fn nan_and_infinity_are_set_apart() {
        let mut summary = FloatSummary::default();
        summary.push_chunk(
            &[f64::NAN, 2.0, f64::INFINITY, -1.0, f64::NEG_INFINITY, f64::NAN],
            &mut spread(),
        );
        assert_eq!(
            (summary.nan, summary.infinite, summary.range),
            (2, 2, Some((-1.0, 2.0)))
        );
        assert_eq!(summary.moments.mean(), Some(0.5));
        summary.push_chunk(&[f64::NAN], &mut spread());
        assert_eq!(summary.range, Some((-1.0, 2.0)));
    }

    #[test]
    fn every_position_counts_for_the_range() {
        for position in 0..37 {
            let mut values = vec![0.0; 37];
            values[position] = 5.0;
            let mut summary = FloatSummary::default();
            summary.push_chunk(&values, &mut spread());
            assert_eq!(summary.range, Some((0.0, 5.0)), "{position}");
            values[position] = -5.0;
            let mut summary = FloatSummary::default();
            summary.push_chunk(&values, &mut spread());
            assert_eq!(summary.range, Some((-5.0, 0.0)), "{position}");
        }
    }
}
