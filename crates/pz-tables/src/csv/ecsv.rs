//! Units and descriptions from the head of an ECSV file (astropy's text format). Understands the lines that
//! astropy writes, one flow mapping per column; must never refuse a file for what it does not understand.

use crate::layout::Delimiter;

/// What the head says about a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) name: String,
    pub(crate) unit: Option<String>,
    pub(crate) description: Option<String>,
}

/// Whether the comment lines are an ECSV head.
pub(super) fn is_ecsv(preamble: &[String]) -> bool {
    preamble
        .first()
        .is_some_and(|line| line.trim_start_matches(['#', ' ']).starts_with("%ECSV"))
}

/// The delimiter that the head names; a blank when it names none.
pub(super) fn delimiter(preamble: &[String]) -> Delimiter {
    let comma = preamble
        .iter()
        .filter_map(|line| line.strip_prefix('#')?.trim().strip_prefix("delimiter:"))
        .any(|delimiter| delimiter.contains(','));
    Delimiter::Character(if comma { b',' } else { b' ' })
}

/// The columns described in the comment lines.
pub(crate) fn columns(preamble: &[String]) -> Vec<Described> {
    if !is_ecsv(preamble) {
        return Vec::new();
    }
    preamble.iter().filter_map(|line| column(line)).collect()
}

fn column(line: &str) -> Option<Described> {
    let mapping = line
        .strip_prefix('#')?
        .trim()
        .strip_prefix("- {")?
        .strip_suffix('}')?;
    let mut described = Described::default();
    for (key, value) in entries(mapping) {
        match key {
            "name" => described.name = value,
            "unit" => described.unit = Some(value),
            "description" => described.description = Some(value),
            _ => {}
        }
    }
    (!described.name.is_empty()).then_some(described)
}

/// `key: value` pairs of a flow mapping; values may be quoted, nested ones are passed over.
fn entries(mapping: &str) -> Vec<(&str, String)> {
    let mut entries = Vec::new();
    let mut rest = mapping;
    while let Some((key, tail)) = rest.split_once(": ") {
        let tail = tail.trim_start();
        let (value, end) = match tail.chars().next() {
            Some(quote @ ('\'' | '"')) => quoted(tail, quote),
            Some('{' | '[') => (String::new(), nested_end(tail)),
            _ => {
                let end = tail.find(", ").unwrap_or(tail.len());
                (tail.get(..end).unwrap_or_default().trim().to_owned(), end)
            }
        };
        entries.push((key.trim(), value));
        rest = tail.get(end..).unwrap_or_default().trim_start_matches([',', ' ']);
    }
    entries
}

/// A quoted scalar and where it ends. `''` stands for `'` and `\x` for `x`.
fn quoted(text: &str, quote: char) -> (String, usize) {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            if quote == '\'' && characters.next_if(|(_, next)| *next == quote).is_some() {
                value.push(quote);
                continue;
            }
            return (value, at + 1);
        }
        if character == '\\' && quote == '"' {
            value.extend(characters.next().map(|(_, escaped)| escaped));
        } else {
            value.push(character);
        }
    }
    (value, text.len())
}

fn nested_end(text: &str) -> usize {
    let mut depth = 0usize;
    for (at, character) in text.char_indices() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_as_astropy_writes_them() {
        let preamble: Vec<String> = [
            "# %ECSV 1.0",
            "# ---",
            "# - {name: ra, unit: deg, datatype: float64, description: 'It''s, you know, \"RA\"'}",
            "# - {name: 'a, b', datatype: string, meta: {x: [1, 2], y: 3}, unit: km / s}",
            "# - {datatype: string}",
            "# schema: astropy-2.0",
        ]
        .map(str::to_owned)
        .to_vec();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            columns(&preamble),
            [
                Described {
                    name: "ra".into(),
                    unit: text("deg"),
                    description: text("It's, you know, \"RA\"")
                },
                Described {
                    name: "a, b".into(),
                    unit: text("km / s"),
                    description: None
                },
            ]
        );
        assert_eq!(columns(&preamble[1..]), []);
    }
}
