//! Turns cells into arrays. Must never give a value that the file does not have: what does not parse is an error
//! with its row and column.
//!
//! In TABLEDATA and BINARY a cell without content is null, whatever its type: neither can tell a missing text or
//! list from an empty one. In BINARY2 the null bits say what is missing, and an empty text is a text. A value
//! that the column declares to mean null is null everywhere.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayBuilder, ArrayRef, BooleanBuilder, PrimitiveBuilder, StringBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, UInt8Type};
use arrow::error::ArrowError;

use super::column::{Column, Datatype, Null, complex_fields};
use super::layout::Serialisation;
use super::markup::resolve;
use super::nesting::Nesting;
use super::number::{Number, boolean, is_no_number, tokens};
use super::rows::{Block, Cell};

/// A cell that cannot be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// Row of the block, from 0.
    pub(super) row: usize,
    pub(super) reason: String,
}

/// The rows `first..first + rows` of the column at `position`.
pub(super) fn decode(
    block: &Block<'_>,
    position: usize,
    column: &Column,
    serialisation: Serialisation,
    first: usize,
    rows: usize,
) -> Result<ArrayRef, Fault> {
    let source = Source {
        block,
        position,
        column,
        serialisation,
        first,
        rows,
    };
    match column.datatype {
        Datatype::Boolean => source.booleans(),
        Datatype::Bit => source.bits(),
        Datatype::UnsignedByte => source.numbers::<UInt8Type>(),
        Datatype::Short => source.numbers::<Int16Type>(),
        Datatype::Int => source.numbers::<Int32Type>(),
        Datatype::Long => source.numbers::<Int64Type>(),
        Datatype::Float => source.numbers::<Float32Type>(),
        Datatype::Double => source.numbers::<Float64Type>(),
        Datatype::FloatComplex => source.complex::<Float32Type>(),
        Datatype::DoubleComplex => source.complex::<Float64Type>(),
        Datatype::Char | Datatype::UnicodeChar => source.texts(),
    }
}

/// What the cells of a column come from.
struct Source<'a> {
    block: &'a Block<'a>,
    position: usize,
    column: &'a Column,
    serialisation: Serialisation,
    first: usize,
    rows: usize,
}

