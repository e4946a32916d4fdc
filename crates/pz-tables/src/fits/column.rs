//! The columns that a table's header describes: where they are, what their elements mean, and their Arrow types.
//! Must never accept a column that reaches beyond its row.

use arrow::datatypes::{DataType as ArrowType, Field, Fields, Metadata};
use std::sync::Arc;

use super::card::Header;
use super::file::{Hdu, Kind, SourceFile, any_text, size};
use super::form::{AsciiForm, BinaryForm, Code, Descriptor, Substrings, dimensions};
use crate::arrow_schema::{DESCRIPTION, UCD, UNIT};
use crate::error::TableError;

/// Most bytes of one decoded cell.
pub(super) const MAX_CELL: u64 = 64 * 1024 * 1024;

/// The elements that an axis of length 0 may hide behind it.
const MAX_HIDDEN: u64 = 1 << 20;

/// What a stored number stands for (TSCAL, TZERO; section 7.3.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// Itself.
    Plain,
    /// Itself shifted by half its range: unsigned integers, and signed bytes.
    Shifted,
    /// scale × number + zero, a float64.
    Scaled { scale: f64, zero: f64 },
}

impl Meaning {
    pub(super) fn is_scaled(self) -> bool {
        matches!(self, Self::Scaled { .. })
    }
}

/// How the cells of a column are stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Storage {
    /// In the row: `count` elements, in an array of the shape `shape`, outermost axis first.
    Fixed { count: usize, shape: Vec<i32> },
    /// In the row: strings of `width` characters, in an array of the shape `shape`.
    Texts { width: usize, shape: Vec<i32> },
    /// In the row: a string of substrings with a delimiter between them.
    Delimited { delimiter: u8 },
    /// In the heap; none where the row has no descriptor at all.
    Heap {
        descriptor: Option<Descriptor>,
        substrings: Option<Substrings>,
    },
    /// As digits, in the row of an ASCII table.
    Ascii { form: AsciiForm, null: Option<String> },
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Name as the file has it, or `col3` for a third column without one.
    pub(super) name: String,
    /// Offset in the row.
    pub(super) offset: usize,
    /// Bytes in the row.
    pub(super) width: usize,
    pub(super) code: Code,
    pub(super) meaning: Meaning,
    /// The stored integer that means nothing (TNULL).
    pub(super) null: Option<i64>,
    pub(super) storage: Storage,
    pub(super) field: Field,
}

impl Column {
    /// Bytes of a decoded cell, roughly; those in the heap are not counted.
    pub(super) fn decoded_bytes(&self) -> u64 {
        match &self.storage {
            Storage::Fixed { count, .. } => {
                (*count as u64).saturating_mul(self.code.decoded_bytes(self.meaning.is_scaled()))
            }
            Storage::Texts { shape, .. } => {
                self.width as u64
                    + 4 * shape
                        .iter()
                        .map(|axis| u64::from(axis.unsigned_abs()))
                        .product::<u64>()
            }
            Storage::Delimited { .. } => 5 * self.width as u64,
            Storage::Heap { .. } => 4,
            Storage::Ascii { .. } => (self.width as u64).max(8),
        }
    }

    /// The Arrow type of an element, and whether it may be null.
    pub(super) fn element(&self) -> (ArrowType, bool) {
        let nullable = self.null.is_some();
        let scaled = self.meaning.is_scaled();
        let shifted = self.meaning == Meaning::Shifted;
        match self.code {
            Code::Logical => (ArrowType::Boolean, true),
            Code::Bit => (ArrowType::Boolean, false),
            Code::Character => (ArrowType::Utf8, false),
            Code::Complex if !scaled => (complex(ArrowType::Float32), false),
            Code::Complex | Code::DoubleComplex => (complex(ArrowType::Float64), false),
            Code::Float if !scaled => (ArrowType::Float32, false),
            Code::Float | Code::Double => (ArrowType::Float64, false),
            _ if scaled => (ArrowType::Float64, nullable),
            Code::Byte if shifted => (ArrowType::Int8, nullable),
            Code::Byte => (ArrowType::UInt8, nullable),
            Code::Short if shifted => (ArrowType::UInt16, nullable),
            Code::Short => (ArrowType::Int16, nullable),
            Code::Int if shifted => (ArrowType::UInt32, nullable),
            Code::Int => (ArrowType::Int32, nullable),
            Code::Long if shifted => (ArrowType::UInt64, nullable),
            Code::Long => (ArrowType::Int64, nullable),
        }
    }

