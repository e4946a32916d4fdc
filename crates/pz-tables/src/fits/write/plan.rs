//! What each Arrow column becomes in a binary table. Must never choose a TNULL that is a value of the column.

use arrow::datatypes::{DataType as ArrowType, Field, SchemaRef};

use super::cards::{ROOM, printable};
use super::unwritable;
use crate::arrow_schema::{DESCRIPTION, UCD, UNIT};
use crate::error::TableError;
use crate::names;
use crate::write::{ColumnFacts, Rules, TableFacts};

/// Columns that a table may have (TFIELDS, section 7.3.1).
const MAX_COLUMNS: usize = 999;

/// Text wider than this is put into the heap: in the row every value would be as wide as the longest.
const WIDE_TEXT: u64 = 4_096;

/// Widest text of the redshift pipelines; longer values are cut there.
pub(super) const PIPELINE_TEXT: u64 = 65_536;

/// Dates from the year 0 to 9999 have so many characters, and timestamps without a fraction.
const DATE: usize = 10;
const MOMENT: usize = 19;
const TIME: usize = 8;

/// How items are stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// `L`
    Logical,
    /// `true`, `false` or nothing, as text.
    LogicalText,
    /// Integers and floats of this Arrow type, to which the column is cast.
    Number(ArrowType),
    /// A decimal as a float64.
    Decimal,
    /// Two floats of this Arrow type.
    Complex(ArrowType),
    /// Text, cut where it is too long or else refused.
    Text { cut: bool },
    /// A date or time as text.
    Moment,
}

/// Width of an array descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Descriptor {
    Narrow,
    Wide,
}

impl Descriptor {
    /// Number of elements and offset in the heap, big-endian; none beyond the descriptor's range.
    pub(super) fn pointer(self, count: u64, offset: u64) -> Option<[u8; 16]> {
        let mut pointer = [0; 16];
        let (first, second) = pointer.split_at_mut(8);
        match self {
            Self::Wide => {
                first.copy_from_slice(&i64::try_from(count).ok()?.to_be_bytes());
                second.copy_from_slice(&i64::try_from(offset).ok()?.to_be_bytes());
            }
            Self::Narrow => {
                let (count_bytes, offset_bytes) = first.split_at_mut(4);
                count_bytes.copy_from_slice(&i32::try_from(count).ok()?.to_be_bytes());
                offset_bytes.copy_from_slice(&i32::try_from(offset).ok()?.to_be_bytes());
            }
        }
        Some(pointer)
    }
}

/// One column of the new table.
#[derive(Debug)]
pub(super) struct Column {
    /// Name in the schema, for messages.
    pub(super) name: String,
    /// TTYPE.
    pub(super) label: String,
    /// The name that TTYPE is the start of.
    pub(super) long_name: Option<String>,
    pub(super) form: String,
    pub(super) dimensions: Option<String>,
    /// TZERO.
    pub(super) zero: Option<i128>,
    /// TNULL, as stored.
    pub(super) null: Option<i128>,
    pub(super) unit: Option<String>,
    pub(super) ucd: Option<String>,
    pub(super) description: Option<String>,
    pub(super) item: Item,
    /// Bytes of an item; 0 for text of any length.
    pub(super) item_bytes: usize,
    /// Items of a row, when they are in the row.
    pub(super) count: usize,
    /// Bytes in the row.
    pub(super) width: usize,
    /// The items are in the heap.
    pub(super) descriptor: Option<Descriptor>,
}

/// The columns for a schema.
pub(super) fn columns(
    schema: &SchemaRef,
    facts: &TableFacts,
    rules: Rules,
) -> Result<Vec<Column>, TableError> {
    let fields = schema.fields();
    if fields.len() > MAX_COLUMNS {
        let reason = format!(
            "it has {} columns and FITS allows {MAX_COLUMNS}. Choose columns, or write Parquet or HDF5",
            fields.len()
        );
        return Err(unwritable(None, reason));
    }
    let printed = names::unique(
        fields
            .iter()
            .map(|field| printable(field.name()).trim().to_owned())
            .collect(),
    );
    let labels = names::unique(printed.iter().map(|name| label(name)).collect());
    let none = ColumnFacts::default();
    let mut columns = Vec::with_capacity(fields.len());
    for (index, (field, names)) in fields.iter().zip(labels.into_iter().zip(printed)).enumerate() {
        let facts = facts.columns.get(index).unwrap_or(&none);
        columns.push(Planner { field, facts, rules }.column(names)?);
    }
    let bound = columns
        .iter()
        .map(|(_, per_row)| per_row)
        .fold(0, |sum, per_row| per_row.saturating_add(sum));
    let wide = bound.saturating_mul(facts.n_rows) > i32::MAX.unsigned_abs().into();
    let columns = columns.into_iter().map(|(mut column, _)| {
        if wide && column.descriptor.is_some() {
            column.descriptor = Some(Descriptor::Wide);
            column.width = 16;
            column.form = column.form.replacen("1P", "1Q", 1);
        }
        column
    });
    Ok(columns.collect())
}

