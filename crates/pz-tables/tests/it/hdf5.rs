//! HDF5 as the real libraries write it: every file of `fixtures/hdf5` read to the values that the library that
//! wrote it reads (`expected.json`, made by the same script).

use std::path::PathBuf;

use pz_tables::{ErrorReport, Format, Inspection, Layout, Limits, ReadOptions, TableError};
use serde_json::Value;

use crate::{TempTable, table};

/// A file of the fixtures.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/hdf5")
        .join(name)
}

/// A copy of a fixture, beside which nothing else lies.
pub(crate) fn copy(name: &str) -> TempTable {
    table(name, fs_err::read(fixture(name)).unwrap())
}

fn options(table: Option<&str>) -> ReadOptions {
    ReadOptions {
        limits: Limits::default(),
        table: table.map(str::to_owned),
    }
}

fn inspect(file: &TempTable, table: Option<&str>) -> Result<Inspection, TableError> {
    pz_tables::inspect_with(&file.path, &file.name, &options(table))
}

/// Equal, numbers by value: what one library prints as `1.0` another prints as `1`.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i128(), b.as_i128()) {
            (Some(a), Some(b)) => a == b,
            _ => a.as_f64() == b.as_f64(),
        },
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

fn rows_of(reader: &dyn pz_tables::TableReader, rows: std::ops::Range<u64>) -> Vec<Value> {
    serde_json::from_str(&pz_tables::rows_json(reader, rows, None).unwrap()).unwrap()
}

fn check(name: &str, case: &Value) {
    let file = copy(name);
    let wanted = case["table"].as_str();
    if let Some(code) = case["code"].as_str() {
        let error = inspect(&file, wanted).map(|_| ()).expect_err(name);
        let report: ErrorReport = error.report();
        assert_eq!(report.code, code, "{name}: {}", report.message);
        assert!(report.message.contains(name), "{}", report.message);
        for word in case["words"].as_array().unwrap() {
            let word = word.as_str().unwrap();
            assert!(
                report.message.contains(word),
                "{name}: '{word}' is not in '{}'",
                report.message
            );
        }
        return;
    }
    let inspection = inspect(&file, wanted).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(inspection.format, Format::Hdf5);
    let names: Vec<Value> = inspection.schema.names().map(Value::from).collect();
    assert_eq!(&Value::from(names), &case["columns"], "{name}");
    let column = |name: &str| {
        inspection
            .schema
            .columns
            .iter()
            .find(|column| column.name == name)
            .unwrap()
    };
    for (key, dtype) in case["types"].as_object().into_iter().flatten() {
        assert_eq!(
            column(key).dtype.to_string(),
            dtype.as_str().unwrap(),
            "{name}: {key}"
        );
    }
    for (key, units) in case["units"].as_object().into_iter().flatten() {
        let found = column(key);
        assert_eq!(found.unit.as_deref(), units["unit"].as_str(), "{name}: {key}");
        assert_eq!(found.ucd.as_deref(), units["ucd"].as_str(), "{name}: {key}");
        assert_eq!(
            found.description.as_deref(),
            units["description"].as_str(),
            "{name}: {key}"
        );
    }
    let expected = case["rows"].as_array().unwrap();
    // By the layout as it comes back from the database.
    let json = serde_json::to_string(&inspection.layout).unwrap();
    let layout: Layout = serde_json::from_str(&json).unwrap();
    let reader = pz_tables::open(&file.path, &file.name, Some(&layout)).unwrap();
    let count = case["count"].as_u64().unwrap_or(expected.len() as u64);
    assert_eq!((inspection.n_rows, reader.row_count()), (count, count), "{name}");
    let all = rows_of(reader.as_ref(), 0..u64::MAX);
    assert_eq!(all.len() as u64, count, "{name}");
    for (number, expected) in expected.iter().enumerate() {
        let row = case["picked"][number].as_u64().unwrap_or(number as u64);
        for (key, value) in expected.as_object().unwrap() {
            let found = &all[row as usize][key];
            assert!(
                same(found, value),
                "{name}: row {row} of {key}: {found} instead of {value}"
            );
        }
        // The same row by itself.
        let page = rows_of(reader.as_ref(), row..row + 1);
        assert_eq!(page, [all[row as usize].clone()], "{name}: row {row}");
    }
    for statistics in &inspection.statistics {
        assert_eq!(statistics.count + statistics.missing, count, "{name}");
    }
}

