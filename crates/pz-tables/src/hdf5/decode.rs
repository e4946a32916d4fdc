//! Bytes of elements that lie one after the other to Arrow arrays. Must never read beyond the bytes, whatever
//! the type says.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, FixedSizeListArray, ListArray, PrimitiveArray,
    StringBuilder, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
    DurationSecondType, Field, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::fault::Fault;
use super::heap::Heap;
use super::kind::{Kind, Part};

/// Half precision, as Arrow has it.
type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// Bytes of all lists or texts of one batch.
const MAX_BATCH: usize = 256 << 20;

/// The part `part` of each of the elements of `stride` bytes.
pub(super) fn gather(bytes: &[u8], stride: usize, part: Range<usize>) -> Cow<'_, [u8]> {
    if part.start == 0 && part.end == stride {
        return Cow::Borrowed(bytes);
    }
    let mut gathered = Vec::with_capacity(bytes.len() / stride.max(1) * part.len());
    for element in bytes.chunks_exact(stride.max(1)) {
        gathered.extend_from_slice(element.get(part.clone()).unwrap_or_default());
    }
    Cow::Owned(gathered)
}

/// `count` elements of this kind. `first` is the number of the first row, for messages.
pub(super) fn array(
    kind: &Kind,
    bytes: &[u8],
    count: usize,
    heap: &mut Heap<'_>,
    first: u64,
) -> Result<ArrayRef, Fault> {
    Ok(match kind {
        Kind::Int {
            bytes: width,
            signed,
            big,
            bits,
        } => integers(bytes, *width, *signed, *big, *bits),
        Kind::Float { bytes: 2, big } => numbers::<Float16Type, 2>(bytes, *big, Half::from_le_bytes),
        Kind::Float { bytes: 4, big } => numbers::<Float32Type, 4>(bytes, *big, f32::from_le_bytes),
        Kind::Float { big, .. } => numbers::<Float64Type, 8>(bytes, *big, f64::from_le_bytes),
        Kind::Bool { falsehood } => {
            let elements = bytes.chunks_exact(falsehood.len().max(1));
            Arc::new(
                elements
                    .map(|element| Some(element != falsehood))
                    .collect::<BooleanArray>(),
            )
        }
        Kind::Names { bytes: width, names } => member_names(bytes, *width, names),
        Kind::Text {
            bytes: width,
            padding,
        } => texts(bytes, *width, *padding, first)?,
        Kind::HeapText => heap_texts(bytes, count, heap, first)?,
        Kind::HeapList(item, item_bytes) => lists(item, *item_bytes, bytes, count, heap, first)?,
        Kind::Array(length, item) => {
            let items = array(item, bytes, count.saturating_mul(*length), heap, first)?;
            let field = Arc::new(Field::new("item", item.arrow(), item.is_nullable()));
            let length = i32::try_from(*length).unwrap_or(i32::MAX);
            let list = FixedSizeListArray::try_new_with_length(field, length, items, None, count);
            Arc::new(list.map_err(|error| Fault::broken(error.to_string()))?)
        }
        Kind::Struct(parts, stride) => structs(kind, parts, *stride, bytes, count, heap, first)?,
        Kind::Opaque(width) => {
            let elements = bytes.chunks_exact(*width);
            let array = if count == 0 {
                FixedSizeBinaryArray::try_new(
                    i32::try_from(*width).unwrap_or(1),
                    Vec::<u8>::new().into(),
                    None,
                )
            } else {
                FixedSizeBinaryArray::try_from_iter(elements)
            };
            Arc::new(array.map_err(|error| Fault::broken(error.to_string()))?)
        }
        Kind::Time { unit, zone, big } => {
            let zone = zone.clone();
            match unit {
                TimeUnit::Second => instants::<TimestampSecondType>(bytes, *big, zone),
                TimeUnit::Millisecond => instants::<TimestampMillisecondType>(bytes, *big, zone),
                TimeUnit::Microsecond => instants::<TimestampMicrosecondType>(bytes, *big, zone),
                TimeUnit::Nanosecond => instants::<TimestampNanosecondType>(bytes, *big, zone),
            }
        }
        Kind::Duration { unit, big } => match unit {
            TimeUnit::Second => present::<DurationSecondType>(bytes, *big),
            TimeUnit::Millisecond => present::<DurationMillisecondType>(bytes, *big),
            TimeUnit::Microsecond => present::<DurationMicrosecondType>(bytes, *big),
            TimeUnit::Nanosecond => present::<DurationNanosecondType>(bytes, *big),
        },
    })
}

