//! Writes comma-separated values: UTF-8, a header line, lines that end with `\n`, quotes as RFC 4180 has them. Must
//! never lose a digit, and never allocate for a number, a time or a text.
//!
//! | value | text |
//! |---|---|
//! | missing | nothing (`""` in a table of one column, where an empty line would be no row) |
//! | integers, decimals | all digits |
//! | floating-point numbers | the shortest decimal that reads back to the same number: `4.0`, `1e-30`, `NaN`, `-inf` |
//! | booleans | `True`, `False` |
//! | dates, times, timestamps | ISO 8601: `2025-12-31T23:59:59.5`, with `Z` when the type has a time zone |
//! | durations | count and unit: `15 ms` |
//! | text | itself; quoted when it is empty or has a character that some reader takes for a delimiter |
//! | bytes | text when they are UTF-8 without NUL, else `0x` and hexadecimal digits |
//! | lists, vectors, complex numbers, structs, maps | JSON, as in the preview |
//!
//! CSV itself has no types, so some things cannot be told apart by a reader: a text `NA` or `nan` from a missing
//! value, a column of texts that are all numbers from one of numbers, 32-bit from 64-bit numbers.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType as ArrowType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    SchemaRef, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use fs_err::File;

use super::TableWriter;
use super::finish::name_of;
use crate::error::TableError;
use crate::json::{Cells, moment_of, write_moment};

/// Text that is gathered before it goes to the file.
const FLUSH_BYTES: usize = 256 * 1024;

/// Starts a CSV file at `path`.
pub(super) fn create(path: &Path, schema: &SchemaRef) -> Result<Box<dyn TableWriter>, TableError> {
    if schema.fields().is_empty() {
        return Err(TableError::Unwritable {
            format: "CSV",
            reason: "it has no columns".to_owned(),
            column: None,
        });
    }
    let file = File::create(path).map_err(|source| TableError::io(&name_of(path), source))?;
    let quoted = if schema.fields().len() == 1 {
        ALONE
    } else {
        AMONG_OTHERS
    };
    let mut buffer = Vec::with_capacity(2 * FLUSH_BYTES);
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            buffer.push(b',');
        }
        write_text(field.name().as_bytes(), quoted, &mut buffer);
    }
    buffer.push(b'\n');
    Ok(Box::new(CsvWriter {
        path: path.to_owned(),
        file,
        quoted,
        buffer,
    }))
}

struct CsvWriter {
    path: PathBuf,
    file: File,
    quoted: Quoted,
    buffer: Vec<u8>,
}

impl CsvWriter {
    fn flush(&mut self) -> Result<(), TableError> {
        if memchr::memchr(0, &self.buffer).is_some() {
            return Err(TableError::Unwritable {
                format: "CSV",
                reason:
                    "it has a text with a NUL character, which no text file may have (Parquet can hold it)"
                        .to_owned(),
                column: None,
            });
        }
        self.file
            .write_all(&self.buffer)
            .map_err(|source| TableError::io(&name_of(&self.path), source))?;
        self.buffer.clear();
        Ok(())
    }
}

impl TableWriter for CsvWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        let columns: Vec<Column<'_>> = batch
            .columns()
            .iter()
            .map(|array| Column::new(array, self.quoted))
            .collect();
        let is_only = columns.len() == 1;
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    self.buffer.push(b',');
                }
                if column.is_null(row) {
                    if is_only {
                        self.buffer.extend_from_slice(b"\"\"");
                    }
                } else {
                    (column.write)(row, &mut self.buffer);
                }
            }
            self.buffer.push(b'\n');
            if self.buffer.len() >= FLUSH_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), TableError> {
        self.flush()
    }
}

/// Writes the value of a row that is not null.
type WriteCell<'a> = Box<dyn Fn(usize, &mut Vec<u8>) + 'a>;

/// The cells of one array, ready to be written.
struct Column<'a> {
    nulls: Option<NullBuffer>,
    write: WriteCell<'a>,
}

