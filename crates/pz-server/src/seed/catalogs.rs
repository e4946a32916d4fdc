//! Demonstration products that are tables: a dozen redshift catalogs, a training set, estimates.

use pz_model::{ColumnMeaning, FileRole, ProductType};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::survey::{ColumnNames, Survey, meanings, round};
use super::tables::{DemoTable, Values};
use super::universe::{FIELDS, Galaxy, galaxies, magnitudes, normal};
use super::{DemoFile, DemoProduct};

const PLAIN: ColumnNames = ["id", "ra", "dec", "z", "z_err", "z_flag", "survey"];
const J2000: ColumnNames = ["OBJID", "RAJ2000", "DEJ2000", "ZSPEC", "E_Z", "Q_Z", "SURVEY"];
const LONG: ColumnNames = [
    "source_id",
    "ra_deg",
    "dec_deg",
    "redshift",
    "redshift_err",
    "quality",
    "survey_name",
];

#[rustfmt::skip]
const SURVEYS: [Survey; 12] = [
    Survey { name: "VVDS", year: 2013, fields: &[1, 2], completeness: 0.18, mag_limit: 24.0, redshifts: (0.01, 4.5), redshift_error: 5e-4, position_error_arcsec: 0.20, columns: PLAIN, as_csv: false },
    Survey { name: "ZCOSMOS", year: 2009, fields: &[0], completeness: 0.35, mag_limit: 22.5, redshifts: (0.01, 1.3), redshift_error: 4e-4, position_error_arcsec: 0.10, columns: J2000, as_csv: true },
    Survey { name: "VUDS", year: 2017, fields: &[0, 1], completeness: 0.30, mag_limit: 25.0, redshifts: (1.8, 6.3), redshift_error: 8e-4, position_error_arcsec: 0.15, columns: PLAIN, as_csv: false },
    Survey { name: "PRIMUS", year: 2013, fields: &[0, 1, 2, 3], completeness: 0.45, mag_limit: 23.0, redshifts: (0.05, 1.2), redshift_error: 5e-3, position_error_arcsec: 0.30, columns: LONG, as_csv: false },
    Survey { name: "DESI", year: 2025, fields: &[0, 2], completeness: 0.75, mag_limit: 23.6, redshifts: (0.01, 3.5), redshift_error: 1e-4, position_error_arcsec: 0.05, columns: LONG, as_csv: false },
    Survey { name: "SDSS", year: 2023, fields: &[0, 2], completeness: 0.90, mag_limit: 20.5, redshifts: (0.005, 1.0), redshift_error: 1e-4, position_error_arcsec: 0.08, columns: PLAIN, as_csv: true },
    Survey { name: "2DFGRS", year: 2003, fields: &[1, 3, 4], completeness: 0.80, mag_limit: 20.0, redshifts: (0.005, 0.5), redshift_error: 3e-4, position_error_arcsec: 0.50, columns: J2000, as_csv: true },
    Survey { name: "GAMA", year: 2022, fields: &[2], completeness: 0.95, mag_limit: 20.8, redshifts: (0.005, 0.9), redshift_error: 2e-4, position_error_arcsec: 0.10, columns: PLAIN, as_csv: false },
    Survey { name: "3DHST", year: 2016, fields: &[0, 1], completeness: 0.12, mag_limit: 25.5, redshifts: (0.3, 3.3), redshift_error: 3e-3, position_error_arcsec: 0.06, columns: LONG, as_csv: false },
    Survey { name: "C3R2", year: 2021, fields: &[0, 1, 2], completeness: 0.05, mag_limit: 25.2, redshifts: (0.1, 4.5), redshift_error: 3e-4, position_error_arcsec: 0.08, columns: PLAIN, as_csv: true },
    Survey { name: "OZDES", year: 2020, fields: &[0, 1, 2, 3], completeness: 0.40, mag_limit: 22.5, redshifts: (0.01, 2.5), redshift_error: 3e-4, position_error_arcsec: 0.12, columns: J2000, as_csv: false },
    Survey { name: "EDFS-SPEC", year: 2025, fields: &[4], completeness: 0.30, mag_limit: 23.5, redshifts: (0.01, 2.8), redshift_error: 6e-4, position_error_arcsec: 0.10, columns: LONG, as_csv: false },
];

/// All of them.
pub(super) fn products() -> anyhow::Result<Vec<DemoProduct>> {
    let sky = galaxies();
    let mut products = Vec::new();
    for (index, survey) in SURVEYS.iter().enumerate() {
        products.push(redshift_catalog(survey, &sky, index)?);
    }
    products.push(training_set(&sky)?);
    products.push(photoz_estimates(&sky)?);
    products.push(object_catalog(&sky)?);
    Ok(products)
}