    /// The Arrow type of a cell, and whether it may be null.
    fn cell(&self) -> (ArrowType, bool) {
        let list = |(item, nullable)| {
            (
                ArrowType::List(Arc::new(Field::new_list_field(item, nullable))),
                false,
            )
        };
        match &self.storage {
            Storage::Fixed { shape, .. } | Storage::Texts { shape, .. } => {
                shape
                    .iter()
                    .rev()
                    .fold(self.element(), |(item, nullable), length| {
                        let item = Arc::new(Field::new_list_field(item, nullable));
                        (ArrowType::FixedSizeList(item, *length), false)
                    })
            }
            Storage::Heap { substrings: None, .. } if self.code == Code::Character => self.element(),
            Storage::Delimited { .. } | Storage::Heap { .. } => list(self.element()),
            Storage::Ascii { form, null } => {
                let data_type = match form {
                    AsciiForm::Text { .. } => ArrowType::Utf8,
                    AsciiForm::Integer { .. } if !self.meaning.is_scaled() => ArrowType::Int64,
                    _ => ArrowType::Float64,
                };
                let real = matches!(form, AsciiForm::Real { .. });
                (data_type, real || null.is_some())
            }
        }
    }
}

/// The fields of a complex number.
pub(super) fn complex_fields(part: ArrowType) -> Fields {
    Fields::from(vec![
        Field::new("re", part.clone(), false),
        Field::new("im", part, false),
    ])
}

fn complex(part: ArrowType) -> ArrowType {
    ArrowType::Struct(complex_fields(part))
}

/// The rows of a table.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// Bytes of a row (NAXIS1).
    pub(super) row_bytes: u64,
    /// Number of rows (NAXIS2).
    pub(super) count: u64,
    /// Start and length of the heap.
    pub(super) heap: (u64, u64),
}

/// Rows of no bytes at all that are believed.
const MAX_EMPTY_ROWS: u64 = 1 << 20;

/// The geometry of a table's rows and heap.
pub(super) fn rows(source: &SourceFile, hdu: &Hdu) -> Result<Rows, TableError> {
    read_rows(hdu).map_err(|reason| source.broken(format!("in the header of HDU {} {reason}", hdu.number)))
}

fn read_rows(hdu: &Hdu) -> Result<Rows, String> {
    let header = &hdu.header;
    for (keyword, expected) in [("BITPIX", 8), ("NAXIS", 2), ("GCOUNT", 1)] {
        match header.integer(keyword)? {
            Some(found) if found != expected => {
                return Err(format!("{keyword} = {found} where a table has {expected}"));
            }
            _ => {}
        }
    }
    let required = |keyword| size(header, keyword)?.ok_or_else(|| format!("there is no {keyword}"));
    let (row_bytes, count) = (required("NAXIS1")?, required("NAXIS2")?);
    if row_bytes == 0 && count > MAX_EMPTY_ROWS {
        return Err(format!("NAXIS2 = {count} where rows have no bytes (NAXIS1 = 0)"));
    }
    // Both are below the size of the file: the data unit has been compared with it.
    let table = row_bytes.saturating_mul(count);
    let parameters = size(header, "PCOUNT")?.unwrap_or(0);
    let gap = match size(header, "THEAP")? {
        None | Some(0) => 0,
        Some(heap) => heap
            .checked_sub(table)
            .filter(|gap| *gap <= parameters)
            .ok_or_else(|| {
                format!(
                    "THEAP = {heap} is outside the {parameters} bytes (PCOUNT) behind the {table} bytes of the rows"
                )
            })?,
    };
    Ok(Rows {
        row_bytes,
        count,
        heap: (hdu.data_start + table + gap, parameters - gap),
    })
}

/// The columns of a table.
pub(super) fn columns(source: &SourceFile, hdu: &Hdu, row_bytes: u64) -> Result<Vec<Column>, TableError> {
    let in_hdu = |reason: String| source.broken(format!("in the header of HDU {} {reason}", hdu.number));
    let count = size(&hdu.header, "TFIELDS")
        .and_then(|count| count.ok_or_else(|| "there is no TFIELDS".to_owned()))
        .map_err(in_hdu)?;
    if count > 999 {
        return Err(in_hdu(format!("TFIELDS = {count} is above 999")));
    }
    let mut columns = Vec::new();
    let mut offset = 0u64;
    for number in 1..=count {
        let name = name(&hdu.header, number);
        let broken = |reason: String| super::broken(&source.file_name, Some(&name), reason);
        let column = match hdu.kind {
            Kind::Ascii => ascii_column(&hdu.header, number, &name, row_bytes),
            _ => binary_column(&hdu.header, number, &name, &mut offset, row_bytes),
        }
        .map_err(broken)?;
        if column.decoded_bytes() > MAX_CELL {
            let what = format!("the size of one value of column '{name}'");
            return Err(TableError::limit(&source.file_name, &what, "64 MiB".to_owned()));
        }
        columns.push(column);
    }
    if hdu.kind != Kind::Ascii && offset != row_bytes {
        return Err(in_hdu(format!(
            "the columns have {offset} bytes in all and the rows (NAXIS1) {row_bytes}"
        )));
    }
    Ok(columns)
}

