//! Tables that pandas wrote with `to_hdf`. Must never take a block of columns for one column, nor guess names.
//!
//! `format="table"`: an array `table` of compounds: `index`, and either one part per column (`data_columns=True`) or
//! blocks of columns of one type, `values_block_0`, …, whose names are in the attribute `values_block_0_kind`. The
//! order of the columns of the frame is in the attribute `non_index_axes` of the group. Missing text is written as
//! a word (`nan`), instants as integers.
//!
//! `format="fixed"`: per block of columns of one type an array `block0_values` of all rows and an array
//! `block0_items` of names; `axis0` has the order of the columns. Text is a pickled Python object and refused.
//!
//! The index is a column (called as pandas calls it, or `index`) unless it counts 0, 1, 2, … as the one does that
//! pandas makes by itself. Whether it does is looked up in 64 rows spread over the table, the first and the last
//! among them.

use std::sync::Arc;

use arrow::array::AsArray;

use super::attributes::Attributes;
use super::dataset::Dataset;
use super::decode;
use super::fault::Fault;
use super::heap::Heap;
use super::kind::{Kind, time_unit};
use super::pickle::{self, Value};
use super::table::{Builder, Column, Missing};
use super::walk::{Group, Object};

const REMEDY: &str =
    "Write it with to_hdf(..., format=\"table\") and columns of numbers, text, booleans or times.";

const PICKLE_REMEDY: &str = "Write it with to_hdf(..., format=\"table\").";

/// Rows looked at for the index.
const SAMPLES: u64 = 64;

/// Names read at most, in bytes.
const MAX_NAMES: u64 = 16 << 20;

type Failed = (Fault, Option<String>);

fn of(column: &str) -> impl Fn(Fault) -> Failed + '_ {
    move |fault| (fault, Some(column.to_owned()))
}

/// `format="table"`. Returns whether the index is a column.
pub(super) fn table(
    builder: &mut Builder<'_>,
    group: &Group,
    dataset: &Arc<Dataset>,
    with_index: Option<bool>,
) -> Result<bool, Failed> {
    let kind = Kind::of(&dataset.datatype, &builder.source.context).map_err(|fault| (fault, None))?;
    let Kind::Struct(parts, _) = kind else {
        return Err((Fault::broken("pandas' table is not one"), None));
    };
    let attributes = dataset.attributes(builder.source);
    let position = builder.dataset("table", dataset)?;
    let info = group.attributes.text("info").and_then(pickle::parse);
    let mut kept = true;
    let mut columns: Vec<Column> = Vec::new();
    let mut index = None;
    for part in parts {
        let place = part.offset..part.offset + part.bytes;
        if part.name == "index" {
            let mut column = Column::new("index", position, place, part.kind);
            let index_kind = attributes.text("index_kind").unwrap_or_default().to_owned();
            of_kind(&mut column, &index_kind, &attributes, "index").map_err(of("index"))?;
            kept = match with_index {
                Some(known) => known,
                None => !counts_up(builder, &column).map_err(of("index"))?,
            };
            if let Some(name) = info
                .as_ref()
                .and_then(|info| info.get("index")?.get("index_name")?.name())
            {
                column.name = name;
            }
            index = Some(column);
            continue;
        }
        let names = names(&attributes, &part.name);
        let dtype = attributes
            .text(&format!("{}_dtype", part.name))
            .unwrap_or_default()
            .to_owned();
        if attributes.text(&format!("{}_meta", part.name)) == Some("category") {
            let what = "the type category of pandas";
            return Err((
                Fault::unsupported(what, REMEDY),
                Some(names.first().cloned().unwrap_or(part.name)),
            ));
        }
        match (part.kind, names.as_slice()) {
            (Kind::Array(length, item), names) if !names.is_empty() => {
                if length != names.len() {
                    let reason = format!("a block of {length} columns has {} names", names.len());
                    return Err((Fault::broken(reason), Some(part.name)));
                }
                let bytes = part.bytes / length.max(1);
                for (number, name) in names.iter().enumerate() {
                    let start = part.offset + number * bytes;
                    let mut column = Column::new(name, position, start..start + bytes, (*item).clone());
                    of_kind(&mut column, &dtype, &attributes, &part.name).map_err(of(name))?;
                    columns.push(column);
                }
            }
            (kind, names) => {
                let name = match names {
                    [name] => name,
                    _ => &part.name,
                };
                let mut column = Column::new(name, position, place, kind);
                of_kind(&mut column, &dtype, &attributes, &part.name).map_err(of(name))?;
                columns.push(column);
            }
        }
    }
    let order = group.attributes.text("non_index_axes").and_then(pickle::parse);
    sort(
        &mut columns,
        order.as_ref().and_then(axis_names).unwrap_or_default(),
    );
    builder.table.columns.extend(index.filter(|_| kept));
    builder.table.columns.extend(columns);
    Ok(kept)
}

/// The names of the columns in a part of the table.
fn names(attributes: &Attributes, part: &str) -> Vec<String> {
    let value = attributes.text(&format!("{part}_kind")).and_then(pickle::parse);
    let names = value.as_ref().and_then(Value::list).unwrap_or_default();
    names.iter().filter_map(Value::name).collect()
}

