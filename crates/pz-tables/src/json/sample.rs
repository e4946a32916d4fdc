//! Single cells as JSON to show what a column looks like. Must never be long.

use arrow::array::Array;
use serde_json::value::RawValue;

use super::cells::{Cells, write_text};
use crate::statistics::shown;

/// Longest JSON text of a value, in bytes.
const MAX_BYTES: usize = 1_000;

/// A cell as JSON, cut when it is long: a text to its start, a list to its first elements, anything else to the start
/// of its JSON as text. None for what JSON cannot say, such as an infinite number.
pub(crate) fn sample_json(array: &dyn Array, row: usize) -> Option<String> {
    let mut json = String::new();
    Cells::new(array).write(row, &mut json);
    if json == "null" {
        return None;
    }
    if json.len() <= MAX_BYTES {
        return Some(json);
    }
    if let Ok(text) = serde_json::from_str::<String>(&json) {
        return Some(text_json(&text));
    }
    match serde_json::from_str::<Vec<&RawValue>>(&json) {
        Ok(elements) => Some(first_elements(&elements)),
        Err(_) => Some(text_json(&json)),
    }
}

/// A text as JSON, cut when it is long.
pub(crate) fn text_json(text: &str) -> String {
    let mut json = String::new();
    write_text(&shown(text), &mut json);
    json
}

/// A list of as many of the elements as there is room for.
fn first_elements(elements: &[&RawValue]) -> String {
    let mut json = String::from("[");
    for element in elements {
        if json.len() + element.get().len() + 2 > MAX_BYTES {
            break;
        }
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(element.get());
    }
    json.push(']');
    json
}
