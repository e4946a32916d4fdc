//! Text tables against a naive oracle: whatever is written reads back equal.

use proptest::prelude::*;
use pz_tables::{DataType, Delimiter};
use serde_json::Value;

use crate::table;

/// Cells that are neither missing nor trimmed into something else.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9_.,;:|\"' \t\n\ré€#-]{0,12}",
        2 => any::<i64>().prop_map(|value| value.to_string()),
        2 => any::<f64>().prop_map(|value| format!("{value:?}")),
        1 => Just(String::new()),
        1 => "NA|NaN|nAn|Null|True|FALSE|inf",
    ]
}

/// Names that can be told from every value.
fn write_csv(rows: &[Vec<String>], columns: usize, delimiter: char, crlf: bool) -> String {
    let end = if crlf { "\r\n" } else { "\n" };
    let header: Vec<String> = (0..columns).map(|column| format!("column_{column}")).collect();
    let mut text = header.join(&delimiter.to_string()) + end;
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                text.push(delimiter);
            }
            // A quoted empty first cell keeps a row of one empty cell from being a blank line.
            let special = |c: char| c == delimiter || c == '"' || c == '\n' || c == '\r';
            if cell.contains(special) || index == 0 {
                text.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
            } else {
                text.push_str(cell);
            }
        }
        text.push_str(end);
    }
    text
}

const MISSING: [&str; 4] = ["", "na", "nan", "null"];

/// What the naive reader makes of a column.
fn oracle(cells: &[&String]) -> (DataType, Vec<Value>) {
    let trimmed: Vec<Option<&str>> = cells
        .iter()
        .map(|cell| cell.trim_matches([' ', '\t', '\n', '\r']))
        .map(|cell| (!MISSING.contains(&cell.to_lowercase().as_str())).then_some(cell))
        .collect();
    let present: Vec<&str> = trimmed.iter().flatten().copied().collect();
    let integer = |cell: &&str| cell.parse::<i64>().is_ok();
    let float = |cell: &&str| cell.parse::<f64>().is_ok();
    let bool = |cell: &&str| ["True", "FALSE"].contains(cell);
    if present.iter().all(integer) && !present.is_empty() {
        return (
            DataType::Int64,
            map(&trimmed, |cell| cell.parse::<i64>().unwrap().into()),
        );
    }
    if present.iter().all(float) {
        let number = |cell: &str| {
            serde_json::Number::from_f64(cell.parse().unwrap()).map_or(Value::Null, Value::Number)
        };
        return (DataType::Float64, map(&trimmed, number));
    }
    if present.iter().all(bool) {
        return (DataType::Bool, map(&trimmed, |cell| (cell == "True").into()));
    }
    let texts = cells
        .iter()
        .zip(&trimmed)
        .map(|(cell, trimmed)| trimmed.map_or(Value::Null, |_| (*cell).clone().into()));
    (DataType::String, texts.collect())
}

fn map(cells: &[Option<&str>], value: impl Fn(&str) -> Value) -> Vec<Value> {
    cells
        .iter()
        .map(|cell| cell.map_or(Value::Null, &value))
        .collect()
}

fn tables() -> impl Strategy<Value = (Vec<Vec<String>>, usize)> {
    (2usize..5).prop_flat_map(|columns| {
        (
            proptest::collection::vec(proptest::collection::vec(cell(), columns), 1..12),
            Just(columns),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn csv_reads_back_equal((rows, columns) in tables(), delimiter in "[,\t;|]", crlf in any::<bool>()) {
        let delimiter = delimiter.chars().next().unwrap();
        // A first column of numbers tells the header apart.
        let number = |(row, cells): (usize, Vec<String>)| [vec![row.to_string()], cells].concat();
        let all: Vec<Vec<String>> = rows.into_iter().enumerate().map(number).collect();
        let columns = columns + 1;
        let file = table("p.csv", write_csv(&all, columns, delimiter, crlf));
        let inspection = file.inspect().unwrap();
        prop_assume!(inspection.layout.text().unwrap().delimiter == Delimiter::Character(delimiter as u8));
        prop_assert_eq!(inspection.n_rows, all.len() as u64);
        let found: Vec<Value> = serde_json::from_str(&file.rows()).unwrap();
        for column in 0..columns {
            let cells: Vec<&String> = all.iter().map(|row| &row[column]).collect();
            let (data_type, values) = oracle(&cells);
            prop_assert_eq!(&inspection.schema.columns[column].dtype, &data_type);
            let name = format!("column_{column}");
            let read: Vec<Value> = found.iter().map(|row| row[&name].clone()).collect();
            prop_assert_eq!(&read, &values, "column {}", column);
            let statistics = &inspection.statistics[column];
            let infinite = if data_type == DataType::Float64 { statistics.infinite } else { 0 };
            let missing = values.iter().filter(|value| value.is_null()).count() as u64;
            prop_assert_eq!(statistics.missing + infinite, missing);
            prop_assert_eq!(statistics.count + statistics.missing, all.len() as u64);
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    #[test]
    fn any_range_is_a_slice_of_all_rows(
        lengths in proptest::collection::vec(0usize..60, 1..300),
        start in 0u64..320,
        count in 0u64..320,
    ) {
        let mut text = String::from("id,note\n");
        for (row, length) in lengths.iter().enumerate() {
            text.push_str(&format!("{row},\"{}\"\n", "a\n\"\"".repeat(*length)));
        }
        let file = table("r.csv", text);
        // An index of every row, as large files have it.
        let mut layout = file.inspect().unwrap().layout.text().unwrap().clone();
        let mut offset = layout.data_start;
        layout.stride = 4;
        layout.offsets = Vec::new();
        for (row, length) in lengths.iter().enumerate() {
            if row % 4 == 0 {
                layout.offsets.push(offset);
            }
            offset += (row.to_string().len() + 4 + 4 * length) as u64;
        }
        prop_assert_eq!(offset, layout.file_bytes);
        let reader = pz_tables::open(&file.path, "r.csv", Some(&pz_tables::Layout::Csv(layout))).unwrap();
        let all: Vec<Value> = serde_json::from_str(&file.rows()).unwrap();
        let part: Vec<Value> =
            serde_json::from_str(&pz_tables::rows_json(reader.as_ref(), start..start + count, None).unwrap()).unwrap();
        let from = (start as usize).min(all.len());
        let to = ((start + count) as usize).min(all.len());
        prop_assert_eq!(part.as_slice(), &all[from..to]);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "[a-c1-3,;|: \t\r\n\"#.\\-é\u{0}]{0,200}", name in "x\\.(csv|txt|dat)") {
        let file = table(&name, text);
        if let Ok(inspection) = file.inspect() {
            let rows: Vec<Value> = serde_json::from_str(&file.rows()).unwrap();
            prop_assert_eq!(rows.len() as u64, inspection.n_rows);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = table("x.csv", bytes).inspect();
    }
}
