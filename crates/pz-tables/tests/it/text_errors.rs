//! Text files that are refused, and what the user is told.

use pz_tables::{Layout, Limits, TableError};

use crate::table;

#[test]
fn ragged_rows_are_named() {
    let report = table("r.csv", "a,b,c\n1,2,3\n\n\"4\nx\",5,6\n7,8\n9,1,2\n").error();
    assert_eq!(
        (report.code.as_str(), report.row, report.line, report.byte),
        ("ragged_row", Some(3), Some(6), Some(23))
    );
    assert!(
        report
            .message
            .contains("row 3 (line 6) has 2 fields where 3 were expected"),
        "{}",
        report.message
    );
    // Far from the start, and too long instead of too short.
    let mut text = String::from("a,b\n");
    (0..100_000).for_each(|row| text.push_str(&format!("{row},1\n")));
    text.push_str("1,2,3\n");
    let report = table("r.csv", text).error();
    assert_eq!(
        (report.code.as_str(), report.row, report.line),
        ("ragged_row", Some(100_001), Some(100_002))
    );
    let aligned = table("r.dat", "1.5 2.5\n3.5 4.5\n5.5 6.5\n7.5 8.5\n9.5\n1.5 2.5\n").error();
    assert_eq!((aligned.code.as_str(), aligned.row), ("ragged_row", Some(5)));
}

#[test]
fn undecodable_bytes_are_located() {
    let report = table("l.csv", b"a,b\n1,2\n3,caf\xe9\n").error();
    assert_eq!(
        (report.code.as_str(), report.line, report.byte),
        ("not_utf8", Some(3), Some(13))
    );
    let mut bytes = b"a,b\n".to_vec();
    (0..200_000).for_each(|_| bytes.extend(b"1,x\n"));
    bytes.extend(b"1,\xe9\n");
    let report = table("l.csv", bytes).error();
    assert_eq!(
        (report.code.as_str(), report.line, report.byte),
        ("not_utf8", Some(200_002), Some(800_006))
    );
    // A character cut by the end of the file.
    assert_eq!(table("l.csv", b"a,b\n1,\xc3").error().code, "not_utf8");
}

#[test]
fn binary_junk_is_no_table() {
    let mut state = 42u64;
    let junk: Vec<u8> = (0..10_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    let report = table("junk.csv", &junk).error();
    assert_eq!(report.code, "not_a_table");
    assert!(report.byte.is_some() && report.line.is_some());
    let mut late = b"a,b\n".to_vec();
    (0..100_000).for_each(|_| late.extend(b"1,2\n"));
    late.extend(b"1,\0\n");
    let report = table("late.csv", late).error();
    assert_eq!(
        (report.code.as_str(), report.line, report.byte),
        ("not_a_table", Some(100_002), Some(400_006))
    );
}

#[test]
fn empty_files() {
    for bytes in ["", "\n", " \n\t\r\n", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(table("e.csv", bytes).error().code, "empty_file", "{bytes:?}");
    }
    assert_eq!(
        table("e.txt", "# only a comment here\n# and another\n")
            .error()
            .code,
        "not_a_table"
    );
    let names = table("e.txt", "# ra dec z\n");
    assert_eq!(names.inspect().unwrap().n_rows, 0);
    assert_eq!(names.columns().len(), 3);
}

#[test]
fn prose_is_no_table() {
    let text = "Dear all,\n\nthis is a letter and no table at all, as you can see.\nIt has lines of many lengths.\n\nBye\n";
    assert_eq!(table("letter.txt", text).error().code, "not_a_table");
    assert_eq!(table("README", text).error().code, "not_a_table");
}

#[test]
fn other_things_are_named() {
    let utf16: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        table("u.csv", [b"\xff\xfe".to_vec(), utf16].concat())
            .error()
            .code,
        "utf16"
    );
    let fits = table("f.csv", b"SIMPLE  =                    T / conforms").error();
    assert_eq!(fits.code, "broken_file");
    assert!(fits.message.contains("FITS"), "{}", fits.message);
    let hdf5 = table("f.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0").error();
    assert!(hdf5.message.contains("HDF5"), "{}", hdf5.message);
    assert_eq!(table("model.pkl", "a,b\n1,2\n").error().code, "not_a_table");
    assert_eq!(
        table("page.csv", "<!doctype html>\n<html></html>").error().code,
        "not_a_table"
    );
    assert_eq!(table("x.csv", "{\"a\": [1, 2]}").error().code, "not_a_table");
}

