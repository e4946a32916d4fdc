//! Arrow's description of the columns in the words of this crate. Must never drop a column.
//!
//! Unit, UCD and description travel in the metadata of a field, under the keys [`UNIT`], [`UCD`] and
//! [`DESCRIPTION`]; readers put them there with [`described`], writers find them there.

use arrow::datatypes::{DataType as ArrowType, Field, Metadata, TimeUnit as ArrowUnit};

use crate::data_type::{DataType, TimeUnit};
use crate::names;
use crate::schema::{ColumnInfo, TableSchema};

/// Metadata keys of a field.
pub(crate) const UNIT: &str = "unit";
pub(crate) const UCD: &str = "ucd";
pub(crate) const DESCRIPTION: &str = "description";

/// The field called as the column is, with the column's unit, UCD and description.
pub(crate) fn described(field: &Field, column: &ColumnInfo) -> Field {
    let mut metadata = field.metadata().clone();
    for (key, value) in [
        (UNIT, &column.unit),
        (UCD, &column.ucd),
        (DESCRIPTION, &column.description),
    ] {
        if let Some(value) = value {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    field.clone().with_name(&column.name).with_metadata(metadata)
}

/// The schema of a table with these top-level fields.
pub(crate) fn table_schema<'a>(fields: impl Iterator<Item = &'a Field> + Clone) -> TableSchema {
    let unique = names::unique(fields.clone().map(|field| field.name().clone()).collect());
    TableSchema {
        columns: fields
            .zip(unique)
            .map(|(field, name)| column(field, name))
            .collect(),
    }
}

fn column(field: &Field, name: String) -> ColumnInfo {
    let (shape, element) = shape(field.data_type());
    let metadata = field.metadata();
    ColumnInfo {
        name,
        dtype: data_type(element),
        unit: entry(metadata, &[UNIT, "UNIT", "units", "TUNIT"]),
        ucd: entry(metadata, &[UCD, "UCD", "TUCD"]),
        description: entry(metadata, &[DESCRIPTION, "DESCRIPTION", "comment"]),
        shape,
        nullable: field.is_nullable(),
    }
}

fn entry(metadata: &Metadata, keys: &[&str]) -> Option<String> {
    let value = keys.iter().find_map(|key| metadata.get(key))?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// Fixed-size lists are arrays of a shape.
fn shape(mut arrow: &ArrowType) -> (Vec<u64>, &ArrowType) {
    let mut shape = Vec::new();
    while let ArrowType::FixedSizeList(item, length) = arrow {
        shape.push(u64::try_from(*length).unwrap_or(0));
        arrow = item.data_type();
    }
    (shape, arrow)
}

fn unit(unit: &ArrowUnit) -> TimeUnit {
    match unit {
        ArrowUnit::Second => TimeUnit::Second,
        ArrowUnit::Millisecond => TimeUnit::Millisecond,
        ArrowUnit::Microsecond => TimeUnit::Microsecond,
        ArrowUnit::Nanosecond => TimeUnit::Nanosecond,
    }
}

/// The type in the words of this crate.
pub(crate) fn data_type(arrow: &ArrowType) -> DataType {
    let list = |item: &Field| DataType::List(Box::new(data_type(item.data_type())));
    match arrow {
        ArrowType::Null => DataType::Null,
        ArrowType::Boolean => DataType::Bool,
        ArrowType::Int8 => DataType::Int8,
        ArrowType::Int16 => DataType::Int16,
        ArrowType::Int32 => DataType::Int32,
        ArrowType::Int64 => DataType::Int64,
        ArrowType::UInt8 => DataType::UInt8,
        ArrowType::UInt16 => DataType::UInt16,
        ArrowType::UInt32 => DataType::UInt32,
        ArrowType::UInt64 => DataType::UInt64,
        ArrowType::Float16 => DataType::Float16,
        ArrowType::Float32 => DataType::Float32,
        ArrowType::Float64 => DataType::Float64,
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => DataType::String,
        ArrowType::Binary
        | ArrowType::LargeBinary
        | ArrowType::BinaryView
        | ArrowType::FixedSizeBinary(_) => DataType::Binary,
        ArrowType::Date32 | ArrowType::Date64 => DataType::Date,
        ArrowType::Time32(resolution) | ArrowType::Time64(resolution) => DataType::Time(unit(resolution)),
        ArrowType::Timestamp(resolution, zone) => {
            DataType::Timestamp(unit(resolution), zone.as_deref().map(str::to_owned))
        }
        ArrowType::Duration(resolution) => DataType::Duration(unit(resolution)),
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale)
        | ArrowType::Decimal256(precision, scale) => DataType::Decimal(*precision, *scale),
        ArrowType::List(item)
        | ArrowType::LargeList(item)
        | ArrowType::ListView(item)
        | ArrowType::LargeListView(item)
        | ArrowType::FixedSizeList(item, _) => list(item),
        ArrowType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| (field.name().clone(), data_type(field.data_type())))
                .collect(),
        ),
        ArrowType::Map(entries, _) => match entries.data_type() {
            ArrowType::Struct(fields) => match fields.as_ref() {
                [key, value] => DataType::Map(
                    Box::new(data_type(key.data_type())),
                    Box::new(data_type(value.data_type())),
                ),
                _ => DataType::Other(arrow.to_string()),
            },
            _ => DataType::Other(arrow.to_string()),
        },
        // How values are encoded is no concern of the reader of a table.
        ArrowType::Dictionary(_, value) => data_type(value),
        ArrowType::RunEndEncoded(_, values) => data_type(values.data_type()),
        other => DataType::Other(other.to_string()),
    }
}
