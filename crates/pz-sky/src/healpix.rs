//! HEALPix cells in NESTED numbering.
//!
//! K. M. Górski et al. 2005, "HEALPix: A Framework for High-Resolution Discretization and Fast Analysis of Data
//! Distributed on the Sphere", Astrophysical Journal 622, 759. Order `k` divides the sphere into `12 · 4^k` cells of equal area; the
//! parent of cell `p` is cell `p >> 2` of order `k − 1`. The numbers are those of the crate `cdshealpix`.

use cdshealpix::nested;

/// Finest order: cells of 0.4 milliarcseconds.
pub const MAX_ORDER: u8 = 29;

/// Area of the sphere, square degrees: `4π · (180/π)²`.
const SPHERE_DEG2: f64 = 129_600.0 / std::f64::consts::PI;

/// The division of the sphere into the cells of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Healpix {
    order: u8,
}

impl Healpix {
    /// The division of order `order`, at most [`MAX_ORDER`].
    pub fn new(order: u8) -> Self {
        Self {
            order: order.min(MAX_ORDER),
        }
    }

    /// Its order.
    pub fn order(self) -> u8 {
        self.order
    }

    /// Number of cells, `12 · 4^order`.
    pub fn cell_count(self) -> u64 {
        12 << (2 * u32::from(self.order))
    }

    /// Area of each cell, square degrees.
    pub fn cell_area_deg2(self) -> f64 {
        SPHERE_DEG2 / self.cell_count() as f64
    }

    /// The cell of a position; none when it is no position: not finite, or a declination beyond a pole. Any right
    /// ascension goes, also negative ones.
    #[inline]
    pub fn cell(self, ra_deg: f64, dec_deg: f64) -> Option<u64> {
        // The comparison is false for NaN.
        if !(ra_deg.is_finite() && dec_deg.abs() <= 90.0) {
            return None;
        }
        let latitude = dec_deg
            .to_radians()
            .clamp(-std::f64::consts::FRAC_PI_2, std::f64::consts::FRAC_PI_2);
        Some(nested::get(self.order).hash(ra_deg.to_radians(), latitude))
    }

    /// Right ascension in `[0, 360)` and declination of the centre of a cell, degrees; none for a number that no
    /// cell has.
    pub fn center(self, cell: u64) -> Option<(f64, f64)> {
        self.known(cell)
            .map(|cell| degrees(nested::get(self.order).center(cell)))
    }

    /// The southern, eastern, northern and western corner of a cell, as [`Healpix::center`] gives positions.
    pub fn corners(self, cell: u64) -> Option<[(f64, f64); 4]> {
        self.known(cell)
            .map(|cell| nested::get(self.order).vertices(cell).map(degrees))
    }

    /// The cells that share an edge or a corner with a cell: eight, seven or six of them; none for a number that no
    /// cell has.
    pub fn neighbours(self, cell: u64) -> Vec<u64> {
        let mut found = Vec::with_capacity(8);
        if let Some(cell) = self.known(cell) {
            nested::get(self.order).append_bulk_neighbours(cell, &mut found);
        }
        found
    }

    fn known(self, cell: u64) -> Option<u64> {
        (cell < self.cell_count()).then_some(cell)
    }
}

