//! Made-up surveys: which galaxies they see, how well, and what they call their columns.

use pz_model::ColumnMeaning;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::tables::{DemoTable, Values};
use super::universe::{Galaxy, normal};

/// Names of the columns for id, right ascension, declination, redshift, its error, its flag and survey.
pub(super) type ColumnNames = [&'static str; 7];

/// One survey.
#[derive(Debug, Clone, Copy)]
pub(super) struct Survey {
    pub(super) name: &'static str,
    pub(super) year: i32,
    /// Indices into the fields.
    pub(super) fields: &'static [usize],
    /// Part of the galaxies within the limits that got a redshift.
    pub(super) completeness: f64,
    /// Faintest i magnitude.
    pub(super) mag_limit: f64,
    /// Redshifts that its spectrograph finds.
    pub(super) redshifts: (f64, f64),
    /// Scatter of its redshifts, divided by 1 + z.
    pub(super) redshift_error: f64,
    /// Scatter of its positions, arcseconds.
    pub(super) position_error_arcsec: f64,
    pub(super) columns: ColumnNames,
    pub(super) as_csv: bool,
}

/// What the columns mean, in the order of [`ColumnNames`].
pub(super) fn meanings(names: ColumnNames) -> Vec<(&'static str, ColumnMeaning)> {
    names.into_iter().zip(ColumnMeaning::ALL).collect()
}

impl Survey {
    /// The catalog that the survey makes of the sky, and how many galaxies are in it.
    pub(super) fn observe(&self, galaxies: &[Galaxy]) -> DemoTable {
        // Its own numbers, whatever the other surveys draw.
        let seed = self.name.bytes().fold(0x5eed_1000_u64, |seed, byte| {
            seed.wrapping_mul(31) + u64::from(byte)
        });
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut ids, mut ra, mut dec) = (Vec::new(), Vec::new(), Vec::new());
        let (mut redshift, mut error, mut flag, mut mag) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for galaxy in galaxies {
            let seen = self.fields.contains(&galaxy.field)
                && galaxy.mag_i < self.mag_limit
                && (self.redshifts.0..self.redshifts.1).contains(&galaxy.redshift)
                && rng.random::<f64>() < self.completeness;
            if !seen {
                continue;
            }
            let shift_deg = self.position_error_arcsec / 3600.0;
            ids.push(galaxy.id);
            ra.push(Some(round(
                galaxy.ra_deg + normal(&mut rng) * shift_deg / galaxy.dec_deg.to_radians().cos(),
                7,
            )));
            dec.push(Some(round(galaxy.dec_deg + normal(&mut rng) * shift_deg, 7)));
            // Fainter galaxies give poorer spectra: 4 certain, 3 secure, 2 probable, 1 a guess.
            let quality = 4.4 - (galaxy.mag_i - self.mag_limit + 2.5).max(0.0) * 0.7 + 0.5 * normal(&mut rng);
            let quality = (quality.round() as i32).clamp(1, 4);
            let scatter = self.redshift_error * (1.0 + galaxy.redshift);
            let wrong = quality == 1 && rng.random::<f64>() < 0.4;
            let measured = if wrong {
                rng.random::<f64>() * self.redshifts.1
            } else {
                galaxy.redshift + scatter * normal(&mut rng)
            };
            redshift.push(Some(round(measured.max(0.0), 5)));
            // Guesses come without an error.
            error.push((quality > 1).then(|| round(scatter * (1.0 + 0.2 * rng.random::<f64>()), 6)));
            flag.push(quality);
            mag.push(Some((galaxy.mag_i + 0.03 * normal(&mut rng)) as f32));
        }
        let rows = ids.len();
        let [
            id_name,
            ra_name,
            dec_name,
            z_name,
            error_name,
            flag_name,
            survey_name,
        ] = self.columns;
        let mut table = DemoTable::default();
        table.add(id_name, "", Values::Int64(ids));
        table.add(ra_name, "deg", Values::Float64(ra));
        table.add(dec_name, "deg", Values::Float64(dec));
        table.add(z_name, "", Values::Float64(redshift));
        table.add(error_name, "", Values::Float64(error));
        table.add(flag_name, "", Values::Int32(flag));
        table.add("mag_i", "mag", Values::Float32(mag));
        table.add(survey_name, "", Values::Text(vec![self.name.to_owned(); rows]));
        table
    }
}

/// A number with this many decimals.
pub(super) fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}
