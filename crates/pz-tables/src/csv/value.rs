//! What one cell of a text table means: missing, boolean, integer, number or text. Must never depend on the
//! locale.

/// Cells that count as missing, in any case, besides the empty one: those of the redshift pipelines and those of
/// pandas. In lower case.
const MISSING: &[&[u8]] = &[
    b"#n/a",
    b"#n/a n/a",
    b"#na",
    b"-1.#ind",
    b"-1.#qnan",
    b"-nan",
    b"1.#ind",
    b"1.#qnan",
    b"<na>",
    b"n/a",
    b"na",
    b"nan",
    b"none",
    b"null",
];

/// Those of the missing that say "not a number".
const NAN: &[&[u8]] = &[b"-1.#ind", b"-1.#qnan", b"-nan", b"1.#ind", b"1.#qnan", b"nan"];

const LONGEST_MISSING: usize = 8;

/// Blanks around a cell do not count for numbers and missing values.
#[inline]
pub(crate) fn trim(cell: &[u8]) -> &[u8] {
    let is_blank = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_whitespace);
    if is_blank(cell.first()) || is_blank(cell.last()) {
        cell.trim_ascii()
    } else {
        cell
    }
}

/// A trimmed cell that stands for a missing value.
#[inline]
pub(crate) fn is_missing(cell: &[u8]) -> bool {
    match cell.first() {
        None => true,
        Some(b'#' | b'-' | b'1' | b'<' | b'N' | b'n') => {
            cell.len() <= LONGEST_MISSING && is_one_of(cell, MISSING)
        }
        Some(_) => false,
    }
}

/// A missing token that says "not a number".
pub(crate) fn is_nan_token(cell: &[u8]) -> bool {
    is_one_of(cell, NAN)
}

fn is_one_of(cell: &[u8], tokens: &[&[u8]]) -> bool {
    tokens.iter().any(|token| cell.eq_ignore_ascii_case(token))
}

/// An integer as a text table can hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Integer {
    /// Fits 64 bits with sign.
    Signed(i64),
    /// From 2⁶³ to 2⁶⁴ − 1.
    Unsigned(u64),
    /// More than 64 bits.
    Beyond,
}

/// A trimmed cell of digits with an optional sign that fits 64 bits with sign.
#[inline]
pub(crate) fn parse_i64(cell: &[u8]) -> Option<i64> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, cell),
    };
    if digits.is_empty() || digits.len() > 18 {
        return match parse_integer(cell)? {
            Integer::Signed(value) => Some(value),
            _ => None,
        };
    }
    let mut value = 0i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// A trimmed cell of digits with an optional sign.
pub(crate) fn parse_integer(cell: &[u8]) -> Option<Integer> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, cell),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().try_fold(0u64, |value, byte| {
        value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
    });
    Some(match (magnitude, negative) {
        (None, _) => Integer::Beyond,
        (Some(value), false) => i64::try_from(value).map_or(Integer::Unsigned(value), Integer::Signed),
        (Some(value), true) => 0i64
            .checked_sub_unsigned(value)
            .map_or(Integer::Beyond, Integer::Signed),
    })
}

/// A trimmed cell as a floating-point number: decimal or exponent notation, `inf`, `nan` (any case).
#[inline]
pub(crate) fn parse_f64(cell: &[u8]) -> Option<f64> {
    match short_decimal(cell) {
        Some(value) => Some(value),
        None => fast_float2::parse(cell).ok(),
    }
}

/// Longest cell that [`short_decimal`] takes: a sign, a point and fifteen digits.
const SHORT: usize = 17;

const POWERS_OF_TEN: [f64; SHORT] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
];

