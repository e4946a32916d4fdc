//! Any page of a VOTable larger than a block, by its stored layout.

use arrow::array::RecordBatch;
use pz_tables::write::{self, OutputFormat, WriteOptions};

use crate::table;
use crate::votable::document;

const ROWS: u64 = 60_000;

fn row_text(row: u64) -> String {
    "é<".repeat(row as usize % 7)
}

/// The same table as TABLEDATA.
fn tabledata() -> String {
    let mut rows = String::from("<TABLEDATA>\n");
    for row in 0..ROWS {
        let text = row_text(row).replace('<', "&lt;");
        let comment = if row % 1000 == 0 { "<!-- <TR> -->" } else { "" };
        rows.push_str(&format!(
            "{comment}<TR>\n<TD>{}</TD><TD>{text}</TD><TD>{}</TD></TR>\n",
            row * 3_000_000_007,
            row as f64 / 7.0
        ));
    }
    rows.push_str("</TABLEDATA>");
    let fields = "<FIELD name='id' datatype='long'/><FIELD name='text' datatype='unicodeChar' arraysize='*'/>\
                  <FIELD name='z' datatype='double'/>";
    document(fields, &rows)
}

/// The rows of a table with empty texts as missing.
fn expected(row: u64) -> String {
    let text = row_text(row);
    let text = if text.is_empty() {
        "null".to_owned()
    } else {
        format!("\"{text}\"")
    };
    format!(
        "{{\"id\":{},\"text\":{text},\"z\":{}}}",
        row * 3_000_000_007,
        serde_json::json!(row as f64 / 7.0)
    )
}

fn check(bytes: &[u8]) {
    let file = table("large.vot", bytes);
    let reader = file.open();
    assert_eq!(reader.row_count(), ROWS);
    let layout = serde_json::to_value(reader.layout()).unwrap();
    assert!(
        layout["positions"].as_array().unwrap().len() > 10,
        "the index must be used"
    );
    for start in [
        0, 1, 999, 1000, 16_383, 16_384, 30_000, 43_210, 59_990, 59_999, 60_000,
    ] {
        let page = pz_tables::rows_json(reader.as_ref(), start..start + 10, None).unwrap();
        let rows: Vec<String> = (start..(start + 10).min(ROWS)).map(expected).collect();
        assert_eq!(page, format!("[{}]", rows.join(",")), "from {start}");
    }
    let page = pz_tables::rows_json(reader.as_ref(), 5_000..5_002, Some(&[2, 0])).unwrap();
    assert!(page.starts_with("[{\"z\":714.28"), "{page}");
    let batches: Vec<RecordBatch> = reader
        .read_rows(0..ROWS, None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>(),
        ROWS
    );
    assert!(batches.iter().all(|batch| batch.num_rows() <= 16 * 1024));
    let statistics = file.inspect().unwrap().statistics;
    assert_eq!(
        (statistics[0].count, statistics[1].missing),
        (ROWS, ROWS.div_ceil(7))
    );
}

#[test]
fn tabledata_opens_anywhere() {
    check(tabledata().as_bytes());
}

#[test]
fn binary2_opens_anywhere() {
    let source = table("large.vot", tabledata());
    let target = tempfile::tempdir().unwrap();
    let path = target.path().join("out.vot");
    write::convert(
        source.open().as_ref(),
        &path,
        OutputFormat::Votable,
        &WriteOptions::default(),
    )
    .unwrap();
    let text = fs_err::read_to_string(&path).unwrap();
    check(text.as_bytes());
    // Lines of any length, or none.
    let start = text.find("base64\">").unwrap() + 8;
    let end = text.find("</STREAM>").unwrap();
    let one_line: String = text[start..end].split_whitespace().collect();
    let odd_lines: Vec<String> = one_line
        .as_bytes()
        .chunks(101)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    check(format!("{}{one_line}{}", &text[..start], &text[end..]).as_bytes());
    check(format!("{}{}{}", &text[..start], odd_lines.join(" \r\n\t"), &text[end..]).as_bytes());
}