/// As much of a name as fits in one card, with some room for making it unique.
fn label(name: &str) -> String {
    let quoted = |name: &str| name.replace('\'', "''").len();
    if quoted(name) <= ROOM {
        return name.to_owned();
    }
    let mut label: String = name.chars().take(ROOM - 8).collect();
    while quoted(&label) > ROOM - 8 {
        label.pop();
    }
    label.trim_end().to_owned()
}

/// What one item is.
struct Plan {
    item: Item,
    letter: char,
    bytes: usize,
    zero: Option<i128>,
    null: Option<i128>,
}

impl Plan {
    fn plain(item: Item, letter: char, bytes: usize) -> Self {
        Self {
            item,
            letter,
            bytes,
            zero: None,
            null: None,
        }
    }
}

struct Planner<'a> {
    field: &'a Field,
    facts: &'a ColumnFacts,
    rules: Rules,
}

/// Without how values are encoded.
pub(super) fn unpacked(data_type: &ArrowType) -> &ArrowType {
    match data_type {
        ArrowType::Dictionary(_, value) => unpacked(value),
        ArrowType::RunEndEncoded(_, values) => unpacked(values.data_type()),
        other => other,
    }
}

impl Planner<'_> {
    /// The column, and the bytes that one row can have in the heap at most.
    fn column(&self, (label, printed): (String, String)) -> Result<(Column, u64), TableError> {
        let mut shape: Vec<u64> = Vec::new();
        let mut nullable = self.field.is_nullable();
        let mut data_type = unpacked(self.field.data_type());
        while let ArrowType::FixedSizeList(item, length) = data_type {
            shape.push(u64::try_from(*length).unwrap_or(0));
            nullable |= item.is_nullable();
            data_type = unpacked(item.data_type());
        }
        let mut list = false;
        let mut heap_bytes = 0;
        let mut suffix = String::new();
        match data_type {
            ArrowType::FixedSizeBinary(length) => shape.push(u64::try_from(*length).unwrap_or(0)),
            ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView if shape.is_empty() => {
                list = true;
                heap_bytes = self.facts.max_bytes;
                suffix = format!("({heap_bytes})");
            }
            ArrowType::List(item)
            | ArrowType::LargeList(item)
            | ArrowType::ListView(item)
            | ArrowType::LargeListView(item)
                if shape.is_empty() =>
            {
                list = true;
                nullable |= item.is_nullable();
                data_type = unpacked(item.data_type());
                if matches!(
                    data_type,
                    ArrowType::Binary
                        | ArrowType::LargeBinary
                        | ArrowType::BinaryView
                        | ArrowType::FixedSizeBinary(_)
                ) {
                    return Err(self.refused());
                }
            }
            _ => {}
        }
        let scalar = shape.is_empty() && !list;
        let mut plan = self.item(data_type, scalar, nullable)?;
        if list && suffix.is_empty() {
            heap_bytes = self.facts.max_items.saturating_mul(plan.bytes as u64);
            suffix = match plan.letter {
                'A' => format!("({heap_bytes}):SSTR{}", plan.bytes),
                _ => format!("({})", self.facts.max_items),
            };
        }
        if scalar && matches!(plan.item, Item::Text { cut: false }) && plan.bytes as u64 > WIDE_TEXT {
            list = true;
            heap_bytes = plan.bytes as u64;
            suffix = format!("({heap_bytes})");
            plan.bytes = 0;
        }
        let too_long = || {
            unwritable(
                Some(self.field.name()),
                format!("a row of column '{}' is too long", self.field.name()),
            )
        };
        let count = shape
            .iter()
            .try_fold(1u64, |product, axis| product.checked_mul(*axis))
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(too_long)?;
        let width = count.checked_mul(plan.bytes).ok_or_else(too_long)?;
        let letter = plan.letter;
        let text = |key: &str| {
            let value = self
                .field
                .metadata()
                .get(key)
                .map(|value| printable(value).trim().to_owned());
            value.filter(|value| !value.is_empty())
        };
        let unit = match unpacked(self.field.data_type()) {
            ArrowType::Duration(unit) => Some(duration_unit(*unit).to_owned()),
            _ => text(UNIT),
        };
        let column = Column {
            name: self.field.name().clone(),
            long_name: (printed != label).then_some(printed),
            label,
            form: match (list, letter) {
                (true, letter) => format!("1P{letter}{suffix}"),
                (false, 'A') => format!("{width}A"),
                (false, letter) => format!("{count}{letter}"),
            },
            dimensions: if list { None } else { dimensions(&shape, &plan) },
            zero: plan.zero,
            null: plan.null,
            unit,
            ucd: text(UCD),
            description: text(DESCRIPTION),
            item: plan.item,
            item_bytes: plan.bytes,
            count,
            width: if list { 8 } else { width },
            descriptor: list.then_some(Descriptor::Narrow),
        };
        Ok((column, heap_bytes))
    }

    fn refused(&self) -> TableError {
        let (name, data_type) = (self.field.name(), self.field.data_type());
        let reason = format!(
            "column '{name}' has the type {}, which no FITS column has. Leave the column out, or write Parquet",
            crate::arrow_schema::data_type(data_type)
        );
        unwritable(Some(name), reason)
    }

    /// How an item of this type is stored. `scalar`: it is the whole cell; `nullable`: it or a list around it.
    fn item(&self, data_type: &ArrowType, scalar: bool, nullable: bool) -> Result<Plan, TableError> {
        use arrow::datatypes::TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        let pipelines = self.rules == Rules::Pipelines;
        let fraction = |unit: &_| match unit {
            Second => 0,
            Millisecond => 4,
            Microsecond => 7,
            Nanosecond => 10,
        };
        Ok(match data_type {
            ArrowType::Boolean if pipelines && scalar => Plan::plain(Item::LogicalText, 'A', 5),
            ArrowType::Boolean => Plan::plain(Item::Logical, 'L', 1),
            ArrowType::Binary
            | ArrowType::LargeBinary
            | ArrowType::BinaryView
            | ArrowType::FixedSizeBinary(_) => Plan::plain(Item::Number(ArrowType::UInt8), 'B', 1),
            ArrowType::Float16 | ArrowType::Float32 => Plan::plain(Item::Number(ArrowType::Float32), 'E', 4),
            ArrowType::Float64 => Plan::plain(Item::Number(ArrowType::Float64), 'D', 8),
            integer if integer.is_integer() => self.integer(integer, scalar, nullable)?,
            ArrowType::Duration(_) => self.integer(&ArrowType::Int64, scalar, nullable)?,
            ArrowType::Decimal32(precision, 0)
            | ArrowType::Decimal64(precision, 0)
            | ArrowType::Decimal128(precision, 0)
                if *precision <= 18 =>
            {
                self.integer(&ArrowType::Int64, scalar, nullable)?
            }
            ArrowType::Decimal32(..)
            | ArrowType::Decimal64(..)
            | ArrowType::Decimal128(..)
            | ArrowType::Decimal256(..) => Plan::plain(Item::Decimal, 'D', 8),
            ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => {
                let longest = self.facts.max_bytes.max(1);
                let (width, cut) = match pipelines && scalar {
                    true => (longest.min(PIPELINE_TEXT), true),
                    false => (longest, false),
                };
                let width = usize::try_from(width).map_err(|_| self.refused())?;
                Plan::plain(Item::Text { cut }, 'A', width)
            }
            ArrowType::Null => Plan::plain(Item::Text { cut: false }, 'A', 1),
            ArrowType::Date32 | ArrowType::Date64 => Plan::plain(Item::Moment, 'A', DATE),
            ArrowType::Timestamp(unit, _) => Plan::plain(Item::Moment, 'A', MOMENT + fraction(unit)),
            ArrowType::Time32(unit) | ArrowType::Time64(unit) => {
                Plan::plain(Item::Moment, 'A', TIME + fraction(unit))
            }
            ArrowType::Struct(fields) => match fields.as_ref() {
                [re, im] if re.name() == "re" && im.name() == "im" && re.data_type() == im.data_type() => {
                    match re.data_type() {
                        ArrowType::Float32 => Plan::plain(Item::Complex(ArrowType::Float32), 'C', 8),
                        ArrowType::Float64 => Plan::plain(Item::Complex(ArrowType::Float64), 'M', 16),
                        _ => return Err(self.refused()),
                    }
                }
                _ => return Err(self.refused()),
            },
            _ => return Err(self.refused()),
        })
    }

    fn integer(&self, data_type: &ArrowType, scalar: bool, nullable: bool) -> Result<Plan, TableError> {
        let mut kind = Integer::of(data_type);
        // Of what is in lists nobody has counted the nulls.
        let needs_null = if scalar { self.facts.nulls > 0 } else { nullable };
        if self.rules == Rules::Pipelines && scalar {
            if needs_null {
                return Ok(Plan::plain(Item::Number(ArrowType::Float64), 'D', 8));
            }
            if kind.bytes == 1 {
                kind = Integer::of(&ArrowType::Int16);
            }
        }
        if !needs_null {
            return Ok(kind.plan(None));
        }
        // astropy takes the TNULL of shifted integers for a value after the shift, and would show it: where the next
        // wider type is not shifted, that one.
        let fits_signed = self.facts.range.is_none_or(|(_, most)| most <= i64::MAX.into());
        if scalar && kind.zero().is_some() {
            kind = match kind.wider() {
                Some(wider) => wider,
                None if fits_signed => Integer::of(&ArrowType::Int64),
                None => kind,
            };
        }
        loop {
            if let Some(free) = kind.free(self.facts.range) {
                return Ok(kind.plan(Some(free)));
            }
            match kind.wider() {
                Some(wider) => kind = wider,
                None if scalar => {
                    let name = self.field.name();
                    let reason = format!(
                        "column '{name}' has missing values and uses the whole range of {}, so that none is left to \
                         stand for them. Fill them, or write Parquet",
                        crate::arrow_schema::data_type(data_type)
                    );
                    return Err(unwritable(Some(name), reason));
                }
                None => return Ok(kind.plan(None)),
            }
        }
    }
}

