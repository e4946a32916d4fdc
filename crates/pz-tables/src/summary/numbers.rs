//! Smallest, largest, mean and spread of numbers; integers stay exact to the last digit.

use super::moments::{LANES, Moments};
use crate::statistics::{ColumnStatistics, Scalar};

/// Values converted at a time when summing integers.
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
    /// Adds values; NaN and infinities are set apart and counted.
    pub(crate) fn push_chunk(&mut self, values: &[f64]) {
        if all_finite(values) {
            self.push_finite(values);
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
        self.push_finite(&finite);
        self.finite = finite;
    }

    fn push_finite(&mut self, values: &[f64]) {
        let Some(&first) = values.first() else { return };
        for part in values.chunks(CHUNK) {
            self.moments.push_chunk(part);
        }
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
        self.moments.merge(integers.moments);
    }

    fn widen(&mut self, low: f64, high: f64) {
        let (old_low, old_high) = self.range.unwrap_or((low, high));
        self.range = Some((old_low.min(low), old_high.max(high)));
    }

    /// Fills in range, mean, spread and the infinite values.
    pub(crate) fn describe(&self, statistics: &mut ColumnStatistics) {
        if let Some((low, high)) = self.range {
            (statistics.min, statistics.max) = (Some(Scalar::Float(low)), Some(Scalar::Float(high)));
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
#[derive(Debug, Clone, Default)]
pub(crate) struct IntSummary {
    range: Option<(i128, i128)>,
    moments: Moments,
}

macro_rules! push_integers {
    ($($name:ident: $type:ty),*) => { $(
        /// Adds integers.
        pub(crate) fn $name(&mut self, values: &[$type]) {
            let mut floats = [0.0f64; CHUNK];
            for part in values.chunks(CHUNK) {
                for (float, value) in floats.iter_mut().zip(part) {
                    *float = *value as f64;
                }
                self.moments.push_chunk(floats.get(..part.len()).unwrap_or_default());
                let low = part.iter().copied().fold(<$type>::MAX, std::cmp::min);
                let high = part.iter().copied().fold(<$type>::MIN, std::cmp::max);
                self.widen(i128::from(low), i128::from(high));
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

    pub(crate) fn range(&self) -> Option<(i128, i128)> {
        self.range
    }

    /// Fills in range, mean and spread.
    pub(crate) fn describe(&self, statistics: &mut ColumnStatistics) {
        if let Some((low, high)) = self.range {
            (statistics.min, statistics.max) = (Some(Scalar::integer(low)), Some(Scalar::integer(high)));
        }
        statistics.mean = self.moments.mean();
        statistics.std = self.moments.std();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_at_both_ends() {
        let mut summary = IntSummary::default();
        summary.push_i64(&[0, i64::MIN, i64::MIN + 1]);
        summary.push_u64(&[u64::MAX, u64::MAX - 1]);
        assert_eq!(
            summary.range(),
            Some((i128::from(i64::MIN), i128::from(u64::MAX)))
        );
    }

    #[test]
    fn nan_and_infinity_are_set_apart() {
        let mut summary = FloatSummary::default();
        summary.push_chunk(&[f64::NAN, 2.0, f64::INFINITY, -1.0, f64::NEG_INFINITY, f64::NAN]);
        assert_eq!(
            (summary.nan, summary.infinite, summary.range),
            (2, 2, Some((-1.0, 2.0)))
        );
        assert_eq!(summary.moments.mean(), Some(0.5));
        summary.push_chunk(&[f64::NAN]);
        assert_eq!(summary.range, Some((-1.0, 2.0)));
    }

    #[test]
    fn every_position_counts_for_the_range() {
        for position in 0..37 {
            let mut values = vec![0.0; 37];
            values[position] = 5.0;
            let mut summary = FloatSummary::default();
            summary.push_chunk(&values);
            assert_eq!(summary.range, Some((0.0, 5.0)), "{position}");
            values[position] = -5.0;
            let mut summary = FloatSummary::default();
            summary.push_chunk(&values);
            assert_eq!(summary.range, Some((-5.0, 0.0)), "{position}");
        }
    }
}
