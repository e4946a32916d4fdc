use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float32Array, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use pz_sky::{Healpix, separation_deg};
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::archives::{HATS_ROWS, hats_catalog, members, zip};
use crate::on_both_databases;

on_both_databases!(
    sky_of_two_fields,
    redshift_distribution,
    magnitude_against_redshift,
    hats,
    what_cannot_be_drawn,
    kept_and_counted_anew,
);

/// One row of a made-up catalog; a missing value is none.
#[derive(Clone, Default)]
struct Row {
    ra: Option<f64>,
    dec: Option<f64>,
    z: Option<f64>,
    magnitude: Option<f64>,
    survey: Option<&'static str>,
}

/// Two fields, a few rows without a position, with a sentinel, a negative redshift, without a survey.
fn catalog() -> Vec<Row> {
    let mut seed = 1_u64;
    let mut next = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..3000)
        .map(|number| {
            let (ra, dec) = match number % 3 {
                0 => ((359.6 + 0.8 * next()) % 360.0, -30.4 + 0.8 * next()),
                _ => (149.6 + next(), 1.7 + next()),
            };
            let z = match number % 50 {
                1 => -99.0,
                2 => 99.0,
                3 => -0.001 - next() / 10.0,
                _ => 2.0 * next() * next(),
            };
            Row {
                ra: (number % 100 != 7).then_some(if number % 100 == 9 { 400.0 } else { ra }),
                dec: (number % 100 != 8).then_some(if number % 100 == 10 { -91.0 } else { dec }),
                z: (number % 50 != 4).then_some(z),
                magnitude: (number % 40 != 5).then_some(if number % 40 == 6 {
                    99.0
                } else {
                    18.0 + 8.0 * next()
                }),
                survey: match number % 20 {
                    0 => None,
                    number if number < 12 => Some("VVDS"),
                    number if number < 18 => Some("DESI"),
                    _ => Some("PRIMUS"),
                },
            }
        })
        .collect()
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut text = String::from("ra,dec,zspec,mag_i_lsst,survey\n");
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    for row in rows {
        text.push_str(&format!(
            "{},{},{},{},{}\n",
            number(row.ra),
            number(row.dec),
            number(row.z),
            number(row.magnitude),
            row.survey.unwrap_or_default()
        ));
    }
    text.into_bytes()
}

fn parquet(rows: &[Row]) -> Vec<u8> {
    let doubles =
        |of: fn(&Row) -> Option<f64>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<Float64Array>()) };
    let batch = RecordBatch::try_from_iter(vec![
        ("ra", doubles(|row| row.ra)),
        ("dec", doubles(|row| row.dec)),
        // Missing as NaN.
        (
            "zspec",
            Arc::new(
                rows.iter()
                    .map(|row| Some(row.z.unwrap_or(f64::NAN)))
                    .collect::<Float64Array>(),
            ) as ArrayRef,
        ),
        (
            "mag_i_lsst",
            Arc::new(
                rows.iter()
                    .map(|row| row.magnitude.map(|magnitude| magnitude as f32))
                    .collect::<Float32Array>(),
            ),
        ),
        (
            "survey",
            Arc::new(rows.iter().map(|row| row.survey).collect::<StringArray>()),
        ),
    ])
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// A draft with this main file, read, with these meanings; the path of its plots.
async fn plotted(person: &Person, name: &str, bytes: &[u8], aliases: &[(&str, &str)]) -> String {
    let product = person.draft(7, name).await;
    person.upload(&product, 0, name, bytes).await.expect(201);
    let path = format!("/api/products/{}/", product["id"]);
    person.get(&format!("{path}registry/")).await.expect(200);
    person.associate(&product, aliases).await;
    format!("{path}plots/")
}

const MEANINGS: [(&str, &str); 4] = [("ra", "RA"), ("dec", "Dec"), ("zspec", "z"), ("survey", "survey")];

fn pairs(value: &Value) -> BTreeMap<u64, u64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap()))
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

fn sum(value: &Value) -> u64 {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_u64().unwrap())
        .sum()
}

