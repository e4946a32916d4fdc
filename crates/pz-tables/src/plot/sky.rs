//! Rows per HEALPix cell, at the finest order at which there are few enough cells: counted at a fine order first and
//! made coarser on the way whenever the cells become too many.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use pz_model::api::{SkyBounds, SkyCounts, SkyFootprint};
use pz_sky::{Footprint, Healpix, footprints};

use super::{SKY_ORDER_MAX, Table};
use crate::error::TableError;

/// Cells that are not empty at most, when the order is not given.
const CELLS_CHOSEN: usize = 4_000;

/// The same when it is given: an answer of about 4 MB.
const CELLS_MAX: usize = 200_000;

/// Finest order that is chosen: cells of 1.7 arcminutes.
const ORDER_CHOSEN_MAX: u8 = 11;

/// Down to this order a choice goes where there are few rows: cells of 0.9 degrees.
const ORDER_OF_FIELDS: u8 = 6;

/// Rows that a chosen cell holds on average, so that a sparse sample is no dust.
const ROWS_PER_CELL: u64 = 2;

/// Connected parts that are described.
const FOOTPRINTS_MAX: usize = 100;

/// A hasher for cell numbers: one multiplication, its upper half folded back.
#[derive(Default)]
struct CellHasher(u64);

impl Hasher for CellHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte) ^ self.0);
        }
    }

    fn write_u64(&mut self, value: u64) {
        let product = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

type Cells = HashMap<u64, u64, BuildHasherDefault<CellHasher>>;

/// The counts so far.
struct CellCounts {
    grid: Healpix,
    cells: Cells,
    most: usize,
    /// The last cell and its count, not yet in `cells`: neighbours in the table are neighbours in the sky.
    run: (u64, u64),
}

impl CellCounts {
    #[inline]
    fn push(&mut self, cell: u64) {
        if cell == self.run.0 {
            self.run.1 += 1;
            return;
        }
        let order = self.grid.order();
        self.flush();
        // The cell was found before the flush, which may have made cells coarser.
        self.run = (cell >> (2 * (order - self.grid.order())), 1);
    }

    /// Brings the last run in; makes the cells coarser when they are too many.
    fn flush(&mut self) {
        let (cell, count) = std::mem::take(&mut self.run);
        if count > 0 {
            *self.cells.entry(cell).or_default() += count;
        }
        while self.cells.len() > self.most && self.grid.order() > 0 {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.grid = Healpix::new(self.grid.order() - 1);
        for (cell, count) in std::mem::take(&mut self.cells) {
            *self.cells.entry(cell >> 2).or_default() += count;
        }
    }
}

/// Smallest and largest numbers.
#[derive(Clone, Copy)]
struct Span(f64, f64);

impl Span {
    const EMPTY: Self = Self(f64::INFINITY, f64::NEG_INFINITY);

    #[inline]
    fn push(&mut self, value: f64) {
        self.0 = self.0.min(value);
        self.1 = self.1.max(value);
    }
}

/// Counts the rows of the columns `[ra, dec]` per cell.
pub(super) fn count(
    table: Table<'_>,
    columns: [usize; 2],
    order: Option<u8>,
) -> Result<SkyCounts, TableError> {
    let (to_ra, to_dec) = (
        degrees_per(&table.unit(columns[0])),
        degrees_per(&table.unit(columns[1])),
    );
    let mut counts = CellCounts {
        grid: Healpix::new(order.unwrap_or(ORDER_CHOSEN_MAX).min(SKY_ORDER_MAX)),
        cells: Cells::default(),
        most: if order.is_some() { CELLS_MAX } else { CELLS_CHOSEN },
        run: (0, 0),
    };
    let mut found = SkyCounts::default();
    // Right ascensions from 0 to 360, and from −180 to 180: a field across 0° is short in the second.
    let (mut ra_span, mut turned_span, mut dec_span) = (Span::EMPTY, Span::EMPTY, Span::EMPTY);
    table.for_each_pair(columns, |ras, decs| {
        found.n_rows += ras.len() as u64;
        for (ra, dec) in ras.iter().zip(decs) {
            let (ra, dec) = (ra * to_ra, dec * to_dec);
            if ra.is_nan() || dec.is_nan() {
                found.n_missing += 1;
                continue;
            }
            let is_ra = (-180.0..=360.0).contains(&ra);
            let Some(cell) = counts.grid.cell(ra, dec).filter(|_| is_ra) else {
                found.n_out_of_range += 1;
                continue;
            };
            counts.push(cell);
            let positive = if ra < 0.0 { ra + 360.0 } else { ra };
            ra_span.push(positive);
            turned_span.push(if positive >= 180.0 {
                positive - 360.0
            } else {
                positive
            });
            dec_span.push(dec);
        }
    })?;
    counts.flush();
    found.n_valid = found.n_rows - found.n_missing - found.n_out_of_range;
    let is_sparse = |counts: &CellCounts| (counts.cells.len() as u64) * ROWS_PER_CELL > found.n_valid;
    while order.is_none() && counts.grid.order() > ORDER_OF_FIELDS && is_sparse(&counts) {
        counts.coarsen();
    }
    if found.n_valid > 0 {
        found.bounds = Some(bounds(ra_span, turned_span, dec_span));
    }
    found.order = counts.grid.order();
    found.cells = counts.cells.into_iter().collect();
    found.cells.sort_unstable();
    let parts = footprints(found.order, &found.cells, ORDER_OF_FIELDS);
    found.n_footprints = parts.len() as u64;
    found.footprints = parts.iter().take(FOOTPRINTS_MAX).map(footprint).collect();
    Ok(found)
}

/// Degrees in one of this unit; angles without a unit are degrees.
fn degrees_per(unit: &str) -> f64 {
    match unit {
        "rad" | "radian" | "radians" => 1.0_f64.to_degrees(),
        "h" | "hr" | "hour" | "hours" | "hourangle" => 15.0,
        "arcmin" => 1.0 / 60.0,
        "arcsec" => 1.0 / 3600.0,
        _ => 1.0,
    }
}

fn bounds(ra: Span, turned: Span, dec: Span) -> SkyBounds {
    let (ra_min, ra_max) = if turned.1 - turned.0 < ra.1 - ra.0 {
        (turned.0.rem_euclid(360.0), turned.1.rem_euclid(360.0))
    } else {
        (ra.0, ra.1)
    };
    SkyBounds {
        ra_min,
        ra_max,
        dec_min: dec.0,
        dec_max: dec.1,
    }
}

fn footprint(part: &Footprint) -> SkyFootprint {
    SkyFootprint {
        ra: part.ra_deg,
        dec: part.dec_deg,
        radius: part.radius_deg,
        bounds: SkyBounds {
            ra_min: part.ra_min_deg,
            ra_max: part.ra_max_deg,
            dec_min: part.dec_min_deg,
            dec_max: part.dec_max_deg,
        },
        area_deg2: part.area_deg2,
        n_cells: part.cells.len() as u64,
        count: part.count,
    }
}
