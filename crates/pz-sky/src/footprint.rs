//! Which connected parts of the sky a set of HEALPix cells covers.

use std::collections::HashMap;

use crate::healpix::Healpix;
use crate::position::{UnitVector, separation_deg};

/// A corner this close to a pole is the pole.
const AT_A_POLE_DEG: f64 = 1e-9;

/// A connected part of the sky.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Sum over the cells.
    pub count: u64,
    /// The cells, ascending.
    pub cells: Vec<u64>,
    /// Right ascension of the middle, degrees.
    pub ra_deg: f64,
    /// Declination of the middle, degrees.
    pub dec_deg: f64,
    /// Largest distance of a corner or middle of a cell from the middle, degrees.
    pub radius_deg: f64,
    /// Where the range of right ascensions begins, degrees. It runs eastwards from here to `ra_max_deg`, across 0°
    /// when that is smaller; 0 to 360 when all right ascensions occur.
    pub ra_min_deg: f64,
    /// Where the range of right ascensions ends, degrees.
    pub ra_max_deg: f64,
    /// Smallest declination, degrees.
    pub dec_min_deg: f64,
    /// Largest declination, degrees.
    pub dec_max_deg: f64,
    /// Area of the cells, square degrees.
    pub area_deg2: f64,
}

/// The connected parts of the cells `cells` (numbers of order `order` with counts), the one with the largest count
/// first, equals by their first cell.
///
/// Two cells belong together when their ancestors of order `connect_order` (at most `order`) are the same, share an
/// edge or a corner, or are connected by others. A coarse order keeps a field together whose sources are sparse.
/// Numbers that no cell has are left out.
pub fn footprints(order: u8, cells: &[(u64, u64)], connect_order: u8) -> Vec<Footprint> {
    let grid = Healpix::new(order);
    let coarse = Healpix::new(connect_order.min(grid.order()));
    let shift = 2 * u32::from(grid.order() - coarse.order());
    let mut members: HashMap<u64, Vec<(u64, u64)>> = HashMap::new();
    for (cell, count) in cells.iter().filter(|(cell, _)| *cell < grid.cell_count()) {
        members.entry(cell >> shift).or_default().push((*cell, *count));
    }
    let mut starts: Vec<u64> = members.keys().copied().collect();
    starts.sort_unstable();
    let mut found = Vec::new();
    for start in starts {
        let mut part = Vec::new();
        let mut waiting = vec![start];
        while let Some(ancestor) = waiting.pop() {
            if let Some(own) = members.remove(&ancestor) {
                part.extend(own);
                let neighbours = coarse.neighbours(ancestor);
                waiting.extend(neighbours.into_iter().filter(|other| members.contains_key(other)));
            }
        }
        if !part.is_empty() {
            part.sort_unstable();
            found.push(describe(grid, &part));
        }
    }
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.cells.cmp(&b.cells)));
    found
}

/// Middle, extent and sums of cells, of which there is at least one.
fn describe(grid: Healpix, part: &[(u64, u64)]) -> Footprint {
    let (mut x, mut y, mut z) = (0.0, 0.0, 0.0);
    // Corners, and middles: those of a cell opposite to the middle of all are the furthest.
    let mut extremes = Vec::with_capacity(5 * part.len());
    let mut arcs = Vec::with_capacity(part.len());
    for (cell, _) in part {
        let (Some((ra, dec)), Some(own)) = (grid.center(*cell), grid.corners(*cell)) else {
            continue;
        };
        let direction = UnitVector::from_degrees(ra, dec);
        x += direction.x;
        y += direction.y;
        z += direction.z;
        arcs.push(ra_arc(ra, &own));
        extremes.extend(own);
        extremes.push((ra, dec));
    }
    let length = (x * x + y * y + z * z).sqrt();
    let (ra_deg, dec_deg) = if length > 1e-6 * part.len() as f64 {
        UnitVector { x, y, z }.to_degrees()
    } else {
        // All over the sky there is no middle.
        (0.0, 0.0)
    };
    let radius_deg = extremes
        .iter()
        .map(|(ra, dec)| separation_deg(ra_deg, dec_deg, *ra, *dec))
        .fold(0.0, f64::max);
    let (dec_min_deg, dec_max_deg) = extremes
        .iter()
        .fold((90.0_f64, -90.0_f64), |(low, high), (_, dec)| {
            (low.min(*dec), high.max(*dec))
        });
    let holds_pole = dec_max_deg.max(-dec_min_deg) > 90.0 - AT_A_POLE_DEG;
    let (ra_min_deg, ra_max_deg) = ra_range(arcs, holds_pole);
    Footprint {
        count: part.iter().map(|(_, count)| count).sum(),
        cells: part.iter().map(|(cell, _)| *cell).collect(),
        ra_deg,
        dec_deg,
        radius_deg,
        ra_min_deg,
        ra_max_deg,
        dec_min_deg,
        dec_max_deg,
        area_deg2: part.len() as f64 * grid.cell_area_deg2(),
    }
}

