//! Text tables that are in order: dialects, headers, types, values, statistics.

use pz_tables::{DataType, Delimiter, Scalar, TextLayout};

use crate::{TempTable, table};

fn layout(table: &TempTable) -> TextLayout {
    table.inspect().unwrap().layout.text().unwrap().clone()
}

#[test]
fn a_plain_catalogue() {
    let file = table(
        "c.csv",
        "objid,ra,survey,good\n1,10.5,VVDS,True\n2,,DESI,False\n3,-0.25,NA,true\n",
    );
    assert_eq!(
        file.columns(),
        ["objid: int64", "ra: float64", "survey: string", "good: bool"]
    );
    assert_eq!(
        file.rows(),
        "[{\"objid\":1,\"ra\":10.5,\"survey\":\"VVDS\",\"good\":true},\
         {\"objid\":2,\"ra\":null,\"survey\":\"DESI\",\"good\":false},\
         {\"objid\":3,\"ra\":-0.25,\"survey\":null,\"good\":true}]"
    );
    let inspection = file.inspect().unwrap();
    assert_eq!(inspection.n_rows, 3);
    let nullable: Vec<bool> = inspection
        .schema
        .columns
        .iter()
        .map(|column| column.nullable)
        .collect();
    assert_eq!(nullable, [false, true, true, false]);
}

#[test]
fn statistics_of_every_kind() {
    let file = table(
        "s.csv",
        "i,f,t,b,e\n1,0.5,aa,True,\n2,NaN,b,False,NA\n4,inf,aa,True,null\n,2.5,é,,\n",
    );
    let inspection = file.inspect().unwrap();
    let [i, f, t, b, e] = inspection.statistics.as_slice() else {
        panic!("five columns")
    };
    assert_eq!((i.count, i.missing, i.nan), (3, 1, 0));
    assert_eq!(
        (i.min.clone(), i.max.clone()),
        (Some(Scalar::Int(1)), Some(Scalar::Int(4)))
    );
    assert!((i.mean.unwrap() - 7.0 / 3.0).abs() < 1e-15);
    // Sample standard deviation: divisor n − 1.
    assert!((i.std.unwrap() - (14.0f64 / 9.0 * 3.0 / 2.0).sqrt()).abs() < 1e-12);
    assert_eq!((f.count, f.missing, f.nan, f.infinite), (3, 1, 1, 1));
    assert_eq!(
        (f.min.clone(), f.max.clone()),
        (Some(Scalar::Float(0.5)), Some(Scalar::Float(2.5)))
    );
    assert_eq!(f.mean, Some(1.5));
    assert_eq!(
        (t.count, t.min_length, t.max_length, t.distinct),
        (4, Some(1), Some(2), Some(3))
    );
    let top: Vec<(&str, u64)> = t
        .top_values
        .iter()
        .map(|top| (top.value.as_str(), top.count))
        .collect();
    assert_eq!(top, [("aa", 2), ("b", 1), ("é", 1)]);
    assert_eq!((t.min.clone(), t.mean), (None, None));
    assert_eq!(
        (b.min.clone(), b.max.clone()),
        (Some(Scalar::Bool(false)), Some(Scalar::Bool(true)))
    );
    assert_eq!(b.mean, Some(2.0 / 3.0));
    assert_eq!((e.count, e.missing, e.sample.len()), (0, 4, 0));
    assert_eq!(i.sample, ["1", "2", "4"]);
    // As pandas has it: nothing but missing values is a column of NaN.
    assert_eq!(inspection.schema.columns[4].dtype, DataType::Float64);
}