async fn sky_of_two_fields(app: &TestApp) {
    let alice = app.alice().await;
    let rows = catalog();
    for (name, bytes) in [("cat.csv", csv(&rows)), ("cat.parquet", parquet(&rows))] {
        let path = plotted(&alice, name, &bytes, &MEANINGS).await;
        let valid: Vec<(f64, f64)> = rows
            .iter()
            .filter_map(|row| row.ra.zip(row.dec))
            .filter(|(ra, dec)| *ra <= 360.0 && *dec >= -90.0)
            .collect();
        for (query, order) in [
            ("", None),
            ("?order=3", Some(3)),
            ("?order=12", Some(12)),
            ("?order=0", Some(0)),
        ] {
            let sky = alice.get(&format!("{path}sky/{query}")).await.expect(200);
            let used = u8::try_from(sky["order"].as_u64().unwrap()).unwrap();
            assert!(order.is_none_or(|order| order == used), "{query}: {used}");
            let mut expected: BTreeMap<u64, u64> = BTreeMap::new();
            for (ra, dec) in &valid {
                *expected
                    .entry(Healpix::new(used).cell(*ra, *dec).unwrap())
                    .or_default() += 1;
            }
            assert_eq!(pairs(&sky["cells"]), expected, "{query}");
            assert_eq!(
                (
                    &sky["n_rows"],
                    &sky["n_missing"],
                    &sky["n_out_of_range"],
                    &sky["n_valid"]
                ),
                (&json!(3000), &json!(60), &json!(60), &json!(valid.len())),
            );
        }
        let sky = alice.get(&format!("{path}sky/")).await.expect(200);
        assert!(sky["cells"].as_array().unwrap().len() <= 4000);
        assert!(sky["order"].as_u64().unwrap() >= 8, "{}", sky["order"]);
        assert_eq!(
            (&sky["ra_column"], &sky["dec_column"]),
            (&json!("ra"), &json!("dec"))
        );
        let footprints = sky["footprints"].as_array().unwrap();
        assert_eq!((footprints.len(), &sky["n_footprints"]), (2, &json!(2)));
        let (cosmos, south) = (&footprints[0], &footprints[1]);
        let at = |part: &Value| (part["ra"].as_f64().unwrap(), part["dec"].as_f64().unwrap());
        assert!(
            separation_deg(at(cosmos).0, at(cosmos).1, 150.1, 2.2) < 0.2,
            "{cosmos}"
        );
        assert!(
            separation_deg(at(south).0, at(south).1, 0.0, -30.0) < 0.2,
            "{south}"
        );
        assert!(south["bounds"]["ra_min"].as_f64().unwrap() > south["bounds"]["ra_max"].as_f64().unwrap());
        assert_eq!(
            cosmos["count"].as_u64().unwrap() + south["count"].as_u64().unwrap(),
            valid.len() as u64
        );
        let bounds = &sky["bounds"];
        let ends = |of: fn(&(f64, f64)) -> f64| {
            valid
                .iter()
                .map(of)
                .fold((f64::MAX, f64::MIN), |(low, high), value| {
                    (low.min(value), high.max(value))
                })
        };
        assert_eq!(
            (
                bounds["dec_min"].as_f64().unwrap(),
                bounds["dec_max"].as_f64().unwrap()
            ),
            ends(|(_, dec)| *dec)
        );
        // From the southern field eastwards to the other.
        assert!(bounds["ra_min"].as_f64().unwrap() > 359.0 && bounds["ra_max"].as_f64().unwrap() > 150.0);
    }
}