/// An integer type.
struct Integer {
    data_type: ArrowType,
    letter: char,
    bytes: usize,
    signed: bool,
}

impl Integer {
    fn of(data_type: &ArrowType) -> Self {
        let (letter, bytes, signed) = match data_type {
            ArrowType::Int8 => ('B', 1, true),
            ArrowType::UInt8 => ('B', 1, false),
            ArrowType::Int16 => ('I', 2, true),
            ArrowType::UInt16 => ('I', 2, false),
            ArrowType::Int32 => ('J', 4, true),
            ArrowType::UInt32 => ('J', 4, false),
            ArrowType::UInt64 => ('K', 8, false),
            _ => ('K', 8, true),
        };
        Self {
            data_type: data_type.clone(),
            letter,
            bytes,
            signed,
        }
    }

    fn wider(&self) -> Option<Self> {
        Some(Self::of(match self.bytes {
            1 => &ArrowType::Int16,
            2 => &ArrowType::Int32,
            4 => &ArrowType::Int64,
            _ => return None,
        }))
    }

    /// An end of the range of the type that is no value of the column; the unlikely one first.
    fn free(&self, used: Option<(i128, i128)>) -> Option<i128> {
        let bits = 8 * self.bytes as u32;
        let (low, high) = match self.signed {
            true => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            false => (0, (1i128 << bits) - 1),
        };
        let ends = if self.signed { [low, high] } else { [high, low] };
        ends.into_iter()
            .find(|end| used.is_none_or(|(least, most)| *end < least || *end > most))
    }