#[test]
fn integers_keep_every_digit() {
    let file = table(
        "big.csv",
        "s,u,mixed,beyond\n\
         -9223372036854775808,18446744073709551615,-1,99999999999999999999\n\
         9223372036854775807,9223372036854775808,18446744073709551615,1\n",
    );
    assert_eq!(
        file.columns(),
        ["s: int64", "u: uint64", "mixed: string", "beyond: string"]
    );
    assert_eq!(
        file.rows(),
        "[{\"s\":-9223372036854775808,\"u\":18446744073709551615,\"mixed\":\"-1\",\"beyond\":\"99999999999999999999\"},\
         {\"s\":9223372036854775807,\"u\":9223372036854775808,\"mixed\":\"18446744073709551615\",\"beyond\":\"1\"}]"
    );
    let statistics = file.inspect().unwrap().statistics;
    assert_eq!(statistics[0].min, Some(Scalar::Int(i64::MIN)));
    assert_eq!(statistics[0].max, Some(Scalar::Int(i64::MAX)));
    assert_eq!(statistics[1].min, Some(Scalar::UInt(1 << 63)));
    assert_eq!(statistics[1].max, Some(Scalar::UInt(u64::MAX)));
    assert_eq!(
        (statistics[3].min_length, statistics[3].max_length),
        (Some(1), Some(20))
    );
}

#[test]
fn types_widen_over_the_whole_file() {
    let mut text = String::from("a,b,c,d,e\n");
    for row in 0..70_000 {
        text.push_str(&format!("{row},{row},True,{row},NA\n"));
    }
    text.push_str("70000,0.5,maybe,x,7\n");
    let file = table("w.csv", text);
    assert_eq!(
        file.columns(),
        ["a: int64", "b: float64", "c: string", "d: string", "e: int64"]
    );
    let inspection = file.inspect().unwrap();
    assert_eq!(inspection.n_rows, 70_001);
    assert_eq!(inspection.statistics[1].max, Some(Scalar::Float(69_999.0)));
    assert_eq!(inspection.statistics[1].count, 70_001);
    assert_eq!(inspection.statistics[2].distinct, Some(2));
    assert_eq!(inspection.statistics[3].max_length, Some(5));
    assert_eq!(
        (inspection.statistics[4].count, inspection.statistics[4].missing),
        (1, 70_000)
    );
}

#[test]
fn every_delimiter() {
    for (delimiter, character) in [(",", b','), ("\t", b'\t'), (";", b';'), ("|", b'|'), (":", b':')] {
        let file = table(
            "d.csv",
            format!("ra{delimiter}dec\n1.5{delimiter}2\n3{delimiter}4\n"),
        );
        assert_eq!(file.columns(), ["ra: float64", "dec: int64"], "{delimiter:?}");
        assert_eq!(layout(&file).delimiter, Delimiter::Character(character));
    }
    let aligned = table("d.txt", "   ra     dec\n  1.50   -2.0\n 10.25   14.0\n");
    assert_eq!(aligned.columns(), ["ra: float64", "dec: float64"]);
    assert_eq!(layout(&aligned).delimiter, Delimiter::Blanks);
    assert_eq!(
        layout(&table("d.csv", "ra dec\n1 2\n")).delimiter,
        Delimiter::Blanks
    );
}

#[test]
fn a_delimiter_that_splits_all_rows_beats_one_that_splits_the_first() {
    assert_eq!(
        table("d.csv", "ra (deg)|dec (deg)\n1.5|2\n3|4\n").columns(),
        ["ra (deg): float64", "dec (deg): int64"]
    );
    assert_eq!(
        table("d.csv", "name;size, mm\na;1\nb;2\n").columns(),
        ["name: string", "size, mm: int64"]
    );
    let times = table("d.csv", "t,v\n12:30:01,1\n12:30:02,2\n");
    assert_eq!(times.columns(), ["t: string", "v: int64"]);
    let quoted = table("d.csv", "\"a;b\",\"c\"\n\"x;y\",\"z\"\n");
    assert_eq!(quoted.columns(), ["a;b: string", "c: string"]);
}