async fn redshift_distribution(app: &TestApp) {
    let alice = app.alice().await;
    let rows = catalog();
    let regular = |row: &&Row| row.z.is_some_and(|z| (0.0..90.0).contains(&z));
    for (name, bytes) in [("cat.csv", csv(&rows)), ("cat.parquet", parquet(&rows))] {
        let path = plotted(&alice, name, &bytes, &MEANINGS).await;
        for query in [
            "",
            "?bins=7",
            "?bins=25&min=0.1&max=0.9",
            "?min=-0.2&bins=13",
            "?split=survey&bins=10",
            "?split=survey&max=0.5",
        ] {
            let plot = alice.get(&format!("{path}nz/{query}")).await.expect(200);
            let edges = numbers(&plot["edges"]);
            let (low, high) = (edges[0], edges[edges.len() - 1]);
            let count = |wanted: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count() as u64;
            let z_of = |row: &Row| row.z.unwrap_or(f64::NAN);
            // The oracle goes through the edges one by one.
            let expected: Vec<u64> = edges
                .windows(2)
                .enumerate()
                .map(|(bin, edge)| {
                    let is_last = bin + 2 == edges.len();
                    count(&|row| {
                        z_of(row) >= edge[0] && (z_of(row) < edge[1] || is_last && z_of(row) == edge[1])
                    })
                })
                .collect();
            assert_eq!(
                numbers(&plot["counts"]),
                expected.iter().map(|n| *n as f64).collect::<Vec<_>>(),
                "{query}"
            );
            let negative = count(&|row| z_of(row) < 0.0 && z_of(row) > -9.0);
            let sentinel = count(&|row| z_of(row).abs() >= 9.0);
            let missing = count(&|row| row.z.is_none());
            assert_eq!(
                (&plot["missing"], &plot["sentinel"]),
                (&json!(missing), &json!(sentinel))
            );
            assert_eq!(
                plot["negative"],
                json!(if low < 0.0 { 0 } else { negative }),
                "{query}"
            );
            assert_eq!(
                plot["overflow"],
                json!(count(&|row| z_of(row) > high && z_of(row) < 90.0))
            );
            let others: u64 = ["underflow", "overflow", "missing", "negative", "sentinel"]
                .iter()
                .map(|name| plot[name].as_u64().unwrap())
                .sum();
            assert_eq!(sum(&plot["counts"]) + others, 3000, "{query}");
            let mut sorted: Vec<f64> = rows.iter().filter(regular).map(z_of).collect();
            sorted.sort_by(f64::total_cmp);
            for (key, share) in [("p16", 0.16), ("median", 0.5), ("p84", 0.84)] {
                let exact = sorted[(share * (sorted.len() - 1) as f64).round() as usize];
                assert!(
                    (plot[key].as_f64().unwrap() - exact).abs() < 0.005,
                    "{key} {query}"
                );
            }
            assert_eq!(plot["z_max"].as_f64(), sorted.last().copied());
            let groups = plot["groups"].as_array().unwrap();
            if query.contains("split") {
                assert_eq!(plot["split_column"], "survey");
                let named: Vec<_> = groups
                    .iter()
                    .map(|group| (&group["kind"], &group["value"]))
                    .collect();
                let value = json!("value");
                assert_eq!(
                    named,
                    [
                        (&value, &json!("VVDS")),
                        (&value, &json!("DESI")),
                        (&value, &json!("PRIMUS")),
                        (&json!("missing"), &json!(null))
                    ]
                );
                for (group, survey) in groups
                    .iter()
                    .zip([Some("VVDS"), Some("DESI"), Some("PRIMUS"), None])
                {
                    assert_eq!(group["n_rows"], json!(count(&|row| row.survey == survey)));
                }
                let mut together = vec![0.0; edges.len() - 1];
                for group in groups {
                    for (total, part) in together.iter_mut().zip(numbers(&group["counts"])) {
                        *total += part;
                    }
                }
                assert_eq!(together, numbers(&plot["counts"]), "{query}");
            } else {
                assert!(groups.is_empty());
            }
        }
        let by_name = alice.get(&format!("{path}nz/?split=survey")).await.expect(200);
        assert_eq!(by_name["edges"].as_array().unwrap().len(), 61);
        for (query, name) in [
            ("bins=0", "bins"),
            ("bins=1001", "bins"),
            ("bins=ten", "bins"),
            ("min=x", "min"),
            ("max=NaN", "max"),
            ("max=1e9", "max"),
            ("min=2&max=1", "max"),
            ("max=0", "max"),
            ("split=nonsense", "split"),
        ] {
            let refused = alice
                .get(&format!("{path}nz/?{query}"))
                .await
                .refused(400, "invalid_parameter");
            assert!(refused[name].is_array(), "{query}: {refused}");
        }
        alice
            .get(&format!("{path}sky/?order=13"))
            .await
            .refused(400, "invalid_parameter");
        alice
            .get(&format!("{path}sky/?order=-1"))
            .await
            .refused(400, "invalid_parameter");
    }
}

