//! Values to the bytes of cells. Must never cut a value off.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::plan::{Leaf, Plan};
use super::unwritable;
use crate::error::TableError;

/// Appends the cells of `array`.
pub(super) fn append(plan: &Plan, array: &ArrayRef, name: &str, out: &mut Vec<u8>) -> Result<(), TableError> {
    let array = &plain(array, name)?;
    match plan {
        Plan::Leaf(leaf) => leaf_cells(*leaf, array, name, out),
        Plan::Array(length, item) => {
            let list = array.as_fixed_size_list_opt().ok_or_else(|| other_type(name))?;
            if list.null_count() == 0 {
                return append(item, list.values(), name, out);
            }
            for row in 0..list.len() {
                if list.is_null(row) {
                    missing(plan, name, out)?;
                } else {
                    append(item, &list.values().slice(row * length, *length), name, out)?;
                }
            }
            Ok(())
        }
        Plan::List(length, item) => {
            for row in 0..array.len() {
                if array.is_null(row) {
                    missing(plan, name, out)?;
                    continue;
                }
                let items = match array.data_type() {
                    ArrowType::LargeList(_) => array.as_list::<i64>().value(row),
                    ArrowType::List(_) => array.as_list::<i32>().value(row),
                    _ => return Err(other_type(name)),
                };
                let rest = length.checked_sub(items.len()).ok_or_else(|| longer(name))?;
                append(item, &items, name, out)?;
                for _ in 0..rest {
                    missing(item, name, out)?;
                }
            }
            Ok(())
        }
    }
}

/// The values without the encoding that the memory knows them by.
fn plain(array: &ArrayRef, name: &str) -> Result<ArrayRef, TableError> {
    let target = match array.data_type() {
        ArrowType::Dictionary(_, value) => value.as_ref().clone(),
        ArrowType::RunEndEncoded(_, values) => values.data_type().clone(),
        ArrowType::Utf8View | ArrowType::LargeUtf8 => ArrowType::Utf8,
        _ => return Ok(array.clone()),
    };
    cast(array, &target).map_err(|_| other_type(name))
}

fn other_type(name: &str) -> TableError {
    unwritable(
        Some(name),
        format!("column '{name}' is of another type than it was said to be"),
    )
}

fn longer(name: &str) -> TableError {
    unwritable(
        Some(name),
        format!("column '{name}' has a longer value than it was said to have"),
    )
}

fn no_missing(name: &str) -> TableError {
    let reason = format!(
        "column '{name}' has missing values inside its arrays, for which their type has none. Fill them, or write \
         Parquet instead"
    );
    unwritable(Some(name), reason)
}

fn missing(plan: &Plan, name: &str, out: &mut Vec<u8>) -> Result<(), TableError> {
    out.extend(plan.missing().ok_or_else(|| no_missing(name))?);
    Ok(())
}

fn leaf_cells(leaf: Leaf, array: &ArrayRef, name: &str, out: &mut Vec<u8>) -> Result<(), TableError> {
    match leaf {
        Leaf::Int { bytes, .. } => integers(array, bytes, name, out),
        Leaf::Half => floats::<Float16Type, 2>(leaf, array, |value| value.to_le_bytes(), name, out),
        Leaf::Single => floats::<Float32Type, 4>(leaf, array, f32::to_le_bytes, name, out),
        Leaf::Double => floats::<Float64Type, 8>(leaf, array, f64::to_le_bytes, name, out),
        Leaf::AsDouble => {
            for value in as_doubles(array, name)? {
                out.extend_from_slice(&value.unwrap_or(f64::NAN).to_le_bytes());
            }
            Ok(())
        }
        Leaf::Bool | Leaf::BoolText => {
            let values = array.as_boolean_opt().ok_or_else(|| other_type(name))?;
            for value in values {
                match (leaf, value) {
                    (Leaf::Bool, Some(value)) => out.push(u8::from(value)),
                    (Leaf::Bool, None) => return Err(no_missing(name)),
                    (_, Some(true)) => out.extend_from_slice(b"true\0"),
                    (_, Some(false)) => out.extend_from_slice(b"false"),
                    (_, None) => out.extend_from_slice(&[0; 5]),
                }
            }
            Ok(())
        }
        Leaf::Text(width) => {
            let values = array.as_string_opt::<i32>().ok_or_else(|| other_type(name))?;
            values
                .iter()
                .try_for_each(|text| text_cell(text.unwrap_or_default(), width, name, out))
        }
        Leaf::Shown(width) => (0..array.len()).try_for_each(|row| {
            let text = if array.is_null(row) {
                String::new()
            } else {
                crate::json::value_text(array, row)
            };
            text_cell(&text, width, name, out)
        }),
        Leaf::Complex(_) => complex(leaf, array, name, out),
        Leaf::Opaque(_) => {
            let values = array.as_fixed_size_binary_opt().ok_or_else(|| other_type(name))?;
            for value in values {
                out.extend_from_slice(value.ok_or_else(|| no_missing(name))?);
            }
            Ok(())
        }
    }
}

