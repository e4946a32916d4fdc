//! Which of the things in a file are its tables, and what their columns are.
//!
//! A table is, in this order of preference at each group (the root first, then the groups in the file's order):
//!
//! - what pandas wrote with `to_hdf` (`pandas_type` of the group says so): see [`super::pandas`];
//! - an ensemble of `qp` (groups `data` and `meta`, the latter with `pdf_name`): columns are those of `data` and of
//!   `ancil`; the grid in `meta` belongs to all rows and is none;
//! - each compound array (astropy's `Table.write(path=…)`, structured arrays of numpy, `PyTables`): columns are its
//!   parts. A companion `….__table_column_meta__` gives units, descriptions and masks, and is no table;
//! - the arrays directly in the group, one per column. When they are not all of one length, those of the most
//!   frequent length are the columns (of the longer, when two are as frequent) and the others are not.
//!
//! A group with one array only, or what has less than two rows, is a table when there is nothing better in the
//! file: files have version numbers and the like beside their tables. Single values, and groups of `PyTables`' own (`_i_…`), are
//! never looked at. Columns are in the order of the file when it keeps one, else in that of their names.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::attributes::Attributes;
use super::dataset::Dataset;
use super::fault::Fault;
use super::kind::Kind;
use super::pandas;
use super::source::Source;
use super::walk::{Child, Group, Object};
use super::{companion, heap::Heap};

/// Ends the name of astropy's companion of a table.
const COMPANION: &str = ".__table_column_meta__";

/// One table with what is needed to read it.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) rows: u64,
    /// The arrays in which the columns lie.
    pub(super) datasets: Vec<Arc<Dataset>>,
    pub(super) columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// Position among the table's datasets.
    pub(super) dataset: usize,
    /// Bytes of a row of the dataset in which it lies.
    pub(super) place: Range<usize>,
    pub(super) kind: Kind,
    pub(super) missing: Missing,
    pub(super) unit: Option<String>,
    pub(super) ucd: Option<String>,
    pub(super) description: Option<String>,
}

/// Which values of a column stand for missing ones.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Missing {
    None,
    /// This text.
    Text(String),
    /// Those where this byte of the row is not zero.
    Mask(Range<usize>),
}

/// Something that may be taken for a table.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    /// Path of the group or dataset; `/` for the root.
    pub(super) path: String,
    /// Better than nothing only.
    weak: bool,
    what: What<'a>,
}

#[derive(Debug)]
enum What<'a> {
    PandasTable(&'a Group, &'a Arc<Dataset>),
    PandasFixed(&'a Group),
    Ensemble(Vec<&'a Group>),
    Compound(&'a Group, &'a str, &'a Arc<Dataset>),
    Arrays(&'a Group),
}

/// All that may be taken for tables.
pub(super) fn candidates(groups: &[Group]) -> Vec<Candidate<'_>> {
    let mut found = Vec::new();
    for group in groups {
        if group.path.split('/').any(|name| name.starts_with("_i_")) {
            continue;
        }
        of_group(groups, group, &mut found);
    }
    found
}

fn shown(path: &str) -> String {
    if path.is_empty() {
        "/".to_owned()
    } else {
        path.to_owned()
    }
}

fn of_group<'a>(groups: &'a [Group], group: &'a Group, found: &mut Vec<Candidate<'a>>) {
    let push =
        |found: &mut Vec<Candidate<'a>>, path: String, weak, what| found.push(Candidate { path, weak, what });
    match group.attributes.text("pandas_type") {
        Some("frame") => {
            push(found, shown(&group.path), false, What::PandasFixed(group));
            return;
        }
        Some(kind) if kind.ends_with("_table") => {
            if let Some(table) = group.dataset("table") {
                push(found, shown(&group.path), false, What::PandasTable(group, table));
                return;
            }
        }
        _ => {}
    }
    if let Some(parts) = ensemble(groups, group) {
        push(found, shown(&group.path), false, What::Ensemble(parts));
    }
    for child in &group.children {
        if let Object::Dataset(dataset) = &child.object
            && is_compound(dataset)
        {
            let weak = child.name.ends_with(COMPANION) || dataset.rows() < Some(2);
            push(
                found,
                group.path_of(&child.name),
                weak,
                What::Compound(group, &child.name, dataset),
            );
        }
    }
    let length = common_length(group);
    let arrays = arrays(group, length);
    if !arrays.is_empty() {
        // What cannot be read may have been the table: it is not passed over in silence.
        let weak = match length {
            Some(length) => arrays.len() < 2 || length < 2,
            None => false,
        };
        push(found, shown(&group.path), weak, What::Arrays(group));
    }
}

/// The groups of an ensemble in which columns are.
fn ensemble<'a>(groups: &'a [Group], group: &Group) -> Option<Vec<&'a Group>> {
    let within = |name: &str| groups.iter().find(|other| other.path == group.path_of(name));
    let (data, meta) = (within("data")?, within("meta")?);
    meta.dataset("pdf_name")?;
    common_length(data)?;
    Some(std::iter::once(data).chain(within("ancil")).collect())
}