fn degrees((longitude, latitude): (f64, f64)) -> (f64, f64) {
    let ra_deg = longitude.to_degrees().rem_euclid(360.0);
    // rem_euclid of a tiny negative angle rounds up to 360.
    (if ra_deg >= 360.0 { 0.0 } else { ra_deg }, latitude.to_degrees())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::separation_deg;

    /// Numbers that healpy gives for the same positions (`ang2pix(nside, ra, dec, nest=True, lonlat=True)`).
    #[test]
    fn numbers_are_those_of_the_paper() {
        // Order 0: the centres of the twelve base cells (Górski et al. 2005, figure 4).
        let centres = [
            (45.0, 41.8103),
            (135.0, 41.8103),
            (225.0, 41.8103),
            (315.0, 41.8103),
            (0.0, 0.0),
            (90.0, 0.0),
            (180.0, 0.0),
            (270.0, 0.0),
            (45.0, -41.8103),
            (135.0, -41.8103),
            (225.0, -41.8103),
            (315.0, -41.8103),
        ];
        for (cell, (ra, dec)) in centres.into_iter().enumerate() {
            let found = Healpix::new(0).center(cell as u64).unwrap();
            assert!(
                separation_deg(ra, dec, found.0, found.1) < 1e-3,
                "{cell}: {found:?}"
            );
            assert_eq!(Healpix::new(0).cell(ra, dec), Some(cell as u64));
        }
    }

    #[test]
    fn what_is_no_position_has_no_cell() {
        let grid = Healpix::new(8);
        for (ra, dec) in [
            (f64::NAN, 0.0),
            (0.0, f64::NAN),
            (0.0, 90.000_001),
            (0.0, -91.0),
            (f64::INFINITY, 0.0),
        ] {
            assert_eq!(grid.cell(ra, dec), None);
        }
        assert!(grid.cell(0.0, 90.0).is_some() && grid.cell(0.0, -90.0).is_some());
        assert_eq!(grid.cell(-10.0, 5.0), grid.cell(350.0, 5.0));
        assert_eq!(grid.center(grid.cell_count()), None);
        assert!(grid.neighbours(grid.cell_count()).is_empty());
        assert_eq!(Healpix::new(200).order(), MAX_ORDER);
    }

    #[test]
    fn areas_add_up_to_the_sphere() {
        assert!((Healpix::new(0).cell_area_deg2() * 12.0 - 41_252.961_249_419_3).abs() < 1e-6);
        assert!((Healpix::new(9).cell_area_deg2() - 0.013_113_8).abs() < 1e-6);
    }

    /// What a plot of ten million rows spends on cells; run with `--release --run-ignored all --no-capture`.
    #[test]
    #[ignore = "takes long without --release"]
    fn ten_million_cells() {
        let start = std::time::Instant::now();
        let grid = Healpix::new(9);
        let mut found = std::collections::HashMap::new();
        for number in 0..10_000_000_u32 {
            let share = f64::from(number) * 0.618_033_988_749_894_9 % 1.0;
            let height = (f64::from(number) + 0.5) / 1e7;
            let (ra, dec) = (360.0 * share, 180.0 * height - 90.0);
            *found.entry(grid.cell(ra, dec).unwrap() >> 10).or_insert(0_u64) += 1;
        }
        println!("{} cells, {:?}", found.len(), start.elapsed());
        assert_eq!(found.values().sum::<u64>(), 10_000_000);
    }

    proptest! {
        #[test]
        fn cells_hold_their_positions(ra in 0.0..360.0f64, dec in -90.0..=90.0f64, order in 0u8..=20) {
            let grid = Healpix::new(order);
            let cell = grid.cell(ra, dec).unwrap();
            let (center_ra, center_dec) = grid.center(cell).unwrap();
            prop_assert_eq!(grid.cell(center_ra, center_dec), Some(cell));
            // No point of a cell is further from its centre than its furthest corner, but for a little at base cells.
            let radius = grid.corners(cell).unwrap().iter()
                .map(|(ra, dec)| separation_deg(center_ra, center_dec, *ra, *dec))
                .fold(0.0, f64::max);
            prop_assert!(separation_deg(ra, dec, center_ra, center_dec) <= radius * 1.2);
            if order > 0 {
                prop_assert_eq!(Healpix::new(order - 1).cell(ra, dec), Some(cell >> 2));
            }
        }

        #[test]
        fn neighbours_are_those_that_share_a_corner(order in 1u8..=3, seed in any::<u64>()) {
            let grid = Healpix::new(order);
            let cell = seed % grid.cell_count();
            let own = grid.corners(cell).unwrap();
            let shares = |other: u64| grid.corners(other).unwrap().iter().any(|(ra, dec)| {
                own.iter().any(|corner| separation_deg(*ra, *dec, corner.0, corner.1) < 1e-6)
            });
            let mut expected: Vec<u64> =
                (0..grid.cell_count()).filter(|other| *other != cell && shares(*other)).collect();
            let mut found = grid.neighbours(cell);
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
