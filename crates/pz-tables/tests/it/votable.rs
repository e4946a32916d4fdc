//! VOTable documents, read: those of other libraries, every type, and what is refused.

use std::path::PathBuf;

use pz_tables::{Limits, ReadOptions};
use serde_json::{Value, json};

use crate::{TempTable, table};

/// A document with one table.
pub(crate) fn votable(fields: &str, data: &str) -> TempTable {
    table("sample.vot", document(fields, data))
}

pub(crate) fn document(fields: &str, data: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<VOTABLE version=\"1.4\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n\
         <RESOURCE><TABLE name=\"stars\">\n{fields}\n<DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>\n"
    )
}

fn tabledata(fields: &str, rows: &str) -> TempTable {
    votable(fields, &format!("<TABLEDATA>{rows}</TABLEDATA>"))
}

/// The values of the only column, one row per cell.
fn cells(field: &str, cells: &[&str]) -> String {
    let rows: String = cells
        .iter()
        .map(|cell| format!("<TR><TD>{cell}</TD></TR>\n"))
        .collect();
    let rows: Value = serde_json::from_str(&tabledata(field, &rows).rows()).unwrap();
    let values: Vec<Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["x"].clone())
        .collect();
    Value::from(values).to_string()
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/votable")
        .join(name)
}

const ASTROPY: &[&str] = &[
    "flag: bool",
    "u8: uint8",
    "i16: int16",
    "i32: int32",
    "object_id: int64",
    "f32: float32",
    "z: float64",
    "c64: struct<re: float32, im: float32>",
    "c128: struct<re: float64, im: float64>",
    "name: string",
    "ascii: string",
    "vector: int16",
    "matrix: float64",
    "bits: bool",
    "lists: list<int64>",
];

/// STILTS has neither bits nor complex numbers.
const STILTS: &[&str] = &[
    "flag: bool",
    "u8: uint8",
    "i16: int16",
    "i32: int32",
    "object_id: int64",
    "f32: float32",
    "z: float64",
    "c64: float32",
    "c128: float64",
    "name: string",
    "ascii: string",
    "vector: int16",
    "matrix: float64",
    "lists: list<int64>",
    "ra: float64",
];

/// Texts without characters are missing where the file cannot tell.
fn without_empty_texts(value: &mut Value) {
    match value {
        Value::String(text) if text.is_empty() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(without_empty_texts),
        Value::Object(entries) => entries.values_mut().for_each(without_empty_texts),
        _ => {}
    }
}

#[test]
fn files_of_astropy_and_stilts_have_the_values_that_these_say() {
    for (name, types) in [
        ("astropy-tabledata", ASTROPY),
        ("astropy-binary", ASTROPY),
        ("astropy-binary2", ASTROPY),
        ("stilts-tabledata", STILTS),
        ("stilts-binary", STILTS),
        ("stilts-binary2", STILTS),
    ] {
        let bytes = fs_err::read(fixture(&format!("{name}.vot"))).unwrap();
        let expected = fs_err::read_to_string(fixture(&format!("{name}.json"))).unwrap();
        let mut expected: Value = serde_json::from_str(&expected).unwrap();
        if name != "astropy-binary2" {
            without_empty_texts(&mut expected["rows"]);
        }
        let file = table("sample.vot", bytes);
        assert_eq!(file.columns(), types, "{name}");
        let rows: Value = serde_json::from_str(&file.rows()).unwrap();
        for (row, expected) in rows
            .as_array()
            .unwrap()
            .iter()
            .zip(expected["rows"].as_array().unwrap())
        {
            for (column, value) in row.as_object().unwrap() {
                assert_eq!(*value, expected[column], "{name}: {column}");
            }
        }
        assert_eq!(rows, expected["rows"], "{name}");
        for (column, expected) in file
            .inspect()
            .unwrap()
            .schema
            .columns
            .iter()
            .zip(expected["columns"].as_array().unwrap())
        {
            assert_eq!(json!(column.name), expected["name"], "{name}");
            assert_eq!(json!(column.unit), expected["unit"], "{name}: {}", column.name);
            assert_eq!(json!(column.ucd), expected["ucd"], "{name}: {}", column.name);
            assert_eq!(
                json!(column.description),
                expected["description"],
                "{name}: {}",
                column.name
            );
        }
    }
}

#[test]
fn shapes_are_those_of_numpy() {
    let file = tabledata(
        "<FIELD name='x' datatype='int' arraysize='2x3'/><FIELD name='y' datatype='int' arraysize='2x*'/>",
        "<TR><TD>1 2 3 4 5 6</TD><TD>1 2 3 4</TD></TR><TR><TD/><TD/></TR>",
    );
    let inspection = file.inspect().unwrap();
    assert_eq!(inspection.schema.columns[0].shape, [3, 2]);
    assert_eq!(
        file.rows(),
        "[{\"x\":[[1,2],[3,4],[5,6]],\"y\":[[1,2],[3,4]]},{\"x\":null,\"y\":null}]"
    );
}

