//! The type of a column, one vocabulary for all formats, written as a short string (`int64`,
//! `timestamp[us, UTC]`, `list<float32>`). Must never fail to read a string it does not know: that becomes
//! [`DataType::Other`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Type of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataType {
    /// No value anywhere, no type known.
    Null,
    /// `true` or `false`.
    Bool,
    /// Signed 8-bit integer.
    Int8,
    /// Signed 16-bit integer.
    Int16,
    /// Signed 32-bit integer.
    Int32,
    /// Signed 64-bit integer.
    Int64,
    /// Unsigned 8-bit integer.
    UInt8,
    /// Unsigned 16-bit integer.
    UInt16,
    /// Unsigned 32-bit integer.
    UInt32,
    /// Unsigned 64-bit integer.
    UInt64,
    /// IEEE half precision.
    Float16,
    /// IEEE single precision.
    Float32,
    /// IEEE double precision.
    Float64,
    /// UTF-8 text.
    String,
    /// Bytes.
    Binary,
    /// Calendar day.
    Date,
    /// Time of day.
    Time(TimeUnit),
    /// Instant, with the time zone when the file names one.
    Timestamp(TimeUnit, Option<String>),
    /// Length of time.
    Duration(TimeUnit),
    /// Exact decimal number: digits in all, digits after the point (may be negative).
    Decimal(u8, i8),
    /// Any number of values of one type.
    List(Box<DataType>),
    /// Named parts.
    Struct(Vec<(String, DataType)>),
    /// Keys and values.
    Map(Box<DataType>, Box<DataType>),
    /// Something this vocabulary has no word for, as its format calls it.
    Other(String),
}

/// Resolution of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Second,
    /// Milliseconds.
    Millisecond,
    /// Microseconds.
    Microsecond,
    /// Nanoseconds.
    Nanosecond,
}

impl TimeUnit {
    fn word(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Millisecond => "ms",
            Self::Microsecond => "us",
            Self::Nanosecond => "ns",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        match word {
            "s" => Some(Self::Second),
            "ms" => Some(Self::Millisecond),
            "us" => Some(Self::Microsecond),
            "ns" => Some(Self::Nanosecond),
            _ => None,
        }
    }
}

const PLAIN: &[(&str, DataType)] = &[
    ("null", DataType::Null),
    ("bool", DataType::Bool),
    ("int8", DataType::Int8),
    ("int16", DataType::Int16),
    ("int32", DataType::Int32),
    ("int64", DataType::Int64),
    ("uint8", DataType::UInt8),
    ("uint16", DataType::UInt16),
    ("uint32", DataType::UInt32),
    ("uint64", DataType::UInt64),
    ("float16", DataType::Float16),
    ("float32", DataType::Float32),
    ("float64", DataType::Float64),
    ("string", DataType::String),
    ("binary", DataType::Binary),
    ("date", DataType::Date),
];

impl DataType {
    /// An integer or floating-point type.
    pub fn is_number(&self) -> bool {
        self.is_integer()
            || matches!(
                self,
                Self::Float16 | Self::Float32 | Self::Float64 | Self::Decimal(..)
            )
    }

    /// An integer type.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::Int8
                | Self::Int16
                | Self::Int32
                | Self::Int64
                | Self::UInt8
                | Self::UInt16
                | Self::UInt32
                | Self::UInt64
        )
    }

    /// Reads the string form. Never fails: an unknown string is [`DataType::Other`].
    pub fn parse(text: &str) -> Self {
        let mut rest = text;
        match parse_type(&mut rest, 0) {
            Some(parsed) if rest.is_empty() => parsed,
            _ => Self::Other(text.to_owned()),
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(unit) => write!(out, "time[{}]", unit.word()),
            Self::Timestamp(unit, None) => write!(out, "timestamp[{}]", unit.word()),
            Self::Timestamp(unit, Some(zone)) => write!(out, "timestamp[{}, {zone}]", unit.word()),
            Self::Duration(unit) => write!(out, "duration[{}]", unit.word()),
            Self::Decimal(precision, scale) => write!(out, "decimal({precision},{scale})"),
            Self::List(item) => write!(out, "list<{item}>"),
            Self::Struct(fields) => {
                out.write_str("struct<")?;
                for (index, (name, data_type)) in fields.iter().enumerate() {
                    if index > 0 {
                        out.write_str(", ")?;
                    }
                    if is_word(name) {
                        write!(out, "{name}: {data_type}")?;
                    } else {
                        write!(out, "{}: {data_type}", quoted(name))?;
                    }
                }
                out.write_str(">")
            }
            Self::Map(key, value) => write!(out, "map<{key}, {value}>"),
            Self::Other(text) => out.write_str(text),
            plain => {
                let word = PLAIN
                    .iter()
                    .find(|(_, data_type)| data_type == plain)
                    .map_or("null", |(word, _)| word);
                out.write_str(word)
            }
        }
    }
}

impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
}

