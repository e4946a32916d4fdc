//! Narrow bins for quantiles, and the axes of plots.

/// Counts in many narrow bins of equal width, from which quantiles follow to that width.
#[derive(Debug, Clone)]
pub(super) struct Fine {
    low: f64,
    width: f64,
    counts: Vec<u64>,
    total: u64,
}

impl Fine {
    /// Bins of `width` from `low` to `high`.
    pub(super) fn new(low: f64, high: f64, width: f64) -> Self {
        let bins = ((high - low) / width).ceil().max(1.0) as usize;
        Self {
            low,
            width,
            counts: vec![0; bins],
            total: 0,
        }
    }

    /// Counts a number; what lies outside goes into the outermost bins.
    #[inline]
    pub(super) fn push(&mut self, value: f64) {
        let last = self.counts.len() - 1;
        // A negative number saturates to bin 0.
        let bin = (((value - self.low) / self.width) as usize).min(last);
        if let Some(count) = self.counts.get_mut(bin) {
            *count += 1;
        }
        self.total += 1;
    }

    /// Numbers counted.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// The number below which a share `share` of all lies (rank `share · (n − 1)` from 0, spread evenly within a bin).
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        self.at_rank(share * self.total.checked_sub(1)? as f64)
    }

    /// As [`Fine::quantile`] for the next whole rank: of fewer than a thousand numbers the 99.9 % quantile is the
    /// largest.
    pub(super) fn quantile_up(&self, share: f64) -> Option<f64> {
        self.at_rank((share * self.total.checked_sub(1)? as f64).ceil())
    }

    fn at_rank(&self, rank: f64) -> Option<f64> {
        let mut before = 0u64;
        for (bin, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if rank < (before + count) as f64 {
                let within = (rank - before as f64 + 0.5) / *count as f64;
                return Some(self.low + self.width * (bin as f64 + within.clamp(0.0, 1.0)));
            }
            before += count;
        }
        None
    }
}

/// Bins of equal width.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) edges: Vec<f64>,
    low: f64,
    high: f64,
    scale: f64,
}

impl Axis {
    /// `bins` bins from `low` to `high`, which is larger.
    pub(super) fn new(low: f64, high: f64, bins: usize) -> Self {
        let edges = (0..=bins)
            .map(|edge| match edge {
                edge if edge == bins => high,
                edge => low + (high - low) * (edge as f64 / bins as f64),
            })
            .collect();
        Self {
            edges,
            low,
            high,
            scale: bins as f64 / (high - low),
        }
    }

    pub(super) fn bins(&self) -> usize {
        self.edges.len() - 1
    }

    /// The bin of a number: exactly as the edges say, whatever rounding does. None outside.
    #[inline]
    pub(super) fn bin(&self, value: f64) -> Option<usize> {
        if !(value >= self.low && value <= self.high) {
            return None;
        }
        let guess = (((value - self.low) * self.scale) as usize).min(self.bins() - 1);
        let begins = self.edges.get(guess).copied()?;
        let ends = self.edges.get(guess + 1).copied()?;
        if value < begins {
            Some(guess - 1)
        } else if value >= ends && guess + 1 < self.bins() {
            Some(guess + 1)
        } else {
            Some(guess)
        }
    }
}

/// The end of an axis that holds nearly all numbers: the largest, unless the outermost 0.1 % lie far off.
pub(super) fn robust_high(fine: &Fine, largest: f64, start: f64) -> f64 {
    let usual = fine.quantile_up(0.999).unwrap_or(largest);
    if largest - start <= 1.5 * (usual - start) {
        largest
    } else {
        start + 1.1 * (usual - start)
    }
}

/// The next multiple of a tenth at or above a number.
pub(super) fn tenth_above(value: f64) -> f64 {
    (value * 10.0 - 1e-9).ceil() / 10.0
}

/// The next multiple of a tenth at or below a number.
pub(super) fn tenth_below(value: f64) -> f64 {
    (value * 10.0 + 1e-9).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_begins_its_bin() {
        for bins in [1, 3, 7, 10, 60, 999] {
            for (low, high) in [(0.0, 0.3), (0.1, 0.7), (-1.0, 6.3), (1e-3, 90.0)] {
                let axis = Axis::new(low, high, bins);
                for (bin, edge) in axis.edges.iter().enumerate() {
                    assert_eq!(
                        axis.bin(*edge),
                        Some(bin.min(bins - 1)),
                        "{edge} of {low}..{high} / {bins}"
                    );
                }
                assert_eq!(axis.bin(high + 1e-9), None);
                assert_eq!(axis.bin(low - 1e-9), None);
                assert_eq!(axis.bin(f64::NAN), None);
            }
        }
    }

    #[test]
    fn quantiles_are_as_exact_as_the_bins() {
        let mut fine = Fine::new(0.0, 10.0, 0.001);
        assert_eq!(fine.quantile(0.5), None);
        let mut values: Vec<f64> = (0..5000).map(|i| f64::from(i * 7919 % 5000) / 700.0).collect();
        values.iter().for_each(|value| fine.push(*value));
        values.sort_by(f64::total_cmp);
        for share in [0.0, 0.16, 0.5, 0.84, 1.0] {
            let exact = values[(share * 4999.0) as usize];
            let found = fine.quantile(share).unwrap();
            assert!((found - exact).abs() < 0.0025, "{share}: {found} {exact}");
        }
        fine.push(1e9);
        fine.push(-5.0);
        assert!(fine.quantile(1.0).unwrap() <= 10.0);
    }

    #[test]
    fn one_outlier_does_not_make_the_axis() {
        let mut fine = Fine::new(0.0, 90.0, 0.01);
        (0..10_000).for_each(|i| fine.push(f64::from(i) / 5000.0));
        assert!((robust_high(&fine, 2.0, 0.0) - 2.0).abs() < 1e-9);
        assert!(robust_high(&fine, 50.0, 0.0) < 2.3);
        let mut few = Fine::new(0.0, 90.0, 0.01);
        [1.0, 3.0].iter().for_each(|value| few.push(*value));
        assert!((robust_high(&few, 3.0, 0.0) - 3.0).abs() < 1e-9);
        assert_eq!(
            (tenth_above(1.23), tenth_above(0.3), tenth_below(17.91)),
            (1.3, 0.3, 17.9)
        );
    }
}