/// `[(1, [names])]`.
fn axis_names(axes: &Value) -> Option<Vec<String>> {
    let [_, names] = axes.list()?.first()?.list()? else {
        return None;
    };
    names.list()?.iter().map(Value::name).collect()
}

/// Columns in this order; those not in it stay behind.
fn sort(columns: &mut [Column], order: Vec<String>) {
    let place: std::collections::HashMap<String, usize> = order
        .into_iter()
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect();
    columns.sort_by_key(|column| place.get(&column.name).copied().unwrap_or(usize::MAX));
}

/// What pandas says the values mean.
fn of_kind(column: &mut Column, dtype: &str, attributes: &Attributes, part: &str) -> Result<(), Fault> {
    if let Some(unit) = dtype.strip_prefix("datetime64") {
        let unit = unit
            .strip_prefix('[')
            .map_or(Some(arrow::datatypes::TimeUnit::Nanosecond), time_unit);
        let zone = attributes.text(&format!("{part}_tz")).map(Arc::from);
        let kind = unit.and_then(|unit| column.kind.as_time(unit, zone));
        column.kind =
            kind.ok_or_else(|| Fault::unsupported(format!("the type {dtype} of pandas"), REMEDY))?;
    } else if let Some(unit) = dtype.strip_prefix("timedelta64") {
        let unit = unit
            .strip_prefix('[')
            .map_or(Some(arrow::datatypes::TimeUnit::Nanosecond), time_unit);
        let kind = unit.and_then(|unit| column.kind.as_duration(unit));
        column.kind =
            kind.ok_or_else(|| Fault::unsupported(format!("the type {dtype} of pandas"), REMEDY))?;
    } else if dtype == "bool" && matches!(column.kind, Kind::Int { bytes: 1, .. }) {
        column.kind = Kind::Bool { falsehood: vec![0] };
    } else if matches!(dtype, "date" | "datetime" | "object") {
        return Err(Fault::unsupported(format!("the type {dtype} of pandas"), REMEDY));
    }
    if matches!(column.kind, Kind::Text { .. }) {
        let word = attributes.text(&format!("{part}_nan_rep")).unwrap_or("nan");
        if part != "index" {
            column.missing = Missing::Text(word.to_owned());
        }
    }
    Ok(())
}

/// Whether the values are 0, 1, 2, … as far as a few rows tell.
fn counts_up(builder: &Builder<'_>, column: &Column) -> Result<bool, Fault> {
    if !matches!(column.kind, Kind::Int { .. }) {
        return Ok(false);
    }
    let rows = builder.table.rows;
    let Some(dataset) = builder.table.datasets.get(column.dataset) else {
        return Ok(false);
    };
    let stride = usize::try_from(dataset.row_bytes()).unwrap_or(usize::MAX);
    let mut heap = Heap::new(builder.source);
    for sample in 0..SAMPLES.min(rows) {
        let row = if rows <= SAMPLES {
            sample
        } else {
            (rows - 1) / (SAMPLES - 1) * sample
        };
        let row = if sample + 1 == SAMPLES { rows - 1 } else { row };
        let bytes = dataset.read_rows(builder.source, row..row + 1)?;
        let value = decode::gather(&bytes, stride, column.place.clone());
        let array = decode::array(&column.kind, &value, 1, &mut heap, row)?;
        if crate::json::value_text(&array, 0) != row.to_string() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// `format="fixed"`. Returns whether the index is a column.
pub(super) fn fixed(
    builder: &mut Builder<'_>,
    group: &Group,
    with_index: Option<bool>,
) -> Result<bool, Failed> {
    if group
        .attributes
        .text("axis0_variety")
        .is_some_and(|variety| variety == "multi")
        || group
            .attributes
            .text("axis1_variety")
            .is_some_and(|variety| variety == "multi")
    {
        let what = "a frame with an index of several levels";
        return Err((
            Fault::unsupported(what, "Write it with reset_index() first."),
            None,
        ));
    }
    let blocks = u64::try_from(group.attributes.number("nblocks").unwrap_or(0)).unwrap_or(0);
    let order = item_names(builder, group, "axis0")?;
    let mut columns = Vec::new();
    for block in 0..blocks.min(order.len() as u64) {
        let (items, values) = (format!("block{block}_items"), format!("block{block}_values"));
        let names = item_names(builder, group, &items)?;
        let first = names.first().map_or(values.as_str(), String::as_str);
        let dataset = match child(group, &values) {
            Some(Object::Dataset(dataset)) => dataset,
            Some(Object::Unreadable(why)) => {
                return Err((why.again(), Some(first.to_owned())));
            }
            _ => return Err((Fault::broken(format!("'{values}' is missing")), None)),
        };
        let attributes = dataset.attributes(builder.source);
        if attributes.text("PSEUDOATOM") == Some("object") {
            let what = "text in pandas' fixed format, which is a pickled Python object,";
            return Err((Fault::unsupported(what, PICKLE_REMEDY), Some(first.to_owned())));
        }
        block_columns(builder, dataset, &attributes, &names, &mut columns)?;
    }
    sort(&mut columns, order);
    let (index, kept) = fixed_index(builder, group, with_index)?;
    builder.table.columns.extend(index);
    builder.table.columns.extend(columns);
    Ok(kept)
}

fn child<'a>(group: &'a Group, name: &str) -> Option<&'a Object> {
    let child = group.children.iter().find(|child| child.name == name)?;
    Some(&child.object)
}

