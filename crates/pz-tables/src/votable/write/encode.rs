//! Arrays as the big-endian bytes of BINARY2. Must never cut a text or wrap an integer: what does not fit is an
//! error.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, StringArray, StringBuilder, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, UInt8Type,
};

use super::column::{Kind, Plan};
use crate::error::TableError;
use crate::json::moment_text;

/// Whether a cell has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    Value,
    Null,
}

type PutValue<'a> = Box<dyn Fn(usize, &mut Vec<u8>) -> Result<(), String> + 'a>;

/// The cells of a column of one batch.
pub(super) struct Encoder<'a> {
    pub(super) plan: &'a Plan,
    /// The column without dictionaries, for its nulls.
    nulls: Option<arrow::buffer::NullBuffer>,
    put: PutValue<'a>,
    /// What stands in the place of a null cell.
    filler: Vec<u8>,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(plan: &'a Plan, array: &ArrayRef) -> Result<Self, TableError> {
        let failed = |error: arrow::error::ArrowError| plan.unwritable(&error.to_string());
        let array = plain(array).map_err(failed)?;
        let put = if plan.variable {
            list(plan, &array)
        } else {
            values(plan, &array)
        };
        Ok(Self {
            nulls: array.logical_nulls(),
            filler: filler(plan),
            put: put.map_err(failed)?,
            plan,
        })
    }

    /// Appends the cell of `row`.
    pub(super) fn put(&self, row: usize, out: &mut Vec<u8>) -> Result<Put, String> {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            out.extend_from_slice(&self.filler);
            return Ok(Put::Null);
        }
        (self.put)(row, out)?;
        Ok(Put::Value)
    }
}

/// The array without dictionary or runs, lists with offsets of 32 bits.
fn plain(array: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    match array.data_type() {
        ArrowType::Dictionary(_, value) => cast(array, value),
        ArrowType::RunEndEncoded(_, values) => cast(array, values.data_type()),
        ArrowType::LargeList(item) | ArrowType::ListView(item) | ArrowType::LargeListView(item) => {
            cast(array, &ArrowType::List(item.clone()))
        }
        _ => Ok(array.clone()),
    }
}

/// The bytes of a null cell: they are there and mean nothing. Readers without an eye for the null bits see NaN.
fn filler(plan: &Plan) -> Vec<u8> {
    if plan.variable || (plan.shape.is_empty() && is_counted(plan.kind)) {
        return vec![0; 4];
    }
    let mut filler = Vec::new();
    for _ in 0..plan.items() {
        put_missing(plan, &mut filler);
    }
    filler
}

fn is_counted(kind: Kind) -> bool {
    matches!(kind, Kind::Ascii | Kind::Unicode | Kind::Bytes)
}

/// A missing value within an array, or anywhere in a null cell.
fn put_missing(plan: &Plan, out: &mut Vec<u8>) {
    let null = plan.null.unwrap_or(0);
    match plan.kind {
        Kind::Boolean => out.push(b'?'),
        Kind::UnsignedByte => out.push(null as u8),
        Kind::Short => out.extend_from_slice(&(null as i16).to_be_bytes()),
        Kind::Int => out.extend_from_slice(&(null as i32).to_be_bytes()),
        Kind::Long => out.extend_from_slice(&null.to_be_bytes()),
        Kind::Float => out.extend_from_slice(&f32::NAN.to_be_bytes()),
        Kind::Double => out.extend_from_slice(&f64::NAN.to_be_bytes()),
        Kind::FloatComplex => out.extend_from_slice(&[f32::NAN.to_be_bytes(); 2].concat()),
        Kind::DoubleComplex => out.extend_from_slice(&[f64::NAN.to_be_bytes(); 2].concat()),
        Kind::Ascii | Kind::Bytes => out.resize(out.len() + plan.characters, 0),
        Kind::Unicode => out.resize(out.len() + plan.characters * 2, 0),
    }
}

