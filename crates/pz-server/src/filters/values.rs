//! Values of filters and searches: read, checked, and turned into conditions.

use pz_store::list::ListCondition;

use super::{Filter, FilterKind, Related};

/// Longest value of a filter or search, in characters.
pub(super) const VALUE_MAX_CHARS: usize = 1000;
/// Most elements of a comma list.
const LIST_MAX_ITEMS: usize = 1000;

/// Refuses what no value can be.
pub(super) fn check_text(value: &str) -> Result<(), String> {
    if value.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    if value.chars().count() > VALUE_MAX_CHARS {
        return Err(format!("Give at most {VALUE_MAX_CHARS} characters."));
    }
    Ok(())
}

/// Adds the condition that a filter's value stands for, and the ids it names.
pub(super) fn read_filter<F: Copy>(
    filter: &Filter<F>,
    value: &str,
    conditions: &mut Vec<ListCondition<F>>,
    ids: &mut Vec<(&'static str, Related, Vec<i64>)>,
) -> Result<(), String> {
    check_text(value)?;
    let items = || -> Result<Vec<&str>, String> {
        let items: Vec<&str> = value
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        if items.len() > LIST_MAX_ITEMS {
            return Err(format!("Give at most {LIST_MAX_ITEMS} values."));
        }
        Ok(items)
    };
    let number = |text: &str| -> Result<i64, String> {
        text.trim()
            .parse()
            .map_err(|_| format!("'{text}' is not a whole number."))
    };
    let numbers = || -> Result<Vec<i64>, String> { items()?.into_iter().map(number).collect() };
    match filter.kind {
        FilterKind::Text(field) => conditions.push(ListCondition::TextIn(field, vec![value.to_owned()])),
        FilterKind::TextIn(field) => {
            let texts = items()?.into_iter().map(str::to_owned).collect();
            conditions.push(ListCondition::TextIn(field, texts));
        }
        FilterKind::Number(field) => conditions.push(ListCondition::NumberIn(field, vec![number(value)?])),
        FilterKind::Id(field, related) => {
            let id = number(value)?;
            ids.push((filter.name, related, vec![id]));
            conditions.push(ListCondition::NumberIn(field, vec![id]));
        }
        FilterKind::IdIn(field, related) => {
            let list = numbers()?;
            ids.push((filter.name, related, list.clone()));
            conditions.push(ListCondition::NumberIn(field, list));
        }
        FilterKind::Flag(field) => {
            if let Some(flag) = flag(value) {
                conditions.push(ListCondition::FlagIn(field, vec![flag]));
            }
        }
        FilterKind::FlagIn(field) => {
            let flags: Option<Vec<bool>> = items()?.into_iter().map(flag).collect();
            let flags = flags.ok_or_else(|| format!("'{value}' is not a comma list of true and false."))?;
            conditions.push(ListCondition::FlagIn(field, flags));
        }
        FilterKind::Choice(field, choices) => {
            let chosen = number(value)?;
            let choices = choices();
            if !choices.iter().any(|(code, _)| *code == chosen) {
                let known: Vec<String> = choices
                    .iter()
                    .map(|(code, label)| format!("{code} ({label})"))
                    .collect();
                return Err(format!("{chosen} is not one of {}.", known.join(", ")));
            }
            conditions.push(ListCondition::NumberIn(field, vec![chosen]));
        }
        FilterKind::NumberIn(field) => conditions.push(ListCondition::NumberIn(field, numbers()?)),
        FilterKind::TextInOr(field, word) => {
            let (or_null, rest) = split_off(items()?, word);
            let texts = rest.into_iter().map(str::to_owned).collect();
            conditions.push(match or_null {
                true => ListCondition::TextInOrNull(field, texts),
                false => ListCondition::TextIn(field, texts),
            });
        }
        FilterKind::IdInOrNone(field, related) => {
            let (or_null, rest) = split_off(items()?, NONE);
            let list: Vec<i64> = rest.into_iter().map(number).collect::<Result<_, _>>()?;
            ids.push((filter.name, related, list.clone()));
            conditions.push(number_in(field, list, or_null));
        }
        FilterKind::NumberInOrNone(field) => {
            let (or_null, rest) = split_off(items()?, NONE);
            let list = rest.into_iter().map(number).collect::<Result<_, _>>()?;
            conditions.push(number_in(field, list, or_null));
        }
        FilterKind::Between(field) => {
            let (low, high) = read_range(value, false)?;
            conditions.push(ListCondition::Between(field, low, high));
        }
        FilterKind::Touches(smallest, largest) => {
            let (low, high) = read_range(value, true)?;
            conditions.push(ListCondition::Touches(smallest, largest, low, high));
        }
        FilterKind::WordIn(field, words) => {
            let (words, wanted) = (words(), items()?);
            if let Some(unknown) = wanted.iter().find(|item| !words.contains(item)) {
                return Err(format!("'{unknown}' is not one of {}.", words.join(", ")));
            }
            let wanted = wanted.into_iter().map(str::to_owned).collect();
            conditions.push(ListCondition::WordIn(field, wanted));
        }
        FilterKind::IsNull(field) => {
            if let Some(flag) = flag(value) {
                conditions.push(ListCondition::IsNull(field, flag));
            }
        }
        FilterKind::Contains(fields) => conditions.push(ListCondition::Contains {
            fields: fields.to_vec(),
            pieces: value
                .split(',')
                .take(LIST_MAX_ITEMS)
                .map(|piece| piece.trim().to_owned())
                .collect(),
            any: filter.name.ends_with("__or"),
        }),
    }
    Ok(())
}

/// Asks for rows without a value.
const NONE: &str = "none";

/// Whether a word is among the items, and the others.
fn split_off<'a>(items: Vec<&'a str>, word: &str) -> (bool, Vec<&'a str>) {
    let (found, rest): (Vec<&str>, Vec<&str>) = items.into_iter().partition(|item| *item == word);
    (!found.is_empty(), rest)
}