/// The columns of one block, an array of rows × columns.
fn block_columns(
    builder: &mut Builder<'_>,
    dataset: &Arc<Dataset>,
    attributes: &Attributes,
    names: &[String],
    columns: &mut Vec<Column>,
) -> Result<(), Failed> {
    let first = names.first().cloned().unwrap_or_default();
    // An array without rows is written as one value and its shape.
    let is_empty = attributes.has("shape");
    if !is_empty && dataset.row_shape() != [names.len() as u64] {
        let reason = format!(
            "a block of {} columns has the shape {:?}",
            names.len(),
            dataset.dims
        );
        return Err((Fault::broken(reason), Some(first)));
    }
    let kind = Kind::of(&dataset.datatype, &builder.source.context).map_err(of(&first))?;
    let position = builder.dataset(&first, dataset)?;
    if is_empty {
        builder.table.rows = 0;
    }
    let bytes = dataset.element_bytes;
    let dtype = attributes.text("value_type").unwrap_or_default();
    for (number, name) in names.iter().enumerate() {
        let place = number * bytes..(number + 1) * bytes;
        let mut column = Column::new(name, position, place, kind.clone());
        of_kind(&mut column, dtype, attributes, "").map_err(of(name))?;
        columns.push(column);
    }
    Ok(())
}

/// The index of a fixed frame.
fn fixed_index(
    builder: &mut Builder<'_>,
    group: &Group,
    with_index: Option<bool>,
) -> Result<(Option<Column>, bool), Failed> {
    let Some(dataset) = group.dataset("axis1") else {
        return Ok((None, false));
    };
    let attributes = dataset.attributes(builder.source);
    if with_index == Some(false) || attributes.has("shape") || dataset.dims.len() != 1 {
        return Ok((None, false));
    }
    if attributes.text("PSEUDOATOM") == Some("object") {
        let what = "an index of pickled Python objects";
        return Err((Fault::unsupported(what, PICKLE_REMEDY), Some("index".to_owned())));
    }
    let rows = builder.table.rows;
    let has_columns = !builder.table.datasets.is_empty();
    if has_columns && dataset.rows() != Some(rows) {
        let reason = format!("an index of {} rows to {rows} rows", dataset.rows().unwrap_or(0));
        return Err((Fault::broken(reason), Some("index".to_owned())));
    }
    let kind = Kind::of(&dataset.datatype, &builder.source.context).map_err(of("index"))?;
    let position = builder.dataset("index", dataset)?;
    let mut column = Column::new("index", position, 0..dataset.element_bytes, kind);
    let index_kind = attributes.text("kind").unwrap_or_default();
    of_kind(&mut column, index_kind, &attributes, "index").map_err(of("index"))?;
    if with_index.is_none() && counts_up(builder, &column).map_err(of("index"))? {
        return Ok((None, false));
    }
    if let Some(name) = attributes
        .text("name")
        .and_then(pickle::parse)
        .and_then(|name| name.name())
    {
        column.name = name;
    }
    Ok((Some(column), true))
}

/// The names in an array of them.
fn item_names(builder: &Builder<'_>, group: &Group, name: &str) -> Result<Vec<String>, Failed> {
    let missing = || (Fault::broken(format!("the names in '{name}' are missing")), None);
    let dataset = group.dataset(name).ok_or_else(missing)?;
    let attributes = dataset.attributes(builder.source);
    if attributes.has("shape") {
        return Ok(Vec::new());
    }
    if attributes.text("PSEUDOATOM") == Some("object") {
        let what = "names of columns that are pickled Python objects";
        return Err((Fault::unsupported(what, PICKLE_REMEDY), None));
    }
    let fail = |fault| (fault, None);
    dataset.check(builder.source).map_err(fail)?;
    let rows = dataset.rows().unwrap_or(0);
    if dataset.row_bytes().saturating_mul(rows) > MAX_NAMES || dataset.dims.len() != 1 {
        return Err((
            Fault::limit("the names of its columns", format!("{} MiB", MAX_NAMES >> 20)),
            None,
        ));
    }
    let kind = Kind::of(&dataset.datatype, &builder.source.context).map_err(fail)?;
    let bytes = dataset.read_rows(builder.source, 0..rows).map_err(fail)?;
    let count = usize::try_from(rows).unwrap_or(usize::MAX);
    let array = decode::array(&kind, &bytes, count, &mut Heap::new(builder.source), 0).map_err(fail)?;
    Ok(match array.as_string_opt::<i32>() {
        Some(texts) => texts
            .iter()
            .map(|text| text.unwrap_or_default().to_owned())
            .collect(),
        None => (0..count)
            .map(|row| crate::json::value_text(&array, row))
            .collect(),
    })
}
