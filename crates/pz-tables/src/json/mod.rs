//! Rows as JSON, exactly as the preview of the REST interface gives them. Must never lose a digit of an
//! integer, a decimal or a floating-point number.
//!
//! | value | JSON |
//! |---|---|
//! | missing, NaN, ±∞ | `null` |
//! | integers, 64-bit ones too | all digits |
//! | floating-point numbers | the shortest decimal that reads back to the same number (of its own precision) |
//! | decimals | a number with all digits, also trailing zeros |
//! | timestamps, durations | integer milliseconds (since 1970-01-01 UTC), rounded down |
//! | dates | text `2025-12-31` |
//! | times of day | text `23:59:59.5` |
//! | text | text |
//! | bytes | text when they are UTF-8, else `0x` and hexadecimal digits |
//! | lists, vectors | arrays |
//! | structs, maps | objects |

mod cells;
mod sample;
mod time;

use std::ops::Range;

use arrow::array::{Array, RecordBatch};

use crate::error::TableError;
use crate::reader::TableReader;
pub(crate) use cells::{Cells, moment_of};
pub(crate) use sample::{sample_json, text_json};
pub(crate) use time::{moment_text, write_moment};

/// Longest answer; a page of ordinary rows has some kilobytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The rows `rows` (from 0) of the columns `projection` as a JSON array of objects `{column: value}`, keys in the
/// order of the columns, values as in the table of this module's head.
///
/// # Errors
/// What [`TableReader::read_rows`] gives; [`TableError::LimitExceeded`] when the text would have more than 64 MiB.
pub fn rows_json(
    reader: &dyn TableReader,
    rows: Range<u64>,
    projection: Option<&[usize]>,
) -> Result<String, TableError> {
    let mut out = String::from("[");
    for batch in reader.read_rows(rows, projection)? {
        let batch = batch?;
        if !write_rows(&batch, &mut out) {
            return Err(TableError::LimitExceeded {
                file: "the table".to_owned(),
                what: "the size of these rows".to_owned(),
                limit: format!("{} MiB", MAX_BYTES >> 20),
                remedy: "Ask for fewer rows or columns.",
                place: None,
            });
        }
    }
    out.push(']');
    Ok(out)
}

/// All rows of `batch` as a JSON array of objects. None when the text would have more than 64 MiB.
pub fn batch_json(batch: &RecordBatch) -> Option<String> {
    let mut out = String::from("[");
    if !write_rows(batch, &mut out) {
        return None;
    }
    out.push(']');
    Some(out)
}

/// Appends the rows; false when it gets too long.
fn write_rows(batch: &RecordBatch, out: &mut String) -> bool {
    let schema = batch.schema_ref();
    let columns: Vec<(String, Cells<'_>)> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| {
            let mut key = String::new();
            cells::write_text(field.name(), &mut key);
            key.push(':');
            (key, Cells::new(array.as_ref()))
        })
        .collect();
    for row in 0..batch.num_rows() {
        if out.len() > 1 {
            out.push(',');
        }
        out.push('{');
        for (index, (key, cells)) in columns.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(key);
            cells.write(row, out);
            if out.len() > MAX_BYTES {
                return false;
            }
        }
        out.push('}');
    }
    true
}

/// One cell as text for people: texts as they are, dates and times in ISO 8601, everything else as in JSON;
/// nothing for a missing value or a row that does not exist.
pub fn value_text(array: &dyn Array, row: usize) -> String {
    if row >= array.len() {
        return String::new();
    }
    Cells::new(array).text(row)
}