#[test]
fn a_single_column_is_not_split() {
    let file = table("z.csv", "zspec\n0.5\n1.5\n");
    assert_eq!(file.columns(), ["zspec: float64"]);
    assert_eq!(layout(&file).delimiter, Delimiter::Character(b','));
    assert_eq!(
        table("z.csv", "name\nNGC 12\nM 31 core\nabell\n").columns(),
        ["name: string"]
    );
    assert_eq!(table("z.txt", "0.5\n0.25\n").columns(), ["0: float64"]);
    assert_eq!(table("z.dat", "  0.5\n 10.25\n").columns(), ["0: float64"]);
}

#[test]
fn headers() {
    let headerless = table("h.csv", "1,2.5\n3,4.5\n");
    assert_eq!(headerless.columns(), ["0: int64", "1: float64"]);
    assert!(!layout(&headerless).has_header);
    assert_eq!(headerless.inspect().unwrap().n_rows, 2);
    let only_header = table("h.csv", "ra,dec,z\n");
    assert_eq!(only_header.columns(), ["ra: string", "dec: string", "z: string"]);
    assert!(layout(&only_header).has_header);
    assert_eq!(
        (only_header.inspect().unwrap().n_rows, only_header.rows().as_str()),
        (0, "[]")
    );
    let no_line_end = table("h.csv", "ra,dec,z");
    assert_eq!(
        (no_line_end.columns().len(), no_line_end.inspect().unwrap().n_rows),
        (3, 0)
    );
    let texts = table("h.csv", "name,class\nNGC1,galaxy\nNGC2,star\nNGC3,star\n");
    assert_eq!((texts.columns().len(), texts.inspect().unwrap().n_rows), (2, 3));
    let one_row = table("h.csv", "1,2\n");
    assert_eq!(
        (one_row.columns(), one_row.inspect().unwrap().n_rows),
        (vec!["0: int64".into(), "1: int64".into()], 1)
    );
}

#[test]
fn duplicate_and_empty_names() {
    let file = table("n.csv", "a,,a,a.1,\n1,2,3,4,5\n");
    let names: Vec<String> = file
        .inspect()
        .unwrap()
        .schema
        .names()
        .map(str::to_owned)
        .collect();
    assert_eq!(names, ["a", "Unnamed: 1", "a.2", "a.1", "Unnamed: 4"]);
    assert_eq!(
        file.rows(),
        "[{\"a\":1,\"Unnamed: 1\":2,\"a.2\":3,\"a.1\":4,\"Unnamed: 4\":5}]"
    );
}

#[test]
fn marks_and_line_ends() {
    let expected = "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"y\"}]";
    for text in [
        "\u{feff}a,b\n1,x\n2,y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r\n1,x\r\n2,y",
        "\n\na,b\n\n1,x\n   \n2,y\n\n",
        "a,b\r1,x\r2,y\r",
        "\u{feff}\"a\",\"b\"\r\n\"1\",\"x\"\r\n\"2\",\"y\"\r\n",
        "a,b\n 1 ,x\n2,y",
    ] {
        assert_eq!(table("m.csv", text).rows(), expected, "{text:?}");
    }
}

#[test]
fn quotes() {
    let file = table(
        "q.csv",
        "id,text\n1,\"a, \"\"b\"\"\nc\"\r\n2,\"\"\n3,5\" pipe\n4,\"x\"y\n",
    );
    assert_eq!(
        file.rows(),
        "[{\"id\":1,\"text\":\"a, \\\"b\\\"\\nc\"},{\"id\":2,\"text\":null},{\"id\":3,\"text\":\"5\\\" pipe\"},\
         {\"id\":4,\"text\":\"xy\"}]"
    );
}