fn number_in<F>(field: F, list: Vec<i64>, or_null: bool) -> ListCondition<F> {
    match or_null {
        true => ListCondition::NumberInOrNull(field, list),
        false => ListCondition::NumberIn(field, list),
    }
}

/// `a..b`, either of which may be left out: whole numbers from 0, or decimal ones of either sign.
fn read_range(value: &str, decimal: bool) -> Result<(Option<f64>, Option<f64>), String> {
    let example = if decimal { "0.1..1.5" } else { "1000..50000" };
    let wrong = || format!("'{value}' is not a range; write it as {example}, either number may be left out.");
    let end = |text: &str| match text {
        "" => Ok(None),
        text if is_plain_number(text, decimal) => text.parse().map(Some).map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    let (low, high) = value.trim().split_once("..").ok_or_else(wrong)?;
    Ok((end(low)?, end(high)?))
}

/// Up to 15 digits; decimal ones up to 9 before and behind the point, and a sign.
fn is_plain_number(text: &str, decimal: bool) -> bool {
    let are_digits =
        |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal {
        return are_digits(text, 15);
    }
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, part)) => are_digits(whole, 9) && are_digits(part, 9),
        None => are_digits(text, 9),
    }
}

/// True or false as the Python library and web forms write them.
fn flag(value: &str) -> Option<bool> {
    match value.trim() {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

/// Terms of a search: split on blanks and commas, quotes group words.
pub(super) fn search_terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            None if (c == '"' || c == '\'') && term.is_empty() => quote = Some(c),
            None if c == ',' || c.is_whitespace() => {
                if !term.is_empty() {
                    terms.push(std::mem::take(&mut term));
                }
            }
            _ => term.push(c),
        }
    }
    if !term.is_empty() {
        terms.push(term);
    }
    terms.truncate(50);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_terms_split_on_blanks_and_commas_and_keep_quotes_together() {
        assert_eq!(
            search_terms("desi, sdss  'two words' x\"y"),
            ["desi", "sdss", "two words", "x\"y"]
        );
        assert_eq!(search_terms(" ,, "), Vec::<String>::new());
        assert_eq!(search_terms("\"open quote"), ["open quote"]);
    }

    #[test]
    fn ranges() {
        assert_eq!(
            read_range("1000..50000", false),
            Ok((Some(1000.0), Some(50000.0)))
        );
        assert_eq!(read_range("..7", false), Ok((None, Some(7.0))));
        assert_eq!(read_range("7..", false), Ok((Some(7.0), None)));
        assert_eq!(read_range("..", true), Ok((None, None)));
        assert_eq!(read_range("-0.5..1.25", true), Ok((Some(-0.5), Some(1.25))));
        for wrong in [
            "1", "1-2", "a..b", "1..2..3", "-1..2", "1e3..2", "nan..1", "0.5..1", "+1..2",
        ] {
            assert!(read_range(wrong, false).is_err(), "{wrong}");
        }
        for wrong in [".5..1", "inf..", "1e3..2", "..1.", "0x1..2"] {
            assert!(read_range(wrong, true).is_err(), "{wrong}");
        }
    }

    #[test]
    fn flags() {
        for yes in ["true", "True", "1"] {
            assert_eq!(flag(yes), Some(true));
        }
        for no in ["false", "False", "0"] {
            assert_eq!(flag(no), Some(false));
        }
        assert_eq!(flag("yes"), None);
    }
}
