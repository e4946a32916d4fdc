//! HDF5 types in Arrow's words. What has no word there is refused by its name. Must never guess a value.
//!
//! | HDF5 | Arrow |
//! |---|---|
//! | integers, bit fields, either byte order | integer of that width |
//! | IEEE floats of 16, 32, 64 bits | the same |
//! | enumeration of FALSE and TRUE (h5py), 8-bit field (PyTables) | boolean |
//! | other enumerations | text, the name of the member |
//! | strings of fixed and varying length | text |
//! | sequences of varying length | list |
//! | arrays | nested fixed-size lists, outermost axis first |
//! | compounds | struct |
//! | opaque, tagged by h5py as numpy's `M8`, `m8` | timestamp, duration |
//! | other opaque | bytes |

use std::sync::Arc;

use arrow::datatypes::{DataType as ArrowType, Field, Fields, TimeUnit};
use rust_hdf5::format::FormatContext;
use rust_hdf5::format::messages::datatype::{ByteOrder, DatatypeMessage};

use super::fault::Fault;

/// Compounds within compounds.
const MAX_DEPTH: usize = 16;

/// Parts of all compounds of one column.
const MAX_PARTS: usize = 10_000;

const REMEDY: &str = "Write it as numbers or text.";

/// How an element is decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Int {
        bytes: usize,
        signed: bool,
        big: bool,
        /// Lowest bit used and number of bits, when not all are.
        bits: Option<(u16, u16)>,
    },
    Float {
        bytes: usize,
        big: bool,
    },
    /// True where the element is not this value.
    Bool {
        falsehood: Vec<u8>,
    },
    Names {
        bytes: usize,
        names: Arc<Vec<(Vec<u8>, String)>>,
    },
    Text {
        bytes: usize,
        padding: u8,
    },
    HeapText,
    HeapList(Box<Self>, usize),
    Array(usize, Box<Self>),
    Struct(Vec<Part>, usize),
    Opaque(usize),
    /// 64-bit integers since 1970, the smallest of which stands for a missing one.
    Time {
        unit: TimeUnit,
        zone: Option<Arc<str>>,
        big: bool,
    },
    Duration {
        unit: TimeUnit,
        big: bool,
    },
}

/// A part of a compound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) offset: usize,
    pub(super) bytes: usize,
    pub(super) kind: Kind,
}

impl Kind {
    /// The kind of elements of this type.
    pub(super) fn of(datatype: &DatatypeMessage, context: &FormatContext) -> Result<Self, Fault> {
        let mut parts = 0;
        kind(datatype, context, 0, &mut parts)
    }

    /// Arrays of this shape of it, C order.
    pub(super) fn shaped(self, shape: &[u64]) -> Result<Self, Fault> {
        shape.iter().rev().try_fold(self, |kind, length| {
            let length = i32::try_from(*length)
                .map_err(|_| Fault::limit(format!("an axis of length {length}"), i32::MAX.to_string()))?;
            Ok(Self::Array(length.unsigned_abs() as usize, Box::new(kind)))
        })
    }

    /// Whether it is a number that is a pair of its parts.
    pub(super) fn is_complex(&self) -> bool {
        matches!(self, Self::Struct(parts, _) if matches!(parts.as_slice(), [re, im] if re.name == "re" && im.name == "im"))
    }

    /// Arrow's type.
    pub(super) fn arrow(&self) -> ArrowType {
        let item = |kind: &Self| Arc::new(Field::new("item", kind.arrow(), kind.is_nullable()));
        match self {
            Self::Int { bytes, signed, .. } => match (bytes, signed) {
                (1, true) => ArrowType::Int8,
                (2, true) => ArrowType::Int16,
                (4, true) => ArrowType::Int32,
                (_, true) => ArrowType::Int64,
                (1, false) => ArrowType::UInt8,
                (2, false) => ArrowType::UInt16,
                (4, false) => ArrowType::UInt32,
                (_, false) => ArrowType::UInt64,
            },
            Self::Float { bytes: 2, .. } => ArrowType::Float16,
            Self::Float { bytes: 4, .. } => ArrowType::Float32,
            Self::Float { .. } => ArrowType::Float64,
            Self::Bool { .. } => ArrowType::Boolean,
            Self::Names { .. } | Self::Text { .. } | Self::HeapText => ArrowType::Utf8,
            Self::HeapList(kind, _) => ArrowType::List(item(kind)),
            Self::Array(length, kind) => {
                ArrowType::FixedSizeList(item(kind), i32::try_from(*length).unwrap_or(i32::MAX))
            }
            Self::Struct(..) => ArrowType::Struct(self.fields()),
            Self::Opaque(bytes) => ArrowType::FixedSizeBinary(i32::try_from(*bytes).unwrap_or(i32::MAX)),
            Self::Time { unit, zone, .. } => ArrowType::Timestamp(*unit, zone.clone()),
            Self::Duration { unit, .. } => ArrowType::Duration(*unit),
        }
    }