/// TTYPE, or the whole name where our writer had to cut it (see [`LONG_NAME`]).
fn name(header: &Header, number: u64) -> String {
    let Some(label) = header.text(&format!("TTYPE{number}")) else {
        return format!("col{number}");
    };
    let start = |text: &str| text.chars().take(SAME_START).collect::<String>();
    match header.text(&format!("{LONG_NAME}{number}")) {
        Some(name) if start(name) == start(label) => name.trim().to_owned(),
        _ => label.trim().to_owned(),
    }
}

/// Keyword of our own for the name of a column that is too long for one card: astropy refuses a table with such a
/// TTYPE altogether.
pub(super) const LONG_NAME: &str = "TNAME";

/// Characters at the start in which the long name and TTYPE agree.
const SAME_START: usize = 32;

fn binary_column(
    header: &Header,
    number: u64,
    name: &str,
    offset: &mut u64,
    row_bytes: u64,
) -> Result<Column, String> {
    let keyword = |word: &str| format!("{word}{number}");
    let text = any_text(header, &keyword("TFORM")).ok_or_else(|| format!("there is no TFORM{number}"))?;
    let form = BinaryForm::parse(text)
        .ok_or_else(|| format!("TFORM{number} = '{text}' is no format of a binary table"))?;
    let start = *offset;
    *offset = form
        .row_bytes()
        .and_then(|width| start.checked_add(width))
        .filter(|end| *end <= row_bytes)
        .ok_or_else(|| {
            format!(
                "with TFORM{number} = '{text}' from byte {start} it is beyond the row of {row_bytes} bytes"
            )
        })?;
    let axes = any_text(header, &keyword("TDIM")).and_then(dimensions);
    let integer = matches!(form.code, Code::Byte | Code::Short | Code::Int | Code::Long);
    let null = match integer {
        true => header.integer(&keyword("TNULL"))?,
        false => None,
    };
    let meaning = meaning(header, number, form.code)?;
    let mut column = Column {
        name: name.to_owned(),
        offset: usize::try_from(start).map_err(|_| "its offset is beyond 64 bits")?,
        width: usize::try_from(*offset - start).map_err(|_| "its width is beyond 64 bits")?,
        code: form.code,
        meaning,
        null: null.and_then(|null| stored_null(null, meaning, form.code)),
        storage: storage(&form, axes),
        field: Field::new("", ArrowType::Null, true),
    };
    column.field = field(header, number, &column);
    Ok(column)
}

/// TNULL as it is stored. The standard means it so; astropy writes it for unsigned integers as it is after TZERO,
/// which is known by the value that it chooses for missing ones: 999999, in 16 bits 16959.
fn stored_null(null: i128, meaning: Meaning, code: Code) -> Option<i64> {
    let zero = match (meaning, code, null) {
        (Meaning::Shifted, Code::Short, 16_959) => 1 << 15,
        (Meaning::Shifted, Code::Int, 999_999) => 1 << 31,
        (Meaning::Shifted, Code::Long, 999_999) => 1 << 63,
        _ => 0,
    };
    i64::try_from(null - zero).ok()
}

fn meaning(header: &Header, number: u64, code: Code) -> Result<Meaning, String> {
    let shift = match code {
        Code::Logical | Code::Bit | Code::Character => return Ok(Meaning::Plain),
        Code::Byte => Some(-128),
        Code::Short => Some(1 << 15),
        Code::Int => Some(1 << 31),
        Code::Long => Some(1 << 63),
        _ => None,
    };
    let zero_keyword = format!("TZERO{number}");
    let scale = header.real(&format!("TSCAL{number}"))?.unwrap_or(1.0);
    let zero = header.real(&zero_keyword)?.unwrap_or(0.0);
    Ok(match (scale, zero) {
        (1.0, 0.0) => Meaning::Plain,
        (1.0, _) if shift.is_some() && header.integer(&zero_keyword).ok().flatten() == shift => {
            Meaning::Shifted
        }
        (scale, zero) => Meaning::Scaled { scale, zero },
    })
}

fn product<'a>(mut axes: impl Iterator<Item = &'a u64>) -> Option<u64> {
    axes.try_fold(1u64, |product, axis| product.checked_mul(*axis))
}

