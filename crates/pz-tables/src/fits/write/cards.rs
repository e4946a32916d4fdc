//! The header of a new table (FITS standard 4.0, sections 4.1, 4.2 and 7.3.1). Must never write a character
//! outside printable ASCII.

use super::plan::Column;
use crate::fits::BLOCK;
use crate::fits::card::CARD;
use crate::fits::column::LONG_NAME;

/// What a header says that is known in the end only.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Bytes of the heap.
    pub(super) heap_bytes: u64,
    /// The columns in which TNULL stands for something.
    pub(super) with_nulls: Vec<bool>,
}

/// The primary HDU and the header of the table, as long as with any other `ending`.
pub(super) fn header(columns: &[Column], row_bytes: u64, rows: u64, ending: &Ending) -> Vec<u8> {
    let mut cards = vec![
        logical("SIMPLE"),
        number("BITPIX", 8),
        number("NAXIS", 0),
        logical("EXTEND"),
    ];
    let mut bytes = block(&cards);
    cards = text("XTENSION", "BINTABLE");
    cards.extend([
        number("BITPIX", 8),
        number("NAXIS", 2),
        number("NAXIS1", row_bytes),
        number("NAXIS2", rows),
        number("PCOUNT", ending.heap_bytes),
        number("GCOUNT", 1),
        number("TFIELDS", columns.len()),
    ]);
    let mut of_columns = Vec::new();
    for (index, column) in columns.iter().enumerate() {
        let keyword = |word: &str| format!("{word}{}", index + 1);
        of_columns.extend(text(&keyword("TTYPE"), &column.label));
        of_columns.extend(text(&keyword("TFORM"), &column.form));
        for (word, value) in [
            (LONG_NAME, &column.long_name),
            ("TDIM", &column.dimensions),
            ("TUNIT", &column.unit),
            ("TUCD", &column.ucd),
            ("TCOMM", &column.description),
        ] {
            if let Some(value) = value {
                of_columns.extend(text(&keyword(word), value));
            }
        }
        if let Some(zero) = column.zero {
            // No TSCAL beside it: astropy would take it for a scale.
            of_columns.push(number(&keyword("TZERO"), zero));
        }
        if let Some(null) = column.null {
            let used = ending.with_nulls.get(index).is_some_and(|used| *used);
            // A TNULL that stands for nothing makes astropy's tables fail on a column of arrays: a blank card.
            of_columns.push(if used {
                number(&keyword("TNULL"), null)
            } else {
                String::new()
            });
        }
    }
    if of_columns.iter().any(|card| card.starts_with("CONTINUE")) {
        cards.extend(text("LONGSTRN", "OGIP 1.0"));
    }
    cards.extend(of_columns);
    bytes.extend(block(&cards));
    bytes
}

/// Cards, END and padding.
fn block(cards: &[String]) -> Vec<u8> {
    let mut bytes: Vec<u8> = cards.iter().flat_map(|text| card(text)).collect();
    bytes.extend(card("END"));
    bytes.resize(bytes.len().next_multiple_of(BLOCK as usize), b' ');
    bytes
}

fn card(text: &str) -> [u8; CARD] {
    let mut card = [b' '; CARD];
    card.iter_mut()
        .zip(text.bytes())
        .for_each(|(to, from)| *to = from);
    card
}

fn logical(keyword: &str) -> String {
    format!("{keyword:8}= {:>20}", "T")
}

fn number(keyword: &str, value: impl std::fmt::Display) -> String {
    format!("{keyword:8}= {value:>20}")
}

/// Characters of a string between its quotes, in the first card and in CONTINUE cards alike; one of them is the
/// ampersand where it goes on.
pub(super) const ROOM: usize = 68;

/// The cards of a string.
fn text(keyword: &str, value: &str) -> Vec<String> {
    let whole = printable(value).trim_end().replace('\'', "''");
    if whole.len() <= ROOM {
        return vec![format!("{keyword:8}= '{whole:8}'")];
    }
    let mut cards = Vec::new();
    let mut rest = whole.as_str();
    loop {
        let mut end = rest.len().min(ROOM - 1);
        // A doubled quote is not torn apart: no part ends in an odd number of them.
        let quotes = rest
            .get(..end)
            .unwrap_or_default()
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\'')
            .count();
        if end < rest.len() && quotes % 2 == 1 {
            end -= 1;
        }
        let (part, later) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let more = if later.is_empty() { "" } else { "&" };
        cards.push(if cards.is_empty() {
            format!("{keyword:8}= '{part}{more}'")
        } else {
            format!("CONTINUE  '{part}{more}'")
        });
        rest = later;
        if rest.is_empty() {
            return cards;
        }
    }
}

/// With everything that a header cannot hold replaced.
pub(super) fn printable(text: &str) -> String {
    let replaced = |character: char| match character {
        ' '..='~' => character,
        white if white.is_whitespace() => ' ',
        _ => '?',
    };
    text.chars().map(replaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fits::card::Header;

    #[test]
    fn strings_survive() {
        let quotes = "'".repeat(200);
        let blanks = format!("{}{}end", "x".repeat(60), " ".repeat(100));
        let ampersands = "&".repeat(67 * 3);
        let other = format!("{}'{}", "a".repeat(66), "b".repeat(70));
        for value in [
            "",
            "x",
            "it's",
            "a / b & c",
            &quotes,
            &blanks,
            &ampersands,
            &other,
            "&",
            "ends&",
        ] {
            let cards = text("TTYPE1", value);
            assert!(cards.iter().all(|card| card.len() <= CARD), "{cards:?}");
            let bytes: Vec<u8> = cards.iter().flat_map(|text| card(text)).collect();
            let header = Header::parse(&bytes);
            assert_eq!(header.text("TTYPE1").unwrap_or_default(), value);
        }
        assert_eq!(printable("σ_z\n§\t1"), "?_z ? 1");
    }
}