impl<'a> Column<'a> {
    fn new(array: &'a dyn Array, quoted: Quoted) -> Self {
        Self {
            nulls: array.logical_nulls(),
            write: writer(array, quoted),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

fn writer<'a>(array: &'a dyn Array, quoted: Quoted) -> WriteCell<'a> {
    macro_rules! integers {
        ($type:ty) => {{
            let values = array.as_primitive::<$type>();
            Box::new(move |row, out: &mut Vec<u8>| {
                out.extend_from_slice(itoa::Buffer::new().format(values.value(row)).as_bytes());
            })
        }};
    }
    macro_rules! floats {
        ($type:ty, $convert:expr) => {{
            let values = array.as_primitive::<$type>();
            Box::new(move |row, out: &mut Vec<u8>| {
                let value = $convert(values.value(row));
                if value.is_finite() {
                    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
                } else if value.is_nan() {
                    out.extend_from_slice(b"NaN");
                } else {
                    out.extend_from_slice(if value > 0.0 { b"inf".as_slice() } else { b"-inf" });
                }
            })
        }};
    }
    macro_rules! texts {
        ($values:expr) => {{
            let values = $values;
            Box::new(move |row, out: &mut Vec<u8>| write_text(values.value(row).as_ref(), quoted, out))
        }};
    }
    macro_rules! bytes {
        ($values:expr) => {{
            let values = $values;
            Box::new(move |row, out: &mut Vec<u8>| write_bytes(values.value(row), quoted, out))
        }};
    }
    match array.data_type() {
        ArrowType::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, out| {
                out.extend_from_slice(if values.value(row) {
                    b"True".as_slice()
                } else {
                    b"False"
                });
            })
        }
        ArrowType::Int8 => integers!(Int8Type),
        ArrowType::Int16 => integers!(Int16Type),
        ArrowType::Int32 => integers!(Int32Type),
        ArrowType::Int64 => integers!(Int64Type),
        ArrowType::UInt8 => integers!(UInt8Type),
        ArrowType::UInt16 => integers!(UInt16Type),
        ArrowType::UInt32 => integers!(UInt32Type),
        ArrowType::UInt64 => integers!(UInt64Type),
        ArrowType::Float16 => floats!(Float16Type, f32::from),
        ArrowType::Float32 => floats!(Float32Type, std::convert::identity),
        ArrowType::Float64 => floats!(Float64Type, std::convert::identity),
        ArrowType::Utf8 => texts!(array.as_string::<i32>()),
        ArrowType::LargeUtf8 => texts!(array.as_string::<i64>()),
        ArrowType::Utf8View => texts!(array.as_string_view()),
        ArrowType::Binary => bytes!(array.as_binary::<i32>()),
        ArrowType::LargeBinary => bytes!(array.as_binary::<i64>()),
        ArrowType::BinaryView => bytes!(array.as_binary_view()),
        ArrowType::FixedSizeBinary(_) => bytes!(array.as_fixed_size_binary()),
        ArrowType::Date32
        | ArrowType::Date64
        | ArrowType::Time32(_)
        | ArrowType::Time64(_)
        | ArrowType::Timestamp(..)
        | ArrowType::Duration(_) => moments(array, quoted),
        ArrowType::Dictionary(..) => dictionary(array, quoted),
        // What has parts, and what is rare: as the preview has it. Quoted where that has a comma or a quote.
        _ => {
            let cells = Cells::new(array);
            let json = RefCell::new(String::new());
            Box::new(move |row, out| {
                let mut json = json.borrow_mut();
                json.clear();
                cells.write(row, &mut json);
                match json.strip_prefix('"') {
                    Some(_) => write_text(cells.text(row).as_bytes(), quoted, out),
                    None => write_text(json.as_bytes(), quoted, out),
                }
            })
        }
    }
}

fn moments<'a>(array: &'a dyn Array, quoted: Quoted) -> WriteCell<'a> {
    let text = RefCell::new(String::new());
    Box::new(move |row, out| {
        if let Some(count) = moment_of(array, row) {
            let mut text = text.borrow_mut();
            text.clear();
            write_moment(array.data_type(), count, &mut text);
            write_text(text.as_bytes(), quoted, out);
        }
    })
}

fn dictionary<'a>(array: &'a dyn Array, quoted: Quoted) -> WriteCell<'a> {
    let Some(dictionary) = array
        .as_any_dictionary_opt()
        .filter(|found| !found.values().is_empty())
    else {
        // Then every row is null.
        return Box::new(|_, _| {});
    };
    let keys = dictionary.normalized_keys();
    let write = writer(dictionary.values().as_ref(), quoted);
    Box::new(move |row, out| {
        if let Some(key) = keys.get(row) {
            write(*key, out);
        }
    })
}

fn write_bytes(bytes: &[u8], quoted: Quoted, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    if !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok() {
        write_text(bytes, quoted, out);
        return;
    }
    out.extend_from_slice(b"0x");
    for byte in bytes {
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
        out.extend([digit(byte >> 4), digit(byte & 15)]);
    }
}

/// Which bytes make a text quoted: those that some reader takes for a delimiter or the end of a line.
type Quoted = &'static [bool; 256];

const AMONG_OTHERS: Quoted = &marked(b",\"\n\r;\t| ");

/// Where there is no comma, a colon is the likeliest delimiter.
const ALONE: Quoted = &marked(b",\"\n\r;\t| :");

const fn marked(bytes: &[u8]) -> [bool; 256] {
    let mut marked = [false; 256];
    let mut index = 0;
    while index < bytes.len() {
        marked[bytes[index] as usize] = true;
        index += 1;
    }
    marked
}

/// A text, quoted when it could be taken for something else: more than one field, a comment, a byte order mark.
fn write_text(text: &[u8], quoted: Quoted, out: &mut Vec<u8>) {
    let plain = matches!(text.first(), Some(first) if !matches!(first, b'#' | 0xef))
        && !text
            .iter()
            .any(|byte| quoted.get(usize::from(*byte)) == Some(&true));
    if plain {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest) {
        let (before, behind) = rest.split_at(at + 1);
        out.extend_from_slice(before);
        out.push(b'"');
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}