#[test]
fn missing_tokens() {
    let tokens = [
        "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
        "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "na", "Na", "none", "NONE", "NAN", "Null",
        "<na>", "  NA ", " none",
    ];
    for (value, data_type) in [
        ("text", "string"),
        ("1", "int64"),
        ("1.5", "float64"),
        ("true", "bool"),
    ] {
        let mut text = format!("id,v\n0,{value}\n");
        tokens
            .iter()
            .for_each(|token| text.push_str(&format!("1,{token}\n")));
        let file = table("m.csv", text);
        assert_eq!(file.columns()[1], format!("v: {data_type}"));
        let inspection = file.inspect().unwrap();
        assert_eq!(inspection.statistics[1].missing, tokens.len() as u64);
        assert_eq!(inspection.statistics[1].count, 1);
        let nulls = file.rows().matches("\"v\":null").count();
        assert_eq!(nulls, tokens.len());
    }
}

#[test]
fn a_single_odd_value_makes_a_column_text() {
    // Nothing is lost: no value becomes missing because most others are numbers.
    let mut text = String::from("id,v,w,x\n");
    for row in 0..1_000 {
        let odd = row == 777;
        text.push_str(&format!("{row},{},0.5,TRUE\n", if odd { "12 km" } else { "12" }));
    }
    text.push_str("1000,13,1e400,false\n");
    let file = table("o.csv", text);
    assert_eq!(
        file.columns(),
        ["id: int64", "v: string", "w: float64", "x: bool"]
    );
    let statistics = file.inspect().unwrap().statistics;
    assert_eq!((statistics[1].distinct, statistics[1].missing), (Some(3), 0));
    assert_eq!(statistics[2].infinite, 1);
    assert_eq!(statistics[3].mean, Some(1000.0 / 1001.0));
    // 0 and 1 are integers, and 1.0 is no integer.
    assert_eq!(
        table("o.csv", "a,b\n0,0.0\n1,1.0\n").columns(),
        ["a: int64", "b: float64"]
    );
}

#[test]
fn columns_without_a_header_by_either_name() {
    let schema = table("h.csv", "1,2.5,x\n3,4.5,y\n").inspect().unwrap().schema;
    assert_eq!(schema.names().collect::<Vec<_>>(), ["0", "1", "2"]);
    for (name, index) in [
        ("0", Some(0)),
        ("col_0", Some(0)),
        ("2", Some(2)),
        ("col_2", Some(2)),
    ] {
        assert_eq!(schema.index_of(name), index, "{name}");
    }
    for name in [
        "col_3",
        "col_",
        "col_00",
        "col_+1",
        "COL_0",
        "3",
        "col_18446744073709551616",
    ] {
        assert_eq!(schema.index_of(name), None, "{name}");
    }
    let named = table("h.csv", "a,col_0\n1,2\n").inspect().unwrap().schema;
    assert_eq!(
        (named.index_of("col_0"), named.index_of("col_1")),
        (Some(1), None)
    );
}

#[test]
fn comments_may_begin_anywhere() {
    let expected = "[{\"a\":1,\"b\":2},{\"a\":3,\"b\":4}]";
    for text in [
        "a,b\n1,2\n# note\n3,4\n",
        "a,b\n# a, note, of three\n1,2\n3,4\n#\n",
        "a,b\n1,2\n3,4\n# \"the end",
    ] {
        assert_eq!(table("c.csv", text).rows(), expected, "{text:?}");
    }
    // Far behind what is looked at first, and to the end.
    let mut text = String::from("a,b\n");
    (0..60_000).for_each(|row| text.push_str(&format!("{row},{row}\n")));
    text.push_str("# the second half\n");
    (60_000..120_000).for_each(|row| text.push_str(&format!("{row},{row}\n# {row}\n")));
    let file = table("c.csv", text);
    let inspection = file.inspect().unwrap();
    assert_eq!(
        (inspection.n_rows, inspection.statistics[0].distinct_is_estimate),
        (120_000, true)
    );
    let rows = pz_tables::rows_json(file.open().as_ref(), 119_999..120_001, None).unwrap();
    assert_eq!(rows, "[{\"a\":119999,\"b\":119999}]");
    // Values may start with the sign.
    let colours = table("c.csv", "colour,n\n#ff0000,1\n#00ff00,2\nblue,3\n");
    assert_eq!(colours.inspect().unwrap().n_rows, 3);
    assert_eq!(
        table("c.csv", "colour,n\n#ff0000,1\n# note\nblue,3\n")
            .error()
            .code,
        "ragged_row"
    );
    // A sign behind a value belongs to it: names have it.
    let names = table("c.csv", "name,n\nNGC 5128 #2,1\nNGC 5128,2 # two\n");
    assert_eq!(names.columns(), ["name: string", "n: string"]);
}

