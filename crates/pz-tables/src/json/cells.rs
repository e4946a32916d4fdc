//! Writers of single cells, one per Arrow type. Must never panic on an array from a damaged file.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType as ArrowType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::time::{milliseconds, moment_text};

/// Writes the value of a row that is not null.
type Write<'a> = Box<dyn Fn(usize, &mut String) + 'a>;

/// The cells of one array, ready to be written.
pub(crate) struct Cells<'a> {
    array: &'a dyn Array,
    nulls: Option<NullBuffer>,
    write: Write<'a>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(array: &'a dyn Array) -> Self {
        Self {
            array,
            nulls: array.logical_nulls(),
            write: writer(array),
        }
    }

    /// Appends the cell as JSON.
    pub(crate) fn write(&self, row: usize, out: &mut String) {
        if row >= self.array.len() || self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            out.push_str("null");
        } else {
            (self.write)(row, out);
        }
    }

    /// The cell for people.
    pub(crate) fn text(&self, row: usize) -> String {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return String::new();
        }
        if let Some(text) =
            moment_of(self.array, row).and_then(|count| moment_text(self.array.data_type(), count))
        {
            return text;
        }
        let mut json = String::new();
        (self.write)(row, &mut json);
        if json.starts_with('"') {
            serde_json::from_str(&json).unwrap_or(json)
        } else {
            json
        }
    }
}

/// Appends `text` as a JSON string.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut done = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(text.get(done..at).unwrap_or_default());
        if escape.is_empty() {
            out.push_str(&format!("\\u{byte:04x}"));
        } else {
            out.push_str(escape);
        }
        done = at + 1;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out.push('"');
}

fn write_bytes(bytes: &[u8], out: &mut String) {
    match std::str::from_utf8(bytes) {
        Ok(text) => write_text(text, out),
        Err(_) => {
            out.push_str("\"0x");
            for byte in bytes {
                out.push_str(&format!("{byte:02x}"));
            }
            out.push('"');
        }
    }
}

macro_rules! integers {
    ($array:expr, $type:ty) => {{
        let array = $array.as_primitive::<$type>();
        Box::new(move |row, out: &mut String| out.push_str(itoa::Buffer::new().format(array.value(row))))
    }};
}

macro_rules! floats {
    ($array:expr, $type:ty, $convert:expr) => {{
        let array = $array.as_primitive::<$type>();
        Box::new(move |row, out: &mut String| {
            let value = $convert(array.value(row));
            if value.is_finite() {
                out.push_str(zmij::Buffer::new().format_finite(value));
            } else {
                out.push_str("null");
            }
        })
    }};
}

macro_rules! decimals {
    ($array:expr, $type:ty, $precision:expr, $scale:expr) => {{
        let (array, precision, scale) = ($array.as_primitive::<$type>(), *$precision, *$scale);
        Box::new(move |row, out: &mut String| {
            out.push_str(&<$type>::format_decimal(array.value(row), precision, scale));
        })
    }};
}

macro_rules! texts {
    ($array:expr, $write:expr) => {{
        let array = $array;
        Box::new(move |row, out: &mut String| $write(array.value(row), out))
    }};
}

macro_rules! lists {
    ($array:expr) => {{
        let array = $array;
        let items = Cells::new(array.values().as_ref());
        Box::new(move |row, out: &mut String| {
            let start = array.value_offsets().get(row).map_or(0, |start| *start as usize);
            let end = array
                .value_offsets()
                .get(row + 1)
                .map_or(start, |end| *end as usize);
            write_items(&items, start..end, out);
        })
    }};
}

macro_rules! list_views {
    ($array:expr) => {{
        let array = $array;
        let items = Cells::new(array.values().as_ref());
        Box::new(move |row, out: &mut String| {
            let (start, length) = (array.value_offset(row) as usize, array.value_size(row) as usize);
            write_items(&items, start..start + length, out);
        })
    }};
}