    /// The fields of a struct.
    pub(super) fn fields(&self) -> Fields {
        match self {
            Self::Struct(parts, _) => parts
                .iter()
                .map(|part| Field::new(&part.name, part.kind.arrow(), part.kind.is_nullable()))
                .collect(),
            _ => Fields::empty(),
        }
    }

    /// Whether some bytes stand for a missing value.
    pub(super) fn is_nullable(&self) -> bool {
        matches!(self, Self::Time { .. } | Self::Duration { .. })
    }

    /// These integers as instants.
    pub(super) fn as_time(&self, unit: TimeUnit, zone: Option<Arc<str>>) -> Option<Self> {
        match self {
            Self::Int {
                bytes: 8,
                signed: true,
                big,
                bits: None,
            } => Some(Self::Time {
                unit,
                zone,
                big: *big,
            }),
            Self::Array(length, kind) => Some(Self::Array(*length, Box::new(kind.as_time(unit, zone)?))),
            _ => None,
        }
    }

    /// These integers as lengths of time.
    pub(super) fn as_duration(&self, unit: TimeUnit) -> Option<Self> {
        match self.as_time(unit, None)? {
            Self::Time { unit, big, .. } => Some(Self::Duration { unit, big }),
            _ => None,
        }
    }
}

fn refuse(what: impl Into<String>) -> Fault {
    Fault::unsupported(what, REMEDY)
}

fn kind(
    datatype: &DatatypeMessage,
    context: &FormatContext,
    depth: usize,
    parts: &mut usize,
) -> Result<Kind, Fault> {
    if depth > MAX_DEPTH {
        return Err(Fault::limit("the nesting of its type", MAX_DEPTH.to_string()));
    }
    match datatype {
        DatatypeMessage::FixedPoint {
            size,
            byte_order,
            signed,
            bit_offset,
            bit_precision,
        } => integer(*size, *byte_order, *signed, *bit_offset, *bit_precision),
        DatatypeMessage::BitField {
            size,
            byte_order,
            bit_offset,
            bit_precision,
        } => {
            if *size == 1 {
                Ok(Kind::Bool { falsehood: vec![0] })
            } else {
                integer(*size, *byte_order, false, *bit_offset, *bit_precision)
            }
        }
        DatatypeMessage::FloatingPoint { size, byte_order, .. } => {
            if datatype.ieee_format().is_none() {
                return Err(refuse(format!(
                    "the type float{} (not IEEE 754 of 16, 32 or 64 bits)",
                    size.saturating_mul(8)
                )));
            }
            Ok(Kind::Float {
                bytes: *size as usize,
                big: *byte_order == ByteOrder::BigEndian,
            })
        }
        DatatypeMessage::FixedString { size, padding, .. } => match padding {
            0..=2 if *size > 0 => Ok(Kind::Text {
                bytes: *size as usize,
                padding: *padding,
            }),
            _ => Err(Fault::broken(format!(
                "a text type of {size} bytes with padding {padding}"
            ))),
        },
        DatatypeMessage::VarLenString { .. } => Ok(Kind::HeapText),
        DatatypeMessage::VarLenSequence { base } => {
            let item = kind(base, context, depth + 1, parts)?;
            let bytes = base.element_size_ctx(context) as usize;
            if bytes == 0 {
                return Err(Fault::broken("a list of items without size"));
            }
            Ok(Kind::HeapList(Box::new(item), bytes))
        }
        DatatypeMessage::Array { dims, base } => {
            let item = kind(base, context, depth + 1, parts)?;
            let shape: Vec<u64> = dims.iter().map(|length| u64::from(*length)).collect();
            item.shaped(&shape)
        }
        DatatypeMessage::Enum { base, members } => enumeration(base, members),
        DatatypeMessage::Compound { size, members } => {
            *parts += members.len();
            if *parts > MAX_PARTS && depth > 0 {
                return Err(Fault::limit(
                    "the number of parts of its type",
                    MAX_PARTS.to_string(),
                ));
            }
            let parts = members
                .iter()
                .map(|member| {
                    let bytes = member.datatype.element_size_ctx(context) as usize;
                    let offset = member.offset as usize;
                    if offset.checked_add(bytes).is_none_or(|end| end > *size as usize) {
                        return Err(Fault::broken(format!(
                            "part '{}' lies outside its element",
                            member.name
                        )));
                    }
                    Ok(Part {
                        name: member.name.clone(),
                        offset,
                        bytes,
                        kind: kind(&member.datatype, context, depth + 1, parts)
                            .map_err(|fault| of_part(fault, &member.name))?,
                    })
                })
                .collect::<Result<Vec<_>, _>>()?;
            Ok(Kind::Struct(complex(parts), *size as usize))
        }
        DatatypeMessage::Opaque { size, tag } => opaque(*size as usize, tag),
        DatatypeMessage::Reference { .. } => Err(refuse("the type reference (to another object)")),
    }
}

