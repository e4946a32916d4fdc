//! Demonstration products that are not tables: a trained model, validation results, a configuration.

use pz_model::{FileRole, ProductType};

use super::{DemoFile, DemoProduct};

/// All of them.
pub(super) fn products() -> anyhow::Result<Vec<DemoProduct>> {
    Ok(vec![
        trained_model(),
        validation_results(),
        configuration(),
        instructions(),
    ])
}

/// A Python pickle (protocol 2) of `{"algorithm": "KNN", "n_neighbors": 7}`, followed by nothing: small,
/// but a pickle that Python loads.
fn small_pickle() -> Vec<u8> {
    let mut pickle = b"\x80\x02}(".to_vec();
    for (key, value) in [("algorithm", "KNN"), ("trained_on", "DP1 demo training set")] {
        for text in [key, value] {
            pickle.push(b'X');
            pickle.extend_from_slice(&(text.len() as u32).to_le_bytes());
            pickle.extend_from_slice(text.as_bytes());
        }
    }
    pickle.extend_from_slice(b"X\x0b\x00\x00\x00n_neighborsK\x07u.");
    pickle
}

fn product(
    owner: &'static str,
    product_type: ProductType,
    display_name: &str,
    description: &str,
    files: Vec<DemoFile>,
) -> DemoProduct {
    DemoProduct {
        owner,
        product_type,
        release: Some("dp1"),
        display_name: display_name.to_owned(),
        official: false,
        pz_code: None,
        description: description.to_owned(),
        release_year: None,
        files,
        meanings: Vec::new(),
        published: true,
    }
}

fn trained_model() -> DemoProduct {
    product(
        "alice",
        ProductType::TrainingResults,
        "KNN demo model",
        "A (tiny, synthetic) trained nearest-neighbour model as a Python pickle. Load it only if you trust it.",
        vec![
            DemoFile {
                role: FileRole::Main,
                name: "knn_demo_model.pkl".to_owned(),
                mime_type: "application/octet-stream",
                bytes: small_pickle(),
            },
            DemoFile {
                role: FileRole::Auxiliary,
                name: "knn_demo_config.yaml".to_owned(),
                mime_type: "application/yaml",
                bytes: b"algorithm: KNN\nn_neighbors: 7\nbands: [u, g, r, i, z, y]\n".to_vec(),
            },
        ],
    )
}

fn validation_results() -> DemoProduct {
    let mut demo = product(
        "bob",
        ProductType::ValidationResults,
        "FlexZBoost demo validation",
        "Metrics of the FlexZBoost demo estimates against the demo training set.\n\n\
         | metric | value |\n|---|---|\n| bias | 0.0011 |\n| sigma_MAD | 0.031 |\n| outliers | 4.1 % |\n",
        vec![DemoFile {
            role: FileRole::Main,
            name: "validation_demo.html".to_owned(),
            mime_type: "text/html",
            bytes: include_str!("validation.html").as_bytes().to_vec(),
        }],
    );
    demo.pz_code = Some("FlexZBoost");
    demo
}

fn configuration() -> DemoProduct {
    let mut demo = product(
        "alice",
        ProductType::Other,
        "LSST filter curves demo",
        "Central wavelengths and depths used for the demonstration data.",
        vec![DemoFile {
            role: FileRole::Main,
            name: "filters.txt".to_owned(),
            mime_type: "text/plain",
            bytes: b"# band  wavelength_um  depth_mag\nu 0.368 24.5\ng 0.480 25.8\nr 0.622 25.9\ni 0.754 25.4\nz 0.869 24.6\ny 0.971 23.6\n".to_vec(),
        }],
    );
    demo.release = None;
    demo
}

fn instructions() -> DemoProduct {
    let mut demo = product(
        "root",
        ProductType::PhotozEstimates,
        "LSSTDESC DC2 demo estimates",
        "Photo-z estimates too large to upload: this product says how to get them.\n\n\
         1. Ask for an account at the data centre.\n2. Read `photoz/dc2/` there with LSDB.\n",
        Vec::new(),
    );
    demo.release = Some("dp02");
    demo.official = true;
    demo.pz_code = Some("BPZ");
    demo
}
