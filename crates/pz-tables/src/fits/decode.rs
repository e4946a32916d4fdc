//! Cells of a binary table to Arrow arrays: tight loops over the rows of a block, one per type (FITS standard 4.0,
//! section 7.3.3; all numbers are big-endian). Must never look outside a cell.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder, ListBuilder,
    NullBufferBuilder, PrimitiveArray, StringBuilder, StructArray,
};
use arrow::datatypes::{
    DataType as ArrowType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow::error::ArrowError;

use super::card::decoded;
use super::column::{Column, Meaning, Storage, complex_fields};
use super::form::{Code, Substrings};

/// The cells of one column in a block of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'a> {
    /// The rows, one after the other.
    pub(super) bytes: &'a [u8],
    /// Bytes of a row.
    pub(super) stride: usize,
    /// Offset of the cell in the row.
    pub(super) offset: usize,
    /// Bytes of the cell.
    pub(super) width: usize,
    /// Rows.
    pub(super) rows: usize,
}

impl<'a> Cells<'a> {
    /// The bytes of each cell.
    pub(super) fn iter(self) -> impl Iterator<Item = &'a [u8]> {
        let cells = self.bytes.chunks_exact(self.stride.max(1));
        let cells = cells.map(move |row| row.get(self.offset..self.offset + self.width).unwrap_or_default());
        // Rows of no bytes have cells too.
        cells.chain(std::iter::repeat(&[][..])).take(self.rows)
    }
}

/// A cell that cannot be decoded.
#[derive(Debug)]
pub(super) struct BadCell {
    /// Row of the block, from 0.
    pub(super) row: usize,
    pub(super) reason: String,
}

/// Collects the elements of a column.
pub(super) trait Sink: Send {
    /// Appends the elements of the cells of a block.
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell>;

    /// Appends the `count` elements of an array in the heap, which has exactly the bytes of so many. Returns how
    /// many elements were appended.
    fn array(&mut self, bytes: &[u8], count: usize) -> usize;

    /// The array of all elements.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError>;
}

/// The sink for a column of a binary table, with room for `rows` rows.
pub(super) fn sink(column: &Column, rows: usize) -> Box<dyn Sink> {
    let (count, width) = match &column.storage {
        Storage::Fixed { count, .. } => (*count, 0),
        Storage::Texts { width, shape } => (
            shape.iter().map(|axis| axis.unsigned_abs() as usize).product(),
            *width,
        ),
        _ => (0, 0),
    };
    let room = rows.saturating_mul(count);
    match column.code {
        Code::Logical => Box::new(Logicals {
            values: BooleanBufferBuilder::new(room),
            nulls: NullBufferBuilder::new(room),
            count,
        }),
        Code::Bit => Box::new(Bits {
            values: BooleanBufferBuilder::new(room),
            count,
        }),
        Code::Character => characters(column, count, width),
        Code::Byte => bytes(column, room),
        Code::Short => shorts(column, room),
        Code::Int => ints(column, room),
        Code::Long => longs(column, room),
        Code::Float | Code::Complex => {
            let (room, count) = floats_of(column.code, room, count);
            let floats: Box<dyn Sink> = match column.meaning {
                Meaning::Scaled { scale, zero } if column.code == Code::Float => {
                    numbers::<4, Float64Type>(None, room, count, move |raw| {
                        f64::from(f32::from_be_bytes(raw)) * scale + zero
                    })
                }
                _ => numbers::<4, Float32Type>(None, room, count, f32::from_be_bytes),
            };
            complex(column, floats)
        }
        Code::Double | Code::DoubleComplex => {
            let (room, count) = floats_of(column.code, room, count);
            let floats: Box<dyn Sink> = match column.meaning {
                Meaning::Scaled { scale, zero } if column.code == Code::Double => {
                    numbers::<8, Float64Type>(None, room, count, move |raw| {
                        f64::from_be_bytes(raw) * scale + zero
                    })
                }
                _ => numbers::<8, Float64Type>(None, room, count, f64::from_be_bytes),
            };
            complex(column, floats)
        }
    }
}

