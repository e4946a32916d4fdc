//! Quartiles and histogram of numbers whose frequencies are known. Must never divide by a range of zero or overflow
//! on the widest one.

use crate::statistics::Histogram;

/// Bins for numbers that are not whole, and at most for whole ones.
const BINS: usize = 50;
const WHOLE_BINS: f64 = 64.0;

/// Up to here a half can be added to a whole number.
const WHOLE: f64 = (1u64 << 51) as f64;

/// Groups of values that may be cut off one after the other.
const CUTS: usize = 64;

/// Different values in ascending order, each with how often it occurs.
pub(super) type Frequencies = [(f64, u64)];

/// Counts equal neighbours in `values`, which are put in order.
pub(super) fn frequencies(values: &[f64]) -> Vec<(f64, u64)> {
    // −0 and 0 are one value.
    let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut found: Vec<(f64, u64)> = Vec::new();
    for value in sorted {
        match found.last_mut() {
            Some((last, count)) if *last == value => *count += 1,
            _ => found.push((value, 1)),
        }
    }
    found
}

/// The quartiles by linear interpolation (R. Hyndman and Y. Fan 1996, type 7): at the rank p (n − 1), from 0.
pub(super) fn quartiles(values: &Frequencies) -> Option<[f64; 3]> {
    let total: u64 = values.iter().map(|(_, count)| count).sum();
    let last = total.checked_sub(1)?;
    let quantile = |p: f64| {
        let rank = p * last as f64;
        let low = rank.floor() as u64;
        let at = rank - rank.floor();
        let (a, b) = (
            value_at(values, total, low)?,
            value_at(values, total, (low + 1).min(last))?,
        );
        Some(between(a, b, at))
    };
    Some([quantile(0.25)?, quantile(0.5)?, quantile(0.75)?])
}

fn between(a: f64, b: f64, at: f64) -> f64 {
    let step = b - a;
    if !step.is_finite() {
        return a * (1.0 - at) + b * at;
    }
    if at < 0.5 {
        a + step * at
    } else {
        b - step * (1.0 - at)
    }
}

/// The value of rank `rank`, from 0, of `total` values.
fn value_at(values: &Frequencies, total: u64, rank: u64) -> Option<f64> {
    if values.len() as u64 == total {
        // Every value once.
        return values.get(usize::try_from(rank).ok()?).map(|(value, _)| *value);
    }
    let mut below = 0;
    for (value, count) in values {
        below += count;
        if rank < below {
            return Some(*value);
        }
    }
    None
}

/// The histogram of `total` values that are distributed as `values` are, from `range.0` to `range.1`.
pub(super) fn histogram(
    values: &Frequencies,
    total: u64,
    range: (f64, f64),
    whole_type: bool,
) -> Option<Histogram> {
    // A sample may have missed the ends.
    let mut all: Vec<(f64, u64)> = Vec::with_capacity(values.len() + 2);
    let (first, last) = (values.first()?.0, values.last()?.0);
    all.extend((range.0 < first).then_some((range.0, 0)));
    all.extend_from_slice(values);
    all.extend((range.1 > last).then_some((range.1, 0)));
    let whole = whole_type || all.iter().all(|(value, _)| value.fract() == 0.0);
    let (low, high, bins) = edges(&all, whole)?;
    let mut counts = vec![0; bins];
    let (mut below, mut above) = (0, 0);
    for (value, count) in &all {
        let place = if *value < low {
            &mut below
        } else if *value > high {
            &mut above
        } else {
            match counts.get_mut(bin(*value, low, high, bins)) {
                Some(place) => place,
                None => &mut above,
            }
        };
        *place += count;
    }
    let mut histogram = Histogram {
        low,
        high,
        counts,
        below,
        above,
    };
    scale(&mut histogram, total);
    // The smallest and the largest value are known, whether or not they were drawn.
    if range.0 < low {
        show_one(&mut histogram.below, &mut histogram.counts);
    }
    if range.1 > high {
        show_one(&mut histogram.above, &mut histogram.counts);
    }
    Some(histogram)
}

fn show_one(outside: &mut u64, counts: &mut [u64]) {
    if *outside == 0
        && let Some(fullest) = counts.iter_mut().max()
        && *fullest > 1
    {
        *fullest -= 1;
        *outside = 1;
    }
}

/// Makes the counts sum up to `total`. Rounding the running sums keeps empty bins empty.
fn scale(histogram: &mut Histogram, total: u64) {
    let Histogram {
        counts, below, above, ..
    } = histogram;
    let drawn = *below + *above + counts.iter().sum::<u64>();
    if drawn == total || drawn == 0 {
        return;
    }
    let (mut sum, mut scaled) = (0, 0);
    let places = std::iter::once(below).chain(counts.iter_mut()).chain([above]);
    for place in places {
        sum += *place;
        let up_to =
            ((u128::from(sum) * u128::from(total) + u128::from(drawn) / 2) / u128::from(drawn)) as u64;
        *place = up_to - scaled;
        scaled = up_to;
    }
}

