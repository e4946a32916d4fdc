//! How a column is written: which datatype and arraysize hold all of its values. Must never choose one that a
//! value does not fit.

use arrow::datatypes::{DataType as ArrowType, Field, TimeUnit};

use crate::arrow_schema::{DESCRIPTION, UCD, UNIT};
use crate::error::TableError;
use crate::write::ColumnFacts;

/// Digits that a double holds exactly.
const DOUBLE_DIGITS: u8 = 15;

/// What one value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    UnsignedByte,
    Short,
    Int,
    Long,
    Float,
    Double,
    FloatComplex,
    DoubleComplex,
    /// Text of ASCII characters only.
    Ascii,
    /// Any text.
    Unicode,
    /// Bytes of any number.
    Bytes,
}

impl Kind {
    pub(super) fn datatype(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::UnsignedByte | Self::Bytes => "unsignedByte",
            Self::Short => "short",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::FloatComplex => "floatComplex",
            Self::DoubleComplex => "doubleComplex",
            Self::Ascii => "char",
            Self::Unicode => "unicodeChar",
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Self::Ascii | Self::Unicode)
    }

    /// The integers it holds.
    fn range(self) -> Option<(i128, i128)> {
        Some(match self {
            Self::UnsignedByte => (0, u8::MAX.into()),
            Self::Short => (i16::MIN.into(), i16::MAX.into()),
            Self::Int => (i32::MIN.into(), i32::MAX.into()),
            Self::Long => (i64::MIN.into(), i64::MAX.into()),
            _ => return None,
        })
    }
}

/// How a column is written.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Cells are lists of any length.
    pub(super) variable: bool,
    /// Axes of fixed length, the outermost first.
    pub(super) shape: Vec<usize>,
    /// Characters of each text in an array of texts.
    pub(super) characters: usize,
    pub(super) arraysize: Option<String>,
    pub(super) xtype: Option<&'static str>,
    /// What stands for a missing integer within an array; a missing cell has its bit.
    pub(super) null: Option<i64>,
    pub(super) unit: Option<String>,
    pub(super) ucd: Option<String>,
    pub(super) description: Option<String>,
}

impl Plan {
    pub(super) fn new(field: &Field, facts: Option<&ColumnFacts>) -> Result<Self, TableError> {
        let name = field.name();
        let (mut arrow, mut variable, mut shape) = (unencoded(field.data_type()), false, Vec::new());
        if let Some(item) = list_item(arrow) {
            variable = true;
            arrow = unencoded(item);
        }
        while let ArrowType::FixedSizeList(item, length) = arrow {
            let length = usize::try_from(*length).ok().filter(|length| *length > 0);
            let length =
                length.ok_or_else(|| unwritable(name, "its arrays have no elements: leave it out"))?;
            shape.push(length);
            arrow = unencoded(item.data_type());
        }
        let kind = kind(arrow, facts).map_err(|reason| unwritable(name, &reason))?;
        let is_array = variable || !shape.is_empty();
        if is_array && kind == Kind::Bytes {
            return Err(unwritable(name, "it has arrays of bytes: write them as text"));
        }
        // Texts in an array are all of one length: that of the longest, in characters at most its bytes.
        let characters = match arrow {
            ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => {
                let longest = facts.map_or(0, |facts| facts.max_bytes);
                usize::try_from(longest).unwrap_or(usize::MAX).max(1)
            }
            _ => CONVERTED_CHARACTERS,
        };
        let mut axes: Vec<String> = shape.iter().rev().map(usize::to_string).collect();
        if kind.is_text() && is_array {
            axes.insert(0, characters.to_string());
        }
        if variable || !is_array && (kind.is_text() || kind == Kind::Bytes) {
            axes.push("*".to_owned());
        }
        let entry = |key: &str| field.metadata().get(key).filter(|text| !text.is_empty()).cloned();
        Ok(Self {
            name: name.clone(),
            kind,
            variable,
            characters,
            arraysize: (!axes.is_empty()).then(|| axes.join("x")),
            xtype: xtype(arrow).filter(|_| !is_array),
            null: if is_array { free_value(kind, facts) } else { None },
            unit: entry(UNIT).or_else(|| duration_unit(arrow).map(str::to_owned)),
            ucd: entry(UCD),
            description: entry(DESCRIPTION),
            shape,
        })
    }

    /// The column cannot be written.
    pub(super) fn unwritable(&self, reason: &str) -> TableError {
        unwritable(&self.name, reason)
    }