/// The content of a cell.
enum Content<'a> {
    Null,
    Text(Cow<'a, str>),
    /// The values, and how many there are.
    Bytes(&'a [u8], usize),
}

impl<'a> Source<'a> {
    /// Gives every cell with its row to `take`.
    fn each(&self, mut take: impl FnMut(Content<'a>) -> Result<(), String>) -> Result<(), Fault> {
        let cells = self.block.column(self.position, self.first).take(self.rows);
        for (row, cell) in cells.enumerate() {
            self.content(cell).and_then(&mut take).map_err(|reason| Fault {
                row: self.first + row,
                reason,
            })?;
        }
        Ok(())
    }

    fn content(&self, cell: Cell<'a>) -> Result<Content<'a>, String> {
        let bytes = match cell {
            Cell::Null => return Ok(Content::Null),
            Cell::Resolved(bytes) => return Ok(Content::Text(utf8(bytes)?.into())),
            Cell::Raw(bytes) => bytes,
        };
        if self.serialisation == Serialisation::Tabledata {
            let text = utf8(bytes)?;
            let special = memchr::memchr2(b'&', b'\r', bytes).is_some();
            return Ok(Content::Text(if special { plain(text)? } else { text.into() }));
        }
        let bits = self.column.width();
        match bits {
            super::column::Width::Bytes(_) => {
                let values = self.column.items() * self.column.characters.unwrap_or(1);
                Ok(Content::Bytes(bytes, values))
            }
            super::column::Width::Counted { values, .. } => {
                let (count, content) = bytes.split_first_chunk::<4>().ok_or("it has no length")?;
                let count = u32::from_be_bytes(*count) as usize * values;
                if count == 0 && self.serialisation == Serialisation::Binary {
                    return Ok(Content::Null);
                }
                Ok(Content::Bytes(content, count))
            }
        }
    }

    fn fault(&self, error: &ArrowError) -> Fault {
        Fault {
            row: self.first,
            reason: error.to_string(),
        }
    }

    fn numbers<T: Number>(&self) -> Result<ArrayRef, Fault> {
        let mut values = PrimitiveBuilder::<T>::with_capacity(self.rows * self.column.items());
        let mut nesting = Nesting::new(self.column, self.rows);
        let null = &self.column.null;
        let size = size_of::<T::Native>();
        let parse = |text: &[u8]| match T::parse(text) {
            Some(value) if T::is(value, null) => Ok(None),
            Some(value) => Ok(Some(value)),
            None if is_no_number(text) || (T::is_nan_null() && text.eq_ignore_ascii_case(b"nan")) => Ok(None),
            None => Err(not_a(text, T::NAME)),
        };
        self.each(|content| {
            match content {
                Content::Null => values.append_nulls(nesting.null()?),
                Content::Text(text) => {
                    let text = text.trim_ascii().as_bytes();
                    if text.is_empty() {
                        values.append_nulls(nesting.null()?);
                    } else if nesting.is_scalar {
                        values.append_option(parse(text)?);
                    } else {
                        let before = values.len();
                        for token in tokens(text) {
                            values.append_option(parse(token)?);
                        }
                        nesting.cell(values.len() - before)?;
                    }
                }
                Content::Bytes(bytes, count) => {
                    for bytes in bytes.chunks_exact(size) {
                        let value = T::from_be(bytes).filter(|value| !T::is(*value, null));
                        values.append_option(value);
                    }
                    nesting.cell(count)?;
                }
            }
            Ok(())
        })?;
        nesting
            .finish(Arc::new(values.finish()))
            .map_err(|error| self.fault(&error))
    }

    fn complex<T: Number>(&self) -> Result<ArrayRef, Fault> {
        let (mut re, mut im) = (PrimitiveBuilder::<T>::new(), PrimitiveBuilder::<T>::new());
        let mut valid: Vec<bool> = Vec::new();
        let mut nesting = Nesting::new(self.column, self.rows);
        let size = size_of::<T::Native>();
        self.each(|content| {
            let mut push = |value: Option<(T::Native, T::Native)>| {
                let (real, imaginary) = value.unwrap_or_default();
                re.append_value(real);
                im.append_value(imaginary);
                valid.push(value.is_some());
            };
            match content {
                Content::Text(text) if !text.trim_ascii().is_empty() => {
                    let text = text.trim_ascii().as_bytes();
                    if nesting.is_scalar && text.eq_ignore_ascii_case(b"nan") {
                        push(None);
                        return Ok(());
                    }
                    let parts: Option<Vec<_>> = tokens(text).map(T::parse).collect();
                    let parts = parts.filter(|parts| parts.len().is_multiple_of(2));
                    let parts = parts.ok_or_else(|| not_a(text, "complex number (two numbers)"))?;
                    for pair in parts.chunks_exact(2) {
                        push(pair.first().copied().zip(pair.last().copied()));
                    }
                    nesting.cell(parts.len() / 2)?;
                }
                Content::Bytes(bytes, count) => {
                    for pair in bytes.chunks_exact(size * 2) {
                        let (real, imaginary) = pair.split_at_checked(size).unwrap_or_default();
                        push(T::from_be(real).zip(T::from_be(imaginary)));
                    }
                    nesting.cell(count)?;
                }
                Content::Null | Content::Text(_) => (0..nesting.null()?).for_each(|_| push(None)),
            }
            Ok(())
        })?;
        let fields = complex_fields(T::DATA_TYPE);
        let nulls = valid.contains(&false).then(|| NullBuffer::from(valid));
        StructArray::try_new(fields, vec![Arc::new(re.finish()), Arc::new(im.finish())], nulls)
            .and_then(|array| nesting.finish(Arc::new(array)))
            .map_err(|error| self.fault(&error))
    }

    fn booleans(&self) -> Result<ArrayRef, Fault> {
        let mut values = BooleanBuilder::with_capacity(self.rows * self.column.items());
        let mut nesting = Nesting::new(self.column, self.rows);
        self.each(|content| {
            match content {
                Content::Text(text) if !text.trim_ascii().is_empty() => {
                    let before = values.len();
                    for token in tokens(text.as_bytes()) {
                        values.append_option(boolean(token).ok_or_else(|| not_a(token, "boolean"))?);
                    }
                    nesting.cell(values.len() - before)?;
                }
                Content::Bytes(bytes, count) => {
                    for byte in bytes {
                        let value = match byte {
                            0 | b' ' => None,
                            byte => boolean(&[*byte])
                                .ok_or_else(|| format!("byte {byte:#04x} is not a boolean"))?,
                        };
                        values.append_option(value);
                    }
                    nesting.cell(count)?;
                }
                Content::Null | Content::Text(_) => values.append_nulls(nesting.null()?),
            }
            Ok(())
        })?;
        nesting
            .finish(Arc::new(values.finish()))
            .map_err(|error| self.fault(&error))
    }

    fn bits(&self) -> Result<ArrayRef, Fault> {
        let mut values = BooleanBuilder::with_capacity(self.rows * self.column.items());
        let mut nesting = Nesting::new(self.column, self.rows);
        self.each(|content| {
            match content {
                Content::Text(text) if !text.trim_ascii().is_empty() => {
                    let before = values.len();
                    for byte in text.bytes() {
                        match byte {
                            b'0' | b'1' => values.append_value(byte == b'1'),
                            byte if byte.is_ascii_whitespace() || byte == b',' => {}
                            _ => return Err(not_a(text.as_bytes(), "sequence of bits (0 and 1)")),
                        }
                    }
                    nesting.cell(values.len() - before)?;
                }
                // One bit alone is the first of its byte by the standard, the fifth as astropy writes it.
                Content::Bytes(bytes, _) if nesting.is_scalar => {
                    values.append_value(bytes.iter().any(|byte| *byte != 0));
                    nesting.cell(1)?;
                }
                Content::Bytes(bytes, count) => {
                    for bit in 0..count {
                        let byte = bytes.get(bit / 8).copied().unwrap_or(0);
                        values.append_value(byte & (0x80 >> (bit % 8)) != 0);
                    }
                    nesting.cell(count)?;
                }
                Content::Null | Content::Text(_) => values.append_nulls(nesting.null()?),
            }
            Ok(())
        })?;
        nesting
            .finish(Arc::new(values.finish()))
            .map_err(|error| self.fault(&error))
    }

    fn texts(&self) -> Result<ArrayRef, Fault> {
        let mut values = StringBuilder::with_capacity(self.rows, self.rows * 16);
        let mut nesting = Nesting::new(self.column, self.rows);
        let is_null = |text: &str| matches!(&self.column.null, Null::Text(null) if null == text);
        let empty_is_null = self.serialisation != Serialisation::Binary2;
        self.each(|content| {
            let text = match content {
                Content::Null => {
                    values.append_nulls(nesting.null()?);
                    return Ok(());
                }
                Content::Text(text) => text,
                Content::Bytes(bytes, _) => self.characters(bytes)?,
            };
            if nesting.is_scalar {
                let text = text.split('\0').next().unwrap_or_default();
                let blank = text.is_empty() || (empty_is_null && text.trim_ascii().is_empty());
                if is_null(text) || (empty_is_null && blank) {
                    values.append_null();
                } else {
                    values.append_value(text);
                }
                return Ok(());
            }
            if text.is_empty() && empty_is_null {
                values.append_nulls(nesting.null()?);
                return Ok(());
            }
            // Texts of one length, one after the other; the last may be shorter.
            let mut rest = text.as_ref();
            let mut count = 0;
            while !rest.is_empty() || (count < nesting.items && !nesting.variable) {
                let end = rest.char_indices().nth(self.column.characters.unwrap_or(1));
                let (one, after) = rest
                    .split_at_checked(end.map_or(rest.len(), |(end, _)| end))
                    .unwrap_or_default();
                let one = one.split('\0').next().unwrap_or_default().trim_ascii_end();
                if is_null(one) || (empty_is_null && one.is_empty()) {
                    values.append_null();
                } else {
                    values.append_value(one);
                }
                rest = after;
                count += 1;
            }
            nesting.cell(count)
        })?;
        nesting
            .finish(Arc::new(values.finish()))
            .map_err(|error| self.fault(&error))
    }

    /// The text in some bytes of BINARY.
    fn characters(&self, bytes: &'a [u8]) -> Result<Cow<'a, str>, String> {
        if self.column.datatype == Datatype::Char {
            return Ok(utf8(bytes)?.into());
        }
        let units = bytes.chunks_exact(2).map(|pair| match pair {
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        });
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map(Cow::Owned)
            .map_err(|error| format!("a unicodeChar is half a character: {error}"))
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| {
        format!(
            "'{}' is not UTF-8 text",
            crate::statistics::shown(&String::from_utf8_lossy(bytes))
        )
    })
}

/// Text with its references resolved and its line ends as XML has them.
fn plain(text: &str) -> Result<Cow<'_, str>, String> {
    if text.contains('\r') {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        return Ok(resolve(&text)?.into_owned().into());
    }
    resolve(text)
}

fn not_a(text: &[u8], what: &str) -> String {
    let text = crate::statistics::shown(&String::from_utf8_lossy(text));
    let text: String = text.chars().take(40).collect();
    format!("'{text}' is not of type {what}")
}