/// Lower edge, upper edge and number of bins.
fn edges(values: &Frequencies, whole: bool) -> Option<(f64, f64, usize)> {
    let mut kept = without_far_groups(values, whole);
    let span = |kept: &Frequencies| Some((kept.first()?.0, kept.last()?.0));
    let (mut low, mut high) = span(kept)?;
    if !(whole && high - low < WHOLE_BINS) {
        kept = without_long_tails(kept);
        (low, high) = span(kept)?;
    }
    if whole && low.abs() < WHOLE && high.abs() < WHOLE {
        // Bins of whole numbers each, every bin of as many, with edges halfway between two.
        let numbers = high - low + 1.0;
        let width = (numbers / WHOLE_BINS).ceil();
        let bins = (numbers / width).ceil();
        let low = low - 0.5;
        return Some((low, low + bins * width, bins as usize));
    }
    Some((low, high, if low == high { 1 } else { BINS }))
}

/// Leaves out the groups at the ends that stand for a missing value (−99, 99, 1e20): few values behind a gap of
/// more than half of the range, as long as three times as many different values stay. Whole numbers that have a bin
/// each all stay.
fn without_far_groups(values: &Frequencies, whole: bool) -> &Frequencies {
    let mut kept = values;
    for _ in 0..CUTS {
        let Some((range, gap, at)) = widest_gap(kept) else {
            break;
        };
        if gap <= range / 2.0 || (whole && range < WHOLE_BINS) {
            break;
        }
        let (lower, upper) = kept.split_at_checked(at).unwrap_or((kept, &[]));
        kept = if lower.len() * 3 <= upper.len() {
            upper
        } else if upper.len() * 3 <= lower.len() {
            lower
        } else {
            break;
        };
    }
    kept
}

/// The range, the widest gap between neighbours, and the index of the value above it.
fn widest_gap(values: &Frequencies) -> Option<(f64, f64, usize)> {
    let (first, last) = (values.first()?.0, values.last()?.0);
    // A quarter of each number when the range would overflow.
    let unit = unit(first, last);
    let mut widest = (0.0, 0);
    for (index, pair) in values.windows(2).enumerate() {
        if let [(low, _), (high, _)] = pair {
            let gap = high * unit - low * unit;
            if gap > widest.0 {
                widest = (gap, index + 1);
            }
        }
    }
    Some((last * unit - first * unit, widest.0, widest.1))
}

/// When the middle 90 % of the values would fill less than a fifth of the range: only three times their width.
fn without_long_tails(values: &Frequencies) -> &Frequencies {
    let total: u64 = values.iter().map(|(_, count)| count).sum();
    let ends = value_at(values, total, total / 20).zip(value_at(values, total, total - 1 - total / 20));
    let range = values
        .last()
        .zip(values.first())
        .map(|(last, first)| last.0 / 5.0 - first.0 / 5.0);
    let (Some((low, high)), Some(fifth)) = (ends, range) else {
        return values;
    };
    let width = high - low;
    if width <= 0.0 || width >= fifth {
        return values;
    }
    let from = values.partition_point(|(value, _)| *value < low - width);
    let to = values.partition_point(|(value, _)| *value <= high + width);
    values.get(from..to).unwrap_or(values)
}

/// One, or less where the difference of two numbers would overflow.
fn unit(low: f64, high: f64) -> f64 {
    if (high - low).is_finite() { 1.0 } else { 0.25 }
}