fn of_part(fault: Fault, name: &str) -> Fault {
    match fault {
        Fault::Unsupported { what, remedy } => Fault::Unsupported {
            what: format!("{what} of part '{name}'"),
            remedy,
        },
        fault => fault,
    }
}

/// A pair of floats called `r` and `i` (h5py), `real` and `imag`, `re` and `im` is a complex number.
fn complex(mut parts: Vec<Part>) -> Vec<Part> {
    if let [re, im] = parts.as_mut_slice() {
        let named = matches!(
            (re.name.as_str(), im.name.as_str()),
            ("r", "i") | ("re", "im") | ("real", "imag")
        );
        if named && re.kind == im.kind && matches!(re.kind, Kind::Float { bytes: 4 | 8, .. }) {
            "re".clone_into(&mut re.name);
            "im".clone_into(&mut im.name);
        }
    }
    parts
}

fn integer(size: u32, order: ByteOrder, signed: bool, offset: u16, precision: u16) -> Result<Kind, Fault> {
    if !matches!(size, 1 | 2 | 4 | 8) {
        return Err(refuse(format!("the type integer of {size} bytes")));
    }
    let width = (size * 8) as u16;
    if precision == 0 || offset.saturating_add(precision) > width {
        return Err(Fault::broken(format!(
            "an integer of {precision} bits at bit {offset} of {width}"
        )));
    }
    Ok(Kind::Int {
        bytes: size as usize,
        signed,
        big: order == ByteOrder::BigEndian,
        bits: (precision != width).then_some((offset, precision)),
    })
}

fn enumeration(
    base: &DatatypeMessage,
    members: &[rust_hdf5::format::messages::datatype::EnumMember],
) -> Result<Kind, Fault> {
    let DatatypeMessage::FixedPoint { size, .. } = base else {
        return Err(Fault::broken("an enumeration of something else than integers"));
    };
    let named = |name: &str| {
        members
            .iter()
            .find(|member| member.name.eq_ignore_ascii_case(name))
    };
    if let ([_, _], Some(falsehood), Some(_)) = (members, named("false"), named("true")) {
        return Ok(Kind::Bool {
            falsehood: falsehood.value.clone(),
        });
    }
    let mut names: Vec<_> = members
        .iter()
        .map(|member| (member.value.clone(), member.name.clone()))
        .collect();
    names.sort();
    Ok(Kind::Names {
        bytes: *size as usize,
        names: Arc::new(names),
    })
}

/// h5py tags numpy's times with their numpy type: `NUMPY:M8[ns]`, with `>` before the M for big-endian ones.
fn opaque(bytes: usize, tag: &str) -> Result<Kind, Fault> {
    if let (8, Some(numpy)) = (bytes, tag.strip_prefix("NUMPY:")) {
        let big = numpy.starts_with('>');
        let numpy = numpy.trim_start_matches(['<', '>', '=', '|']);
        if let Some(unit) = numpy.strip_prefix("M8[").and_then(time_unit) {
            return Ok(Kind::Time {
                unit,
                zone: None,
                big,
            });
        }
        if let Some(unit) = numpy.strip_prefix("m8[").and_then(time_unit) {
            return Ok(Kind::Duration { unit, big });
        }
        return Err(refuse(format!("the type {numpy}")));
    }
    if bytes == 0 || i32::try_from(bytes).is_err() {
        return Err(Fault::broken("bytes without size"));
    }
    Ok(Kind::Opaque(bytes))
}

/// The unit in `ns]`.
pub(super) fn time_unit(text: &str) -> Option<TimeUnit> {
    match text.strip_suffix(']')? {
        "s" => Some(TimeUnit::Second),
        "ms" => Some(TimeUnit::Millisecond),
        "us" => Some(TimeUnit::Microsecond),
        "ns" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}