fn writer<'a>(array: &'a dyn Array) -> Write<'a> {
    match array.data_type() {
        ArrowType::Null => Box::new(|_, out| out.push_str("null")),
        ArrowType::Boolean => {
            let array = array.as_boolean();
            Box::new(move |row, out| out.push_str(if array.value(row) { "true" } else { "false" }))
        }
        ArrowType::Int8 => integers!(array, Int8Type),
        ArrowType::Int16 => integers!(array, Int16Type),
        ArrowType::Int32 => integers!(array, Int32Type),
        ArrowType::Int64 => integers!(array, Int64Type),
        ArrowType::UInt8 => integers!(array, UInt8Type),
        ArrowType::UInt16 => integers!(array, UInt16Type),
        ArrowType::UInt32 => integers!(array, UInt32Type),
        ArrowType::UInt64 => integers!(array, UInt64Type),
        ArrowType::Float16 => floats!(array, Float16Type, f32::from),
        ArrowType::Float32 => floats!(array, Float32Type, std::convert::identity),
        ArrowType::Float64 => floats!(array, Float64Type, std::convert::identity),
        ArrowType::Decimal32(precision, scale) => decimals!(array, Decimal32Type, precision, scale),
        ArrowType::Decimal64(precision, scale) => decimals!(array, Decimal64Type, precision, scale),
        ArrowType::Decimal128(precision, scale) => decimals!(array, Decimal128Type, precision, scale),
        ArrowType::Decimal256(precision, scale) => decimals!(array, Decimal256Type, precision, scale),
        ArrowType::Utf8 => texts!(array.as_string::<i32>(), write_text),
        ArrowType::LargeUtf8 => texts!(array.as_string::<i64>(), write_text),
        ArrowType::Utf8View => texts!(array.as_string_view(), write_text),
        ArrowType::Binary => texts!(array.as_binary::<i32>(), write_bytes),
        ArrowType::LargeBinary => texts!(array.as_binary::<i64>(), write_bytes),
        ArrowType::BinaryView => texts!(array.as_binary_view(), write_bytes),
        ArrowType::FixedSizeBinary(_) => texts!(array.as_fixed_size_binary(), write_bytes),
        ArrowType::Date32
        | ArrowType::Date64
        | ArrowType::Time32(_)
        | ArrowType::Time64(_)
        | ArrowType::Timestamp(..)
        | ArrowType::Duration(_) => moments(array),
        ArrowType::List(_) => lists!(array.as_list::<i32>()),
        ArrowType::LargeList(_) => lists!(array.as_list::<i64>()),
        ArrowType::ListView(_) => list_views!(array.as_list_view::<i32>()),
        ArrowType::LargeListView(_) => list_views!(array.as_list_view::<i64>()),
        ArrowType::FixedSizeList(_, length) => {
            let array = array.as_fixed_size_list();
            let items = Cells::new(array.values().as_ref());
            let length = usize::try_from(*length).unwrap_or(0);
            Box::new(move |row, out| {
                let start = array.value_offset_at(row);
                write_items(&items, start..start + length, out);
            })
        }
        ArrowType::Struct(_) => structs(array),
        ArrowType::Map(..) => maps(array),
        ArrowType::Dictionary(..) => dictionary(array),
        _ => others(array),
    }
}

fn write_items(items: &Cells<'_>, range: std::ops::Range<usize>, out: &mut String) {
    out.push('[');
    for (index, row) in range.enumerate() {
        if index > 0 {
            out.push(',');
        }
        items.write(row, out);
    }
    out.push(']');
}