#[test]
fn everything_that_the_libraries_wrote() {
    let text = fs_err::read_to_string(fixture("expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert!(expected.len() >= 40, "{} files", expected.len());
    for (name, cases) in &expected {
        for case in cases.as_array().unwrap() {
            check(name, case);
        }
    }
}

#[test]
fn columns_in_the_order_wanted() {
    let file = copy("compound.h5");
    let inspection = file.inspect().unwrap();
    let reader = pz_tables::open(&file.path, &file.name, Some(&inspection.layout)).unwrap();
    assert_eq!(
        pz_tables::rows_json(reader.as_ref(), 13..15, Some(&[2, 0, 2])).unwrap(),
        format!(
            "[{{\"name\":\"n13\",\"id\":{0},\"name\":\"n13\"}},{{\"name\":\"n14\",\"id\":{1},\"name\":\"n14\"}}]",
            (1u64 << 60) + 13,
            (1u64 << 60) + 14
        )
    );
    assert!(reader.read_rows(0..1, Some(&[99])).is_err());
    assert_eq!(reader.read_rows(50..60, None).unwrap().count(), 0);
}

#[test]
fn a_layout_of_another_file() {
    let layout = copy("compound.h5").inspect().unwrap().layout;
    let other = copy("types.hdf5");
    let error = pz_tables::open(&other.path, &other.name, Some(&layout)).unwrap_err();
    assert_eq!(error.code(), "stale_layout");
}

#[test]
fn files_that_point_to_others_open_no_other() {
    // The files they point to are there, with values that no message and no table may show. A pipe in their place
    // would hold up whoever opens it for ever.
    let text = fs_err::read_to_string(fixture("expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let mut tried = 0;
    for name in expected.keys().filter(|name| name.starts_with("hostile_")) {
        for pipes in [false, true] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(name);
            fs_err::copy(fixture(name), &path).unwrap();
            for secret in ["secret.hdf5", "secret.bin"] {
                let place = directory.path().join(secret);
                if pipes {
                    let status = std::process::Command::new("mkfifo").arg(&place).status().unwrap();
                    assert!(status.success());
                } else {
                    fs_err::copy(fixture(secret), &place).unwrap();
                }
            }
            for wanted in [None, Some("x"), Some("data/table"), Some("/"), Some("g/link")] {
                let error = pz_tables::inspect_with(&path, name, &options(wanted)).unwrap_err();
                assert_eq!(error.code(), "outside_reference", "{name}: {error}");
                assert!(!error.to_string().contains("31415"), "{error}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 80, "{tried}");
}

#[test]
fn nothing_but_the_file_itself_is_opened() {
    // What the process has open while the reader lives: the file, once.
    let file = copy("pandas_table.h5");
    let reader = file.open();
    let own = fs_err::canonicalize(&file.path).unwrap();
    let open = fs_err::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| fs_err::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.parent() == own.parent())
        .collect::<Vec<_>>();
    assert_eq!(open, [own]);
    assert_eq!(reader.row_count(), 5);
}

#[test]
fn readers_are_shared_between_threads() {
    let file = copy("filters.hdf5");
    let reader = file.open();
    let whole = pz_tables::rows_json(reader.as_ref(), 0..100, None).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(
                    pz_tables::rows_json(reader.as_ref(), 0..100, None).unwrap(),
                    whole
                );
            });
        }
    });
}
