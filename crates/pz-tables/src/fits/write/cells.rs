//! Arrow arrays to the bytes of cells, big-endian (FITS standard 4.0, section 7.3.3). Must never write outside a
//! cell.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Float64Builder, LargeStringBuilder, PrimitiveArray,
    UInt8Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow::error::ArrowError;

use super::plan::{Column, Item, unpacked};
use crate::json::moment_text;

/// A value that cannot be written.
#[derive(Debug)]
pub(super) struct BadValue {
    /// Its item, from the first one asked for.
    pub(super) item: usize,
    pub(super) reason: String,
}

/// The items of one column of a batch, in the type that is written.
pub(super) struct Items {
    items: ArrayRef,
    /// Of the items; also where a list around them is null.
    nulls: Option<NullBuffer>,
    /// The items of each row, where their number varies.
    rows: Option<Vec<Range<usize>>>,
}

impl Items {
    pub(super) fn new(array: &ArrayRef, column: &Column) -> Result<Self, ArrowError> {
        let mut array = unpack(array)?;
        let mut nulls = array.logical_nulls();
        while let ArrowType::FixedSizeList(_, length) = array.data_type() {
            let values = unpack(array.as_fixed_size_list().values())?;
            nulls = inner_nulls(nulls, usize::try_from(*length).unwrap_or(0), &values)?;
            array = values;
        }
        let mut rows = None;
        match array.data_type() {
            ArrowType::FixedSizeBinary(length) => {
                let length = usize::try_from(*length).unwrap_or(0);
                let bytes = array.as_fixed_size_binary();
                let bytes: Vec<u8> = (0..bytes.len())
                    .flat_map(|row| bytes.value(row))
                    .copied()
                    .collect();
                let values: ArrayRef = Arc::new(UInt8Array::from(bytes));
                nulls = inner_nulls(nulls, length, &values)?;
                array = values;
            }
            ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView => {
                let bytes = cast(&array, &ArrowType::LargeBinary)?;
                let bytes = bytes.as_binary::<i64>();
                rows = Some(ranges(bytes.value_offsets(), nulls.as_ref()));
                array = Arc::new(UInt8Array::new(bytes.values().clone().into(), None));
                nulls = None;
            }
            ArrowType::List(item)
            | ArrowType::LargeList(item)
            | ArrowType::ListView(item)
            | ArrowType::LargeListView(item) => {
                let lists = cast(&array, &ArrowType::LargeList(item.clone()))?;
                let lists = lists.as_list::<i64>();
                rows = Some(ranges(lists.value_offsets(), nulls.as_ref()));
                array = unpack(lists.values())?;
                nulls = array.logical_nulls();
            }
            _ if column.descriptor.is_some() => {
                // A text is one array.
                rows = Some((0..array.len()).map(|row| row..row + 1).collect());
            }
            _ => {}
        }
        Ok(Self {
            items: converted(&array, &column.item)?,
            nulls: nulls.filter(|nulls| nulls.null_count() > 0),
            rows,
        })
    }

    /// An item is null.
    pub(super) fn has_nulls(&self) -> bool {
        self.nulls.is_some()
    }

    /// Writes the cells of `rows` rows from the row `start` into the rows of `block`, at `offset` in each.
    pub(super) fn cells(
        &self,
        column: &Column,
        start: usize,
        rows: usize,
        block: &mut [u8],
        row_bytes: usize,
        offset: usize,
    ) -> Result<(), BadValue> {
        let cells = block.chunks_exact_mut(row_bytes.max(1));
        let cells = cells.filter_map(|row| row.get_mut(offset..offset + column.width));
        let items = start * column.count..(start + rows) * column.count;
        if column.count == 1 {
            self.put(column, items, cells)
        } else {
            self.put(
                column,
                items,
                cells.flat_map(|cell| cell.chunks_exact_mut(column.item_bytes.max(1))),
            )
        }
    }