/// `-12.345` with at most 15 digits: both the digits and the power of ten are exact then, so that one division is
/// correctly rounded (Clinger 1990, "How to Read Floating Point Numbers Accurately"). None for anything else.
#[inline]
fn short_decimal(cell: &[u8]) -> Option<f64> {
    if cell.len() > SHORT {
        return None;
    }
    let (negative, unsigned) = match cell {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, cell),
    };
    let (mut digits, mut point) = (0u64, None);
    for (at, byte) in unsigned.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            digits = digits * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let count = unsigned.len() - usize::from(point.is_some());
    if count == 0 || count > 15 {
        return None;
    }
    let decimals = point.map_or(0, |point| unsigned.len() - point - 1);
    let value = digits as f64 / POWERS_OF_TEN.get(decimals)?;
    Some(if negative { -value } else { value })
}

/// `true` or `false` in any case.
#[inline]
pub(crate) fn parse_bool(cell: &[u8]) -> Option<bool> {
    match cell {
        _ if cell.eq_ignore_ascii_case(b"true") => Some(true),
        _ if cell.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decimals_are_read_as_the_standard_library_reads_them(text in "[-+]?[0-9]{0,19}(\\.[0-9]{0,19})?(e-?[0-9]{1,3})?") {
            let expected = text.parse::<f64>().ok().map(f64::to_bits);
            prop_assert_eq!(parse_f64(text.as_bytes()).map(f64::to_bits), expected);
        }
    }

    #[test]
    fn integers_to_the_last_digit() {
        for (text, expected) in [
            ("0", Some(Integer::Signed(0))),
            ("007", Some(Integer::Signed(7))),
            ("+5", Some(Integer::Signed(5))),
            ("-9223372036854775808", Some(Integer::Signed(i64::MIN))),
            ("9223372036854775807", Some(Integer::Signed(i64::MAX))),
            ("9223372036854775808", Some(Integer::Unsigned(1 << 63))),
            ("18446744073709551615", Some(Integer::Unsigned(u64::MAX))),
            ("18446744073709551616", Some(Integer::Beyond)),
            ("-9223372036854775809", Some(Integer::Beyond)),
            ("000000000000000000000000001", Some(Integer::Signed(1))),
            ("-", None),
            ("+", None),
            ("", None),
            ("1.0", None),
            ("1_000", None),
            ("0x10", None),
        ] {
            assert_eq!(parse_integer(text.as_bytes()), expected, "{text}");
            let small = match expected {
                Some(Integer::Signed(value)) => Some(value),
                _ => None,
            };
            assert_eq!(parse_i64(text.as_bytes()), small, "{text}");
        }
    }

    #[test]
    fn floats_as_pandas_reads_them() {
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("1.", Some(1.0)),
            (".5", Some(0.5)),
            ("+1e-3", Some(1e-3)),
            ("1E5", Some(1e5)),
            ("inf", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("1e", None),
            (".", None),
            ("1,5", None),
            ("1d5", None),
            ("", None),
            ("e5", None),
        ] {
            assert_eq!(parse_f64(text.as_bytes()), expected, "{text}");
        }
        assert!(parse_f64(b"NAN").is_some_and(f64::is_nan));
    }

    #[test]
    fn missing_tokens_of_any_case() {
        for token in MISSING {
            let text = String::from_utf8_lossy(token);
            for spelling in [text.to_lowercase(), text.to_uppercase()] {
                assert!(is_missing(spelling.as_bytes()), "{spelling}");
            }
            assert!(token.len() <= LONGEST_MISSING);
        }
        assert!(NAN.iter().all(|token| MISSING.contains(token)));
        for missing in ["", "Na", "NONE", "None", "NAN", "NaN", "<Na>"] {
            assert!(is_missing(missing.as_bytes()), "{missing}");
        }
        for present in [
            "nil",
            "-",
            "--",
            "N/A N/A",
            "nan ",
            "Nancy",
            "nanny",
            "none of it",
        ] {
            assert!(!is_missing(present.as_bytes()), "{present}");
        }
        assert_eq!(trim(b"  NA\t"), b"NA");
        assert_eq!(
            (parse_bool(b"tRuE"), parse_bool(b"FALSE"), parse_bool(b"1")),
            (Some(true), Some(false), None)
        );
    }
}