/// Lists: the count of all their values, and these.
fn list<'a>(plan: &'a Plan, array: &ArrayRef) -> Result<PutValue<'a>, arrow::error::ArrowError> {
    let list = array.as_list::<i32>().clone();
    let values = values(plan, list.values())?;
    let unit = plan.items() * if is_counted(plan.kind) { plan.characters } else { 1 };
    Ok(Box::new(move |row, out| {
        let end = list.value_offsets().get(row + 1).map_or(0, |end| *end as usize);
        let start = list.value_offsets().get(row).map_or(end, |start| *start as usize);
        put_count((end - start).saturating_mul(unit), out)?;
        (start..end).try_for_each(|index| values(index, out))
    }))
}

fn put_count(count: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let count = i32::try_from(count).map_err(|_| "the value is longer than 2147483647".to_owned())?;
    out.extend_from_slice(&count.to_be_bytes());
    Ok(())
}

/// Arrays of fixed shape, and what they are made of.
fn values<'a>(plan: &'a Plan, array: &ArrayRef) -> Result<PutValue<'a>, arrow::error::ArrowError> {
    let array = plain(array)?;
    if !matches!(array.data_type(), ArrowType::FixedSizeList(..)) {
        return single(plan, &array);
    }
    let array = array.as_fixed_size_list().clone();
    let values = values(plan, array.values())?;
    let length = usize::try_from(array.value_length()).unwrap_or(0);
    let inner = leaves(array.values().data_type());
    Ok(Box::new(move |index, out| {
        if array.is_null(index) {
            (0..length * inner).for_each(|_| put_missing(plan, out));
            return Ok(());
        }
        let start = array.value_offset_at(index);
        (start..start + length).try_for_each(|index| values(index, out))
    }))
}

/// Values in one value of this type.
fn leaves(arrow: &ArrowType) -> usize {
    match arrow {
        ArrowType::FixedSizeList(item, length) => {
            usize::try_from(*length).unwrap_or(0) * leaves(item.data_type())
        }
        _ => 1,
    }
}

/// Single values.
fn single<'a>(plan: &'a Plan, array: &ArrayRef) -> Result<PutValue<'a>, arrow::error::ArrowError> {
    Ok(match plan.kind {
        Kind::Boolean => {
            let array = array.as_boolean().clone();
            Box::new(move |index, out| {
                out.push(match array.is_valid(index) {
                    true if array.value(index) => b'T',
                    true => b'F',
                    false => b'?',
                });
                Ok(())
            })
        }
        Kind::UnsignedByte => {
            numbers::<UInt8Type, 1>(plan, &cast(array, &ArrowType::UInt8)?, u8::to_be_bytes)
        }
        Kind::Short => numbers::<Int16Type, 2>(plan, &cast(array, &ArrowType::Int16)?, i16::to_be_bytes),
        Kind::Int => numbers::<Int32Type, 4>(plan, &cast(array, &ArrowType::Int32)?, i32::to_be_bytes),
        Kind::Long => {
            let wide = cast(array, &ArrowType::Int64)?;
            if wide.null_count() != array.null_count() {
                let reason = "an integer is beyond 64 bits with a sign".to_owned();
                return Err(arrow::error::ArrowError::CastError(reason));
            }
            numbers::<Int64Type, 8>(plan, &wide, i64::to_be_bytes)
        }
        Kind::Float => numbers::<Float32Type, 4>(plan, &cast(array, &ArrowType::Float32)?, f32::to_be_bytes),
        Kind::Double => numbers::<Float64Type, 8>(plan, &cast(array, &ArrowType::Float64)?, f64::to_be_bytes),
        Kind::FloatComplex => complex::<Float32Type, 4>(plan, array, f32::to_be_bytes),
        Kind::DoubleComplex => complex::<Float64Type, 8>(plan, array, f64::to_be_bytes),
        Kind::Ascii | Kind::Unicode => texts(plan, as_texts(array)?),
        Kind::Bytes => {
            let array = cast(array, &ArrowType::LargeBinary)?.as_binary::<i64>().clone();
            Box::new(move |index, out| {
                put_count(array.value(index).len(), out)?;
                out.extend_from_slice(array.value(index));
                Ok(())
            })
        }
    })
}