/// A complex number is two floats.
fn floats_of(code: Code, room: usize, count: usize) -> (usize, usize) {
    match code {
        Code::Complex | Code::DoubleComplex => (room.saturating_mul(2), count.saturating_mul(2)),
        _ => (room, count),
    }
}

fn bytes(column: &Column, room: usize) -> Box<dyn Sink> {
    let null = column
        .null
        .and_then(|null| u8::try_from(null).ok())
        .map(u8::to_be_bytes);
    let count = elements(column);
    match column.meaning {
        Meaning::Plain => numbers::<1, UInt8Type>(null, room, count, u8::from_be_bytes),
        Meaning::Shifted => numbers::<1, Int8Type>(null, room, count, |raw| {
            (u8::from_be_bytes(raw) ^ 0x80).cast_signed()
        }),
        Meaning::Scaled { scale, zero } => numbers::<1, Float64Type>(null, room, count, move |raw| {
            f64::from(u8::from_be_bytes(raw)) * scale + zero
        }),
    }
}

fn shorts(column: &Column, room: usize) -> Box<dyn Sink> {
    let null = column
        .null
        .and_then(|null| i16::try_from(null).ok())
        .map(i16::to_be_bytes);
    let count = elements(column);
    match column.meaning {
        Meaning::Plain => numbers::<2, Int16Type>(null, room, count, i16::from_be_bytes),
        Meaning::Shifted => {
            numbers::<2, UInt16Type>(null, room, count, |raw| u16::from_be_bytes(raw) ^ (1 << 15))
        }
        Meaning::Scaled { scale, zero } => numbers::<2, Float64Type>(null, room, count, move |raw| {
            f64::from(i16::from_be_bytes(raw)) * scale + zero
        }),
    }
}

fn ints(column: &Column, room: usize) -> Box<dyn Sink> {
    let null = column
        .null
        .and_then(|null| i32::try_from(null).ok())
        .map(i32::to_be_bytes);
    let count = elements(column);
    match column.meaning {
        Meaning::Plain => numbers::<4, Int32Type>(null, room, count, i32::from_be_bytes),
        Meaning::Shifted => {
            numbers::<4, UInt32Type>(null, room, count, |raw| u32::from_be_bytes(raw) ^ (1 << 31))
        }
        Meaning::Scaled { scale, zero } => numbers::<4, Float64Type>(null, room, count, move |raw| {
            f64::from(i32::from_be_bytes(raw)) * scale + zero
        }),
    }
}

fn longs(column: &Column, room: usize) -> Box<dyn Sink> {
    let null = column.null.map(i64::to_be_bytes);
    let count = elements(column);
    match column.meaning {
        Meaning::Plain => numbers::<8, Int64Type>(null, room, count, i64::from_be_bytes),
        Meaning::Shifted => {
            numbers::<8, UInt64Type>(null, room, count, |raw| u64::from_be_bytes(raw) ^ (1 << 63))
        }
        Meaning::Scaled { scale, zero } => numbers::<8, Float64Type>(null, room, count, move |raw| {
            i64::from_be_bytes(raw) as f64 * scale + zero
        }),
    }
}

fn elements(column: &Column) -> usize {
    match &column.storage {
        Storage::Fixed { count, .. } => *count,
        _ => 0,
    }
}

fn characters(column: &Column, count: usize, width: usize) -> Box<dyn Sink> {
    match column.storage {
        Storage::Delimited { delimiter }
        | Storage::Heap {
            substrings: Some(Substrings::Delimiter(delimiter)),
            ..
        } => Box::new(Delimited {
            lists: ListBuilder::new(StringBuilder::new())
                .with_field(arrow::datatypes::Field::new_list_field(ArrowType::Utf8, false)),
            delimiter,
        }),
        Storage::Heap {
            substrings: Some(Substrings::Width(width)),
            ..
        } => Box::new(Texts {
            texts: StringBuilder::new(),
            count: 0,
            width: usize::try_from(width).unwrap_or(usize::MAX),
        }),
        _ => Box::new(Texts {
            texts: StringBuilder::new(),
            count,
            width,
        }),
    }
}