/// A table of its own, not a column of complex numbers.
fn is_compound(dataset: &Dataset) -> bool {
    use rust_hdf5::format::FormatContext;
    use rust_hdf5::format::messages::datatype::DatatypeMessage;
    dataset.dims.len() == 1
        && match &dataset.datatype {
            datatype @ DatatypeMessage::Compound { members, .. } => {
                members.len() != 2
                    || !Kind::of(datatype, &FormatContext::default_v3()).is_ok_and(|kind| kind.is_complex())
            }
            _ => false,
        }
}

/// What the arrays of a group that can be columns are, and how long.
fn columns_of(group: &Group) -> impl Iterator<Item = (&Child, Option<u64>)> {
    group.children.iter().filter_map(|child| match &child.object {
        Object::Dataset(dataset) if child.name.ends_with(COMPANION) || is_compound(dataset) => None,
        Object::Dataset(dataset) => Some((child, Some(dataset.rows()?))),
        Object::Unreadable(_) => Some((child, None)),
        Object::Group => None,
    })
}

/// The most frequent length, the longer of two.
fn common_length(group: &Group) -> Option<u64> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for length in columns_of(group).filter_map(|(_, length)| length) {
        *counts.entry(length).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(length, count)| (*count, *length))
        .map(|(length, _)| length)
}

/// The columns of that length, and what cannot be read.
fn arrays(group: &Group, length: Option<u64>) -> Vec<&Child> {
    columns_of(group)
        .filter(|(_, other)| other.is_none() || *other == length)
        .map(|(child, _)| child)
        .collect()
}

impl Candidate<'_> {
    /// Whether `name` means it.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let name = name.trim_matches('/');
        let path = self.path.trim_matches('/');
        name == path || matches!(&self.what, What::PandasTable(group, _) if name == group.path_of("table"))
    }

    /// Worth taking without being asked for.
    pub(super) fn is_strong(&self) -> bool {
        !self.weak
    }

    /// The table. `with_index`: whether pandas' index is a column, when that is known already.
    pub(super) fn table(
        &self,
        source: &Source,
        with_index: Option<bool>,
    ) -> Result<(Table, bool), (Fault, Option<String>)> {
        let mut builder = Builder::new(source);
        let mut kept = true;
        match &self.what {
            What::PandasTable(group, table) => kept = pandas::table(&mut builder, group, table, with_index)?,
            What::PandasFixed(group) => kept = pandas::fixed(&mut builder, group, with_index)?,
            What::Ensemble(groups) => {
                let length = groups.first().and_then(|data| common_length(data));
                for group in groups {
                    builder.arrays(group, length)?;
                }
            }
            What::Compound(group, name, dataset) => builder.compound(group, name, dataset)?,
            What::Arrays(group) => builder.arrays(group, common_length(group))?,
        }
        Ok((builder.table, kept))
    }
}

