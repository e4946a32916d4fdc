//! Takes the plain values out of Arrow arrays. Must never keep an array.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, filter, is_not_null};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType as ArrowType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, Float16Type, Float32Type, Float64Type, Int32Type, Int64Type, i256,
};
use arrow::error::ArrowError;

/// Levels of nesting followed.
const MAX_DEPTH: usize = 16;

/// Appends the values that are not null.
pub(super) fn gather<T: ArrowPrimitiveType, N>(
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
    out: &mut Vec<N>,
    convert: impl Fn(T::Native) -> N,
) {
    let Some(array) = array.as_primitive_opt::<T>() else {
        return;
    };
    match nulls {
        None => out.extend(array.values().iter().map(|value| convert(*value))),
        Some(nulls) => {
            for (start, end) in nulls.valid_slices() {
                let run = array.values().get(start..end).unwrap_or_default();
                out.extend(run.iter().map(|value| convert(*value)));
            }
        }
    }
}

/// Appends the counts of dates and times; false for another type.
pub(super) fn gather_moments(array: &ArrayRef, nulls: Option<&NullBuffer>, out: &mut Vec<i64>) -> bool {
    // A reinterpretation of the same buffer.
    let plain = match array.data_type() {
        ArrowType::Date32 | ArrowType::Time32(_) => cast(array, &ArrowType::Int32),
        _ => cast(array, &ArrowType::Int64),
    };
    let Ok(plain) = plain else { return false };
    match plain.data_type() {
        ArrowType::Int32 => gather::<Int32Type, _>(&plain, nulls, out, i64::from),
        _ => gather::<Int64Type, _>(&plain, nulls, out, |value| value),
    }
    true
}

/// Calls `each` with the unscaled decimals that are not null.
pub(super) fn for_each_decimal(array: &ArrayRef, mut each: impl FnMut(i256)) {
    fn values<T: DecimalType + ArrowPrimitiveType>(array: &ArrayRef) -> Option<&PrimitiveArray<T>> {
        array.as_primitive_opt::<T>()
    }
    if let Some(array) = values::<Decimal32Type>(array) {
        array
            .iter()
            .flatten()
            .for_each(|value| each(i256::from_i128(value.into())));
    } else if let Some(array) = values::<Decimal64Type>(array) {
        array
            .iter()
            .flatten()
            .for_each(|value| each(i256::from_i128(value.into())));
    } else if let Some(array) = values::<Decimal128Type>(array) {
        array
            .iter()
            .flatten()
            .for_each(|value| each(i256::from_i128(value)));
    } else if let Some(array) = values::<Decimal256Type>(array) {
        array.iter().flatten().for_each(each);
    }
}

/// Whether the value, which is not null, is NaN.
pub(super) fn is_nan(array: &ArrayRef, row: usize) -> bool {
    match array.data_type() {
        ArrowType::Float16 => array.as_primitive::<Float16Type>().value(row).is_nan(),
        ArrowType::Float32 => array.as_primitive::<Float32Type>().value(row).is_nan(),
        ArrowType::Float64 => array.as_primitive::<Float64Type>().value(row).is_nan(),
        _ => false,
    }
}

/// Whether a cell is a vector or an array of numbers.
pub(super) fn is_vector(data_type: &ArrowType) -> bool {
    let mut inner = data_type;
    for _ in 0..MAX_DEPTH {
        match inner {
            ArrowType::FixedSizeList(item, _) | ArrowType::List(item) | ArrowType::LargeList(item) => {
                inner = item.data_type();
            }
            leaf => return leaf.is_integer() || leaf.is_floating(),
        }
    }
    false
}

/// The elements of all cells that are not null, one after the other.
pub(super) fn elements(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let mut inner = array.clone();
    for _ in 0..MAX_DEPTH {
        // A null cell may have elements in memory.
        if inner.data_type().is_nested() && inner.null_count() > 0 {
            inner = filter(&inner, &is_not_null(&inner)?)?;
        }
        inner = if let Some(list) = inner.as_fixed_size_list_opt() {
            list.values().clone()
        } else if let Some(list) = inner.as_list_opt::<i32>() {
            let (from, to) = (list.value_offsets().first(), list.value_offsets().last());
            let (from, to) = (from.map_or(0, |o| *o as usize), to.map_or(0, |o| *o as usize));
            list.values().slice(from, to.saturating_sub(from))
        } else if let Some(list) = inner.as_list_opt::<i64>() {
            let (from, to) = (list.value_offsets().first(), list.value_offsets().last());
            let (from, to) = (from.map_or(0, |o| *o as usize), to.map_or(0, |o| *o as usize));
            list.values().slice(from, to.saturating_sub(from))
        } else {
            return Ok(inner);
        };
    }
    Ok(inner)
}