/// The bin of a value between the edges.
fn bin(value: f64, low: f64, high: f64, bins: usize) -> usize {
    let unit = unit(low, high);
    let range = high * unit - low * unit;
    if range <= 0.0 {
        return 0;
    }
    let n = bins as f64;
    let edge = |bin: usize| (low * unit + range * (bin as f64 / n)) / unit;
    let mut bin = (((value * unit - low * unit) / range * n) as usize).min(bins - 1);
    // Rounding may have put a value on an edge to the wrong side of it.
    if bin > 0 && value < edge(bin) {
        bin -= 1;
    } else if bin + 1 < bins && value >= edge(bin + 1) {
        bin += 1;
    }
    bin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Histogram {
        let frequencies = frequencies(values);
        let range = (frequencies[0].0, frequencies[frequencies.len() - 1].0);
        histogram(&frequencies, values.len() as u64, range, false).unwrap()
    }

    fn magnitudes() -> Vec<f64> {
        (0..10_000)
            .map(|i| 15.0 + 13.0 * ((i * 7_919 % 10_000) as f64 / 10_000.0))
            .collect()
    }

    #[test]
    fn values_that_stand_for_missing_do_not_widen_the_bins() {
        for sentinels in [
            vec![99.0],
            vec![-99.0, 99.0],
            vec![1e20],
            vec![-9999.0, -99.0, 99.0, 1e20, f64::MAX],
        ] {
            for times in [1, 500, 20_000] {
                let mut values = magnitudes();
                sentinels.iter().for_each(|s| values.extend(vec![*s; times]));
                let found = of(&values);
                assert!(
                    found.low == 15.0 && found.high < 28.0 && found.high > 27.9,
                    "{found:?}"
                );
                let below = sentinels.iter().filter(|s| **s < 0.0).count() * times;
                assert_eq!(found.below, below as u64, "{sentinels:?}");
                assert_eq!(found.above, (sentinels.len() * times - below) as u64);
                assert_eq!(found.counts, vec![200; 50]);
            }
        }
    }

    #[test]
    fn two_peaks_stay_both() {
        let values: Vec<f64> = (0..1_000)
            .map(|i| f64::from(i % 2) * 100.0 + f64::from(i) * 1e-4)
            .collect();
        let found = of(&values);
        assert_eq!((found.below, found.above), (0, 0));
        let flags = of(&[0.0, 1.0, 0.0]);
        assert_eq!((flags.low, flags.high, flags.counts), (-0.5, 1.5, vec![2, 1]));
    }

    #[test]
    fn whole_numbers_have_bins_of_their_own() {
        let found = of(&[0.0, 4.0, 4.0, 3.0, 9.0]);
        assert_eq!((found.low, found.high), (-0.5, 9.5));
        assert_eq!(found.counts, [1, 0, 0, 1, 2, 0, 0, 0, 0, 1]);
        let many: Vec<f64> = (0..1_000).map(f64::from).collect();
        let found = of(&many);
        assert_eq!((found.low, found.high, found.counts.len()), (-0.5, 1_007.5, 63));
        assert!(
            found.counts.iter().rev().skip(1).all(|count| *count == 16),
            "{found:?}"
        );
        let flags = of(&[-99.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!((flags.low, flags.high, flags.below), (-0.5, 4.5, 1));
    }

    #[test]
    fn long_tails_are_cut() {
        // The square of an exponential variable; 5 % are above 8.97, the last is at 149.
        let values: Vec<f64> = (0..100_000)
            .map(|i| ((f64::from(i) + 0.5) / 1e5).ln().powi(2))
            .collect();
        let found = of(&values);
        assert!(found.high > 17.0 && found.high < 18.0, "{found:?}");
        assert!(found.above > 1_000 && found.above < 2_000, "{found:?}");
        assert_eq!(
            found.below + found.above + found.counts.iter().sum::<u64>(),
            100_000
        );
    }

    #[test]
    fn the_widest_and_the_narrowest_range() {
        let found = of(&[-f64::MAX, -1.0, 0.5, 1.0, f64::MAX]);
        assert_eq!(found.below + found.above + found.counts.iter().sum::<u64>(), 5);
        let spread: Vec<f64> = (0..=100)
            .map(|i| (f64::from(i) / 50.0 - 1.0) * f64::MAX)
            .collect();
        let found = of(&spread);
        assert_eq!((found.low, found.high), (-f64::MAX, f64::MAX));
        assert!(
            found.counts.iter().all(|count| (1..=3).contains(count)),
            "{found:?}"
        );
        let tiny = of(&[5e-324, 1e-323, 1.5e-323]);
        assert_eq!(tiny.counts.iter().sum::<u64>(), 3);
        assert_eq!((tiny.low, tiny.high), (5e-324, 1.5e-323));
        let constant = of(&[0.1, 0.1]);
        assert_eq!(
            (constant.low, constant.high, constant.counts),
            (0.1, 0.1, vec![2])
        );
        let large = of(&[1e300, 1e300]);
        assert_eq!((large.low, large.high, large.counts), (1e300, 1e300, vec![2]));
    }

    #[test]
    fn quartiles_as_numpy_has_them() {
        // numpy.percentile(values, [25, 50, 75])
        let of = |values: &[f64]| quartiles(&frequencies(values));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some([3.0; 3]));
        assert_eq!(of(&[1.0, 2.0]), Some([1.25, 1.5, 1.75]));
        assert_eq!(of(&[4.0, 1.0, 3.0, 2.0]), Some([1.75, 2.5, 3.25]));
        assert_eq!(of(&[7.0, 1.0, 1.0, 1.0, 9.0]), Some([1.0, 1.0, 7.0]));
        assert_eq!(
            of(&[-f64::MAX, f64::MAX]),
            Some([
                f64::MAX * 0.25 - f64::MAX * 0.75,
                0.0,
                f64::MAX * 0.75 - f64::MAX * 0.25
            ])
        );
    }

    #[test]
    fn scaled_counts_sum_up() {
        for total in [7u64, 1_000, 12_345_678_901, u64::MAX / 2] {
            let values = frequencies(&[1.5, 1.5, 2.25, 3.5, 3.75]);
            let found = histogram(&values, total, (1.5, 3.75), false).unwrap();
            assert_eq!(
                found.below + found.above + found.counts.iter().sum::<u64>(),
                total
            );
        }
    }
}
