//! The type of a column: what datatype, arraysize and null value of a FIELD mean, in bytes and in Arrow. Must
//! never accept a cell of fixed size that is larger than a row may be.

use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, Field, Fields, Metadata};

use super::layout::FieldLayout;
use crate::Limits;
use crate::arrow_schema::{DESCRIPTION, UCD, UNIT};
use crate::error::TableError;

/// The datatypes of the standard (VOTable 1.5, section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Datatype {
    Boolean,
    Bit,
    UnsignedByte,
    Short,
    Int,
    Long,
    Char,
    UnicodeChar,
    Float,
    Double,
    FloatComplex,
    DoubleComplex,
}

/// The value that stands for a missing one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Null {
    None,
    Integer(i64),
    Float(f64),
    Text(String),
}

/// A column as its cells are read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Column {
    /// For messages.
    pub(super) name: String,
    pub(super) datatype: Datatype,
    /// Characters of one text; none when they vary, and for numbers.
    pub(super) characters: Option<usize>,
    /// The axes of fixed length, the innermost first (the first of `arraysize`).
    pub(super) fixed: Vec<usize>,
    /// The outermost axis varies.
    pub(super) variable: bool,
    pub(super) null: Null,
    /// See [`super::layout::VotableLayout::counts_outer_axis`].
    pub(super) counts_outer_axis: bool,
}

/// What a cell of BINARY fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Always so many bytes.
    Bytes(usize),
    /// A count of four bytes, and for each counted thing so many values, each of so many bits.
    Counted { values: usize, bits: usize },
}

impl Datatype {
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "boolean" => Self::Boolean,
            "bit" => Self::Bit,
            "unsignedByte" => Self::UnsignedByte,
            "short" => Self::Short,
            // The words after the first are not of the standard and occur; astropy reads them so.
            "int" | "int32" | "unsignedShort" => Self::Int,
            "int16" => Self::Short,
            "long" | "int64" | "unsignedInt" => Self::Long,
            "char" | "string" => Self::Char,
            "unicodeChar" | "unicodeString" => Self::UnicodeChar,
            "float" | "float32" => Self::Float,
            "double" | "float64" => Self::Double,
            "floatComplex" => Self::FloatComplex,
            "doubleComplex" => Self::DoubleComplex,
            _ => return None,
        })
    }

    /// Bits of a value in BINARY.
    fn bits(self) -> usize {
        match self {
            Self::Bit => 1,
            Self::Boolean | Self::UnsignedByte | Self::Char => 8,
            Self::Short | Self::UnicodeChar => 16,
            Self::Int | Self::Float => 32,
            Self::Long | Self::Double | Self::FloatComplex => 64,
            Self::DoubleComplex => 128,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Char | Self::UnicodeChar)
    }

    fn arrow(self) -> ArrowType {
        match self {
            Self::Boolean | Self::Bit => ArrowType::Boolean,
            Self::UnsignedByte => ArrowType::UInt8,
            Self::Short => ArrowType::Int16,
            Self::Int => ArrowType::Int32,
            Self::Long => ArrowType::Int64,
            Self::Char | Self::UnicodeChar => ArrowType::Utf8,
            Self::Float => ArrowType::Float32,
            Self::Double => ArrowType::Float64,
            Self::FloatComplex => ArrowType::Struct(complex_fields(ArrowType::Float32)),
            Self::DoubleComplex => ArrowType::Struct(complex_fields(ArrowType::Float64)),
        }
    }
}

/// The parts of a complex number.
pub(super) fn complex_fields(part: ArrowType) -> Fields {
    Fields::from(vec![
        Field::new("re", part.clone(), true),
        Field::new("im", part, true),
    ])
}

/// The field of the elements of a list.
pub(super) fn item_field(item: ArrowType) -> Arc<Field> {
    Arc::new(Field::new("item", item, true))
}

impl Column {
    /// What `field` describes.
    pub(super) fn new(
        field: &FieldLayout,
        counts_outer_axis: bool,
        file_name: &str,
        limits: &Limits,
    ) -> Result<Self, TableError> {
        let unsupported = |data_type: String| TableError::UnsupportedType {
            file: file_name.to_owned(),
            column: field.name.clone(),
            data_type: crate::statistics::shown(&data_type),
        };
        let datatype =
            Datatype::of_word(&field.datatype).ok_or_else(|| unsupported(field.datatype.clone()))?;
        // "string" is no datatype of the standard and has no length of its own.
        let varying = matches!(field.datatype.as_str(), "string" | "unicodeString");
        let arraysize = match &field.arraysize {
            None if varying => "*",
            None => "",
            Some(arraysize) => arraysize.as_str(),
        };
        let malformed = || unsupported(format!("{} with arraysize '{arraysize}'", field.datatype));
        let (mut fixed, mut variable) = parse_arraysize(arraysize).ok_or_else(malformed)?;
        let mut characters = None;
        if datatype.is_text() {
            // The first axis is the length of a text.
            if !fixed.is_empty() {
                characters = Some(fixed.remove(0));
            } else if variable {
                variable = false;
            } else {
                characters = Some(1);
            }
        } else if fixed == [1] && !variable {
            // Old writers call a scalar an array of one; nobody means the array.
            fixed.clear();
        }
        let column = Self {
            name: field.name.clone(),
            datatype,
            characters,
            null: null(datatype, field.null.as_deref()),
            fixed,
            variable,
            counts_outer_axis,
        };
        let too_large = column
            .row_bytes()
            .is_none_or(|bytes| bytes > limits.max_record_bytes);
        if too_large {
            return Err(TableError::LimitExceeded {
                file: file_name.to_owned(),
                what: format!(
                    "the size of a cell of column '{}' (arraysize {arraysize})",
                    field.name
                ),
                limit: format!("{} bytes", limits.max_record_bytes),
                remedy: "Split the column, or write the table in another format.",
                place: None,
            });
        }
        Ok(column)
    }

