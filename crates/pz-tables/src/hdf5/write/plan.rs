//! How a column is put into a dataset. Must never plan for less than the longest value.

use arrow::datatypes::{DataType as ArrowType, Field, Fields};
use rust_hdf5::DatatypeMessage;
use rust_hdf5::format::messages::datatype::{CompoundMember, EnumMember};

use super::unwritable;
use crate::error::TableError;
use crate::write::{ColumnFacts, Rules};

/// Widest text.
const MAX_TEXT: u64 = 65_536;

/// Widest row of a column.
const MAX_ROW: usize = 32 << 20;

/// Width of dates and times: `2025-12-31T23:59:59.123456789+00:00` and some.
const TIME_BYTES: usize = 48;

/// Integers that a float64 holds exactly.
const EXACT: i128 = 1 << 53;

/// Cells of a column, all of the same size.
#[derive(Debug)]
pub(super) enum Plan {
    Leaf(Leaf),
    /// This many, always.
    Array(usize, Box<Self>),
    /// At most this many, filled up with missing ones.
    List(usize, Box<Self>),
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaf {
    Int {
        bytes: usize,
        signed: bool,
    },
    Half,
    Single,
    Double,
    /// An integer, or a decimal, or nothing at all as float64.
    AsDouble,
    Bool,
    BoolText,
    Text(usize),
    /// As people read it.
    Shown(usize),
    Complex(usize),
    Opaque(usize),
}

impl Leaf {
    fn bytes(self) -> usize {
        match self {
            Self::Int { bytes, .. } | Self::Text(bytes) | Self::Shown(bytes) | Self::Opaque(bytes) => bytes,
            Self::Half => 2,
            Self::Single => 4,
            Self::Double | Self::AsDouble => 8,
            Self::Bool => 1,
            Self::BoolText => 5,
            Self::Complex(part) => 2 * part,
        }
    }

    /// A missing value; none when there is none of this type.
    pub(super) fn missing(self) -> Option<Vec<u8>> {
        match self {
            Self::Half => Some(0x7e00u16.to_le_bytes().to_vec()),
            Self::Single => Some(f32::NAN.to_le_bytes().to_vec()),
            Self::Double | Self::AsDouble => Some(f64::NAN.to_le_bytes().to_vec()),
            Self::Complex(4) => Some([f32::NAN.to_le_bytes(); 2].concat()),
            Self::Complex(_) => Some([f64::NAN.to_le_bytes(); 2].concat()),
            Self::BoolText | Self::Text(_) | Self::Shown(_) => Some(vec![0; self.bytes()]),
            Self::Int { .. } | Self::Bool | Self::Opaque(_) => None,
        }
    }

    fn datatype(self) -> DatatypeMessage {
        let text = |bytes: usize| DatatypeMessage::FixedString {
            size: u32::try_from(bytes).unwrap_or(u32::MAX),
            // Filled up with NULs, so that all bytes may be text.
            padding: 1,
            charset: 1,
        };
        match self {
            Self::Int {
                bytes: 1,
                signed: true,
            } => DatatypeMessage::i8_type(),
            Self::Int {
                bytes: 2,
                signed: true,
            } => DatatypeMessage::i16_type(),
            Self::Int {
                bytes: 4,
                signed: true,
            } => DatatypeMessage::i32_type(),
            Self::Int { signed: true, .. } => DatatypeMessage::i64_type(),
            Self::Int { bytes: 1, .. } => DatatypeMessage::u8_type(),
            Self::Int { bytes: 2, .. } => DatatypeMessage::u16_type(),
            Self::Int { bytes: 4, .. } => DatatypeMessage::u32_type(),
            Self::Int { .. } => DatatypeMessage::u64_type(),
            Self::Half => DatatypeMessage::f16_type(),
            Self::Single => DatatypeMessage::f32_type(),
            Self::Double | Self::AsDouble => DatatypeMessage::f64_type(),
            Self::Bool => {
                let member = |name: &str, value: u8| EnumMember {
                    name: name.to_owned(),
                    value: vec![value],
                };
                DatatypeMessage::enumeration(
                    DatatypeMessage::i8_type(),
                    vec![member("FALSE", 0), member("TRUE", 1)],
                )
            }
            Self::BoolText | Self::Text(_) | Self::Shown(_) => text(self.bytes()),
            Self::Complex(part) => {
                let float = || {
                    if part == 4 {
                        DatatypeMessage::f32_type()
                    } else {
                        DatatypeMessage::f64_type()
                    }
                };
                let member = |name: &str, offset: usize| CompoundMember {
                    name: name.to_owned(),
                    offset: offset as u32,
                    datatype: float(),
                };
                DatatypeMessage::compound(2 * part as u32, vec![member("r", 0), member("i", part)])
            }
            Self::Opaque(bytes) => DatatypeMessage::Opaque {
                size: u32::try_from(bytes).unwrap_or(u32::MAX),
                tag: String::new(),
            },
        }
    }
}

impl Plan {
    /// Bytes of a row.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.bytes(),
            Self::Array(length, item) | Self::List(length, item) => length.saturating_mul(item.bytes()),
        }
    }

    /// The leaf.
    fn leaf(&self) -> Leaf {
        match self {
            Self::Leaf(leaf) => *leaf,
            Self::Array(_, item) | Self::List(_, item) => item.leaf(),
        }
    }

    /// Type of an element of the dataset.
    pub(super) fn datatype(&self) -> DatatypeMessage {
        self.leaf().datatype()
    }

    /// Appends the axes of a row.
    pub(super) fn push_shape(&self, shape: &mut Vec<usize>) {
        if let Self::Array(length, item) | Self::List(length, item) = self {
            shape.push(*length);
            item.push_shape(shape);
        }
    }

    /// The bytes of a missing cell.
    pub(super) fn missing(&self) -> Option<Vec<u8>> {
        let leaf = self.leaf();
        let one = leaf.missing()?;
        Some(one.repeat(self.bytes() / leaf.bytes().max(1)))
    }
}

