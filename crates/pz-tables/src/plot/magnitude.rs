//! Magnitude against redshift: density, and quantiles of the redshift along the magnitude. One pass to see what there
//! is, one to count.

use pz_model::api::{MagnitudeCounts, RunningRedshift};

use super::Table;
use super::fine::{Axis, Fine, tenth_above, tenth_below};
use super::redshift::{Kind, Overview};
use crate::error::TableError;

/// From this size on a number stands for no magnitude: 99, −99, 999.
const SENTINEL: f64 = 90.0;

/// Width of the bins that the ends of the axes are read from.
const FINE_WIDTH: f64 = 0.01;

/// Narrow bins in redshift for each bin of the axis.
const FINE_PER_BIN: usize = 10;

/// Counts the columns `[magnitude, z]`.
pub(super) fn count(
    table: Table<'_>,
    columns: [usize; 2],
    bins: usize,
) -> Result<MagnitudeCounts, TableError> {
    let mut found = MagnitudeCounts::default();
    let mut redshifts = Overview::new(FINE_WIDTH);
    let mut magnitudes = Fine::new(-SENTINEL, SENTINEL, FINE_WIDTH);
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    table.for_each_pair(columns, |mags, zs| {
        found.n_rows += mags.len() as u64;
        for (magnitude, redshift) in mags.iter().zip(zs).filter(|pair| is_pair(*pair.0, *pair.1)) {
            found.n += 1;
            redshifts.push(*redshift);
            magnitudes.push(*magnitude);
            (low, high) = (low.min(*magnitude), high.max(*magnitude));
        }
    })?;
    found.n_missing = found.n_rows - found.n;
    if found.n == 0 {
        return Ok(found);
    }
    let magnitude_axis = magnitude_axis(&magnitudes, low, high, bins);
    let redshift_axis = Axis::new(0.0, redshifts.axis_end(0.0), bins);
    let redshift_end = redshift_axis.edges.last().copied().unwrap_or_default();
    let narrow = redshift_end / (bins * FINE_PER_BIN) as f64;
    found.counts = vec![0; bins * bins];
    // One bin beyond the end, where the quantiles of faint bins may come to lie.
    let mut running: Vec<Fine> = (0..bins)
        .map(|_| Fine::new(0.0, redshift_end + narrow, narrow))
        .collect();
    let mut inside = 0;
    table.for_each_pair(columns, |mags, zs| {
        for (magnitude, redshift) in mags.iter().zip(zs).filter(|pair| is_pair(*pair.0, *pair.1)) {
            let Some(m) = magnitude_axis.bin(*magnitude) else {
                continue;
            };
            if let Some(fine) = running.get_mut(m) {
                fine.push(*redshift);
            }
            let cell = redshift_axis.bin(*redshift).map(|k| m * bins + k);
            if let Some(count) = cell.and_then(|cell| found.counts.get_mut(cell)) {
                *count += 1;
                inside += 1;
            }
        }
    })?;
    found.n_outside = found.n - inside;
    found.running = magnitude_axis
        .edges
        .windows(2)
        .zip(&running)
        .map(|(edges, fine)| {
            let quantile = |share| fine.quantile(share).filter(|redshift| *redshift <= redshift_end);
            RunningRedshift {
                magnitude: edges.iter().sum::<f64>() / 2.0,
                n: fine.total(),
                median: quantile(0.5),
                p16: quantile(0.16),
                p84: quantile(0.84),
            }
        })
        .collect();
    found.magnitude_edges = magnitude_axis.edges;
    found.redshift_edges = redshift_axis.edges;
    Ok(found)
}

/// A row with both values.
#[inline]
fn is_pair(magnitude: f64, redshift: f64) -> bool {
    magnitude.abs() < SENTINEL && Kind::of(redshift) == Kind::Redshift
}

/// From the brightest to the faintest, in tenths; without the outermost 0.1 % on a side where these lie far off.
fn magnitude_axis(fine: &Fine, low: f64, high: f64, bins: usize) -> Axis {
    let usual_low = fine.quantile(0.001).unwrap_or(low);
    let usual_high = fine.quantile_up(0.999).unwrap_or(high);
    let room = 0.25 * (usual_high - usual_low);
    let low = if low < usual_low - room {
        usual_low - room
    } else {
        low
    };
    let high = if high > usual_high + room {
        usual_high + room
    } else {
        high
    };
    let (low, high) = (tenth_below(low), tenth_above(high));
    Axis::new(low, if high > low { high } else { low + 1.0 }, bins)
}