/// The shortest range that holds the ranges of all cells, each given by where it begins and how long it is; all right
/// ascensions when a pole is a corner, or when nothing is left out.
fn ra_range(mut arcs: Vec<(f64, f64)>, holds_pole: bool) -> (f64, f64) {
    const ALL: (f64, f64) = (0.0, 360.0);
    const GAP_DEG: f64 = 1e-9;
    arcs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(first) = arcs.first().copied().filter(|_| !holds_pole) else {
        return ALL;
    };
    // Once around: the widest gap between the furthest end so far and the next beginning.
    let (mut end, mut widest, mut range) = (first.0 + first.1, GAP_DEG, ALL);
    let again = (first.0 + 360.0, first.1);
    for (start, length) in arcs.into_iter().skip(1).chain([again]) {
        if start - end > widest {
            widest = start - end;
            range = (start.rem_euclid(360.0), end.rem_euclid(360.0));
        }
        end = end.max(start + length);
    }
    range
}

/// Where the right ascensions of a cell begin, from 0 to 360, and how far they go.
fn ra_arc(center_ra: f64, corners: &[(f64, f64); 4]) -> (f64, f64) {
    let (low, high) = corners
        .iter()
        .map(|(ra, _)| (ra - center_ra + 180.0).rem_euclid(360.0) - 180.0)
        .fold((0.0_f64, 0.0_f64), |(low, high), offset| {
            (low.min(offset), high.max(offset))
        });
    ((center_ra + low).rem_euclid(360.0), high - low)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::point_in_cap;

    /// Cells with counts of positions.
    fn count(order: u8, positions: &[(f64, f64)]) -> Vec<(u64, u64)> {
        let mut counts: HashMap<u64, u64> = HashMap::new();
        for (ra, dec) in positions {
            *counts
                .entry(Healpix::new(order).cell(*ra, *dec).unwrap())
                .or_default() += 1;
        }
        let mut cells: Vec<_> = counts.into_iter().collect();
        cells.sort_unstable();
        cells
    }

    /// Points spread evenly over a cap.
    fn cap(ra: f64, dec: f64, radius: f64, n: usize) -> Vec<(f64, f64)> {
        let golden = 0.618_033_988_749_894_9;
        (0..n)
            .map(|i| {
                point_in_cap(
                    ra,
                    dec,
                    radius,
                    (i as f64 + 0.5) / n as f64,
                    (i as f64 * golden) % 1.0,
                )
            })
            .collect()
    }

    #[test]
    fn two_fields_are_two_footprints() {
        let mut points = cap(150.1, 2.2, 0.7, 3000);
        points.extend(cap(0.0, -30.0, 1.0, 1000));
        let found = footprints(9, &count(9, &points), 6);
        assert_eq!(
            found.iter().map(|part| part.count).collect::<Vec<_>>(),
            [3000, 1000]
        );
        let cosmos = &found[0];
        assert!(separation_deg(cosmos.ra_deg, cosmos.dec_deg, 150.1, 2.2) < 0.1);
        assert!((0.6..1.0).contains(&cosmos.radius_deg), "{}", cosmos.radius_deg);
        assert!((1.4..2.6).contains(&cosmos.area_deg2), "{}", cosmos.area_deg2);
        // The other one lies across right ascension 0.
        let south = &found[1];
        assert!(
            south.ra_min_deg > 358.0 && south.ra_max_deg < 2.0,
            "{} {}",
            south.ra_min_deg,
            south.ra_max_deg
        );
        assert!(south.dec_min_deg < -30.8 && south.dec_max_deg > -29.2);
    }

    #[test]
    fn a_pole_and_the_whole_sky_have_all_right_ascensions() {
        let pole = &footprints(6, &count(6, &cap(0.0, 90.0, 3.0, 2000)), 6)[0];
        assert_eq!((pole.ra_min_deg, pole.ra_max_deg), (0.0, 360.0));
        assert!(pole.dec_deg > 89.5 && pole.dec_max_deg > 89.999);
        let all: Vec<(u64, u64)> = (0..Healpix::new(2).cell_count()).map(|cell| (cell, 1)).collect();
        let sky = footprints(2, &all, 2);
        assert_eq!(sky.len(), 1);
        assert_eq!((sky[0].ra_min_deg, sky[0].ra_max_deg), (0.0, 360.0));
        assert!((sky[0].area_deg2 - 41_252.96).abs() < 0.01);
        let equator: Vec<(f64, f64)> = (0..3600).map(|i| (f64::from(i) / 10.0, 0.0)).collect();
        let ring = footprints(6, &count(6, &equator), 6);
        assert_eq!((ring.len(), ring[0].ra_max_deg), (1, 360.0));
    }

    #[test]
    fn nothing_and_numbers_of_no_cell_are_no_footprint() {
        assert_eq!(footprints(3, &[], 3), []);
        assert_eq!(footprints(0, &[(12, 5)], 0), []);
        // A connecting order finer than the cells is that of the cells.
        assert_eq!(footprints(0, &[(0, 5)], 9).len(), 1);
    }

    proptest! {
        /// Naive oracle: give every cell its own label, then let neighbours take the smaller one until nothing changes.
        #[test]
        fn parts_are_the_connected_ones(
            seeds in prop::collection::vec((any::<u64>(), 1u64..5), 1..60), order in 2u8..=4, up in 0u8..=2,
        ) {
            let grid = Healpix::new(order);
            let mut cells: Vec<(u64, u64)> =
                seeds.into_iter().map(|(cell, count)| (cell % grid.cell_count(), count)).collect();
            cells.sort_unstable();
            cells.dedup_by_key(|(cell, _)| *cell);
            let coarse = Healpix::new(order - up);
            let touch = |a: u64, b: u64| {
                let (a, b) = (a >> (2 * up), b >> (2 * up));
                a == b || coarse.neighbours(a).contains(&b)
            };
            let mut labels: Vec<usize> = (0..cells.len()).collect();
            loop {
                let before = labels.clone();
                for i in 0..cells.len() {
                    for j in 0..cells.len() {
                        if touch(cells[i].0, cells[j].0) {
                            labels[i] = labels[i].min(labels[j]);
                        }
                    }
                }
                if labels == before {
                    break;
                }
            }
            let mut expected: HashMap<usize, (u64, Vec<u64>)> = HashMap::new();
            for (label, (cell, count)) in labels.iter().zip(&cells) {
                let part = expected.entry(*label).or_default();
                part.0 += count;
                part.1.push(*cell);
            }
            let mut expected: Vec<_> = expected.into_values().collect();
            expected.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            let found = footprints(order, &cells, order - up);
            prop_assert_eq!(
                found.iter().map(|part| (part.count, part.cells.clone())).collect::<Vec<_>>(), expected
            );
            for part in &found {
                for (ra, dec) in part.cells.iter().filter_map(|cell| grid.center(*cell)) {
                    prop_assert!(separation_deg(ra, dec, part.ra_deg, part.dec_deg) <= part.radius_deg + 1e-9);
                    prop_assert!((part.dec_min_deg..=part.dec_max_deg).contains(&dec));
                    let span = (part.ra_max_deg - part.ra_min_deg).rem_euclid(360.0);
                    let inside = part.ra_max_deg == 360.0 || (ra - part.ra_min_deg).rem_euclid(360.0) <= span + 1e-9;
                    prop_assert!(inside, "{} in {}..{}", ra, part.ra_min_deg, part.ra_max_deg);
                }
            }
        }
    }
}
