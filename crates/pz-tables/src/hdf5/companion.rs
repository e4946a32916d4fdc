//! Units, descriptions and masks from the companion that astropy writes beside a table (`serialize_meta=True`):
//! lines of YAML, one flow mapping per column, and a list of the columns that are made of several. Must never
//! refuse a file for what it does not understand.

use super::kind::Kind;
use super::table::{Column, Missing};
use crate::csv::ecsv;

/// Puts what the lines say to the columns.
pub(super) fn apply(lines: &[String], columns: &mut Vec<Column>) {
    // The lines are those of the head of an ECSV file without its mark.
    let mut preamble = vec!["# %ECSV 1.0".to_owned()];
    preamble.extend(lines.iter().map(|line| format!("# {line}")));
    for described in ecsv::columns(&preamble) {
        if let Some(column) = columns.iter_mut().find(|column| column.name == described.name) {
            column.unit = described.unit;
            column.description = described.description;
        }
    }
    if lines.iter().any(|line| line.contains("MaskedColumn")) {
        apply_masks(lines, columns);
    }
}

/// A column `x` with `x.mask` beside it is missing where the mask is true.
fn apply_masks(lines: &[String], columns: &mut Vec<Column>) {
    let masks: Vec<(String, std::ops::Range<usize>)> = columns
        .iter()
        .filter(|column| matches!(column.kind, Kind::Bool { .. }))
        .filter(|column| {
            let mask = format!("mask: !astropy.table.SerializedColumn {{name: {}}}", column.name);
            lines.iter().any(|line| line.trim() == mask)
        })
        .filter_map(|column| {
            Some((
                column.name.strip_suffix(".mask")?.to_owned(),
                column.place.clone(),
            ))
        })
        .collect();
    for (name, place) in masks {
        if let Some(column) = columns.iter_mut().find(|column| column.name == name) {
            column.missing = Missing::Mask(place);
            columns.retain(|column| column.name != format!("{name}.mask"));
        }
    }
}