#[test]
fn comments_and_their_headers() {
    let named = table(
        "p.txt",
        "# made by hand on a day\n# ra dec z\n1.5 2.5 0.1\n# later\n3.5 4.5 0.2\n",
    );
    assert_eq!(named.columns(), ["ra: float64", "dec: float64", "z: float64"]);
    let found = layout(&named);
    assert!(found.has_header && found.skips_comments);
    assert_eq!(found.preamble, ["# made by hand on a day", "# ra dec z"]);
    assert_eq!(named.inspect().unwrap().n_rows, 2);
    assert_eq!(
        table("p.csv", "# a comment\nra,dec\n1,2\n").columns(),
        ["ra: int64", "dec: int64"]
    );
    assert_eq!(
        table("p.csv", "#ra,dec\n1,2\n").columns(),
        ["ra: int64", "dec: int64"]
    );
    let unnamed = table("p.txt", "# nothing that names columns here\n1.5 2.5\n");
    assert_eq!(
        (unnamed.columns(), layout(&unnamed).has_header),
        (vec!["0: float64".into(), "1: float64".into()], false)
    );
    let titled = table(
        "p.dat",
        "My catalogue of galaxies\nra dec\n1.5 2.5\n3.5 4.5\n5.5 6.5\n",
    );
    assert_eq!(titled.columns(), ["ra: float64", "dec: float64"]);
}

#[test]
fn text_tables_of_decimals() {
    let file = table("t.txt", "  150.11  2.205  0.35\n  150.12  2.206  1.5e-3\n");
    assert_eq!(file.columns(), ["0: float64", "1: float64", "2: float64"]);
    assert_eq!(
        file.rows(),
        "[{\"0\":150.11,\"1\":2.205,\"2\":0.35},{\"0\":150.12,\"1\":2.206,\"2\":0.0015}]"
    );
}

#[test]
fn ecsv_with_tabs_and_empty_texts() {
    let file = table(
        "e.ecsv",
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: string}\n# - {name: b, datatype: string}\n\
         # - {name: c, datatype: int64}\na b c\n\"x y\" tab\there 1\n\"\" \"two\nlines\" \"\"\n",
    );
    assert_eq!(file.columns(), ["a: string", "b: string", "c: int64"]);
    assert_eq!(
        file.rows(),
        "[{\"a\":\"x y\",\"b\":\"tab\\there\",\"c\":1},{\"a\":null,\"b\":\"two\\nlines\",\"c\":null}]"
    );
    let commas = file_with_commas();
    assert_eq!(commas.columns(), ["a: string", "b: int64"]);
}

fn file_with_commas() -> TempTable {
    table(
        "e.ecsv",
        "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n# - {name: a, datatype: string}\n\
         # - {name: b, datatype: int64}\na,b\nx y,1\nz,2\n",
    )
}

#[test]
fn one_column_of_times() {
    let file = table(
        "t.csv",
        "observed\n2025-12-31 23:59:59\n2025-12-31 23:59:58\n2025-12-31 23:59:57\n2025-12-31 23:59:56\n2025-12-31 23:59:55\n",
    );
    assert_eq!(file.columns(), ["observed: string"]);
    assert_eq!(file.inspect().unwrap().n_rows, 5);
    // A colon in the header makes it the delimiter.
    let file = table("t.csv", "a:b\n1:2\n3:4\n");
    assert_eq!(file.columns(), ["a: int64", "b: int64"]);
}