fn numbers<const N: usize, P: ArrowPrimitiveType>(
    null: Option<[u8; N]>,
    room: usize,
    count: usize,
    convert: impl Fn([u8; N]) -> P::Native + Send + 'static,
) -> Box<dyn Sink> {
    Box::new(Numbers::<N, P, _> {
        values: Vec::with_capacity(room),
        nulls: null.map(|null| (null, NullBufferBuilder::new(room))),
        count,
        convert,
    })
}

/// Numbers of `N` bytes; those with the bytes of TNULL are null.
struct Numbers<const N: usize, P: ArrowPrimitiveType, F> {
    values: Vec<P::Native>,
    nulls: Option<([u8; N], NullBufferBuilder)>,
    /// Elements of a cell.
    count: usize,
    convert: F,
}

impl<const N: usize, P: ArrowPrimitiveType, F: Fn([u8; N]) -> P::Native> Numbers<N, P, F> {
    #[inline]
    fn push(&mut self, elements: &[[u8; N]]) {
        self.values
            .extend(elements.iter().map(|raw| (self.convert)(*raw)));
        if let Some((null, nulls)) = &mut self.nulls {
            for raw in elements {
                nulls.append(raw != null);
            }
        }
    }
}

impl<const N: usize, P: ArrowPrimitiveType, F: Fn([u8; N]) -> P::Native + Send> Sink for Numbers<N, P, F> {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        if cells.width == N && self.count == 1 {
            let raws = || {
                let rows = cells.bytes.chunks_exact(cells.stride.max(1)).take(cells.rows);
                rows.filter_map(|row| row.get(cells.offset..)?.first_chunk::<N>())
            };
            self.values.extend(raws().map(|raw| (self.convert)(*raw)));
            if let Some((null, nulls)) = &mut self.nulls {
                raws().for_each(|raw| nulls.append(raw != null));
            }
            return Ok(());
        }
        for cell in cells.iter() {
            let (elements, _) = cell.as_chunks::<N>();
            self.push(elements.get(..self.count.min(elements.len())).unwrap_or_default());
        }
        Ok(())
    }

    fn array(&mut self, bytes: &[u8], _count: usize) -> usize {
        let (elements, _) = bytes.as_chunks::<N>();
        self.push(elements);
        elements.len()
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = self.nulls.as_mut().and_then(|(_, nulls)| nulls.finish());
        let values = std::mem::take(&mut self.values);
        Ok(Arc::new(PrimitiveArray::<P>::try_new(values.into(), nulls)?))
    }
}

/// `T` is true, `F` is false, everything else (the standard says a 0 byte) is null.
struct Logicals {
    values: BooleanBufferBuilder,
    nulls: NullBufferBuilder,
    count: usize,
}

impl Logicals {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.values.append(*byte == b'T');
            self.nulls.append(matches!(byte, b'T' | b'F'));
        }
    }
}

impl Sink for Logicals {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        for cell in cells.iter() {
            self.push(cell.get(..self.count.min(cell.len())).unwrap_or_default());
        }
        Ok(())
    }

    fn array(&mut self, bytes: &[u8], _count: usize) -> usize {
        self.push(bytes);
        bytes.len()
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(BooleanArray::new(
            self.values.finish(),
            self.nulls.finish(),
        )))
    }
}

/// Bits, the most significant of a byte first.
struct Bits {
    values: BooleanBufferBuilder,
    count: usize,
}

impl Bits {
    fn push(&mut self, bytes: &[u8], count: usize) {
        let bits = bytes
            .iter()
            .flat_map(|byte| (0..8).map(move |bit| byte >> (7 - bit) & 1 == 1));
        bits.take(count).for_each(|bit| self.values.append(bit));
    }
}

