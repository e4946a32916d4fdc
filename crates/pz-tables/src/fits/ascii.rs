//! Cells of an ASCII table (FITS standard 4.0, section 7.2.5). Must never guess at a number that it cannot read.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, Int64Builder, StringBuilder};
use arrow::error::ArrowError;

use super::column::{Column, Meaning};
use super::decode::{BadCell, Cells, Sink, text};
use super::form::AsciiForm;

/// The sink for a column of an ASCII table.
pub(super) fn sink(column: &Column, form: AsciiForm, null: Option<&str>, rows: usize) -> Box<dyn Sink> {
    let null = null.map(str::to_owned);
    let scale = match column.meaning {
        Meaning::Scaled { scale, zero } => Some((scale, zero)),
        _ => None,
    };
    match form {
        AsciiForm::Text { .. } => Box::new(Texts {
            texts: StringBuilder::with_capacity(rows, 0),
            null,
        }),
        AsciiForm::Integer { .. } if scale.is_none() => Box::new(Integers {
            integers: Int64Builder::with_capacity(rows),
            null,
        }),
        AsciiForm::Integer { .. } => Box::new(Reals {
            reals: Float64Builder::with_capacity(rows),
            null,
            decimals: 0,
            scale,
            whole: true,
        }),
        AsciiForm::Real { decimals, .. } => Box::new(Reals {
            reals: Float64Builder::with_capacity(rows),
            null,
            decimals,
            scale,
            whole: false,
        }),
    }
}

/// The cell without blanks around it, none when it is the null string.
fn given<'a>(cell: &'a str, null: Option<&str>) -> Option<&'a str> {
    let cell = cell.trim_matches(' ');
    (null != Some(cell)).then_some(cell)
}

fn bad(row: usize, cell: &str, what: &str) -> BadCell {
    BadCell {
        row,
        reason: format!("'{cell}' is no {what}"),
    }
}

struct Texts {
    texts: StringBuilder,
    null: Option<String>,
}

impl Sink for Texts {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        for cell in cells.iter() {
            let cell = text(cell);
            match given(&cell, self.null.as_deref()) {
                // Blanks in front belong to the value.
                Some(_) => self.texts.append_value(&cell),
                None => self.texts.append_null(),
            }
        }
        Ok(())
    }

    fn array(&mut self, _bytes: &[u8], _count: usize) -> usize {
        0
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.texts.finish()))
    }
}

struct Integers {
    integers: Int64Builder,
    null: Option<String>,
}

impl Sink for Integers {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        for (row, cell) in cells.iter().enumerate() {
            let cell = text(cell);
            match given(&cell, self.null.as_deref()) {
                None => self.integers.append_null(),
                // "A blank field has value 0."
                Some("") => self.integers.append_value(0),
                Some(digits) => {
                    let integer = digits.parse().map_err(|_| bad(row, &cell, "64-bit integer"))?;
                    self.integers.append_value(integer);
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, _bytes: &[u8], _count: usize) -> usize {
        0
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.integers.finish()))
    }
}

struct Reals {
    reals: Float64Builder,
    null: Option<String>,
    decimals: u32,
    scale: Option<(f64, f64)>,
    /// They are integers that are scaled.
    whole: bool,
}

impl Sink for Reals {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        for (row, cell) in cells.iter().enumerate() {
            let cell = text(cell);
            match given(&cell, self.null.as_deref()) {
                None => self.reals.append_null(),
                // The standard gives blank reals no value (only blank integers, 0).
                Some("") if !self.whole => self.reals.append_null(),
                Some(digits) => {
                    let number = real(digits, self.decimals).ok_or_else(|| bad(row, &cell, "number"))?;
                    self.reals.append_value(match self.scale {
                        Some((scale, zero)) => number * scale + zero,
                        None => number,
                    });
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, _bytes: &[u8], _count: usize) -> usize {
        0
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.reals.finish()))
    }
}

/// A Fortran real: the exponent's letter may be `E` or `D` or missing before a sign, and without a decimal point
/// the last `decimals` digits are behind it. A blank one is 0.
fn real(digits: &str, decimals: u32) -> Option<f64> {
    if digits.is_empty() {
        return Some(0.0);
    }
    let signed = digits.strip_prefix('+').unwrap_or(digits);
    if signed
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'E' | b'e' | b'+'))
        && signed.contains('.')
        && let Ok(number) = fast_float2::parse(signed)
    {
        return Some(number);
    }
    let split = signed
        .char_indices()
        .find(|(at, character)| {
            matches!(character, 'E' | 'e' | 'D' | 'd') || *at > 0 && matches!(character, '+' | '-')
        })
        .map_or(signed.len(), |(at, _)| at);
    let (mantissa, exponent) = signed.split_at_checked(split)?;
    let exponent = exponent.trim_start_matches(['E', 'e', 'D', 'd']).trim();
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let mut power: i64 = if exponent.is_empty() {
        0
    } else {
        exponent.parse().ok()?
    };
    // "NaN" and "inf" are what some write, against the standard.
    if mantissa.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return fast_float2::parse(signed).ok();
    }
    if !mantissa.contains('.') {
        power = power.saturating_sub(i64::from(decimals));
    }
    fast_float2::parse(format!("{mantissa}E{power}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals() {
        for (digits, decimals, expected) in [
            ("1.5", 3, 1.5),
            ("-1.5E+02", 0, -150.0),
            ("1.5D+02", 0, 150.0),
            ("+1.5+02", 0, 150.0),
            ("15-1", 0, 1.5),
            ("12345", 2, 123.45),
            ("-12345E1", 2, -1234.5),
            ("", 2, 0.0),
            (".5", 0, 0.5),
        ] {
            assert_eq!(real(digits, decimals), Some(expected), "{digits}");
        }
        assert!(real("NaN", 2).unwrap().is_nan());
        for wrong in ["abc", "1.2.3", "1 2", "--1", "1E5E5", "é"] {
            assert_eq!(real(wrong, 2), None, "{wrong}");
        }
    }
}