    /// Puts the array of a row into `bytes` and returns the number of its elements.
    pub(super) fn array(&self, column: &Column, row: usize, bytes: &mut Vec<u8>) -> Result<u64, BadValue> {
        bytes.clear();
        let items = self
            .rows
            .as_ref()
            .and_then(|rows| rows.get(row))
            .cloned()
            .unwrap_or(0..0);
        if column.item_bytes == 0 {
            // One text of its own length.
            let texts = self.items.as_string_opt::<i64>();
            let is_null = self
                .nulls
                .as_ref()
                .is_some_and(|nulls| nulls.is_null(items.start));
            if let Some(texts) = texts.filter(|texts| !is_null && items.start < texts.len()) {
                bytes.extend(ascii(texts.value(items.start)));
            }
            return Ok(bytes.len() as u64);
        }
        let count = items.len();
        bytes.resize(count * column.item_bytes, 0);
        self.put(column, items, bytes.chunks_exact_mut(column.item_bytes))?;
        Ok(match column.item {
            // An array of characters.
            Item::Text { .. } | Item::Moment | Item::LogicalText => bytes.len() as u64,
            _ => count as u64,
        })
    }

    /// Writes the items `items`, each into the next of `cells`.
    fn put<'b>(
        &self,
        column: &Column,
        items: Range<usize>,
        cells: impl Iterator<Item = &'b mut [u8]>,
    ) -> Result<(), BadValue> {
        match &column.item {
            Item::Logical | Item::LogicalText => {
                let Some(values) = self.items.as_boolean_opt() else {
                    return Ok(());
                };
                let [yes, no, none]: [&[u8]; 3] = match &column.item {
                    Item::Logical => [b"T", b"F", b"\0"],
                    _ => [b"true\0", b"false", b"\0\0\0\0\0"],
                };
                for (item, cell) in items.zip(cells) {
                    let text = match (self.is_null(item), values.value(item)) {
                        (true, _) => none,
                        (_, true) => yes,
                        (_, false) => no,
                    };
                    cell.copy_from_slice(text.get(..cell.len()).unwrap_or_default());
                }
                Ok(())
            }
            Item::Number(ArrowType::Int8) => self.numbers::<Int8Type, 1>(column, items, cells, |value| {
                (value.cast_unsigned() ^ 0x80).to_be_bytes()
            }),
            Item::Number(ArrowType::UInt8) => {
                self.numbers::<UInt8Type, 1>(column, items, cells, u8::to_be_bytes)
            }
            Item::Number(ArrowType::Int16) => {
                self.numbers::<Int16Type, 2>(column, items, cells, i16::to_be_bytes)
            }
            Item::Number(ArrowType::UInt16) => {
                self.numbers::<UInt16Type, 2>(column, items, cells, |value| (value ^ 1 << 15).to_be_bytes())
            }
            Item::Number(ArrowType::Int32) => {
                self.numbers::<Int32Type, 4>(column, items, cells, i32::to_be_bytes)
            }
            Item::Number(ArrowType::UInt32) => {
                self.numbers::<UInt32Type, 4>(column, items, cells, |value| (value ^ 1 << 31).to_be_bytes())
            }
            Item::Number(ArrowType::Int64) => {
                self.numbers::<Int64Type, 8>(column, items, cells, i64::to_be_bytes)
            }
            Item::Number(ArrowType::UInt64) => {
                self.numbers::<UInt64Type, 8>(column, items, cells, |value| (value ^ 1 << 63).to_be_bytes())
            }
            Item::Number(ArrowType::Float32) => {
                self.numbers::<Float32Type, 4>(column, items, cells, f32::to_be_bytes)
            }
            Item::Number(_) | Item::Decimal => {
                self.numbers::<Float64Type, 8>(column, items, cells, f64::to_be_bytes)
            }
            Item::Complex(ArrowType::Float32) => {
                self.complex::<Float32Type, 4>(items, cells, f32::to_be_bytes)
            }
            Item::Complex(_) => self.complex::<Float64Type, 8>(items, cells, f64::to_be_bytes),
            Item::Text { cut } => self.texts(column, *cut, items, cells),
            Item::Moment => self.texts(column, false, items, cells),
        }
    }

    fn is_null(&self, item: usize) -> bool {
        self.nulls
            .as_ref()
            .is_some_and(|nulls| item < nulls.len() && nulls.is_null(item))
    }

    fn numbers<'b, P: ArrowPrimitiveType, const N: usize>(
        &self,
        column: &Column,
        items: Range<usize>,
        cells: impl Iterator<Item = &'b mut [u8]>,
        bytes: impl Fn(P::Native) -> [u8; N],
    ) -> Result<(), BadValue> {
        let Some(values) = self.items.as_primitive_opt::<P>() else {
            return Ok(());
        };
        let first = items.start;
        let values = values.values().get(items).unwrap_or_default();
        let put = |cell: &mut [u8], bytes: [u8; N]| {
            if let Some(cell) = cell.first_chunk_mut::<N>() {
                *cell = bytes;
            }
        };
        if self.nulls.is_none() && column.null.is_none() {
            values
                .iter()
                .zip(cells)
                .for_each(|(value, cell)| put(cell, bytes(*value)));
            return Ok(());
        }
        // The last bytes of the wide integer are those of the narrow one.
        let null: Option<[u8; N]> = match (&column.item, column.null) {
            (Item::Number(ArrowType::Float32), _) => f32::NAN.to_be_bytes().last_chunk::<N>().copied(),
            (Item::Number(ArrowType::Float64) | Item::Decimal, _) => {
                f64::NAN.to_be_bytes().last_chunk::<N>().copied()
            }
            (_, null) => null.and_then(|null| null.to_be_bytes().last_chunk::<N>().copied()),
        };
        for (item, (value, cell)) in values.iter().zip(cells).enumerate() {
            if !self.is_null(first + item) {
                let bytes = bytes(*value);
                if column.null.is_some() && null == Some(bytes) {
                    let reason = "a value was not announced: the one that stands for missing ones";
                    return Err(BadValue {
                        item,
                        reason: reason.to_owned(),
                    });
                }
                put(cell, bytes);
                continue;
            }
            let Some(null) = null else {
                let reason =
                    "a value is missing, and none is left to stand for it. Fill it, or write Parquet";
                return Err(BadValue {
                    item,
                    reason: reason.to_owned(),
                });
            };
            put(cell, null);
        }
        Ok(())
    }

    fn complex<'b, P: ArrowPrimitiveType, const N: usize>(
        &self,
        items: Range<usize>,
        cells: impl Iterator<Item = &'b mut [u8]>,
        bytes: impl Fn(P::Native) -> [u8; N],
    ) -> Result<(), BadValue>
    where
        P::Native: From<f32>,
    {
        let part = |column: usize| -> Option<PrimitiveArray<P>> {
            self.items
                .as_struct_opt()?
                .columns()
                .get(column)?
                .as_primitive_opt::<P>()
                .cloned()
        };
        let (Some(re), Some(im)) = (part(0), part(1)) else {
            return Ok(());
        };
        for (item, cell) in items.zip(cells) {
            let (first, second) = cell.split_at_mut(N.min(cell.len()));
            for (part, half) in [(&re, first), (&im, second)] {
                let is_null = self.is_null(item) || part.is_null(item);
                let value = if is_null {
                    P::Native::from(f32::NAN)
                } else {
                    part.value(item)
                };
                if let Some(half) = half.first_chunk_mut::<N>() {
                    *half = bytes(value);
                }
            }
        }
        Ok(())
    }

    fn texts<'b>(
        &self,
        column: &Column,
        cut: bool,
        items: Range<usize>,
        cells: impl Iterator<Item = &'b mut [u8]>,
    ) -> Result<(), BadValue> {
        let Some(texts) = self.items.as_string_opt::<i64>() else {
            return Ok(());
        };
        let first = items.start;
        for (item, cell) in items.zip(cells) {
            // What is behind a NUL is not part of a string (section 7.3.3.1), and numpy drops it. Substrings of an
            // array of strings have blanks.
            let filler = if column.descriptor.is_some() { b' ' } else { 0 };
            if self.is_null(item) {
                cell.fill(filler);
                continue;
            }
            let text = texts.value(item);
            let mut length = 0;
            for (to, from) in cell.iter_mut().zip(ascii(text)) {
                *to = from;
                length += 1;
            }
            if !cut && length == cell.len() && ascii(text).nth(length).is_some() {
                return Err(BadValue {
                    item: item - first,
                    reason: format!("'{text}' has more than the {length} characters of the column"),
                });
            }
            cell.iter_mut().skip(length).for_each(|byte| *byte = filler);
        }
        Ok(())
    }
}