/// How the column `field` is put.
pub(super) fn plan(field: &Field, facts: &ColumnFacts, rules: Rules) -> Result<Plan, TableError> {
    let name = field.name();
    let context = Context {
        name,
        facts,
        rules,
        may_miss: facts.nulls > 0,
    };
    let plan = context.plan(field.data_type(), false)?;
    if plan.bytes() > MAX_ROW {
        let reason = format!(
            "column '{name}' has {} bytes in each row and {MAX_ROW} are allowed. Write Parquet instead",
            plan.bytes()
        );
        return Err(unwritable(Some(name), reason));
    }
    Ok(plan)
}

struct Context<'a> {
    name: &'a str,
    facts: &'a ColumnFacts,
    rules: Rules,
    may_miss: bool,
}

impl Context<'_> {
    fn plan(&self, arrow: &ArrowType, within_list: bool) -> Result<Plan, TableError> {
        let may_miss = self.may_miss || within_list;
        Ok(match arrow {
            ArrowType::FixedSizeList(item, length) => {
                let length = usize::try_from(*length).unwrap_or(0);
                Plan::Array(length, Box::new(self.plan(item.data_type(), within_list)?))
            }
            ArrowType::List(item) | ArrowType::LargeList(item) if !within_list => {
                let length = usize::try_from(self.facts.max_items).unwrap_or(usize::MAX).max(1);
                Plan::List(length, Box::new(self.plan(item.data_type(), true)?))
            }
            ArrowType::Dictionary(_, value) => self.plan(value, within_list)?,
            ArrowType::RunEndEncoded(_, values) => self.plan(values.data_type(), within_list)?,
            other => Plan::Leaf(self.leaf(other, may_miss)?),
        })
    }

    fn leaf(&self, arrow: &ArrowType, may_miss: bool) -> Result<Leaf, TableError> {
        Ok(match arrow {
            ArrowType::Null => Leaf::AsDouble,
            ArrowType::Boolean if may_miss || self.rules == Rules::Pipelines => Leaf::BoolText,
            ArrowType::Boolean => Leaf::Bool,
            integer if integer.is_integer() => self.integer(integer, may_miss)?,
            ArrowType::Float16 => Leaf::Half,
            ArrowType::Float32 => Leaf::Single,
            ArrowType::Float64 => Leaf::Double,
            ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => {
                let bytes = self.facts.max_bytes.max(1);
                if bytes > MAX_TEXT {
                    return Err(self.refuse(&format!(
                        "has a text of {bytes} bytes and {MAX_TEXT} are allowed. Write Parquet or CSV instead"
                    )));
                }
                Leaf::Text(bytes as usize)
            }
            ArrowType::Date32
            | ArrowType::Date64
            | ArrowType::Time32(_)
            | ArrowType::Time64(_)
            | ArrowType::Timestamp(..)
            | ArrowType::Duration(_) => Leaf::Shown(TIME_BYTES),
            ArrowType::Decimal32(..)
            | ArrowType::Decimal64(..)
            | ArrowType::Decimal128(..)
            | ArrowType::Decimal256(..) => Leaf::AsDouble,
            ArrowType::FixedSizeBinary(bytes) if *bytes > 0 && !may_miss => {
                Leaf::Opaque(bytes.unsigned_abs() as usize)
            }
            ArrowType::Struct(fields) => match complex(fields) {
                Some(part) => Leaf::Complex(part),
                None => {
                    return Err(self.refuse("has parts. Write Parquet instead, or a column for each part"));
                }
            },
            other => {
                let word = crate::arrow_schema::data_type(other);
                return Err(self.refuse(&format!("has the type {word}. Write Parquet instead")));
            }
        })
    }

    fn integer(&self, arrow: &ArrowType, may_miss: bool) -> Result<Leaf, TableError> {
        if may_miss {
            if let Some((low, high)) = self.facts.range
                && (low < -EXACT || high > EXACT)
            {
                let far = if high > EXACT { high } else { low };
                return Err(self.refuse(&format!(
                    "has missing values beside the integer {far}, which no float64 holds exactly. Write Parquet, \
                     CSV or FITS instead, or fill the missing values"
                )));
            }
            return Ok(Leaf::AsDouble);
        }
        let signed = arrow.is_signed_integer();
        let bytes = arrow.primitive_width().unwrap_or(8);
        let bytes = if self.rules == Rules::Pipelines {
            bytes.max(2)
        } else {
            bytes
        };
        Ok(Leaf::Int { bytes, signed })
    }

    fn refuse(&self, reason: &str) -> TableError {
        unwritable(Some(self.name), format!("column '{}' {reason}", self.name))
    }
}

/// Bytes of a part of a complex number.
fn complex(fields: &Fields) -> Option<usize> {
    let [re, im] = fields.as_ref() else { return None };
    let named = re.name() == "re" && im.name() == "im" && re.data_type() == im.data_type();
    match re.data_type() {
        ArrowType::Float32 if named => Some(4),
        ArrowType::Float64 if named => Some(8),
        _ => None,
    }
}