fn integers(bytes: &[u8], width: usize, signed: bool, big: bool, bits: Option<(u16, u16)>) -> ArrayRef {
    let cut;
    let (bytes, big) = match bits {
        Some(bits) => {
            cut = cut_bits(bytes, width, signed, big, bits);
            (cut.as_slice(), false)
        }
        None => (bytes, big),
    };
    match (width, signed) {
        (1, true) => numbers::<Int8Type, 1>(bytes, big, i8::from_le_bytes),
        (2, true) => numbers::<Int16Type, 2>(bytes, big, i16::from_le_bytes),
        (4, true) => numbers::<Int32Type, 4>(bytes, big, i32::from_le_bytes),
        (_, true) => numbers::<Int64Type, 8>(bytes, big, i64::from_le_bytes),
        (1, false) => numbers::<UInt8Type, 1>(bytes, big, u8::from_le_bytes),
        (2, false) => numbers::<UInt16Type, 2>(bytes, big, u16::from_le_bytes),
        (4, false) => numbers::<UInt32Type, 4>(bytes, big, u32::from_le_bytes),
        (_, false) => numbers::<UInt64Type, 8>(bytes, big, u64::from_le_bytes),
    }
}

/// Integers of which only some bits count, widened to all; little-endian.
fn cut_bits(bytes: &[u8], width: usize, signed: bool, big: bool, (offset, precision): (u16, u16)) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let unused = 64u32.saturating_sub(u32::from(precision)).min(63);
    for element in bytes.chunks_exact(width) {
        let fold = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        let value = if big {
            element.iter().fold(0, fold)
        } else {
            element.iter().rev().fold(0, fold)
        };
        let high = value.checked_shr(u32::from(offset)).unwrap_or(0) << unused;
        let value = if signed {
            ((high as i64) >> unused) as u64
        } else {
            high >> unused
        };
        out.extend_from_slice(value.to_le_bytes().get(..width).unwrap_or_default());
    }
    out
}

fn values<T: ArrowPrimitiveType, const N: usize>(
    bytes: &[u8],
    big: bool,
    read: fn([u8; N]) -> T::Native,
) -> Vec<T::Native> {
    let (elements, _) = bytes.as_chunks::<N>();
    if big {
        elements
            .iter()
            .map(|element| {
                let mut element = *element;
                element.reverse();
                read(element)
            })
            .collect()
    } else {
        elements.iter().map(|element| read(*element)).collect()
    }
}

fn numbers<T: ArrowPrimitiveType, const N: usize>(
    bytes: &[u8],
    big: bool,
    read: fn([u8; N]) -> T::Native,
) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(
        values::<T, N>(bytes, big, read).into(),
        None,
    ))
}

/// Numbers of which the smallest stands for a missing one.
fn present_array<T: ArrowPrimitiveType<Native = i64>>(bytes: &[u8], big: bool) -> PrimitiveArray<T> {
    let values = values::<T, 8>(bytes, big, i64::from_le_bytes);
    let nulls: NullBuffer = values.iter().map(|value| *value != i64::MIN).collect();
    PrimitiveArray::new(values.into(), (nulls.null_count() > 0).then_some(nulls))
}

fn present<T: ArrowPrimitiveType<Native = i64>>(bytes: &[u8], big: bool) -> ArrayRef {
    Arc::new(present_array::<T>(bytes, big))
}

fn instants<T>(bytes: &[u8], big: bool, zone: Option<Arc<str>>) -> ArrayRef
where
    T: ArrowPrimitiveType<Native = i64> + arrow::datatypes::ArrowTimestampType,
{
    Arc::new(present_array::<T>(bytes, big).with_timezone_opt(zone))
}

fn member_names(bytes: &[u8], width: usize, names: &[(Vec<u8>, String)]) -> ArrayRef {
    let mut out = StringBuilder::new();
    for element in bytes.chunks_exact(width.max(1)) {
        let known = names
            .binary_search_by(|(value, _)| value.as_slice().cmp(element))
            .ok()
            .and_then(|position| names.get(position));
        match known {
            Some((_, name)) => out.append_value(name),
            // A value without a name is shown by its bytes.
            None => out.append_value(
                element
                    .iter()
                    .rev()
                    .fold(String::from("0x"), |text, byte| text + &format!("{byte:02x}")),
            ),
        }
    }
    Arc::new(out.finish())
}