/// A struct field's name with `"` and `\` escaped, in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Nesting that a string may have; deeper ones become [`DataType::Other`].
const MAX_DEPTH: usize = 64;

fn parse_type(rest: &mut &str, depth: usize) -> Option<DataType> {
    if depth > MAX_DEPTH {
        return None;
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    let (word, tail) = rest.split_at(end);
    *rest = tail;
    match word {
        "time" => bracket(rest).and_then(TimeUnit::of_word).map(DataType::Time),
        "duration" => bracket(rest).and_then(TimeUnit::of_word).map(DataType::Duration),
        "timestamp" => {
            let inside = bracket(rest)?;
            match inside.split_once(", ") {
                Some((unit, zone)) => Some(DataType::Timestamp(
                    TimeUnit::of_word(unit)?,
                    Some(zone.to_owned()),
                )),
                None => Some(DataType::Timestamp(TimeUnit::of_word(inside)?, None)),
            }
        }
        "decimal" => {
            let (inside, tail) = rest.strip_prefix('(')?.split_once(')')?;
            *rest = tail;
            let (precision, scale) = inside.split_once(',')?;
            Some(DataType::Decimal(precision.parse().ok()?, scale.parse().ok()?))
        }
        "list" => {
            take(rest, "<")?;
            let item = parse_type(rest, depth + 1)?;
            take(rest, ">")?;
            Some(DataType::List(Box::new(item)))
        }
        "map" => {
            take(rest, "<")?;
            let key = parse_type(rest, depth + 1)?;
            take(rest, ", ")?;
            let value = parse_type(rest, depth + 1)?;
            take(rest, ">")?;
            Some(DataType::Map(Box::new(key), Box::new(value)))
        }
        "struct" => {
            take(rest, "<")?;
            let mut fields = Vec::new();
            while take(rest, ">").is_none() {
                if !fields.is_empty() {
                    take(rest, ", ")?;
                }
                let name = parse_name(rest)?;
                take(rest, ": ")?;
                fields.push((name, parse_type(rest, depth + 1)?));
            }
            Some(DataType::Struct(fields))
        }
        word => PLAIN
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, data_type)| data_type.clone()),
    }
}

fn take(rest: &mut &str, token: &str) -> Option<()> {
    *rest = rest.strip_prefix(token)?;
    Some(())
}

fn bracket<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let (inside, tail) = rest.strip_prefix('[')?.split_once(']')?;
    *rest = tail;
    Some(inside)
}

fn parse_name(rest: &mut &str) -> Option<String> {
    let Some(body) = rest.strip_prefix('"') else {
        let (name, _) = rest.split_once(": ")?;
        *rest = rest.get(name.len()..)?;
        return Some(name.to_owned());
    };
    let mut name = String::new();
    let mut characters = body.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                *rest = body.get(at + 1..)?;
                return Some(name);
            }
            '\\' => name.push(characters.next()?.1),
            other => name.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_type() -> impl Strategy<Value = DataType> {
        let unit = prop_oneof![
            Just(TimeUnit::Second),
            Just(TimeUnit::Millisecond),
            Just(TimeUnit::Microsecond),
            Just(TimeUnit::Nanosecond)
        ];
        let leaf = prop_oneof![
            (0..PLAIN.len()).prop_map(|index| PLAIN[index].1.clone()),
            unit.clone().prop_map(DataType::Time),
            unit.clone().prop_map(DataType::Duration),
            (unit, proptest::option::of("[A-Za-z/+:0-9]{1,20}"))
                .prop_map(|(unit, zone)| DataType::Timestamp(unit, zone)),
            (1u8..76, -10i8..40).prop_map(|(precision, scale)| DataType::Decimal(precision, scale)),
        ];
        leaf.prop_recursive(4, 20, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|item| DataType::List(Box::new(item))),
                (inner.clone(), inner.clone())
                    .prop_map(|(key, value)| DataType::Map(Box::new(key), Box::new(value))),
                proptest::collection::vec((any::<String>(), inner), 0..4).prop_map(DataType::Struct),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_type_survives_its_string(data_type in any_type()) {
            prop_assert_eq!(DataType::parse(&data_type.to_string()), data_type);
        }

        #[test]
        fn no_string_panics(text in any::<String>()) {
            let _ = DataType::parse(&text);
        }
    }

    #[test]
    fn strings_are_the_documented_ones() {
        assert_eq!(
            DataType::Timestamp(TimeUnit::Microsecond, None).to_string(),
            "timestamp[us]"
        );
        assert_eq!(
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())).to_string(),
            "timestamp[ms, UTC]"
        );
        assert_eq!(DataType::Decimal(10, 2).to_string(), "decimal(10,2)");
        assert_eq!(
            DataType::List(Box::new(DataType::Float32)).to_string(),
            "list<float32>"
        );
        assert_eq!(
            DataType::parse("complex128"),
            DataType::Other("complex128".into())
        );
    }
}
