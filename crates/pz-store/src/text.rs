//! Text for searching: folded to lower case by us, because SQLite folds only ASCII and PostgreSQL folds
//! by its locale.

/// Separates fields inside a search column; never part of a search term.
const FIELD_SEPARATOR: char = '\u{1f}';

/// The search column of these fields.
pub fn search_text(fields: &[&str]) -> String {
    let mut text = String::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(FIELD_SEPARATOR);
        }
        text.push_str(&fold(field));
    }
    text
}

/// A search term or field in the form in which both are compared.
pub fn fold(text: &str) -> String {
    text.to_lowercase().replace(FIELD_SEPARATOR, " ")
}

/// A `LIKE` pattern for "contains this text literally", with `\` as the escape character.
pub fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in fold(text).chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_literal_and_folded() {
        assert_eq!(contains_pattern("100%_É\\"), "%100\\%\\_é\\\\%");
        assert_eq!(search_text(&["Alice", "Ünï"]), "alice\u{1f}ünï");
    }
}
