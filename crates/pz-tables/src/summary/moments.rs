//! Count, mean and standard deviation in one pass, stable for any magnitude.
//!
//! Each chunk is summed around its own first value in two passes, then merged with
//! T. Chan, G. Golub and R. Leveque (1979), "Updating Formulae and a Pairwise Algorithm for Computing Sample
//! Variances": `δ = mean_b − mean_a`, `mean = mean_a + δ n_b / n`, `M2 = M2_a + M2_b + δ² n_a n_b / n`.

/// Sums are kept in this many lanes so that the compiler can use vector registers.
pub(super) const LANES: usize = 8;

/// Running count, mean and sum of squared differences from the mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moments {
    count: u64,
    mean: f64,
    m2: f64,
}

impl Moments {
    /// Adds finite values.
    pub(crate) fn push_chunk(&mut self, values: &[f64]) {
        let Some(&pivot) = values.first() else { return };
        let n = values.len() as f64;
        let mean = pivot + sum(values, |value| value - pivot) / n;
        let m2 = sum(values, |value| (value - mean) * (value - mean));
        self.merge(Self {
            count: values.len() as u64,
            mean,
            m2,
        });
    }

    pub(crate) fn merge(&mut self, other: Self) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other;
            return;
        }
        let (n_a, n_b) = (self.count as f64, other.count as f64);
        let n = n_a + n_b;
        let delta = other.mean - self.mean;
        self.mean += delta * (n_b / n);
        self.m2 += other.m2 + delta * delta * (n_a * n_b / n);
        self.count += other.count;
    }

    /// Those of all values plus `by`.
    pub(crate) fn moved(self, by: i128) -> Self {
        let whole = self.mean.trunc();
        Self {
            // Whole numbers are added as such: `by` may have more digits than a floating-point number.
            mean: (by + whole as i128) as f64 + (self.mean - whole),
            ..self
        }
    }

    /// Mean, unless there is none or it overflows.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0 && self.mean.is_finite()).then_some(self.mean)
    }

    /// Sample standard deviation (divisor n − 1), unless there is none or it overflows.
    pub(crate) fn std(&self) -> Option<f64> {
        let std = (self.m2 / (self.count.checked_sub(1)? as f64)).sqrt();
        std.is_finite().then_some(std)
    }
}

#[inline]
fn sum(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += term(*value);
        }
    }
    let rest: f64 = chunks.remainder().iter().map(|value| term(*value)).sum();
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stable_far_from_zero() {
        // The textbook formula Σx² − (Σx)²/n gives nothing but noise here.
        let mut moments = Moments::default();
        let values: Vec<f64> = (0..100_000).map(|i| 1e9 + f64::from(i % 3)).collect();
        values.chunks(777).for_each(|chunk| moments.push_chunk(chunk));
        let expected = (values.iter().map(|v| (v - 1e9 - 0.99999).powi(2)).sum::<f64>() / 99_999.0).sqrt();
        assert!(
            (moments.std().unwrap() - expected).abs() < 1e-9,
            "{:?} {expected}",
            moments.std()
        );
    }

    #[test]
    fn one_value_has_no_spread() {
        let mut moments = Moments::default();
        assert_eq!((moments.mean(), moments.std()), (None, None));
        moments.push_chunk(&[4.0]);
        assert_eq!((moments.mean(), moments.std()), (Some(4.0), None));
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(values in proptest::collection::vec(-1e6..1e6f64, 2..400), size in 1usize..50) {
            let mut chunked = Moments::default();
            values.chunks(size).for_each(|chunk| chunked.push_chunk(chunk));
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let std = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            prop_assert!((chunked.mean().unwrap() - mean).abs() <= 1e-9 * 1e6);
            prop_assert!((chunked.std().unwrap() - std).abs() <= 1e-9 * 1e6);
        }
    }
}
