//! The properties files of HATS (`java.util.Properties`, in UTF-8). Must never follow what they say.

use std::collections::HashMap;

/// Keys (lower-cased) and values of a properties file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Properties(HashMap<String, String>);

impl Properties {
    /// Parses `key=value` lines (also `key: value` and `key value`), comments (`#`, `!`), backslash escapes and
    /// lines that a backslash continues. What is not UTF-8 is replaced; of a key given twice the last counts.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut entries = HashMap::new();
        let mut lines = text.split(['\n', '\r']);
        while let Some(line) = lines.next() {
            let start = line.trim_start_matches([' ', '\t', '\u{c}']);
            if start.is_empty() || start.starts_with(['#', '!']) {
                continue;
            }
            let mut logical = start.to_owned();
            while continues(&logical) {
                logical.pop();
                // Between `\r` and `\n` there is nothing.
                let Some(next) = lines.find(|line| !line.is_empty()) else {
                    break;
                };
                logical.push_str(next.trim_start_matches([' ', '\t', '\u{c}']));
            }
            let (key, value) = split(&logical);
            entries.insert(
                unescaped(key).trim().to_lowercase(),
                unescaped(value).trim().to_owned(),
            );
        }
        Self(entries)
    }

    /// The value of `key` (in lower case), unless it is empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// What kind of catalog it is, in lower case.
    pub(crate) fn dataproduct_type(&self) -> Option<String> {
        self.get("dataproduct_type").map(str::to_lowercase)
    }

    /// It describes a catalog of objects or sources (not a margin, an index, …).
    pub(crate) fn is_catalog(&self) -> bool {
        matches!(self.dataproduct_type().as_deref(), Some("object" | "source"))
    }
}

/// An odd number of backslashes at the end.
fn continues(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Key and value: the first `=`, `:` or blank that is not escaped stands between them.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.find(|character: char| {
        let ends = !escaped && matches!(character, '=' | ':' | ' ' | '\t');
        escaped = !escaped && character == '\\';
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches([' ', '\t']);
    (key, rest.strip_prefix(['=', ':']).unwrap_or(rest))
}

fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next() {
            Some('t') => result.push('\t'),
            Some('n') => result.push('\n'),
            Some('r') => result.push('\r'),
            Some('f') => result.push('\u{c}'),
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                result.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => result.push(other),
            None => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_java_writes() {
        let text = "\u{feff}#HATS catalog\r\n! comment\r\n\r\nobs_collection=elais\r\n Hats_NRows : 40\r\n\
                    hats_creation_date=2024-11-14T18\\:47UTC\r\ndataproduct_type = OBJECT\r\nempty=\r\nalone\r\n\
                    long=one \\\r\n   two\r\nkey\\=x=\\u00e9\\\\\r\nhats_nrows=41\r\nlast=a=b";
        let properties = Properties::parse(text.as_bytes());
        for (key, value) in [
            ("obs_collection", Some("elais")),
            ("hats_nrows", Some("41")),
            ("hats_creation_date", Some("2024-11-14T18:47UTC")),
            ("dataproduct_type", Some("OBJECT")),
            ("empty", None),
            ("alone", None),
            ("long", Some("one two")),
            ("key=x", Some("é\\")),
            ("last", Some("a=b")),
        ] {
            assert_eq!(properties.get(key), value, "{key}");
        }
        assert!(properties.is_catalog());
        assert!(!Properties::parse(b"dataproduct_type=margin").is_catalog());
        assert_eq!(
            Properties::parse(b"\xff=\\"),
            Properties::parse("\u{fffd}=".as_bytes())
        );
    }
}
