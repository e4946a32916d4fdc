//! Files that pyarrow 14 wrote (`tests/fixtures/parquet`, see make.py there): all types, encodings, codecs, both kinds
//! of pages.

use std::path::Path;

use serde_json::Value;

use crate::table;

#[test]
fn files_of_pyarrow_14() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet");
    let expected: Value =
        serde_json::from_str(&fs_err::read_to_string(folder.join("expected.json")).unwrap()).unwrap();
    let expected = expected.as_object().unwrap();
    let files = fs_err::read_dir(&folder)
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .count();
    assert_eq!(files, expected.len(), "every file has its entry in expected.json");
    for (name, wanted) in expected {
        let file = table(name, fs_err::read(folder.join(name)).unwrap());
        let inspection = file.inspect().unwrap();
        let columns: Vec<Value> = inspection
            .schema
            .columns
            .iter()
            .map(|column| {
                let shape = if column.shape.is_empty() {
                    String::new()
                } else {
                    format!("{:?}", column.shape)
                };
                let unit = column
                    .unit
                    .as_ref()
                    .map(|unit| format!(" ({unit})"))
                    .unwrap_or_default();
                Value::from(vec![
                    column.name.clone(),
                    format!("{}{shape}{unit}", column.dtype),
                ])
            })
            .collect();
        assert_eq!(wanted["columns"], Value::from(columns), "{name}");
        let rows: Value = serde_json::from_str(&file.rows()).unwrap();
        let wanted = match wanted["rows"].as_str() {
            Some(other) => &expected[other]["rows"],
            None => &wanted["rows"],
        };
        let (rows, wanted) = (rows.as_array().unwrap(), wanted.as_array().unwrap());
        assert_eq!(inspection.n_rows, wanted.len() as u64, "{name}");
        for (row, (found, wanted)) in rows.iter().zip(wanted).enumerate() {
            assert_eq!(found, wanted, "{name}, row {row}");
        }
        assert_eq!(rows.len(), wanted.len(), "{name}");
        // A page in the middle, which skips groups and pages.
        let middle = wanted.len() as u64 / 2;
        let page = pz_tables::rows_json(file.open().as_ref(), middle..middle + 3, None).unwrap();
        let page: Vec<Value> = serde_json::from_str(&page).unwrap();
        assert!(
            page.iter().eq(wanted.iter().skip(middle as usize).take(3)),
            "{name}"
        );
    }
}