#[test]
fn open_quotes() {
    let report = table("q.csv", "a,b\n1,2\n3,\"x\n4,5\n").error();
    assert_eq!(
        (report.code.as_str(), report.row, report.line, report.byte),
        ("unclosed_quote", Some(2), Some(3), Some(8))
    );
    assert_eq!(table("q.csv", "\"a,b\n1,2\n").error().code, "unclosed_quote");
}

#[test]
fn limits() {
    let limits = Limits {
        max_columns: 3,
        max_record_bytes: 1_024 * 1_024,
    };
    let inspect = |text: &str| {
        let file = table("l.csv", text);
        pz_tables::inspect(&file.path, "l.csv", &limits)
    };
    assert!(inspect("a,b,c\n1,2,3\n").is_ok());
    assert_eq!(
        inspect("a,b,c,d\n1,2,3,4\n").unwrap_err().code(),
        "limit_exceeded"
    );
    let long = format!("a,b\n1,2\n3,{}\n4,5\n", "x".repeat(3 << 20));
    let report = inspect(&long).unwrap_err().report();
    assert_eq!(
        (report.code.as_str(), report.row, report.line),
        ("limit_exceeded", Some(2), Some(3))
    );
    let swallowed = format!("a,b\n1,\"2\n{}", "3,4\n".repeat(1 << 20));
    let report = inspect(&swallowed).unwrap_err().report();
    assert_eq!((report.code.as_str(), report.row), ("limit_exceeded", Some(1)));
    assert!(report.message.contains("double quote"), "{}", report.message);
    // A record longer than a block, within the limit.
    let file = table("l.csv", format!("a,b\n1,{}\n2,y\n", "x".repeat(3 << 20)));
    assert_eq!(file.inspect().unwrap().statistics[1].max_length, Some(3 << 20));
    let _ = file.rows();
}

#[test]
fn layouts_of_other_files_are_refused() {
    let file = table("a.csv", "a,b\n1,2\n");
    let layout = file.inspect().unwrap().layout;
    let stale = |bytes: &str, layout: &Layout| {
        let other = table("a.csv", bytes);
        match pz_tables::open(&other.path, "a.csv", Some(layout)) {
            Err(error) => error.code().to_owned(),
            Ok(reader) => match pz_tables::rows_json(reader.as_ref(), 0..10, None) {
                Err(error) => error.code().to_owned(),
                Ok(rows) => rows,
            },
        }
    };
    assert_eq!(stale("a,b\n1,2\n3,4\n", &layout), "stale_layout");
    // The same size, other content.
    assert_eq!(stale("a,b\nx,2\n", &layout), "stale_layout");
    assert_eq!(stale("a,b\n1 2\n", &layout), "stale_layout");
    assert_eq!(stale("a,b\n\n\n\n\n", &layout), "stale_layout");
    assert_eq!(
        stale("a,b\n1,2\n", &Layout::Parquet { file_bytes: 8 }),
        "stale_layout"
    );
    let mut damaged = layout.text().unwrap().clone();
    damaged.offsets = vec![1 << 40];
    assert_eq!(stale("a,b\n1,2\n", &Layout::Csv(damaged.clone())), "stale_layout");
    damaged.stride = 0;
    assert_eq!(stale("a,b\n1,2\n", &Layout::Csv(damaged)), "stale_layout");
}

#[test]
fn projections_are_checked() {
    let file = table("p.csv", "a,b\n1,2\n");
    let reader = file.open();
    let error = reader.read_rows(0..1, Some(&[0, 2])).err().unwrap();
    assert!(matches!(
        error,
        TableError::NoSuchColumn {
            index: 2,
            columns: 2,
            ..
        }
    ));
}

#[test]
fn a_missing_file_does_not_show_its_path() {
    let path = std::path::Path::new("/nowhere/secret/file");
    let error = pz_tables::inspect(path, "mine.csv", &Limits::default()).unwrap_err();
    assert_eq!(error.code(), "io");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .to_string()
            .contains("secret"),
        "the log must name it"
    );
}