/// The count behind a date or a time.
pub(crate) fn moment_of(array: &dyn Array, row: usize) -> Option<i64> {
    use arrow::datatypes::{
        Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
        DurationSecondType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
        Time64NanosecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
        TimestampNanosecondType, TimestampSecondType,
    };
    macro_rules! value {
        ($type:ty) => {
            i64::from(
                array
                    .as_primitive_opt::<$type>()
                    .filter(|array| row < array.len())?
                    .value(row),
            )
        };
    }
    Some(match array.data_type() {
        ArrowType::Date32 => value!(Date32Type),
        ArrowType::Date64 => value!(Date64Type),
        ArrowType::Time32(TimeUnit::Second) => value!(Time32SecondType),
        ArrowType::Time32(_) => value!(Time32MillisecondType),
        ArrowType::Time64(TimeUnit::Microsecond) => value!(Time64MicrosecondType),
        ArrowType::Time64(_) => value!(Time64NanosecondType),
        ArrowType::Timestamp(TimeUnit::Second, _) => value!(TimestampSecondType),
        ArrowType::Timestamp(TimeUnit::Millisecond, _) => value!(TimestampMillisecondType),
        ArrowType::Timestamp(TimeUnit::Microsecond, _) => value!(TimestampMicrosecondType),
        ArrowType::Timestamp(TimeUnit::Nanosecond, _) => value!(TimestampNanosecondType),
        ArrowType::Duration(TimeUnit::Second) => value!(DurationSecondType),
        ArrowType::Duration(TimeUnit::Millisecond) => value!(DurationMillisecondType),
        ArrowType::Duration(TimeUnit::Microsecond) => value!(DurationMicrosecondType),
        ArrowType::Duration(TimeUnit::Nanosecond) => value!(DurationNanosecondType),
        _ => return None,
    })
}

fn moments<'a>(array: &'a dyn Array) -> Write<'a> {
    let unit = match array.data_type() {
        ArrowType::Timestamp(unit, _) | ArrowType::Duration(unit) => Some(*unit),
        _ => None,
    };
    Box::new(move |row, out| match (moment_of(array, row), unit) {
        (Some(count), Some(unit)) => out.push_str(itoa::Buffer::new().format(milliseconds(count, unit))),
        (Some(count), None) => write_text(&moment_text(array.data_type(), count).unwrap_or_default(), out),
        (None, _) => out.push_str("null"),
    })
}

fn structs<'a>(array: &'a dyn Array) -> Write<'a> {
    let array = array.as_struct();
    let fields: Vec<(String, Cells<'a>)> = array
        .fields()
        .iter()
        .zip(array.columns())
        .map(|(field, column)| {
            let mut key = String::new();
            write_text(field.name(), &mut key);
            (key, Cells::new(column.as_ref()))
        })
        .collect();
    Box::new(move |row, out| {
        out.push('{');
        for (index, (key, cells)) in fields.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(key);
            out.push(':');
            cells.write(row, out);
        }
        out.push('}');
    })
}

fn maps<'a>(array: &'a dyn Array) -> Write<'a> {
    let array = array.as_map();
    let keys = Cells::new(array.keys().as_ref());
    let values = Cells::new(array.values().as_ref());
    Box::new(move |row, out| {
        let start = array.value_offsets().get(row).map_or(0, |start| *start as usize);
        let end = array
            .value_offsets()
            .get(row + 1)
            .map_or(start, |end| *end as usize);
        out.push('{');
        for entry in start..end {
            if entry > start {
                out.push(',');
            }
            write_text(&keys.text(entry), out);
            out.push(':');
            values.write(entry, out);
        }
        out.push('}');
    })
}

fn dictionary<'a>(array: &'a dyn Array) -> Write<'a> {
    let Some(dictionary) = array.as_any_dictionary_opt() else {
        return others(array);
    };
    let values = Cells::new(dictionary.values().as_ref());
    let keys: ArrayRef = match arrow::compute::cast(dictionary.keys(), &ArrowType::UInt64) {
        Ok(keys) => keys,
        Err(_) => return others(array),
    };
    Box::new(move |row, out| match keys.as_primitive_opt::<UInt64Type>() {
        Some(keys) if keys.is_valid(row) => values.write(keys.value(row) as usize, out),
        _ => out.push_str("null"),
    })
}

/// Types without a form of their own: as Arrow shows them, as text.
fn others<'a>(array: &'a dyn Array) -> Write<'a> {
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::new()).ok();
    Box::new(move |row, out| {
        let text = formatter
            .as_ref()
            .and_then(|formatter| formatter.value(row).try_to_string().ok());
        match text {
            Some(text) => write_text(&text, out),
            None => out.push_str("null"),
        }
    })
}