impl Sink for Bits {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        cells.iter().for_each(|cell| self.push(cell, self.count));
        Ok(())
    }

    fn array(&mut self, bytes: &[u8], count: usize) -> usize {
        self.push(bytes, count);
        count
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(BooleanArray::new(self.values.finish(), None)))
    }
}

/// A string without what is behind a NUL and without trailing blanks (section 7.3.3.1).
pub(super) fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or_default();
    let blanks = bytes.iter().rev().take_while(|byte| **byte == b' ').count();
    decoded(bytes.get(..end - blanks).unwrap_or_default())
}

/// Strings of fixed width; in the heap, with `width` 0, one string of any length.
struct Texts {
    texts: StringBuilder,
    count: usize,
    width: usize,
}

impl Sink for Texts {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        for cell in cells.iter() {
            for index in 0..self.count {
                let start = index * self.width;
                self.texts
                    .append_value(text(cell.get(start..start + self.width).unwrap_or_default()));
            }
        }
        Ok(())
    }

    fn array(&mut self, bytes: &[u8], _count: usize) -> usize {
        if self.width == 0 {
            self.texts.append_value(text(bytes));
            return 1;
        }
        let texts = bytes.chunks(self.width);
        let count = texts.len();
        texts.for_each(|bytes| self.texts.append_value(text(bytes)));
        count
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.texts.finish()))
    }
}

/// Substrings with a delimiter between them. Makes lists itself.
struct Delimited {
    lists: ListBuilder<StringBuilder>,
    delimiter: u8,
}

impl Sink for Delimited {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        for cell in cells.iter() {
            self.array(cell, 0);
        }
        Ok(())
    }

    fn array(&mut self, bytes: &[u8], _count: usize) -> usize {
        let whole = text(bytes);
        if !whole.is_empty() {
            for part in whole.split(char::from(self.delimiter)) {
                self.lists.values().append_value(part.trim_end_matches(' '));
            }
        }
        self.lists.append(true);
        1
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(self.lists.finish()))
    }
}

/// The floats of a column of complex numbers as such; other columns' as they are.
fn complex(column: &Column, floats: Box<dyn Sink>) -> Box<dyn Sink> {
    match column.code {
        Code::Complex | Code::DoubleComplex => Box::new(Complex {
            floats,
            meaning: column.meaning,
        }),
        _ => floats,
    }
}

/// Pairs of real and imaginary part.
struct Complex {
    floats: Box<dyn Sink>,
    meaning: Meaning,
}

impl Sink for Complex {
    fn rows(&mut self, cells: Cells<'_>) -> Result<(), BadCell> {
        self.floats.rows(cells)
    }

    fn array(&mut self, bytes: &[u8], _count: usize) -> usize {
        self.floats.array(bytes, 0) / 2
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let mut floats = self.floats.finish()?;
        if let Meaning::Scaled { scale, zero } = self.meaning {
            // A complex number times a real one plus a real one.
            let wide = arrow::compute::cast(&floats, &ArrowType::Float64)?;
            let scaled = wide.as_primitive::<Float64Type>().values().iter().enumerate();
            let scaled = scaled.map(|(at, value)| value * scale + if at % 2 == 0 { zero } else { 0.0 });
            floats = Arc::new(PrimitiveArray::<Float64Type>::from_iter_values(scaled));
        }
        let part = floats.data_type().clone();
        let parts: [ArrayRef; 2] = match &part {
            ArrowType::Float32 => parts(floats.as_primitive::<Float32Type>()),
            _ => parts(floats.as_primitive::<Float64Type>()),
        };
        Ok(Arc::new(StructArray::try_new(
            complex_fields(part),
            parts.to_vec(),
            None,
        )?))
    }
}

fn parts<P: ArrowPrimitiveType>(floats: &PrimitiveArray<P>) -> [ArrayRef; 2] {
    let part = |first: usize| -> ArrayRef {
        let values = floats.values().iter().skip(first).step_by(2).copied();
        Arc::new(PrimitiveArray::<P>::from_iter_values(values))
    };
    [part(0), part(1)]
}