    /// Values of one array of the fixed shape.
    pub(super) fn items(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Characters of a number or time as text, when it is in an array (`+262143-12-31T23:59:59.123456789Z` is one).
const CONVERTED_CHARACTERS: usize = 80;

fn unwritable(column: &str, reason: &str) -> TableError {
    TableError::Unwritable {
        format: "VOTable",
        reason: format!("column '{}', {reason}", crate::statistics::shown(column)),
        column: Some(column.to_owned()),
    }
}

/// How values are encoded is no concern of the file.
fn unencoded(arrow: &ArrowType) -> &ArrowType {
    match arrow {
        ArrowType::Dictionary(_, value) => value,
        ArrowType::RunEndEncoded(_, values) => values.data_type(),
        other => other,
    }
}

fn list_item(arrow: &ArrowType) -> Option<&ArrowType> {
    match arrow {
        ArrowType::List(item)
        | ArrowType::LargeList(item)
        | ArrowType::ListView(item)
        | ArrowType::LargeListView(item) => Some(item.data_type()),
        _ => None,
    }
}

fn kind(arrow: &ArrowType, facts: Option<&ColumnFacts>) -> Result<Kind, String> {
    let decimal = |digits: &u8| {
        if *digits <= DOUBLE_DIGITS {
            Kind::Double
        } else {
            Kind::Ascii
        }
    };
    Ok(match arrow {
        ArrowType::Boolean => Kind::Boolean,
        ArrowType::UInt8 => Kind::UnsignedByte,
        ArrowType::Int8 | ArrowType::Int16 => Kind::Short,
        ArrowType::UInt16 | ArrowType::Int32 => Kind::Int,
        ArrowType::UInt32 | ArrowType::Int64 | ArrowType::Duration(_) => Kind::Long,
        ArrowType::UInt64 => match facts.map(|facts| facts.range) {
            Some(range) if range.is_none_or(|(_, high)| high <= i64::MAX.into()) => Kind::Long,
            _ => Kind::Ascii,
        },
        ArrowType::Float16 | ArrowType::Float32 => Kind::Float,
        ArrowType::Float64 => Kind::Double,
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => match facts {
            Some(facts) if !facts.non_ascii => Kind::Ascii,
            _ => Kind::Unicode,
        },
        ArrowType::Null
        | ArrowType::Date32
        | ArrowType::Date64
        | ArrowType::Time32(_)
        | ArrowType::Time64(_)
        | ArrowType::Timestamp(..) => Kind::Ascii,
        ArrowType::Decimal32(digits, _)
        | ArrowType::Decimal64(digits, _)
        | ArrowType::Decimal128(digits, _)
        | ArrowType::Decimal256(digits, _) => decimal(digits),
        ArrowType::Binary
        | ArrowType::LargeBinary
        | ArrowType::BinaryView
        | ArrowType::FixedSizeBinary(_) => Kind::Bytes,
        ArrowType::Struct(fields) => match fields.as_ref() {
            [re, im] if re.name() == "re" && im.name() == "im" => match (re.data_type(), im.data_type()) {
                (ArrowType::Float32, ArrowType::Float32) => Kind::FloatComplex,
                (ArrowType::Float64, ArrowType::Float64) => Kind::DoubleComplex,
                _ => return Err(no_parts()),
            },
            _ => return Err(no_parts()),
        },
        ArrowType::Map(..) => {
            return Err(
                "it has keys and values: write the values as columns of their own, or write Parquet"
                    .to_owned(),
            );
        }
        other if list_item(other).is_some() => {
            return Err(
                "it has lists within lists: give the inner ones one length, or write Parquet".to_owned(),
            );
        }
        other => {
            return Err(format!(
                "its type {other} has no place there: write it as numbers or text"
            ));
        }
    })
}

fn no_parts() -> String {
    "its values have named parts: write them as columns of their own, or write Parquet".to_owned()
}

/// How the text is meant (DALI 1.1, section 3.3.3).
fn xtype(arrow: &ArrowType) -> Option<&'static str> {
    matches!(
        arrow,
        ArrowType::Date32 | ArrowType::Date64 | ArrowType::Timestamp(..)
    )
    .then_some("timestamp")
}

/// The unit in which a duration is counted.
fn duration_unit(arrow: &ArrowType) -> Option<&'static str> {
    match arrow {
        ArrowType::Duration(TimeUnit::Second) => Some("s"),
        ArrowType::Duration(TimeUnit::Millisecond) => Some("ms"),
        ArrowType::Duration(TimeUnit::Microsecond) => Some("us"),
        ArrowType::Duration(TimeUnit::Nanosecond) => Some("ns"),
        _ => None,
    }
}

/// An integer that no element has.
fn free_value(kind: Kind, facts: Option<&ColumnFacts>) -> Option<i64> {
    let (lowest, highest) = kind.range()?;
    let free = match facts?.range {
        None => lowest,
        Some((low, _)) if low > lowest => lowest,
        Some((_, high)) if high < highest => highest,
        Some(_) => return None,
    };
    // The highest of bytes is less surprising than 0.
    let free = match (kind, facts?.range) {
        (Kind::UnsignedByte, Some((_, high))) if high < highest => highest,
        (Kind::UnsignedByte, None) => highest,
        _ => free,
    };
    i64::try_from(free).ok()
}