fn numbers<'a, T: ArrowPrimitiveType, const SIZE: usize>(
    plan: &'a Plan,
    array: &ArrayRef,
    bytes: impl Fn(T::Native) -> [u8; SIZE] + 'a,
) -> PutValue<'a> {
    let array = array.as_primitive::<T>().clone();
    let has_null = plan.null.is_some() || matches!(plan.kind, Kind::Float | Kind::Double);
    Box::new(move |index, out| {
        if array.is_valid(index) {
            out.extend_from_slice(&bytes(array.value(index)));
        } else if has_null {
            put_missing(plan, out);
        } else {
            return Err(
                "an element of the array is missing, and every integer of the type is used: make the \
                        column wider or fill the gaps"
                    .to_owned(),
            );
        }
        Ok(())
    })
}

fn complex<'a, T: ArrowPrimitiveType, const SIZE: usize>(
    plan: &'a Plan,
    array: &ArrayRef,
    bytes: impl Fn(T::Native) -> [u8; SIZE] + 'a,
) -> PutValue<'a> {
    let array = array.as_struct().clone();
    let parts: Vec<_> = array
        .columns()
        .iter()
        .map(|part| part.as_primitive::<T>().clone())
        .collect();
    Box::new(move |index, out| {
        if array.is_null(index) || parts.iter().any(|part| part.is_null(index)) {
            put_missing(plan, out);
            return Ok(());
        }
        parts
            .iter()
            .for_each(|part| out.extend_from_slice(&bytes(part.value(index))));
        Ok(())
    })
}

/// Values as the text they are written as.
fn as_texts(array: &ArrayRef) -> Result<StringArray, arrow::error::ArrowError> {
    let array = match array.data_type() {
        ArrowType::Null => new_null_array(&ArrowType::Utf8, array.len()),
        ArrowType::Date32
        | ArrowType::Date64
        | ArrowType::Time32(_)
        | ArrowType::Time64(_)
        | ArrowType::Timestamp(..) => {
            let counts = match array.data_type() {
                ArrowType::Date32 | ArrowType::Time32(_) => {
                    cast(&cast(array, &ArrowType::Int32)?, &ArrowType::Int64)?
                }
                _ => cast(array, &ArrowType::Int64)?,
            };
            let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 24);
            for count in counts.as_primitive::<Int64Type>() {
                texts.append_option(count.and_then(|count| moment_text(array.data_type(), count)));
            }
            Arc::new(texts.finish())
        }
        _ => cast(array, &ArrowType::Utf8)?,
    };
    Ok(array.as_string::<i32>().clone())
}

fn texts(plan: &Plan, array: StringArray) -> PutValue<'_> {
    let is_array = plan.variable || !plan.shape.is_empty();
    let is_ascii = plan.kind == Kind::Ascii;
    Box::new(move |index, out| {
        let text = if array.is_valid(index) {
            array.value(index)
        } else {
            ""
        };
        if text.contains('\0') {
            return Err("a text has a NUL character, which ends a text there: remove it".to_owned());
        }
        if is_ascii && !text.is_ascii() {
            return Err("a text is not ASCII where all were said to be".to_owned());
        }
        let count = if is_ascii {
            text.len()
        } else {
            text.encode_utf16().count()
        };
        if !is_array {
            put_count(count, out)?;
        } else if count > plan.characters {
            return Err(format!("a text is longer than {} characters", plan.characters));
        }
        if is_ascii {
            out.extend_from_slice(text.as_bytes());
        } else {
            text.encode_utf16()
                .for_each(|unit| out.extend_from_slice(&unit.to_be_bytes()));
        }
        if is_array {
            let missing = (plan.characters - count) * if is_ascii { 1 } else { 2 };
            out.resize(out.len() + missing, 0);
        }
        Ok(())
    })
}
