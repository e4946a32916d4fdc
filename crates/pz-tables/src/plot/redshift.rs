//! The redshift distribution: one pass to see what there is, one to count bins.

use pz_model::api::RedshiftCounts;

use super::Table;
use super::fine::{Axis, Fine, robust_high, tenth_above};
use super::groups::Groups;
use crate::error::TableError;

/// At and below this a number stands for none: −9, −99, −999.
const SENTINEL_LOW: f64 = -9.0;

/// At and above this, too: 90, 99, 999. No redshift of a galaxy comes near.
pub(super) const SENTINEL_HIGH: f64 = 90.0;

/// Width of the bins that quantiles are read from.
const FINE_WIDTH: f64 = 1e-4;

/// Last edge when there is no redshift to choose it by.
const DEFAULT_HIGH: f64 = 1.0;

/// The bins asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) bins: usize,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

/// What a number in the column of redshifts is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Redshift,
    Missing,
    Negative,
    Sentinel,
}

impl Kind {
    #[inline]
    pub(super) fn of(value: f64) -> Self {
        if (0.0..SENTINEL_HIGH).contains(&value) {
            Self::Redshift
        } else if value.is_nan() {
            Self::Missing
        } else if value < 0.0 && value > SENTINEL_LOW {
            Self::Negative
        } else {
            Self::Sentinel
        }
    }
}

/// Redshifts of 0 or more: how many there are where.
pub(super) struct Overview {
    pub(super) fine: Fine,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Overview {
    pub(super) fn new(width: f64) -> Self {
        Self {
            fine: Fine::new(0.0, SENTINEL_HIGH, width),
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }

    #[inline]
    pub(super) fn push(&mut self, redshift: f64) {
        self.fine.push(redshift);
        self.low = self.low.min(redshift);
        self.high = self.high.max(redshift);
    }

    /// Where an axis that begins at `start` ends best.
    pub(super) fn axis_end(&self, start: f64) -> f64 {
        let high = if self.high > start {
            tenth_above(robust_high(&self.fine, self.high, start.max(0.0)))
        } else {
            DEFAULT_HIGH
        };
        if high > start { high } else { start + DEFAULT_HIGH }
    }
}

/// Counts the column `z`, split by the column `split`.
pub(super) fn count(
    table: Table<'_>,
    z: usize,
    range: Range,
    split: Option<usize>,
) -> Result<RedshiftCounts, TableError> {
    let mut found = RedshiftCounts::default();
    let mut overview = Overview::new(FINE_WIDTH);
    let mut groups = Groups::default();
    table.for_each(z, split, |values, keys| {
        found.n_rows += values.len() as u64;
        for value in values {
            match Kind::of(*value) {
                Kind::Redshift => overview.push(*value),
                Kind::Missing => found.missing += 1,
                Kind::Negative => found.negative += 1,
                Kind::Sentinel => found.sentinel += 1,
            }
        }
        keys.map_or(Ok(()), |keys| {
            groups.learn(keys).map_err(|error| table.broken(error))
        })
    })?;
    if overview.high >= overview.low {
        (found.z_min, found.z_max) = (Some(overview.low), Some(overview.high));
    }
    let quantile = |share| overview.fine.quantile(share);
    (found.p16, found.median, found.p84) = (quantile(0.16), quantile(0.5), quantile(0.84));

    // Beginning below 0 the bins take the negative ones in.
    let low = range.min.unwrap_or(0.0);
    let high = range.max.unwrap_or_else(|| overview.axis_end(low));
    let axis = Axis::new(low, high, range.bins);
    let counts_negative = low < 0.0;
    if counts_negative {
        found.negative = 0;
    }
    found.counts = vec![0; axis.bins()];
    let mut split_counts = groups.counters(axis.bins());
    table.for_each(z, split, |values, keys| {
        let numbers = keys
            .map(|keys| groups.numbers_of(keys))
            .transpose()
            .map_err(|error| table.broken(error))?;
        for (row, value) in values.iter().enumerate() {
            let group = numbers.and_then(|numbers| split_counts.get_mut(*numbers.get(row)? as usize));
            let kind = Kind::of(*value);
            let is_counted = kind == Kind::Redshift || (counts_negative && kind == Kind::Negative);
            let bin = if is_counted { axis.bin(*value) } else { None };
            if is_counted && bin.is_none() {
                if *value < low {
                    found.underflow += 1;
                } else {
                    found.overflow += 1;
                }
            }
            if let Some(count) = bin.and_then(|bin| found.counts.get_mut(bin)) {
                *count += 1;
            }
            if let Some(group) = group {
                group.push(bin, (kind == Kind::Redshift).then_some(*value));
            }
        }
        Ok(())
    })?;
    found.edges = axis.edges;
    found.groups = groups.finish(split_counts);
    Ok(found)
}
