//! Decides whether the first record of a text table names its columns. Must call a table of numbers headerless.

use super::sniff::is_number;
use super::value::{is_missing, parse_bool, trim};
use crate::layout::Delimiter;

/// Longest text that is taken for a column name when nothing else tells.
const LONGEST_NAME: usize = 64;

/// What a cell looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Missing,
    Number,
    Bool,
    Text,
}

fn kind(cell: &str) -> Kind {
    let trimmed = trim(cell.as_bytes());
    if is_missing(trimmed) {
        Kind::Missing
    } else if is_number(cell) {
        Kind::Number
    } else if parse_bool(trimmed).is_some() {
        Kind::Bool
    } else {
        Kind::Text
    }
}

/// Whether the first of `rows` names the columns.
///
/// A text above a column of numbers (or booleans) says yes, unless the first row has a decimal number itself.
/// A first row without text says no. In an all-text table the shapes of the values are compared; when they do
/// not tell, a first row of different, short, word-like texts is a header.
pub(super) fn is_header(rows: &[Vec<String>]) -> bool {
    let Some((first, rest)) = rows.split_first() else {
        return false;
    };
    if !first.iter().any(|cell| matches!(kind(cell), Kind::Text)) {
        return false;
    }
    let is_decimal =
        |cell: &String| kind(cell) == Kind::Number && !cell.trim().bytes().all(|b| b.is_ascii_digit());
    if first.iter().any(is_decimal) {
        return false;
    }
    let mut typed_below = false;
    let mut votes = 0i64;
    for (column, name) in first.iter().enumerate() {
        let below: Vec<&str> = rest
            .iter()
            .filter_map(|row| row.get(column))
            .map(String::as_str)
            .filter(|cell| kind(cell) != Kind::Missing)
            .collect();
        let all = |wanted: Kind| !below.is_empty() && below.iter().all(|cell| kind(cell) == wanted);
        match kind(name) {
            Kind::Text if all(Kind::Number) || all(Kind::Bool) => return true,
            Kind::Number if all(Kind::Number) => typed_below = true,
            Kind::Text => votes += text_votes(name, &below),
            _ => {}
        }
    }
    if typed_below {
        return false;
    }
    votes > 0 || (votes == 0 && are_names(first))
}

/// How the shape of a text differs from those below it: positive for a name.
fn text_votes(name: &str, below: &[&str]) -> i64 {
    if below.is_empty() {
        return 0;
    }
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let mut votes = 0;
    if !has_digit(name) && below.iter().all(|cell| has_digit(cell)) {
        votes += 1;
    }
    if below.contains(&name) {
        votes -= 2;
    } else if below.len() > 3 && has_repeats(below) {
        votes += 1;
    }
    if let Some((length, true)) = common_length(below) {
        votes += if name.len() == length { -1 } else { 1 };
    }
    votes
}

fn has_repeats(cells: &[&str]) -> bool {
    let mut sorted = cells.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len() * 2 <= cells.len()
}

/// Length of the first, and whether all (at least two) have it.
fn common_length(cells: &[&str]) -> Option<(usize, bool)> {
    let length = cells.first()?.len();
    Some((
        length,
        cells.len() > 1 && cells.iter().all(|cell| cell.len() == length),
    ))
}

/// Different, short, word-like texts, as names are; empty ones may be among them.
pub(super) fn are_names(cells: &[String]) -> bool {
    let mut seen = std::collections::HashSet::new();
    cells.iter().all(|cell| {
        let name = cell.trim();
        name.is_empty()
            || (name.chars().count() <= LONGEST_NAME
                && name
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_alphabetic() || c == '_' || c == '#')
                && seen.insert(name))
    })
}

/// The names that a comment line gives, if it names `columns` columns.
pub(super) fn commented(line: &str, delimiter: Delimiter, columns: usize) -> Option<Vec<String>> {
    [delimiter, Delimiter::Blanks, Delimiter::Character(b',')]
        .into_iter()
        .map(|delimiter| split_comment(line, delimiter))
        .find(|names| {
            names.len() == columns && !names.iter().any(|name| is_number(name)) && are_distinct(names)
        })
}

fn are_distinct(names: &[String]) -> bool {
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    distinct.len() == names.len() && names.iter().all(|name| !name.is_empty())
}

/// The fields of a comment line without its `#`.
pub(super) fn split_comment(line: &str, delimiter: Delimiter) -> Vec<String> {
    let text = line.trim_start_matches('#').trim();
    let unquote = |field: &str| {
        let field = field.trim();
        let inside = field.strip_prefix('"').and_then(|field| field.strip_suffix('"'));
        inside.unwrap_or(field).to_owned()
    };
    if text.is_empty() {
        return Vec::new();
    }
    match delimiter {
        Delimiter::Blanks => text.split_ascii_whitespace().map(unquote).collect(),
        Delimiter::Character(byte) => text.split(char::from(byte)).map(unquote).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> bool {
        let rows: Vec<Vec<String>> = text
            .lines()
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect();
        is_header(&rows)
    }

    #[test]
    fn headers() {
        assert!(header("ra,dec\n1.5,2\n"));
        assert!(header("name,name\n1,2\n"));
        assert!(header("id,0,1\n3,5,6\n"));
        assert!(header("2mass,flag\n1,True\n"));
        assert!(header("ra,dec"));
        assert!(header("name,class\nNGC1,galaxy\nNGC2,star\nNGC3,star\n"));
        assert!(header("object,comment\nalpha,nice and round\nbeta,seen twice\n"));
        assert!(header(",ra\n0,1.5\n"));
    }

    #[test]
    fn no_headers() {
        assert!(!header("1,2\n3,4\n"));
        assert!(!header("1.5,-2e3\n"));
        assert!(!header("nan,1\n2,3\n"));
        assert!(!header("NGC1,1.5\nNGC2,2.5\n"));
        assert!(!header("a1,b7\na2,b8\na3,b9\n"));
        assert!(!header("star,red\ngalaxy,blue\nstar,red\n"));
        assert!(!header("NGC 12,5\nNGC 13,6\n"));
    }
}
