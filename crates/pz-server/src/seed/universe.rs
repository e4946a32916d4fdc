//! A small made-up sky: galaxies in the fields that deep surveys share, the same on every machine.

use pz_sky::point_in_cap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A field that several surveys observe.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) ra_deg: f64,
    pub(super) dec_deg: f64,
    pub(super) radius_deg: f64,
    pub(super) galaxies: usize,
}

/// Deep fields; positions as in the literature.
pub(super) const FIELDS: [Field; 5] = [
    Field {
        name: "COSMOS",
        ra_deg: 150.12,
        dec_deg: 2.21,
        radius_deg: 0.9,
        galaxies: 60_000,
    },
    Field {
        name: "ECDFS",
        ra_deg: 53.12,
        dec_deg: -27.81,
        radius_deg: 0.6,
        galaxies: 30_000,
    },
    Field {
        name: "XMM-LSS",
        ra_deg: 35.71,
        dec_deg: -4.75,
        radius_deg: 1.2,
        galaxies: 50_000,
    },
    Field {
        name: "ELAIS-S1",
        ra_deg: 9.45,
        dec_deg: -44.03,
        radius_deg: 0.8,
        galaxies: 20_000,
    },
    Field {
        name: "EDFS",
        ra_deg: 59.10,
        dec_deg: -48.73,
        radius_deg: 1.0,
        galaxies: 25_000,
    },
];

/// A galaxy as it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Galaxy {
    pub(super) id: i64,
    pub(super) field: usize,
    pub(super) ra_deg: f64,
    pub(super) dec_deg: f64,
    pub(super) redshift: f64,
    /// AB magnitude.
    pub(super) mag_i: f64,
    /// Rest-frame type: 0 red to 1 blue.
    pub(super) blueness: f64,
}

/// All galaxies of all fields.
pub(super) fn galaxies() -> Vec<Galaxy> {
    let mut rng = ChaCha8Rng::seed_from_u64(0x5eed_0001);
    let mut galaxies = Vec::with_capacity(FIELDS.iter().map(|field| field.galaxies).sum());
    for (index, field) in FIELDS.iter().enumerate() {
        for number in 0..field.galaxies {
            let (ra_deg, dec_deg) = point_in_cap(
                field.ra_deg,
                field.dec_deg,
                field.radius_deg,
                rng.random(),
                rng.random(),
            );
            // Gamma-distributed with shape 2: rises as z, falls exponentially, mean 0.76.
            let uniform: f64 = rng.random::<f64>() * rng.random::<f64>();
            let redshift = (-uniform.max(1e-12).ln() * 0.38).clamp(0.003, 6.5);
            let mag_i = 19.6 + 2.1 * redshift.powf(0.55) + 1.1 * normal(&mut rng);
            galaxies.push(Galaxy {
                // The form of LSST object ids: 19 digits, more than a double can hold.
                id: 1_486_231_857_000_000_000
                    + (index as i64) * 10_000_000_000
                    + (number as i64) * 7_919
                    + 13,
                field: index,
                ra_deg,
                dec_deg,
                redshift,
                mag_i: mag_i.clamp(15.0, 27.0),
                blueness: rng.random(),
            });
        }
    }
    galaxies
}

/// A standard normal number (Box and Muller 1958).
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * rng.random::<f64>().max(1e-300).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// AB magnitudes in u, g, r, i, z, y: a smooth made-up spectral slope that reddens with redshift.
pub(super) fn magnitudes(galaxy: &Galaxy) -> [f64; 6] {
    let slope = 0.9 - 0.7 * galaxy.blueness + 0.25 * galaxy.redshift.min(2.0);
    let break_depth = 0.8 * (1.0 - galaxy.blueness) + 0.2;
    // Centres of the LSST bands, micrometres.
    [0.368, 0.480, 0.622, 0.754, 0.869, 0.971].map(|wavelength: f64| {
        let rest = wavelength / (1.0 + galaxy.redshift);
        let step = break_depth / (1.0 + ((rest - 0.4) / 0.02).exp());
        let reference = break_depth / (1.0 + ((0.754 / (1.0 + galaxy.redshift) - 0.4) / 0.02).exp());
        galaxy.mag_i - 2.5 * slope * (wavelength / 0.754).log10() + step - reference
    })
}