/// The characters of a text, those beyond ASCII as `?`, and NUL, which would end it.
fn ascii(text: &str) -> impl Iterator<Item = u8> + '_ {
    text.chars().map(|character| match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() && byte != 0 => byte,
        _ => b'?',
    })
}

/// The values of an array of which only the encoding is special.
fn unpack(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        ArrowType::Dictionary(..) | ArrowType::RunEndEncoded(..) => cast(array, unpacked(array.data_type())),
        _ => Ok(array.clone()),
    }
}

/// The nulls of the items of lists of `length` items.
fn inner_nulls(
    outer: Option<NullBuffer>,
    length: usize,
    values: &ArrayRef,
) -> Result<Option<NullBuffer>, ArrowError> {
    let outer = match outer.filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => Some(
            nulls
                .try_expand(length)
                .map_err(|error| ArrowError::InvalidArgumentError(error.to_string()))?,
        ),
        None => None,
    };
    Ok(NullBuffer::union(outer.as_ref(), values.logical_nulls().as_ref()))
}

/// The items of each row; none where the list is null.
fn ranges(offsets: &[i64], nulls: Option<&NullBuffer>) -> Vec<Range<usize>> {
    let at = |offset: i64| usize::try_from(offset).unwrap_or(0);
    offsets
        .windows(2)
        .enumerate()
        .map(|(row, pair)| match pair {
            [start, end] if nulls.is_none_or(|nulls| nulls.is_valid(row)) => at(*start)..at(*end),
            _ => 0..0,
        })
        .collect()
}