#[test]
fn every_spelling_of_a_value() {
    let field = |datatype: &str| format!("<FIELD name='x' datatype='{datatype}'/>");
    assert_eq!(
        cells(
            &field("long"),
            &["9223372036854775807", " -5 ", "0x1F", "", "NaN", "null", "+7"]
        ),
        "[9223372036854775807,-5,31,null,null,null,7]"
    );
    assert_eq!(
        cells(
            &field("double"),
            &[
                "1e5",
                "NaN",
                "+Inf",
                "-InF",
                "Infinity",
                "",
                ".5",
                "9007199254740993"
            ]
        ),
        "[100000.0,null,null,null,null,null,0.5,9007199254740992.0]"
    );
    assert_eq!(cells(&field("float"), &["0.1", "3e38"]), "[0.1,3e+38]");
    assert_eq!(
        cells(&field("boolean"), &["T", "f", "1", "0", "true", "FALSE", "?", ""]),
        "[true,false,true,false,true,false,null,null]"
    );
    assert_eq!(cells(&field("bit"), &["1", "0", ""]), "[true,false,null]");
    assert_eq!(
        cells(&field("doubleComplex"), &["1 -2", "NaN", ""]),
        r#"[{"im":-2.0,"re":1.0},null,null]"#
    );
    assert_eq!(cells(&field("char"), &["a", ""]), r#"["a",null]"#);
    let text = "<FIELD name='x' datatype='char' arraysize='*' xtype='timestamp'/>";
    assert_eq!(
        cells(
            text,
            &[
                "a&lt;b",
                "&#xe9;",
                "<![CDATA[<&>]]>",
                "x<!-- no -->y",
                "é",
                " ",
                "2024-01-01T00:00:00"
            ]
        ),
        r#"["a<b","é","<&>","xy","é",null,"2024-01-01T00:00:00"]"#
    );
    let texts = "<FIELD name='x' datatype='char' arraysize='3x*'/>";
    assert_eq!(cells(texts, &["ab cdef", ""]), r#"[["ab","cde","f"],null]"#);
    let arrays = "<FIELD name='x' datatype='bit' arraysize='4'/>";
    assert_eq!(
        cells(arrays, &["1010", "1 0 0 1"]),
        "[[true,false,true,false],[true,false,false,true]]"
    );
}

#[test]
fn null_values_are_those_of_the_field() {
    let null = |datatype: &str, null: &str| {
        format!("<FIELD name='x' datatype='{datatype}' arraysize='*'><VALUES null='{null}'/></FIELD>")
    };
    assert_eq!(cells(&null("int", "-99"), &["1 -99 3"]), "[[1,null,3]]");
    assert_eq!(cells(&null("short", "0xFF"), &["255 3"]), "[[null,3]]");
    assert_eq!(cells(&null("float", "-99.9"), &["-99.9 3"]), "[[null,3.0]]");
    assert_eq!(cells(&null("char", "-"), &["-", "--"]), r#"[null,"--"]"#);
    let shared = "<FIELD name='a' datatype='int'><VALUES ID='v' null='7'/></FIELD>\
                  <FIELD name='b' datatype='int'><VALUES ref='v'/></FIELD>";
    let file = tabledata(shared, "<TR><TD>7</TD><TD>7</TD></TR>");
    assert_eq!(file.rows(), "[{\"a\":null,\"b\":null}]");
}

#[test]
fn prefixes_comments_and_old_documents() {
    let text = "\u{feff}<?xml version='1.0' encoding='UTF-8'?><!-- <VOTABLE> -->\n\
        <v:VOTABLE xmlns:v='http://www.ivoa.net/xml/VOTable/v1.1' version='1.1'><v:RESOURCE><v:TABLE>\
        <v:FIELD ID='id' datatype='int' unit='&#956;m' ucd=' '>\
        <v:DESCRIPTION> the\n  <![CDATA[<id>]]> </v:DESCRIPTION></v:FIELD>\
        <v:DATA><v:TABLEDATA><v:TR><v:TD>5</v:TD></v:TR></v:TABLEDATA></v:DATA></v:TABLE></v:RESOURCE></v:VOTABLE>";
    let file = table("old.vot", text);
    let column = &file.inspect().unwrap().schema.columns[0];
    assert_eq!(
        (
            column.name.as_str(),
            column.unit.as_deref(),
            column.ucd.as_deref(),
            column.description.as_deref()
        ),
        ("id", Some("μm"), None, Some("the <id>"))
    );
    assert_eq!(file.rows(), "[{\"id\":5}]");
}

const SEVERAL: &str = "<VOTABLE><RESOURCE><TABLE name='empty'><FIELD name='e' datatype='int'/></TABLE>\
    <TABLE name='first' ID='t1'><FIELD name='a' datatype='int'/><DATA><TABLEDATA><TR><TD>1</TD></TR></TABLEDATA>\
    </DATA></TABLE></RESOURCE><RESOURCE><RESOURCE><TABLE ID='t2' ref='t1'><DATA><TABLEDATA><TR><TD>2</TD></TR>\
    </TABLEDATA></DATA></TABLE></RESOURCE></RESOURCE></VOTABLE>";

#[test]
fn the_first_table_or_the_one_asked_for() {
    let file = table("several.xml", SEVERAL);
    assert_eq!(file.rows(), "[{\"a\":1}]");
    let choose = |name: &str| {
        let options = ReadOptions {
            limits: Limits::default(),
            table: Some(name.to_owned()),
        };
        let inspection = pz_tables::inspect_with(&file.path, &file.name, &options)?;
        let reader = pz_tables::open(&file.path, &file.name, Some(&inspection.layout))?;
        pz_tables::rows_json(reader.as_ref(), 0..10, None)
    };
    assert_eq!(choose("first").unwrap(), "[{\"a\":1}]");
    assert_eq!(choose("t1").unwrap(), "[{\"a\":1}]");
    assert_eq!(choose("t2").unwrap(), "[{\"a\":2}]");
    assert_eq!(choose("empty").unwrap(), "[]");
    let error = choose("other").unwrap_err().to_string();
    assert_eq!(
        error,
        "several.xml has no table called 'other'. It has: empty, first, t2."
    );
}

#[test]
fn tables_without_rows() {
    let field = "<FIELD name='x' datatype='int'/>";
    for data in [
        "",
        "<TABLEDATA/>",
        "<TABLEDATA> <!-- none --> </TABLEDATA>",
        "<BINARY2/>",
        "<BINARY><STREAM encoding='base64'/></BINARY>",
        "<BINARY2><STREAM encoding='base64'> \n </STREAM></BINARY2>",
    ] {
        let file = votable(field, data);
        assert_eq!(file.inspect().unwrap().n_rows, 0, "{data}");
        assert_eq!(file.rows(), "[]", "{data}");
    }
}

#[test]
fn lists_of_arrays_are_counted_in_either_way() {
    use base64::Engine;
    let field = "<FIELD name='x' datatype='short' arraysize='2x*'/>";
    for counts in [[4u32, 2, 0], [2, 1, 0]] {
        let mut bytes = Vec::new();
        for (count, values) in counts.into_iter().zip([&[1i16, 2, 3, 4][..], &[5, 6], &[]]) {
            bytes.extend_from_slice(&count.to_be_bytes());
            values
                .iter()
                .for_each(|value| bytes.extend_from_slice(&value.to_be_bytes()));
        }
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        let file = votable(
            field,
            &format!("<BINARY><STREAM encoding='base64'>{text}</STREAM></BINARY>"),
        );
        assert_eq!(
            file.rows(),
            "[{\"x\":[[1,2],[3,4]]},{\"x\":[[5,6]]},{\"x\":null}]",
            "{counts:?}"
        );
    }
}

#[test]
fn refused_with_the_reason() {
    let int = "<FIELD name='x' datatype='int'/>";
    let row = "<TABLEDATA><TR><TD>1</TD></TR></TABLEDATA>";
    for (text, code, part) in [
        (
            document(int, "<BINARY2><STREAM href='http://a/b'/></BINARY2>"),
            "outside_reference",
            "inline",
        ),
        (
            document(int, "<FITS extnum='1'><STREAM href='a.fits'/></FITS>"),
            "broken_file",
            "upload the FITS file itself",
        ),
        (
            document(int, "<BINARY><STREAM encoding='gzip'>AAAA</STREAM></BINARY>"),
            "broken_file",
            "only base64",
        ),
        (
            document(int, "<BINARY><STREAM>AA*A</STREAM></BINARY>"),
            "broken_file",
            "not base64 at byte",
        ),
        (
            document(int, "<BINARY><STREAM>AAAAAAAA</STREAM></BINARY>"),
            "broken_file",
            "in the middle of row 2",
        ),
        (
            document(
                int,
                "<TABLEDATA><TR><TD>1</TD></TR>\n<TR><TD>1</TD><TD>2</TD></TR></TABLEDATA>",
            ),
            "broken_file",
            "row 2 has 2 cells (TD) where the table has 1 columns (FIELD) (line 6",
        ),
        (
            document(
                int,
                "<TABLEDATA><TR><TD>1</TD></TR><TR><TD>1.5</TD></TR></TABLEDATA>",
            ),
            "broken_file",
            "row 2, column 'x': '1.5' is not of type int",
        ),
        (
            document(
                "<FIELD name='x' datatype='short'/>",
                "<TABLEDATA><TR><TD>40000</TD></TR></TABLEDATA>",
            ),
            "broken_file",
            "'40000' is not of type short",
        ),
        (
            document("<FIELD name='x' datatype='int' arraysize='3'/>", row),
            "broken_file",
            "it has 1 values where 3 were expected",
        ),
        (
            document("<FIELD name='x' datatype='int' arraysize='*x3'/>", row),
            "unsupported_type",
            "arraysize '*x3'",
        ),
        (
            document("<FIELD name='x' datatype='quad'/>", row),
            "unsupported_type",
            "quad",
        ),
        (
            document("<FIELD name='x' datatype='int' arraysize='1000000000'/>", row),
            "limit_exceeded",
            "column 'x'",
        ),
        (document("", row), "not_a_table", "no FIELD"),
        (
            format!(
                "<!DOCTYPE VOTABLE SYSTEM 'http://a/b.dtd'>{}",
                document(int, row).split_once('\n').unwrap().1
            ),
            "outside_reference",
            "Remove the <!DOCTYPE",
        ),
        (
            format!(
                "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a '1'>]>{}",
                document(int, row).split_once('\n').unwrap().1
            ),
            "outside_reference",
            "DOCTYPE",
        ),
        (
            document(
                "<FIELD name='x' datatype='char' arraysize='*'/>",
                "<TABLEDATA><TR><TD>&a;</TD></TR></TABLEDATA>",
            ),
            "broken_file",
            "&a; is not defined",
        ),
        (
            document("<FIELD name='x' datatype='int' name='y'/>", row),
            "broken_file",
            "duplicated attribute",
        ),
        (
            document("</FIELD>", row),
            "broken_file",
            "</FIELD> stands where </TABLE> was expected (line 4",
        ),
        (
            document(int, row).replace("</VOTABLE>", ""),
            "broken_file",
            "it ends before </VOTABLE>: it is cut off",
        ),
        (
            format!("{}<a/>", document(int, row)),
            "broken_file",
            "second root element",
        ),
        (
            "<VOTABLE><INFO name='QUERY_STATUS' value='ERROR'>no such\ntable</INFO></VOTABLE>".to_owned(),
            "not_a_table",
            "error report of a service, without a table: no such table",
        ),
        ("<VOTABLE/>".to_owned(), "not_a_table", "without a TABLE"),
        (
            format!("<VOTABLE>{}", "<RESOURCE>".repeat(200)),
            "limit_exceeded",
            "depth",
        ),
        (
            format!("<VOTABLE a='{}'/>", "x".repeat(300_000)),
            "limit_exceeded",
            "length of a tag",
        ),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?><VOTABLE a='é'/>".to_owned(),
            "broken_file",
            "save it as UTF-8",
        ),
    ] {
        let error = table("bad.vot", &text).error();
        assert_eq!(error.code, code, "{}", error.message);
        assert!(error.message.contains(part), "{}", error.message);
    }
}

#[test]
fn latin_1_is_read_when_it_is_ascii() {
    let int = document(
        "<FIELD name='x' datatype='int'/>",
        "<TABLEDATA><TR><TD>1</TD></TR></TABLEDATA>",
    );
    let text = int.replace("version=\"1.0\"?", "version=\"1.0\" encoding=\"ISO-8859-1\"?");
    assert_eq!(table("a.vot", text).rows(), "[{\"x\":1}]");
    let mut bytes = document(
        "<FIELD name='x' datatype='char' arraysize='*'/>",
        "<TABLEDATA><TR><TD>@</TD></TR></TABLEDATA>",
    )
    .into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'@').unwrap();
    bytes[at] = 0xe9;
    let error = table("a.vot", bytes).error();
    assert_eq!(
        (error.code.as_str(), error.line, error.byte),
        ("not_utf8", Some(5), Some(at as u64))
    );
}

#[test]
fn a_layout_of_another_file_is_stale() {
    let one = votable(
        "<FIELD name='x' datatype='int'/>",
        "<TABLEDATA><TR><TD>1</TD></TR></TABLEDATA>",
    );
    let layout = one.inspect().unwrap().layout;
    let other = table("b.vot", "<VOTABLE/>");
    let error = pz_tables::open(&other.path, "b.vot", Some(&layout)).unwrap_err();
    assert_eq!(error.code(), "stale_layout");
}