    /// Values of a cell of fixed shape, or of one element of the outermost axis when it varies.
    pub(super) fn items(&self) -> usize {
        // Checked when the column was made.
        self.fixed.iter().product()
    }

    /// Neither array nor list.
    pub(super) fn is_scalar(&self) -> bool {
        self.fixed.is_empty() && !self.variable
    }

    /// The count of a cell may be meant in two ways.
    pub(super) fn is_ambiguous(&self) -> bool {
        self.variable && self.items() * self.characters.unwrap_or(1) > 1
    }

    /// Bytes that a row has at least in memory; none when beyond all bounds.
    pub(super) fn row_bytes(&self) -> Option<usize> {
        let values = self
            .fixed
            .iter()
            .try_fold(1usize, |size, axis| size.checked_mul(*axis))?;
        let value = match (self.datatype, self.characters) {
            // A text of any length has its own bytes in the file.
            (Datatype::Char | Datatype::UnicodeChar, None) => 16,
            (Datatype::Char | Datatype::UnicodeChar, Some(characters)) => {
                characters.checked_mul(2)?.checked_add(4)?
            }
            (other, _) => other.bits().div_ceil(8),
        };
        values.checked_mul(value)
    }

    /// What a cell fills in BINARY.
    pub(super) fn width(&self) -> Width {
        let bits = self.datatype.bits();
        let values = self.items() * self.characters.unwrap_or(1);
        let text_varies = self.datatype.is_text() && self.characters.is_none();
        if self.variable || text_varies {
            let values = if self.counts_outer_axis { values } else { 1 };
            Width::Counted { values, bits }
        } else {
            Width::Bytes((values * bits).div_ceil(8))
        }
    }

    /// Its type in Arrow: nested lists of fixed size, the outermost axis first, within a list when it varies.
    pub(super) fn arrow(&self) -> ArrowType {
        let mut arrow = self.datatype.arrow();
        for axis in &self.fixed {
            arrow = ArrowType::FixedSizeList(item_field(arrow), i32::try_from(*axis).unwrap_or(i32::MAX));
        }
        if self.variable {
            arrow = ArrowType::List(item_field(arrow));
        }
        arrow
    }
}

/// Axes of fixed length, the innermost first, and whether a varying one follows. The bound of a varying axis
/// (`5*`) says nothing about a value.
fn parse_arraysize(arraysize: &str) -> Option<(Vec<usize>, bool)> {
    if arraysize.is_empty() {
        return Some((Vec::new(), false));
    }
    let mut axes: Vec<&str> = arraysize.split('x').map(str::trim).collect();
    let mut variable = false;
    if let Some(bound) = axes.last().and_then(|last| last.strip_suffix('*')) {
        if !bound.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        variable = true;
        axes.pop();
    }
    // A cell without elements has no bytes: such a table has any number of rows.
    let fixed: Option<Vec<usize>> = axes
        .iter()
        .map(|axis| {
            axis.parse()
                .ok()
                .filter(|length| *length > 0 && i32::try_from(*length).is_ok())
        })
        .collect();
    Some((fixed?, variable))
}

fn null(datatype: Datatype, text: Option<&str>) -> Null {
    let Some(text) = text else { return Null::None };
    match datatype {
        Datatype::UnsignedByte | Datatype::Short | Datatype::Int | Datatype::Long => {
            super::number::integer(text.trim().as_bytes()).map_or(Null::None, Null::Integer)
        }
        Datatype::Float | Datatype::Double => fast_float2::parse(text.trim()).map_or(Null::None, Null::Float),
        Datatype::Char | Datatype::UnicodeChar if !text.is_empty() => Null::Text(text.to_owned()),
        _ => Null::None,
    }
}

/// The column as Arrow describes it, under the name that the file gives it.
pub(super) fn arrow_field(column: &Column, field: &FieldLayout) -> Field {
    let texts = [
        (UNIT, &field.unit),
        (UCD, &field.ucd),
        (DESCRIPTION, &field.description),
    ];
    let metadata: Metadata = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key.to_owned(), text.clone()?)))
        .collect();
    Field::new(&field.name, column.arrow(), true).with_metadata(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arraysizes_are_axes() {
        assert_eq!(parse_arraysize(""), Some((vec![], false)));
        assert_eq!(parse_arraysize("3"), Some((vec![3], false)));
        assert_eq!(parse_arraysize("2x3"), Some((vec![2, 3], false)));
        assert_eq!(parse_arraysize("*"), Some((vec![], true)));
        assert_eq!(parse_arraysize("5*"), Some((vec![], true)));
        assert_eq!(parse_arraysize("3x*"), Some((vec![3], true)));
        assert_eq!(parse_arraysize("3x5*"), Some((vec![3], true)));
        for bad in [
            "*x3",
            "x",
            "3x",
            "-1",
            "0",
            "a",
            "3,4",
            "99999999999999999999",
            "4294967296",
            "-*",
        ] {
            assert_eq!(parse_arraysize(bad), None, "{bad}");
        }
    }
}