async fn magnitude_against_redshift(app: &TestApp) {
    let alice = app.alice().await;
    let rows = catalog();
    let path = plotted(&alice, "cat.csv", &csv(&rows), &MEANINGS).await;
    for query in ["", "?column=mag_i_lsst&bins=20", "?bins=200"] {
        let plot = alice.get(&format!("{path}magz/{query}")).await.expect(200);
        assert_eq!(
            (&plot["column"], &plot["z_column"]),
            (&json!("mag_i_lsst"), &json!("zspec"))
        );
        assert_eq!(
            plot["candidates"],
            json!([{"column": "mag_i_lsst", "band": "i", "unit": null}])
        );
        let both: Vec<(f64, f64)> = rows
            .iter()
            .filter_map(|row| row.magnitude.zip(row.z))
            .filter(|(magnitude, z)| *magnitude < 90.0 && (0.0..90.0).contains(z))
            .collect();
        assert_eq!((&plot["n"], &plot["n_rows"]), (&json!(both.len()), &json!(3000)));
        assert_eq!(plot["n_missing"], json!(3000 - both.len()));
        let (m_edges, z_edges) = (
            numbers(&plot["magnitude_edges"]),
            numbers(&plot["redshift_edges"]),
        );
        let bin = |edges: &[f64], value: f64| {
            let last = edges.len() - 2;
            (0..=last).find(|bin| {
                value >= edges[*bin] && (value < edges[bin + 1] || *bin == last && value == edges[last + 1])
            })
        };
        let bins = z_edges.len() - 1;
        let mut expected = vec![0.0; bins * (m_edges.len() - 1)];
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); m_edges.len() - 1];
        let mut outside = 0;
        for (magnitude, z) in &both {
            if let Some(m) = bin(&m_edges, *magnitude) {
                columns[m].push(*z);
            }
            match (bin(&m_edges, *magnitude), bin(&z_edges, *z)) {
                (Some(m), Some(k)) => expected[m * bins + k] += 1.0,
                _ => outside += 1,
            }
        }
        assert_eq!(numbers(&plot["counts"]), expected, "{query}");
        assert_eq!(plot["n_outside"], json!(outside));
        for (running, column) in plot["running"].as_array().unwrap().iter().zip(&mut columns) {
            assert_eq!(running["n"], json!(column.len()));
            column.sort_by(f64::total_cmp);
            if column.len() > 20 {
                // Between the neighbours of the exact rank, to a tenth of a bin.
                let rank = (column.len() - 1) / 2;
                let width = (z_edges[1] - z_edges[0]) / 10.0;
                let median = running["median"].as_f64().unwrap();
                assert!(
                    median > column[rank - 1] - width && median < column[rank + 2] + width,
                    "{median} {rank} {column:?}"
                );
            }
        }
    }
    alice
        .get(&format!("{path}magz/?column=nonsense"))
        .await
        .refused(400, "invalid_parameter");
    alice
        .get(&format!("{path}magz/?bins=201"))
        .await
        .refused(400, "invalid_parameter");
    // Any column of numbers can be drawn, a text cannot.
    alice.get(&format!("{path}magz/?column=ra")).await.expect(200);
    let refused = alice
        .get(&format!("{path}magz/?column=survey"))
        .await
        .refused(404, "missing_columns");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("'survey' holds no numbers"),
        "{refused}"
    );
}

async fn hats(app: &TestApp) {
    let alice = app.alice().await;
    let files = hats_catalog();
    let bytes = zip(&members(&files));
    let path = plotted(&alice, "tiny.zip", &bytes, &[("ra", "RA"), ("dec", "Dec")]).await;
    let sky = alice.get(&format!("{path}sky/")).await.expect(200);
    assert_eq!(
        (&sky["n_rows"], &sky["n_valid"]),
        (&json!(HATS_ROWS), &json!(HATS_ROWS))
    );
    assert_eq!(pairs(&sky["cells"]).values().sum::<u64>(), HATS_ROWS as u64);
}