/// Puts a table together. Errors come with the column that they are about.
pub(super) struct Builder<'a> {
    pub(super) source: &'a Source,
    pub(super) table: Table,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Source) -> Self {
        Self {
            source,
            table: Table {
                rows: 0,
                datasets: Vec::new(),
                columns: Vec::new(),
            },
        }
    }

    /// Makes the dataset one of the table's, after a look at whether it can be read.
    pub(super) fn dataset(
        &mut self,
        name: &str,
        dataset: &Arc<Dataset>,
    ) -> Result<usize, (Fault, Option<String>)> {
        dataset
            .check(self.source)
            .map_err(|fault| (fault, Some(name.to_owned())))?;
        self.table.rows = dataset.rows().unwrap_or(0);
        self.table.datasets.push(dataset.clone());
        Ok(self.table.datasets.len() - 1)
    }

    /// A whole dataset as a column.
    fn column(&mut self, name: &str, dataset: &Arc<Dataset>) -> Result<(), (Fault, Option<String>)> {
        let of = |fault| (fault, Some(name.to_owned()));
        let kind = Kind::of(&dataset.datatype, &self.source.context)
            .and_then(|kind| kind.shaped(dataset.row_shape()))
            .map_err(of)?;
        let position = self.dataset(name, dataset)?;
        let place = 0..usize::try_from(dataset.row_bytes()).unwrap_or(usize::MAX);
        let mut column = Column::new(name, position, place, kind);
        column.describe(&dataset.attributes(self.source));
        self.table.columns.push(column);
        Ok(())
    }

    fn arrays(&mut self, group: &Group, length: Option<u64>) -> Result<(), (Fault, Option<String>)> {
        for child in arrays(group, length) {
            match &child.object {
                Object::Dataset(dataset) => {
                    if !is_bare_dimension(&dataset.attributes(self.source)) {
                        self.column(&child.name, dataset)?;
                    }
                }
                Object::Unreadable(why) => {
                    return Err((why.again(), Some(child.name.clone())));
                }
                Object::Group => {}
            }
        }
        Ok(())
    }

    /// The parts of a compound as columns.
    fn compound(
        &mut self,
        group: &Group,
        name: &str,
        dataset: &Arc<Dataset>,
    ) -> Result<(), (Fault, Option<String>)> {
        let kind = Kind::of(&dataset.datatype, &self.source.context).map_err(|fault| (fault, None))?;
        let Kind::Struct(parts, _) = kind else {
            return Err((Fault::broken("a table without columns"), None));
        };
        let position = self.dataset(name, dataset)?;
        for part in parts {
            let place = part.offset..part.offset + part.bytes;
            self.table
                .columns
                .push(Column::new(&part.name, position, place, part.kind));
        }
        let attributes = dataset.attributes(self.source);
        for (position, column) in self.table.columns.iter_mut().enumerate() {
            // PyTables lets one describe the fields of a table so.
            column.unit = attributes.first_text(&[
                &format!("FIELD_{position}_UNITS"),
                &format!("FIELD_{position}_UNIT"),
            ]);
        }
        if let Some(companion) = group.dataset(&format!("{name}{COMPANION}")) {
            let lines = companion_lines(self.source, companion);
            companion::apply(&lines, &mut self.table.columns);
        }
        Ok(())
    }
}

/// netCDF keeps the lengths of axes as arrays without values.
fn is_bare_dimension(attributes: &Attributes) -> bool {
    attributes
        .text("NAME")
        .is_some_and(|name| name.starts_with("This is a netCDF dimension but not a netCDF variable"))
}

/// Longest companion read.
const MAX_COMPANION: u64 = 16 << 20;

/// The lines of astropy's companion; none when it is not as astropy writes it.
fn companion_lines(source: &Source, dataset: &Arc<Dataset>) -> Vec<String> {
    let read = || -> Result<Vec<String>, Fault> {
        dataset.check(source)?;
        let rows = dataset.rows().unwrap_or(0);
        if dataset.row_bytes().saturating_mul(rows) > MAX_COMPANION {
            return Ok(Vec::new());
        }
        let kind = Kind::of(&dataset.datatype, &source.context)?;
        let bytes = dataset.read_rows(source, 0..rows)?;
        let array = super::decode::array(&kind, &bytes, rows as usize, &mut Heap::new(source), 0)?;
        Ok(arrow::array::AsArray::as_string_opt::<i32>(&array)
            .map(|texts| texts.iter().flatten().map(str::to_owned).collect())
            .unwrap_or_default())
    };
    read().unwrap_or_default()
}

impl Column {
    pub(super) fn new(name: &str, dataset: usize, place: Range<usize>, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            dataset,
            place,
            kind,
            missing: Missing::None,
            unit: None,
            ucd: None,
            description: None,
        }
    }

    fn describe(&mut self, attributes: &Attributes) {
        self.unit = attributes.first_text(&["unit", "units", "UNIT", "UNITS"]);
        self.ucd = attributes.first_text(&["ucd", "UCD"]);
        self.description = attributes.first_text(&["description", "DESCRIPTION", "long_name", "TITLE"]);
    }
}
