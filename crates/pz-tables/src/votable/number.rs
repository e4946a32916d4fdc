//! Numbers and truth values as VOTable writes them, in text and in bytes. Must never round an integer.

use arrow::array::ArrowPrimitiveType;
use arrow::datatypes::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, UInt8Type};

use super::column::Null;

/// An integer, decimal or hexadecimal (`0x1F`); none when it is something else or beyond 64 bits.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if let [b'0', b'x' | b'X', digits @ ..] = digits {
        let digits = std::str::from_utf8(digits)
            .ok()
            .filter(|digits| !digits.starts_with('+'))?;
        let value = i128::from(u64::from_str_radix(digits, 16).ok()?);
        return i64::try_from(if negative { -value } else { value }).ok();
    }
    if digits.is_empty() {
        return None;
    }
    // Negative, since that side reaches one further.
    let mut value: i64 = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// A truth value; `Some(None)` is the `?` of the standard.
pub(super) fn boolean(text: &[u8]) -> Option<Option<bool>> {
    match text {
        b"T" | b"t" | b"1" => Some(Some(true)),
        b"F" | b"f" | b"0" => Some(Some(false)),
        b"?" => Some(None),
        other if other.eq_ignore_ascii_case(b"true") => Some(Some(true)),
        other if other.eq_ignore_ascii_case(b"false") => Some(Some(false)),
        _ => None,
    }
}

/// A word that stands for no number. `null` is not of the standard; the IRSA archive writes it.
pub(super) fn is_no_number(text: &[u8]) -> bool {
    text.eq_ignore_ascii_case(b"null")
}

/// The elements of an array. Commas are not of the standard and occur.
pub(super) fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| byte.is_ascii_whitespace() || *byte == b',')
        .filter(|token| !token.is_empty())
}

/// A type of numbers.
pub(super) trait Number: ArrowPrimitiveType {
    const NAME: &'static str;
    /// From text without blanks around it.
    fn parse(text: &[u8]) -> Option<Self::Native>;
    /// From big-endian bytes, as many as the type has.
    fn from_be(bytes: &[u8]) -> Option<Self::Native>;
    fn is(value: Self::Native, null: &Null) -> bool;
    /// An integer column says so when a value is missing.
    fn is_nan_null() -> bool;
}

macro_rules! integers {
    ($($type:ty, $name:literal);*) => {$(
        impl Number for $type {
            const NAME: &'static str = $name;
            fn parse(text: &[u8]) -> Option<Self::Native> {
                integer(text)?.try_into().ok()
            }
            fn from_be(bytes: &[u8]) -> Option<Self::Native> {
                Some(Self::Native::from_be_bytes(bytes.try_into().ok()?))
            }
            fn is(value: Self::Native, null: &Null) -> bool {
                matches!(null, Null::Integer(null) if *null == i64::from(value))
            }
            fn is_nan_null() -> bool {
                true
            }
        }
    )*};
}

macro_rules! floats {
    ($($type:ty, $name:literal);*) => {$(
        impl Number for $type {
            const NAME: &'static str = $name;
            fn parse(text: &[u8]) -> Option<Self::Native> {
                fast_float2::parse(text).ok()
            }
            fn from_be(bytes: &[u8]) -> Option<Self::Native> {
                Some(Self::Native::from_be_bytes(bytes.try_into().ok()?))
            }
            fn is(value: Self::Native, null: &Null) -> bool {
                // The file gives the null value in decimal: it is rounded to the type of the column.
                matches!(null, Null::Float(null)
                    if *null as Self::Native == value || (null.is_nan() && value.is_nan()))
            }
            fn is_nan_null() -> bool {
                false
            }
        }
    )*};
}

integers!(UInt8Type, "unsignedByte"; Int16Type, "short"; Int32Type, "int"; Int64Type, "long");
floats!(Float32Type, "float"; Float64Type, "double");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact() {
        for (text, value) in [
            ("0", Some(0)),
            ("+5", Some(5)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("0xFF", Some(255)),
            ("-0x10", Some(-16)),
            ("0x7fffffffffffffff", Some(i64::MAX)),
            ("0xffffffffffffffff", None),
            ("0x", None),
            ("0x+1", None),
            ("", None),
            ("-", None),
            ("5.0", None),
            ("1 2", None),
        ] {
            assert_eq!(integer(text.as_bytes()), value, "{text}");
        }
    }
}