async fn what_cannot_be_drawn(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let path = plotted(&alice, "cat.csv", b"ra,dec,z,name\n1,2,0.5,a\n2,3,0.6,b\n", &[]).await;
    for kind in ["sky", "nz", "magz"] {
        let plot = format!("{path}{kind}/");
        let refused = alice.get(&plot).await.refused(404, "missing_columns");
        assert!(refused["detail"].is_string());
        bob.get(&plot).await.refused(404, "not_found");
        app.anonymous().get(&plot).await.refused(401, "not_authenticated");
    }
    let draft = alice.draft(7, "Nothing yet").await;
    alice
        .get(&format!("/api/products/{}/plots/sky/", draft["id"]))
        .await
        .refused(404, "not_a_table");
    // A column of text that is said to be a redshift.
    let path = plotted(
        &alice,
        "cat.csv",
        b"ra,dec,z,name\n1,2,0.5,a\n2,3,0.6,b\n",
        &[("name", "z")],
    )
    .await;
    alice
        .get(&format!("{path}nz/"))
        .await
        .refused(404, "missing_columns");

    // A file that broke after it was read.
    let rows = catalog();
    let path = plotted(&alice, "cat.parquet", &parquet(&rows), &MEANINGS).await;
    let mut blobs = Vec::new();
    let mut waiting = vec![app.state.settings.blob_dir()];
    while let Some(directory) = waiting.pop() {
        for entry in fs_err::read_dir(&directory).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                waiting.push(entry);
            } else {
                blobs.push(entry);
            }
        }
    }
    let is_parquet = |path: &&std::path::PathBuf| fs_err::read(path).unwrap().starts_with(b"PAR1");
    let blob = blobs.iter().find(is_parquet).unwrap();
    let mut bytes = fs_err::read(blob).unwrap();
    let middle = bytes.len() / 2;
    bytes[4..middle].fill(0xff);
    fs_err::remove_file(blob).unwrap();
    fs_err::write(blob, bytes).unwrap();
    let refused = alice.get(&format!("{path}sky/")).await;
    assert_eq!(refused.status, 422);
    assert!(["broken_file", "inspection_limit"].contains(&refused.header("x-error-code")));
}

async fn kept_and_counted_anew(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Kept").await;
    alice
        .upload(&product, 0, "cat.csv", b"x,y,z\n1,2,0.5\n")
        .await
        .expect(201);
    let path = format!("/api/products/{}/", product["id"]);
    alice.get(&format!("{path}registry/")).await.expect(200);
    alice.associate(&product, &[("z", "z")]).await;
    let plot = format!("{path}plots/nz/?bins=5");
    let first = alice.get(&plot).await;
    first.expect(200);
    let etag = first.header("etag").to_owned();
    let again = || alice.request(Method::GET, &plot).header("if-none-match", &etag);
    let same = Answer::of(again()).await;
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    assert_eq!(alice.get(&plot).await.bytes, first.bytes);
    // Another column, another plot; then another file.
    alice.associate(&product, &[("z", ""), ("x", "z")]).await;
    assert_eq!(Answer::of(again()).await.expect(200)["column"], "x");
    alice
        .upload(&product, 0, "cat.csv", b"x,y,z\n1,2,0.5\n3,4,0.7\n")
        .await;
    alice.get(&format!("{path}registry/")).await.expect(200);
    let changed = Answer::of(again()).await.expect(200);
    assert_eq!(changed["n_rows"], 2);
    // However many are asked for, few are kept, and all are right.
    let mut edges = HashSet::new();
    for bins in 1..=60 {
        let plot = alice
            .get(&format!("{path}plots/nz/?bins={bins}"))
            .await
            .expect(200);
        assert_eq!(sum(&plot["counts"]), 2);
        edges.insert(plot["edges"].as_array().unwrap().len());
    }
    assert_eq!(edges.len(), 60);
}