fn not_text(row: u64) -> Fault {
    Fault::broken(format!("row {} is not UTF-8 text", row + 1))
}

/// Texts of fixed width: padding 0 ends with the first NUL, 1 is filled up with NULs, 2 with blanks.
fn texts(bytes: &[u8], width: usize, padding: u8, first: u64) -> Result<ArrayRef, Fault> {
    let mut out = StringBuilder::with_capacity(bytes.len() / width.max(1), bytes.len() / 2);
    for (row, element) in bytes.chunks_exact(width.max(1)).enumerate() {
        let end = match padding {
            0 => element
                .iter()
                .position(|byte| *byte == 0)
                .unwrap_or(element.len()),
            1 => element
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |last| last + 1),
            _ => element
                .iter()
                .rposition(|byte| !matches!(byte, b' ' | 0))
                .map_or(0, |last| last + 1),
        };
        let text = element.get(..end).unwrap_or_default();
        out.append_value(std::str::from_utf8(text).map_err(|_| not_text(first + row as u64))?);
    }
    Ok(Arc::new(out.finish()))
}

fn too_long(total: usize) -> Result<(), Fault> {
    if total <= MAX_BATCH {
        return Ok(());
    }
    Err(Fault::limit(
        "the size of a few thousand values of varying length",
        format!("{} MiB", MAX_BATCH >> 20),
    ))
}

fn heap_texts(bytes: &[u8], count: usize, heap: &mut Heap<'_>, first: u64) -> Result<ArrayRef, Fault> {
    let width = bytes.len() / count.max(1);
    let mut out = StringBuilder::new();
    let mut total = 0;
    for (row, reference) in bytes.chunks_exact(width.max(1)).enumerate() {
        let (_, text) = heap.items(reference, 1)?;
        total += text.len();
        too_long(total)?;
        let end = text
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        let text = text.get(..end).unwrap_or_default();
        out.append_value(std::str::from_utf8(text).map_err(|_| not_text(first + row as u64))?);
    }
    Ok(Arc::new(out.finish()))
}

fn lists(
    item: &Kind,
    item_bytes: usize,
    bytes: &[u8],
    count: usize,
    heap: &mut Heap<'_>,
    first: u64,
) -> Result<ArrayRef, Fault> {
    let width = bytes.len() / count.max(1);
    let (mut lengths, mut items) = (Vec::with_capacity(count), Vec::new());
    for reference in bytes.chunks_exact(width.max(1)) {
        let (length, stored) = heap.items(reference, item_bytes)?;
        lengths.push(length);
        too_long(items.len() + stored.len())?;
        items.extend_from_slice(stored);
    }
    let total = items.len() / item_bytes.max(1);
    let items = array(item, &items, total, heap, first)?;
    let field = Arc::new(Field::new("item", item.arrow(), item.is_nullable()));
    let list = ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), items, None);
    Ok(Arc::new(list.map_err(|error| Fault::broken(error.to_string()))?))
}

fn structs(
    kind: &Kind,
    parts: &[Part],
    stride: usize,
    bytes: &[u8],
    count: usize,
    heap: &mut Heap<'_>,
    first: u64,
) -> Result<ArrayRef, Fault> {
    let arrays = parts
        .iter()
        .map(|part| {
            let bytes = gather(bytes, stride, part.offset..part.offset + part.bytes);
            array(&part.kind, &bytes, count, heap, first)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let array = StructArray::try_new_with_length(kind.fields(), arrays, None, count);
    Ok(Arc::new(array.map_err(|error| Fault::broken(error.to_string()))?))
}

/// `array` without the rows in which `missing` is true.
pub(super) fn without(array: &ArrayRef, missing: &BooleanArray) -> ArrayRef {
    let present: NullBuffer = missing.values().iter().map(|missing| !missing).collect();
    let nulls = NullBuffer::union(array.nulls(), Some(&present));
    let data = array.to_data().into_builder().nulls(nulls);
    match data.build() {
        Ok(data) => arrow::array::make_array(data),
        Err(_) => array.clone(),
    }
}