    /// TZERO: FITS bytes are unsigned and its other integers signed.
    fn zero(&self) -> Option<i128> {
        match (self.bytes, self.signed) {
            (1, true) => Some(-128),
            (1, false) => None,
            (_, true) => None,
            (bytes, false) => Some(1i128 << (8 * bytes - 1)),
        }
    }

    fn plan(self, null: Option<i128>) -> Plan {
        let zero = self.zero();
        Plan {
            item: Item::Number(self.data_type),
            letter: self.letter,
            bytes: self.bytes,
            zero,
            null: null.map(|null| null - zero.unwrap_or(0)),
        }
    }
}

/// TDIM, fastest axis first. One axis goes without, unless it has one element and would be none.
fn dimensions(shape: &[u64], plan: &Plan) -> Option<String> {
    let text = plan.letter == 'A';
    match shape {
        [] => return None,
        [length] if !text && *length != 1 => return None,
        _ => {}
    }
    let width = text.then(|| plan.bytes.to_string());
    let axes = shape.iter().rev().map(u64::to_string);
    let axes: Vec<String> = width.into_iter().chain(axes).collect();
    Some(format!("({})", axes.join(",")))
}

fn duration_unit(unit: arrow::datatypes::TimeUnit) -> &'static str {
    use arrow::datatypes::TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    match unit {
        Second => "s",
        Millisecond => "ms",
        Microsecond => "us",
        Nanosecond => "ns",
    }
}