fn text_cell(text: &str, width: usize, name: &str, out: &mut Vec<u8>) -> Result<(), TableError> {
    let rest = width.checked_sub(text.len()).ok_or_else(|| longer(name))?;
    out.extend_from_slice(text.as_bytes());
    out.resize(out.len() + rest, 0);
    Ok(())
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a ArrayRef,
    name: &str,
) -> Result<&'a PrimitiveArray<T>, TableError> {
    array.as_primitive_opt::<T>().ok_or_else(|| other_type(name))
}

fn floats<T: ArrowPrimitiveType, const N: usize>(
    leaf: Leaf,
    array: &ArrayRef,
    bytes: fn(T::Native) -> [u8; N],
    name: &str,
    out: &mut Vec<u8>,
) -> Result<(), TableError> {
    let array = primitive::<T>(array, name)?;
    let missing = leaf.missing().unwrap_or_default();
    out.reserve(array.len() * N);
    for value in array {
        match value {
            Some(value) => out.extend_from_slice(&bytes(value)),
            None => out.extend_from_slice(&missing),
        }
    }
    Ok(())
}

fn integers(array: &ArrayRef, width: usize, name: &str, out: &mut Vec<u8>) -> Result<(), TableError> {
    if array.null_count() > 0 {
        return Err(no_missing(name));
    }
    out.reserve(array.len() * width);
    // 8 bits may be written as 16.
    macro_rules! cells {
        ($type:ty, $wide:ty) => {
            for value in primitive::<$type>(array, name)?.values() {
                let wide = <$wide>::from(*value).to_le_bytes();
                out.extend_from_slice(wide.get(..width).unwrap_or(&wide));
            }
        };
    }
    match array.data_type() {
        ArrowType::Int8 => cells!(Int8Type, i16),
        ArrowType::Int16 => cells!(Int16Type, i16),
        ArrowType::Int32 => cells!(Int32Type, i32),
        ArrowType::Int64 => cells!(Int64Type, i64),
        ArrowType::UInt8 => cells!(UInt8Type, u16),
        ArrowType::UInt16 => cells!(UInt16Type, u16),
        ArrowType::UInt32 => cells!(UInt32Type, u32),
        ArrowType::UInt64 => cells!(UInt64Type, u64),
        _ => return Err(other_type(name)),
    }
    Ok(())
}

/// Integers and decimals as the nearest float64.
fn as_doubles(array: &ArrayRef, name: &str) -> Result<Vec<Option<f64>>, TableError> {
    if array.data_type() == &ArrowType::Null {
        return Ok(vec![None; array.len()]);
    }
    (0..array.len())
        .map(|row| {
            if array.is_null(row) {
                return Ok(None);
            }
            // All digits, and from them the nearest number.
            let text = crate::json::value_text(array, row);
            text.parse().map(Some).map_err(|_| other_type(name))
        })
        .collect()
}

fn complex(leaf: Leaf, array: &ArrayRef, name: &str, out: &mut Vec<u8>) -> Result<(), TableError> {
    let parts = array.as_struct_opt().ok_or_else(|| other_type(name))?;
    let [re, im] = parts.columns() else {
        return Err(other_type(name));
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (part, width) = match leaf {
        Leaf::Complex(4) => (Leaf::Single, 4),
        _ => (Leaf::Double, 8),
    };
    leaf_cells(part, re, name, &mut left)?;
    leaf_cells(part, im, name, &mut right)?;
    for (row, (re, im)) in left
        .chunks_exact(width)
        .zip(right.chunks_exact(width))
        .enumerate()
    {
        if parts.is_null(row) {
            out.extend(leaf.missing().unwrap_or_default());
        } else {
            out.extend_from_slice(re);
            out.extend_from_slice(im);
        }
    }
    Ok(())
}