fn redshift_catalog(survey: &Survey, sky: &[Galaxy], index: usize) -> anyhow::Result<DemoProduct> {
    let table = survey.observe(sky);
    let fields: Vec<&str> = survey.fields.iter().map(|field| FIELDS[*field].name).collect();
    let stem = survey.name.to_lowercase().replace('-', "_");
    let file = if survey.as_csv {
        main_file(format!("{stem}.csv"), "text/csv", table.to_csv()?)
    } else {
        main_file(
            format!("{stem}.parquet"),
            "application/vnd.apache.parquet",
            table.to_parquet()?,
        )
    };
    let description = format!(
        "**Synthetic** reference redshifts in the style of {name}, for demonstration only.\n\n\
         | | |\n|---|---|\n| Fields | {fields} |\n| Limit | i < {limit} |\n| Redshifts | {low} to {high} |\n\
         | Redshift error | {error} (1 + z) |\n\n\
         Quality flags: 4 certain, 3 secure, 2 probable, 1 a guess. Objects in fields that several surveys \
         observed occur in each of their catalogs, with slightly different positions.\n",
        name = survey.name,
        fields = fields.join(", "),
        limit = survey.mag_limit,
        low = survey.redshifts.0,
        high = survey.redshifts.1,
        error = survey.redshift_error,
    );
    Ok(DemoProduct {
        owner: if index % 3 == 2 { "bob" } else { "alice" },
        product_type: ProductType::RedshiftCatalog,
        release: None,
        display_name: format!("{} demo redshifts", survey.name),
        official: false,
        pz_code: None,
        description,
        release_year: Some(survey.year),
        files: vec![file],
        meanings: meanings(survey.columns),
        // One is left as the draft of somebody who was interrupted.
        published: survey.name != "EDFS-SPEC",
    })
}

const BAND_COLUMNS: [(&str, &str); 6] = [
    ("mag_u_lsst", "magerr_u_lsst"),
    ("mag_g_lsst", "magerr_g_lsst"),
    ("mag_r_lsst", "magerr_r_lsst"),
    ("mag_i_lsst", "magerr_i_lsst"),
    ("mag_z_lsst", "magerr_z_lsst"),
    ("mag_y_lsst", "magerr_y_lsst"),
];
/// Depths (5 sigma) of a year of LSST in u, g, r, i, z, y.
const DEPTHS: [f64; 6] = [24.5, 25.8, 25.9, 25.4, 24.6, 23.6];

fn add_photometry(table: &mut DemoTable, sample: &[&Galaxy], rng: &mut ChaCha8Rng) {
    for (band, (mag_name, error_name)) in BAND_COLUMNS.into_iter().enumerate() {
        let (mut mags, mut errors) = (Vec::new(), Vec::new());
        for galaxy in sample {
            let mag = magnitudes(galaxy)[band];
            // Signal to noise 5 at the depth, plus a floor.
            let error = 0.005 + 0.2 * 10f64.powf(0.4 * (mag - DEPTHS[band]));
            let detected = error < 0.7;
            mags.push(detected.then_some((mag + error * normal(rng)) as f32));
            errors.push(detected.then_some(error as f32));
        }
        table.add(mag_name, "mag", Values::Float32(mags));
        table.add(error_name, "mag", Values::Float32(errors));
    }
}

fn positions(table: &mut DemoTable, sample: &[&Galaxy]) {
    table.add(
        "objectId",
        "",
        Values::Int64(sample.iter().map(|galaxy| galaxy.id).collect()),
    );
    table.add(
        "coord_ra",
        "deg",
        Values::Float64(sample.iter().map(|g| Some(round(g.ra_deg, 8))).collect()),
    );
    table.add(
        "coord_dec",
        "deg",
        Values::Float64(sample.iter().map(|g| Some(round(g.dec_deg, 8))).collect()),
    );
}