/// The array in the type that `item` writes.
fn converted(array: &ArrayRef, item: &Item) -> Result<ArrayRef, ArrowError> {
    match item {
        Item::Logical | Item::LogicalText | Item::Complex(_) => Ok(array.clone()),
        Item::Number(data_type) => match array.data_type() {
            same if same == data_type => Ok(array.clone()),
            ArrowType::Float16 => cast(array, &ArrowType::Float32),
            _ => exactly(array, data_type),
        },
        Item::Decimal => decimals(array),
        Item::Text { .. } => cast(array, &ArrowType::LargeUtf8),
        Item::Moment => moments(array),
    }
}

/// Integers, durations and whole decimals as other integers or floats.
fn exactly(array: &ArrayRef, data_type: &ArrowType) -> Result<ArrayRef, ArrowError> {
    let options = arrow::compute::CastOptions {
        safe: false,
        ..Default::default()
    };
    arrow::compute::cast_with_options(array, data_type, &options)
}

/// Decimals as the float64 nearest to them.
fn decimals(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    fn nearest<D: DecimalType + ArrowPrimitiveType>(array: &ArrayRef, precision: u8, scale: i8) -> ArrayRef {
        let mut floats = Float64Builder::with_capacity(array.len());
        for value in array.as_primitive::<D>() {
            floats.append_option(value.map(|value| {
                let text = D::format_decimal(value, precision, scale);
                fast_float2::parse(text).unwrap_or(f64::NAN)
            }));
        }
        Arc::new(floats.finish())
    }
    Ok(match array.data_type() {
        ArrowType::Decimal32(precision, scale) => nearest::<Decimal32Type>(array, *precision, *scale),
        ArrowType::Decimal64(precision, scale) => nearest::<Decimal64Type>(array, *precision, *scale),
        ArrowType::Decimal128(precision, scale) => nearest::<Decimal128Type>(array, *precision, *scale),
        ArrowType::Decimal256(precision, scale) => nearest::<Decimal256Type>(array, *precision, *scale),
        _ => cast(array, &ArrowType::Float64)?,
    })
}

/// Dates and times in ISO 8601, without a letter for the time zone (section 9.1.1): it is UTC.
fn moments(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let data_type = array.data_type().clone();
    let counts = match data_type {
        ArrowType::Date32 | ArrowType::Time32(_) => {
            cast(&cast(array, &ArrowType::Int32)?, &ArrowType::Int64)?
        }
        _ => cast(array, &ArrowType::Int64)?,
    };
    let mut texts = LargeStringBuilder::new();
    for count in counts.as_primitive::<Int64Type>() {
        match count.and_then(|count| moment_text(&data_type, count)) {
            Some(text) => texts.append_value(text.trim_end_matches('Z')),
            None => texts.append_null(),
        }
    }
    Ok(Arc::new(texts.finish()))
}
