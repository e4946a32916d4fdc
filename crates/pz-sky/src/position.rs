//! Positions and the angle between them.

/// A direction on the unit sphere: x towards RA 0°, Dec 0°; z towards the north pole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitVector {
    /// Component towards RA 0°, Dec 0°.
    pub x: f64,
    /// Component towards RA 90°, Dec 0°.
    pub y: f64,
    /// Component towards the north pole.
    pub z: f64,
}

impl UnitVector {
    /// The direction of a right ascension and declination, degrees.
    pub fn from_degrees(ra_deg: f64, dec_deg: f64) -> Self {
        let (sin_ra, cos_ra) = ra_deg.to_radians().sin_cos();
        let (sin_dec, cos_dec) = dec_deg.to_radians().sin_cos();
        Self {
            x: cos_dec * cos_ra,
            y: cos_dec * sin_ra,
            z: sin_dec,
        }
    }

    /// Right ascension in `[0, 360)` and declination in `[-90, 90]`, degrees. At a pole the right
    /// ascension is 0.
    pub fn to_degrees(self) -> (f64, f64) {
        let ra_deg = self.y.atan2(self.x).to_degrees().rem_euclid(360.0);
        let dec_deg = self.z.atan2(self.x.hypot(self.y)).to_degrees();
        // rem_euclid of a tiny negative angle rounds up to 360.
        (if ra_deg >= 360.0 { 0.0 } else { ra_deg }, dec_deg)
    }

    /// Angle to another direction, degrees: `atan2(|a × b|, a · b)`, accurate at all separations, from
    /// identical to opposite (Vincenty 1975 in vector form).
    pub fn separation_deg(self, other: Self) -> f64 {
        let cross_x = self.y * other.z - self.z * other.y;
        let cross_y = self.z * other.x - self.x * other.z;
        let cross_z = self.x * other.y - self.y * other.x;
        let cross = cross_x.hypot(cross_y).hypot(cross_z);
        let dot = self.x * other.x + self.y * other.y + self.z * other.z;
        cross.atan2(dot).to_degrees()
    }
}

/// Angle between two positions, degrees.
pub fn separation_deg(ra1_deg: f64, dec1_deg: f64, ra2_deg: f64, dec2_deg: f64) -> f64 {
    UnitVector::from_degrees(ra1_deg, dec1_deg).separation_deg(UnitVector::from_degrees(ra2_deg, dec2_deg))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_separations() {
        assert_eq!(separation_deg(10.0, 20.0, 10.0, 20.0), 0.0);
        assert!((separation_deg(0.0, 0.0, 180.0, 0.0) - 180.0).abs() < 1e-12);
        assert!((separation_deg(0.0, 90.0, 123.0, -90.0) - 180.0).abs() < 1e-12);
        assert!((separation_deg(359.5, 0.0, 0.5, 0.0) - 1.0).abs() < 1e-12);
        // One milliarcsecond in declination is resolved.
        let mas = 1.0 / 3.6e6;
        assert!((separation_deg(150.0, 2.0, 150.0, 2.0 + mas) / mas - 1.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn degrees_round_trip(ra in 0.0..360.0f64, dec in -89.99..89.99f64) {
            let (ra2, dec2) = UnitVector::from_degrees(ra, dec).to_degrees();
            prop_assert!((dec - dec2).abs() < 1e-11);
            let difference = (ra - ra2).rem_euclid(360.0);
            prop_assert!(difference.min(360.0 - difference) < 1e-8);
            prop_assert!((0.0..360.0).contains(&ra2));
        }

        #[test]
        fn agrees_with_the_haversine(
            ra1 in 0.0..360.0f64, dec1 in -90.0..90.0f64, ra2 in 0.0..360.0f64, dec2 in -90.0..90.0f64,
        ) {
            // Naive oracle: the haversine formula, good away from opposite points.
            let (d1, d2) = (dec1.to_radians(), dec2.to_radians());
            let h = ((d2 - d1) / 2.0).sin().powi(2)
                + d1.cos() * d2.cos() * ((ra2 - ra1).to_radians() / 2.0).sin().powi(2);
            let oracle = 2.0 * h.sqrt().min(1.0).asin().to_degrees();
            prop_assert!((separation_deg(ra1, dec1, ra2, dec2) - oracle).abs() < 1e-5);
        }
    }
}