fn storage(form: &BinaryForm, axes: Option<Vec<u64>>) -> Storage {
    if let Some(descriptor) = form.descriptor {
        return Storage::Heap {
            descriptor: (form.repeat > 0).then_some(descriptor),
            substrings: form.substrings,
        };
    }
    let usable = |axes: &[u64]| {
        product(axes.iter()).is_some_and(|elements| elements <= form.repeat)
            && (!axes.contains(&0)
                || product(axes.iter().filter(|axis| **axis > 0)).is_some_and(|hidden| hidden <= MAX_HIDDEN))
            && axes.iter().all(|axis| i32::try_from(*axis).is_ok())
    };
    // Axes that do not fit are ignored, as astropy does.
    let axes = axes.filter(|axes| usable(axes));
    let reversed = |axes: &[u64]| -> Vec<i32> {
        axes.iter()
            .rev()
            .filter_map(|axis| i32::try_from(*axis).ok())
            .collect()
    };
    let repeat = usize::try_from(form.repeat).unwrap_or(usize::MAX);
    if form.code == Code::Character {
        let texts = |width: u64, shape| Storage::Texts {
            width: usize::try_from(width).unwrap_or(repeat),
            shape,
        };
        return match (axes.as_deref(), form.substrings) {
            (Some([width, axes @ ..]), _) => texts(*width, reversed(axes)),
            (_, Some(Substrings::Delimiter(delimiter))) => Storage::Delimited { delimiter },
            (_, Some(Substrings::Width(width))) if width < form.repeat => {
                texts(width, reversed(&[form.repeat / width]))
            }
            _ => texts(form.repeat, Vec::new()),
        };
    }
    match axes {
        Some(axes) => Storage::Fixed {
            count: usize::try_from(axes.iter().product::<u64>()).unwrap_or(usize::MAX),
            shape: reversed(&axes),
        },
        None => Storage::Fixed {
            count: repeat,
            shape: if repeat == 1 {
                Vec::new()
            } else {
                // A larger one is refused by its size.
                vec![i32::try_from(repeat).unwrap_or(i32::MAX)]
            },
        },
    }
}

fn ascii_column(header: &Header, number: u64, name: &str, row_bytes: u64) -> Result<Column, String> {
    let keyword = |word: &str| format!("{word}{number}");
    let text = any_text(header, &keyword("TFORM")).ok_or_else(|| format!("there is no TFORM{number}"))?;
    let form = AsciiForm::parse(text)
        .ok_or_else(|| format!("TFORM{number} = '{text}' is no format of an ASCII table"))?;
    let start = size(header, &keyword("TBCOL"))?.ok_or_else(|| format!("there is no TBCOL{number}"))?;
    let offset = start
        .checked_sub(1)
        .filter(|offset| {
            offset
                .checked_add(form.width())
                .is_some_and(|end| end <= row_bytes)
        })
        .ok_or_else(|| {
            format!("with TFORM{number} = '{text}' at character {start} it is outside the row of {row_bytes}")
        })?;
    let (scale, zero) = (
        header.real(&keyword("TSCAL"))?.unwrap_or(1.0),
        header.real(&keyword("TZERO"))?.unwrap_or(0.0),
    );
    let mut column = Column {
        name: name.to_owned(),
        offset: usize::try_from(offset).map_err(|_| "its offset is beyond 64 bits")?,
        width: usize::try_from(form.width()).map_err(|_| "its width is beyond 64 bits")?,
        code: Code::Character,
        meaning: if matches!(form, AsciiForm::Text { .. }) || (scale, zero) == (1.0, 0.0) {
            Meaning::Plain
        } else {
            Meaning::Scaled { scale, zero }
        },
        null: None,
        storage: Storage::Ascii {
            form,
            null: any_text(header, &keyword("TNULL")).map(|null| null.trim().to_owned()),
        },
        field: Field::new("", ArrowType::Null, true),
    };
    column.field = field(header, number, &column);
    Ok(column)
}

/// The field of a column, with its unit, UCD and description.
fn field(header: &Header, number: u64, column: &Column) -> Field {
    let (data_type, nullable) = column.cell();
    let mut metadata = Metadata::default();
    let description = header.text(&format!("TCOMM{number}")).or_else(|| {
        // Some write the description as the comment of the name; libraries write a label.
        header
            .comment(&format!("TTYPE{number}"))
            .filter(|comment| !comment.to_ascii_lowercase().starts_with("label for "))
    });
    for (key, value) in [
        (UNIT, header.text(&format!("TUNIT{number}"))),
        (UCD, header.text(&format!("TUCD{number}"))),
        (DESCRIPTION, description),
    ] {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value.trim().to_owned());
        }
    }
    Field::new(&column.name, data_type, nullable).with_metadata(metadata)
}