#[test]
fn ecsv() {
    let file = table(
        "e.ecsv",
        "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: ra, unit: deg, datatype: float64, description: 'Right ascension'}\n\
         # - {name: class name, datatype: string}\nra \"class name\"\n1.5 \"big galaxy\"\n2.5 \"\"\n",
    );
    assert_eq!(file.columns(), ["ra: float64", "class name: string"]);
    assert_eq!(
        file.rows(),
        "[{\"ra\":1.5,\"class name\":\"big galaxy\"},{\"ra\":2.5,\"class name\":null}]"
    );
    let schema = file.inspect().unwrap().schema;
    assert_eq!(schema.columns[0].unit.as_deref(), Some("deg"));
    assert_eq!(schema.columns[0].description.as_deref(), Some("Right ascension"));
}

#[test]
fn twelve_hundred_columns() {
    let names: Vec<String> = (0..1_200).map(|index| format!("c{index}")).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..50 {
        let cells: Vec<String> = (0..1_200)
            .map(|column| (row * 1_200 + column).to_string())
            .collect();
        text.push_str(&(cells.join(",") + "\n"));
    }
    let file = table("wide.csv", text);
    let inspection = file.inspect().unwrap();
    assert_eq!((inspection.schema.columns.len(), inspection.n_rows), (1_200, 50));
    let rows = pz_tables::rows_json(file.open().as_ref(), 49..50, Some(&[1_199, 0])).unwrap();
    assert_eq!(rows, "[{\"c1199\":59999,\"c0\":58800}]");
}

#[test]
fn any_page_through_the_row_index() {
    // Rows of very different length, some with line ends inside quotes, so that offsets cannot be guessed.
    let mut text = String::from("row,note\n");
    let note = |row: usize| match row % 7 {
        0 => "\"two\nlines, \"\"quoted\"\"\"".to_owned(),
        3 => "x".repeat(row % 97),
        _ => "plain".to_owned(),
    };
    let rows = 30_000;
    for row in 0..rows {
        text.push_str(&format!("{row},{}\n", note(row)));
        if row % 1_000 == 0 {
            text.push('\n');
        }
    }
    let file = table("pages.csv", &text);
    let layout = layout(&file);
    assert_eq!(layout.n_rows, rows as u64);
    assert!(layout.offsets.len() > 4, "{} offsets", layout.offsets.len());
    for (index, offset) in layout.offsets.iter().enumerate() {
        let row = index as u64 * layout.stride;
        assert!(
            text[*offset as usize..]
                .trim_start()
                .starts_with(&format!("{row},")),
            "row {row}"
        );
    }
    let reader = file.open();
    for start in [0, 1, 99, 4_096, 14_999, 29_990] {
        let json = pz_tables::rows_json(reader.as_ref(), start..start + 10, Some(&[0])).unwrap();
        let expected: Vec<String> = (start..start + 10)
            .map(|row| format!("{{\"row\":{row}}}"))
            .collect();
        assert_eq!(json, format!("[{}]", expected.join(",")));
    }
    assert_eq!(
        pz_tables::rows_json(reader.as_ref(), 29_999..40_000, Some(&[0])).unwrap(),
        "[{\"row\":29999}]"
    );
    assert_eq!(
        pz_tables::rows_json(reader.as_ref(), 30_000..40_000, None).unwrap(),
        "[]"
    );
}

#[test]
fn opens_without_a_layout_too() {
    let file = table("o.csv", "a,b\n1,2\n");
    let reader = pz_tables::open(&file.path, &file.name, None).unwrap();
    assert_eq!(
        pz_tables::rows_json(reader.as_ref(), 0..9, None).unwrap(),
        "[{\"a\":1,\"b\":2}]"
    );
}
