//! The rows on the screen as text for other programs.

use pz_client::TableRows;

/// Tab-separated, for pasting into a spreadsheet. Tabs and line breaks inside values become blanks.
pub(crate) fn to_tsv(table: &TableRows) -> String {
    let clean = |text: &str| text.replace(['\t', '\n', '\r'], " ");
    lines(table, "\t", clean)
}

/// CSV by RFC 4180.
pub(crate) fn to_csv(table: &TableRows) -> String {
    let quote = |text: &str| {
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    lines(table, ",", quote)
}

fn lines(table: &TableRows, separator: &str, write: impl Fn(&str) -> String) -> String {
    let header = table.columns.iter().map(|name| write(name)).collect::<Vec<_>>();
    let rows = table
        .rows
        .iter()
        .map(|row| row.iter().map(|cell| write(&cell.text())).collect::<Vec<_>>());
    let mut text = String::new();
    for line in std::iter::once(header).chain(rows) {
        text.push_str(&line.join(separator));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use pz_client::Cell;

    #[test]
    fn values_survive_and_separators_do_not_break_lines() {
        let table = TableRows {
            count: 1,
            total_rows: 1,
            columns: vec!["id".to_owned(), "a,b".to_owned(), "c".to_owned()],
            rows: vec![vec![
                Cell::Number("1486231857497402613".into()),
                Cell::Text("say \"x\",\ty\n".into()),
                Cell::Missing,
            ]],
        };
        assert_eq!(
            to_csv(&table),
            "id,\"a,b\",c\n1486231857497402613,\"say \"\"x\"\",\ty\n\",\n"
        );
        assert_eq!(
            to_tsv(&table),
            "id\ta,b\tc\n1486231857497402613\tsay \"x\", y \t\n"
        );
    }
}