fn training_set(sky: &[Galaxy]) -> anyhow::Result<DemoProduct> {
    let mut rng = ChaCha8Rng::seed_from_u64(0x5eed_2000);
    let sample: Vec<&Galaxy> = sky
        .iter()
        .filter(|g| g.mag_i < 24.1 && rng.random::<f64>() < 0.22)
        .collect();
    let mut table = DemoTable::default();
    positions(&mut table, &sample);
    let redshift = |galaxy: &&Galaxy| Some(round(galaxy.redshift, 5));
    table.add("z", "", Values::Float64(sample.iter().map(redshift).collect()));
    add_photometry(&mut table, &sample, &mut rng);
    let is_training: Vec<i32> = sample
        .iter()
        .map(|_| i32::from(rng.random::<f64>() < 0.7))
        .collect();
    table.add("is_training_set", "", Values::Int32(is_training));
    let notebook = include_str!("training_set.html");
    Ok(DemoProduct {
        owner: "alice",
        product_type: ProductType::TrainingSet,
        release: Some("dp1"),
        display_name: "DP1 demo training set".to_owned(),
        official: true,
        pz_code: None,
        description: "Official **synthetic** training set: reference redshifts with six-band photometry at the \
                      depth of one year of LSST. Missing magnitudes are non-detections. `is_training_set` is 1 \
                      for training (70 %) and 0 for testing."
            .to_owned(),
        release_year: None,
        files: vec![
            main_file("dp1_demo_training_set.parquet".to_owned(), "application/vnd.apache.parquet", table.to_parquet()?),
            DemoFile {
                role: FileRole::Description,
                name: "how it was made.html".to_owned(),
                mime_type: "text/html",
                bytes: notebook.as_bytes().to_vec(),
            },
        ],
        meanings: vec![
            ("objectId", ColumnMeaning::Id),
            ("coord_ra", ColumnMeaning::Ra),
            ("coord_dec", ColumnMeaning::Dec),
            ("z", ColumnMeaning::Z),
        ],
        published: true,
    })
}

fn photoz_estimates(sky: &[Galaxy]) -> anyhow::Result<DemoProduct> {
    let mut rng = ChaCha8Rng::seed_from_u64(0x5eed_3000);
    let sample: Vec<&Galaxy> = sky
        .iter()
        .filter(|g| g.mag_i < 24.5 && rng.random::<f64>() < 0.25)
        .collect();
    let mut table = DemoTable::default();
    table.add(
        "objectId",
        "",
        Values::Int64(sample.iter().map(|galaxy| galaxy.id).collect()),
    );
    let (mut modes, mut means, mut widths) = (Vec::new(), Vec::new(), Vec::new());
    for galaxy in &sample {
        let width = 0.02 + 0.03 * (galaxy.mag_i - 20.0).max(0.0) / 4.5;
        let outlier = rng.random::<f64>() < 0.04;
        let truth = if outlier {
            rng.random::<f64>() * 3.0
        } else {
            galaxy.redshift
        };
        let mode = (truth + width * (1.0 + truth) * normal(&mut rng)).max(0.0);
        modes.push(Some(round(mode, 3)));
        means.push(Some(round(mode + 0.2 * width * normal(&mut rng), 4)));
        widths.push(Some((width * (1.0 + truth)) as f32));
    }
    table.add("z_mode", "", Values::Float64(modes));
    table.add("z_mean", "", Values::Float64(means));
    table.add("z_std", "", Values::Float32(widths));
    Ok(DemoProduct {
        owner: "bob",
        product_type: ProductType::PhotozEstimates,
        release: Some("dp1"),
        display_name: "FlexZBoost demo estimates".to_owned(),
        official: false,
        pz_code: Some("FlexZBoost"),
        description: "**Synthetic** point estimates: mode, mean and width of the redshift PDF.".to_owned(),
        release_year: None,
        files: vec![main_file(
            "flexzboost_demo.parquet".to_owned(),
            "application/vnd.apache.parquet",
            table.to_parquet()?,
        )],
        meanings: vec![("objectId", ColumnMeaning::Id), ("z_mode", ColumnMeaning::Z)],
        published: true,
    })
}

fn object_catalog(sky: &[Galaxy]) -> anyhow::Result<DemoProduct> {
    let mut rng = ChaCha8Rng::seed_from_u64(0x5eed_4000);
    let sample: Vec<&Galaxy> = sky.iter().filter(|galaxy| galaxy.field == 1).collect();
    let mut table = DemoTable::default();
    positions(&mut table, &sample);
    add_photometry(&mut table, &sample, &mut rng);
    Ok(DemoProduct {
        owner: "bob",
        product_type: ProductType::ObjectCatalog,
        release: Some("dp02"),
        display_name: "ECDFS demo objects".to_owned(),
        official: false,
        pz_code: None,
        description: "**Synthetic** objects of the ECDFS field with six-band photometry.".to_owned(),
        release_year: None,
        files: vec![main_file(
            "ecdfs_demo_objects.parquet".to_owned(),
            "application/vnd.apache.parquet",
            table.to_parquet()?,
        )],
        meanings: vec![
            ("objectId", ColumnMeaning::Id),
            ("coord_ra", ColumnMeaning::Ra),
            ("coord_dec", ColumnMeaning::Dec),
        ],
        published: true,
    })
}

fn main_file(name: String, mime_type: &'static str, bytes: Vec<u8>) -> DemoFile {
    DemoFile {
        role: FileRole::Main,
        name,
        mime_type,
        bytes,
    }
}
