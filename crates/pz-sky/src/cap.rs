//! Spherical caps.

use crate::position::UnitVector;

/// The point of a cap that belongs to two numbers in `[0, 1)`: equal areas of the unit square go to equal
/// areas of the cap, so that uniform random numbers give uniform positions.
///
/// The cap is centred on (`ra_deg`, `dec_deg`) with radius `radius_deg`; returns right ascension and
/// declination, degrees. Archimedes: the height above a plane is uniform on the sphere.
pub fn point_in_cap(ra_deg: f64, dec_deg: f64, radius_deg: f64, u: f64, v: f64) -> (f64, f64) {
    // 1 - cos θ = 2 sin²(θ/2) keeps the digits of small caps.
    let half = (radius_deg.to_radians() / 2.0).sin();
    let height_below_pole = 2.0 * half * half * u;
    let cos_theta = 1.0 - height_below_pole;
    let sin_theta = (height_below_pole * (2.0 - height_below_pole)).sqrt();
    let (sin_phi, cos_phi) = (std::f64::consts::TAU * v).sin_cos();
    // In the frame whose pole is the centre of the cap: north, east, centre.
    let (north, east) = (sin_theta * cos_phi, sin_theta * sin_phi);
    let (sin_ra, cos_ra) = ra_deg.to_radians().sin_cos();
    let (sin_dec, cos_dec) = dec_deg.to_radians().sin_cos();
    UnitVector {
        x: cos_theta * cos_dec * cos_ra - north * sin_dec * cos_ra - east * sin_ra,
        y: cos_theta * cos_dec * sin_ra - north * sin_dec * sin_ra + east * cos_ra,
        z: cos_theta * sin_dec + north * cos_dec,
    }
    .to_degrees()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::separation_deg;

    proptest! {
        #[test]
        fn points_lie_in_the_cap_at_the_right_depth(
            ra in 0.0..360.0f64, dec in -90.0..90.0f64, radius in 0.01..90.0f64, u in 0.0..1.0f64, v in 0.0..1.0f64,
        ) {
            let (point_ra, point_dec) = point_in_cap(ra, dec, radius, u, v);
            let separation = separation_deg(ra, dec, point_ra, point_dec);
            // Area within the separation, as a part of the cap's area, is u.
            let area = |angle: f64| (angle.to_radians() / 2.0).sin().powi(2);
            prop_assert!((area(separation) / area(radius) - u).abs() < 1e-9);
        }
    }

    #[test]
    fn east_is_towards_larger_right_ascension() {
        let (ra, dec) = point_in_cap(150.0, 0.0, 1.0, 0.5, 0.25);
        assert!(ra > 150.0 && dec.abs() < 1e-9);
    }
}
