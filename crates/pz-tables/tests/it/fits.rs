//! FITS: what astropy and fitsio read from their files (tests/fixtures/fits/make.py) is what we read.

use std::path::PathBuf;

use pz_tables::{Inspection, Layout, Limits, ReadOptions, TableError, TableReader};
use serde_json::Value;

use crate::{TempTable, table};

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", "fits", name]
        .iter()
        .collect();
    fs_err::read(path).unwrap()
}

/// One table: keywords of a binary or ASCII table's header and its data.
pub(crate) fn fits(kind: &str, cards: &[(&str, &str)], data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut header = |cards: &mut dyn Iterator<Item = (String, String)>| {
        for (keyword, value) in cards {
            bytes.extend(format!("{keyword:8}= {value:>20}").bytes());
            bytes.resize(bytes.len().next_multiple_of(80), b' ');
        }
        bytes.extend(format!("{:80}", "END").bytes());
        bytes.resize(bytes.len().next_multiple_of(2_880), b' ');
    };
    let owned = |(keyword, value): &(&str, &str)| ((*keyword).to_owned(), (*value).to_owned());
    header(
        &mut [("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "0")]
            .iter()
            .map(owned),
    );
    let extension = ("XTENSION".to_owned(), format!("'{kind:8}'"));
    header(&mut std::iter::once(extension).chain(cards.iter().map(owned)));
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(2_880), 0);
    bytes
}

/// A binary table of `rows` rows of a column `J` called `n`, with these cards more.
pub(crate) fn integers(rows: i32, more: &[(&str, &str)]) -> Vec<u8> {
    let count = rows.to_string();
    let mut cards = vec![
        ("BITPIX", "8"),
        ("NAXIS", "2"),
        ("NAXIS1", "4"),
        ("NAXIS2", count.as_str()),
        ("PCOUNT", "0"),
        ("GCOUNT", "1"),
        ("TFIELDS", "1"),
        ("TFORM1", "'J       '"),
        ("TTYPE1", "'n       '"),
    ];
    for (keyword, value) in more {
        match cards.iter_mut().find(|(known, _)| known == keyword) {
            Some(card) => card.1 = value,
            None => cards.push((keyword, value)),
        }
    }
    let data: Vec<u8> = (0..rows).flat_map(i32::to_be_bytes).collect();
    fits("BINTABLE", &cards, &data)
}

fn open_table(file: &TempTable, choice: Option<&str>) -> Result<Box<dyn TableReader>, TableError> {
    let options = ReadOptions {
        table: choice.map(str::to_owned),
        ..ReadOptions::default()
    };
    let inspection = pz_tables::inspect_with(&file.path, &file.name, &options)?;
    let json = serde_json::to_string(&inspection).unwrap();
    let stored: Inspection = serde_json::from_str(&json).unwrap();
    pz_tables::open(&file.path, &file.name, Some(&stored.layout))
}

fn rows_of(reader: &dyn TableReader) -> Vec<Value> {
    serde_json::from_str(&pz_tables::rows_json(reader, 0..u64::MAX, None).unwrap()).unwrap()
}

#[test]
fn as_astropy_and_fitsio_read() {
    let expected: serde_json::Map<String, Value> = serde_json::from_slice(&fixture("expected.json")).unwrap();
    assert!(expected.len() >= 20);
    for (case, expected) in &expected {
        let name = expected["file"].as_str().unwrap();
        let file = table(name, fixture(name));
        let reader =
            open_table(&file, expected["table"].as_str()).unwrap_or_else(|error| panic!("{case}: {error}"));
        let columns: Vec<Value> = reader
            .schema()
            .columns
            .iter()
            .map(|column| {
                serde_json::json!([column.name, column.dtype.to_string(), column.shape, column.unit])
            })
            .collect();
        assert_eq!(Value::Array(columns), expected["columns"], "{case}");
        let rows = rows_of(reader.as_ref());
        let expected = expected["rows"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len(), "{case}");
        for (row, (found, expected)) in rows.iter().zip(expected).enumerate() {
            assert_eq!(found, expected, "{case}, row {}", row + 1);
        }
    }
}

#[test]
fn what_a_header_says_of_columns() {
    let file = table("scalars.fits", fixture("scalars.fits"));
    let inspection = file.inspect().unwrap();
    let column = |name: &str| &inspection.schema.columns[inspection.schema.index_of(name).unwrap()];
    assert_eq!(column("short").ucd.as_deref(), Some("phot.count"));
    assert_eq!(column("short").unit.as_deref(), Some("adu"));
    let description = column("short").description.as_deref().unwrap();
    assert_eq!(
        description,
        format!("Counts of the detector,{}", " as they come".repeat(10))
    );
    assert_eq!(
        column("int").description.as_deref(),
        Some("A comment that describes")
    );
    assert!(column("logical").nullable && !column("int").nullable && !column("text").nullable);
    let masked = table("masked.fits", fixture("masked.fits"));
    let masked = masked.inspect().unwrap();
    assert!(masked.schema.columns[2].nullable);
    assert_eq!((masked.statistics[2].missing, masked.statistics[2].count), (1, 2));
    // Numbers that CFITSIO gives its columns' names are no descriptions.
    let fitsio = table("fitsio.fits", fixture("fitsio.fits")).inspect().unwrap();
    assert!(
        fitsio
            .schema
            .columns
            .iter()
            .all(|column| column.description.is_none())
    );
}

#[test]
fn pages_anywhere_and_columns_in_any_order() {
    let file = table("n.fits", integers(100_000, &[]));
    let reader = file.open();
    let page = |rows| pz_tables::rows_json(reader.as_ref(), rows, None).unwrap();
    assert_eq!(page(99_998..u64::MAX), r#"[{"n":99998},{"n":99999}]"#);
    assert_eq!(page(50_000..50_001), r#"[{"n":50000}]"#);
    assert_eq!(
        (page(100_000..100_001), page(7..7)),
        ("[]".to_owned(), "[]".to_owned())
    );
    let batches: Vec<_> = reader
        .read_rows(1..100_000, None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        batches
            .iter()
            .map(arrow::array::RecordBatch::num_rows)
            .sum::<usize>(),
        99_999
    );
    assert!(batches.iter().all(|batch| batch.num_rows() <= 16 * 1024));
    let scalars = table("scalars.fits", fixture("scalars.fits"));
    let wanted = [4, 1, 4];
    let rows = scalars
        .open()
        .read_rows(3..4, Some(&wanted))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(rows.num_columns(), 3);
    let text = pz_tables::rows_json(scalars.open().as_ref(), 3..4, Some(&[4, 1])).unwrap();
    assert_eq!(text, r#"[{"long":9223372036854775807,"byte":255}]"#);
    let error = scalars.open().read_rows(0..1, Some(&[99])).err().unwrap();
    assert_eq!(error.code(), "no_such_column");
}

/// Rows of 40,000 doubles: a narrow column is read without the wide one.
#[test]
fn long_rows() {
    let rows = 40u32;
    let mut data = Vec::new();
    for row in 0..rows {
        data.extend(row.to_be_bytes());
        (0..40_000u32).for_each(|at| data.extend(f64::from(row * at).to_be_bytes()));
    }
    let cards = [
        ("BITPIX", "8"),
        ("NAXIS", "2"),
        ("NAXIS1", "320004"),
        ("NAXIS2", "40"),
        ("TFIELDS", "2"),
        ("TFORM1", "'J'"),
        ("TTYPE1", "'n'"),
        ("TFORM2", "'40000D'"),
        ("TTYPE2", "'v'"),
    ];
    let file = table("long.fits", fits("BINTABLE", &cards, &data));
    let inspection = file.inspect().unwrap();
    assert_eq!(
        (inspection.n_rows, inspection.schema.columns[1].shape.as_slice()),
        (40, &[40_000][..])
    );
    let reader = file.open();
    let narrow = pz_tables::rows_json(reader.as_ref(), 37..39, Some(&[0])).unwrap();
    assert_eq!(narrow, r#"[{"n":37},{"n":38}]"#);
    let rows: Vec<Value> =
        serde_json::from_str(&pz_tables::rows_json(reader.as_ref(), 39..40, None).unwrap()).unwrap();
    assert_eq!(rows[0]["v"][39_999], serde_json::json!(f64::from(39 * 39_999)));
}

#[test]
fn which_table() {
    let file = table("several.fits", fixture("several.fits"));
    let error = open_table(&file, Some("IMAGE")).unwrap_err();
    assert_eq!(error.code(), "no_such_table");
    assert_eq!(
        error.to_string(),
        "several.fits has no table called 'IMAGE'. It has: FIRST, SECOND, 4."
    );
    assert_eq!(open_table(&file, Some("1")).unwrap_err().code(), "no_such_table");
    let Layout::Fits(layout) = open_table(&file, Some("4")).unwrap().layout() else {
        panic!("another layout")
    };
    assert_eq!(layout.hdu, 4);
}

#[test]
fn no_table_in_it() {
    for (name, reason) in [
        ("image.fits", "image only"),
        ("compressed_image.fits", "none of which is a table"),
        ("compressed_table.fits", "funpack"),
    ] {
        let error = table(name, fixture(name)).error();
        assert_eq!(error.code, "not_a_table", "{}", error.message);
        assert!(error.message.contains(reason), "{}", error.message);
    }
}

#[test]
fn a_layout_of_another_file() {
    let file = table("n.fits", integers(10, &[]));
    let layout = file.open().layout();
    let longer = table("n.fits", integers(10_000, &[]));
    let error = pz_tables::open(&longer.path, &longer.name, Some(&layout)).unwrap_err();
    assert_eq!(error.code(), "stale_layout");
    // The same size, another place.
    let Layout::Fits(mut inner) = layout else {
        panic!("another layout")
    };
    inner.header_start = 0;
    let error = pz_tables::open(&file.path, &file.name, Some(&Layout::Fits(inner.clone()))).unwrap_err();
    assert_eq!(error.code(), "stale_layout");
    inner.header_start = 5_760;
    let error = pz_tables::open(&file.path, &file.name, Some(&Layout::Fits(inner))).unwrap_err();
    assert_eq!(error.code(), "stale_layout");
}

#[test]
fn headers_that_contradict_themselves() {
    for (more, part) in [
        (
            &[("NAXIS2", "1000000")][..],
            "ends at byte 4005760 and the file at byte 8640",
        ),
        (
            &[("NAXIS1", "5")],
            "the columns have 4 bytes in all and the rows (NAXIS1) 5",
        ),
        (&[("NAXIS1", "3")], "beyond the row of 3 bytes"),
        (&[("NAXIS1", "-4")], "NAXIS1 = -4 is not a size"),
        (
            &[
                ("NAXIS1", "9223372036854775807"),
                ("NAXIS2", "9223372036854775807"),
            ],
            "too long",
        ),
        (
            &[("NAXIS1", "0"), ("NAXIS2", "9223372036854775807")],
            "rows have no bytes",
        ),
        (&[("PCOUNT", "-1")], "PCOUNT = -1 is not a size"),
        (&[("PCOUNT", "100000")], "it was cut off"),
        (&[("THEAP", "12")], "THEAP = 12 is outside"),
        (
            &[("GCOUNT", "2"), ("NAXIS2", "5")],
            "GCOUNT = 2 where a table has 1",
        ),
        (&[("BITPIX", "9")], "BITPIX = 9"),
        (
            &[("BITPIX", "16"), ("NAXIS2", "3")],
            "BITPIX = 16 where a table has 8",
        ),
        (&[("TFIELDS", "1000")], "TFIELDS = 1000 is above 999"),
        (&[("TFIELDS", "2")], "there is no TFORM2"),
        (
            &[("TFORM1", "'Z'")],
            "TFORM1 = 'Z' is no format of a binary table",
        ),
        (&[("TFORM1", "'99999999999999999999J'")], "is no format"),
        (&[("TFORM1", "'4611686018427387904J'")], "beyond the row"),
        (&[("TZERO1", "'x'")], "TZERO1 = 'x' is not a number"),
        (&[("TNULL1", "1.5")], "TNULL1 = 1.5 is not a whole number"),
    ] {
        let error = table("n.fits", integers(10, more)).error();
        assert_eq!(error.code, "broken_file", "{more:?}: {}", error.message);
        assert!(error.message.contains(part), "{more:?}: {}", error.message);
    }
}

#[test]
fn files_that_end_early_or_late() {
    let whole = integers(10, &[]);
    let header = &whole[..5_760];
    let error = table("n.fits", &header[..2_880 + 410]).error();
    assert!(error.message.contains("has no END"), "{}", error.message);
    let error = table("n.fits", &whole[..5_760 + 39]).error();
    assert!(
        error
            .message
            .contains("HDU 1 ends at byte 5800 and the file at byte 5799"),
        "{}",
        error.message
    );
    // Without padding it is complete.
    assert_eq!(
        table("n.fits", &whole[..5_760 + 40]).inspect().unwrap().n_rows,
        10
    );
    // What follows the last HDU is nobody's concern.
    let more = [whole, vec![7; 5_000]].concat();
    assert_eq!(table("n.fits", more).inspect().unwrap().n_rows, 10);
}

#[test]
fn arrays_outside_the_heap() {
    let file = |count: i32, offset: i32| {
        let cards = [
            ("BITPIX", "8"),
            ("NAXIS", "2"),
            ("NAXIS1", "8"),
            ("NAXIS2", "2"),
            ("PCOUNT", "40"),
            ("TFIELDS", "1"),
            ("TFORM1", "'1PD(5)'"),
            ("TTYPE1", "'v'"),
        ];
        let rows: Vec<u8> = [1, 0, count, offset]
            .into_iter()
            .flat_map(i32::to_be_bytes)
            .collect();
        let heap: Vec<u8> = (0..5u8).flat_map(|at| f64::from(at).to_be_bytes()).collect();
        table("v.fits", fits("BINTABLE", &cards, &[rows, heap].concat()))
    };
    assert_eq!(file(5, 0).rows(), r#"[{"v":[0.0]},{"v":[0.0,1.0,2.0,3.0,4.0]}]"#);
    assert_eq!(file(1, 32).rows(), r#"[{"v":[0.0]},{"v":[4.0]}]"#);
    // Of an empty array the offset means nothing.
    assert_eq!(file(0, -1).rows(), r#"[{"v":[0.0]},{"v":[]}]"#);
    for (count, offset) in [(6, 0), (1, 33), (-1, 0), (1, -8), (i32::MAX, i32::MAX)] {
        let error = file(count, offset).error();
        assert_eq!(
            (error.code.as_str(), error.column.as_deref()),
            ("broken_file", Some("v"))
        );
        assert!(error.message.contains("row 2 of column 'v'"), "{}", error.message);
    }
}

#[test]
fn cells_that_are_no_numbers() {
    let cards = [
        ("BITPIX", "8"),
        ("NAXIS", "2"),
        ("NAXIS1", "4"),
        ("NAXIS2", "3"),
        ("TFIELDS", "1"),
        ("TBCOL1", "1"),
        ("TFORM1", "'I4'"),
        ("TTYPE1", "'n'"),
    ];
    let error = table("a.fits", fits("TABLE", &cards, b"  1 x2   -3 ")).error();
    assert!(
        error.message.contains("in row 2 'x2' is no 64-bit integer"),
        "{}",
        error.message
    );
    assert_eq!(error.column.as_deref(), Some("n"));
    assert_eq!(
        table("a.fits", fits("TABLE", &cards, b"  1       -3")).rows(),
        r#"[{"n":1},{"n":0},{"n":-3}]"#
    );
}

/// Every row points to the whole heap: each batch is bounded all the same.
#[test]
fn arrays_that_share_the_heap() {
    let rows = 24;
    let heap = vec![1u8; 1 << 20];
    let count = heap.len().to_string();
    let cards = [
        ("BITPIX", "8"),
        ("NAXIS", "2"),
        ("NAXIS1", "8"),
        ("NAXIS2", "24"),
        ("PCOUNT", count.as_str()),
        ("TFIELDS", "1"),
        ("TFORM1", "'PB'"),
        ("TTYPE1", "'v'"),
    ];
    let descriptor = [1 << 20, 0].into_iter().flat_map(i32::to_be_bytes);
    let descriptors: Vec<u8> = descriptor.cycle().take(8 * rows).collect();
    let file = table("v.fits", fits("BINTABLE", &cards, &[descriptors, heap].concat()));
    let mut seen = 0;
    for batch in file.open().read_rows(0..u64::MAX, None).unwrap() {
        let batch = batch.unwrap();
        assert!(
            batch.get_array_memory_size() < 40 << 20,
            "{}",
            batch.get_array_memory_size()
        );
        seen += batch.num_rows();
    }
    assert_eq!((seen, file.inspect().unwrap().n_rows), (rows, 24));
}

#[test]
fn limits() {
    let file = table("scalars.fits", fixture("scalars.fits"));
    let limits = Limits {
        max_columns: 5,
        ..Limits::default()
    };
    let error = pz_tables::inspect(&file.path, &file.name, &limits).unwrap_err();
    assert_eq!(error.code(), "limit_exceeded");
}
