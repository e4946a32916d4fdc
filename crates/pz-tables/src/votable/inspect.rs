//! Describes a VOTable in one pass: rows are counted, indexed and summarised on the way.

use std::path::Path;

use super::index::index;
use super::reader::Description;
use crate::Inspection;
use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::ReadOptions;
use crate::recognise::Format;
use crate::summary::ArrayScan;

/// Reads the whole file once.
pub(crate) fn inspect(path: &Path, file_name: &str, options: &ReadOptions) -> Result<Inspection, TableError> {
    let (layout, (table, scans)) = index(
        path,
        file_name,
        options,
        |layout, columns| {
            let scans: Vec<ArrayScan> = columns.iter().map(|_| ArrayScan::new(columns.len())).collect();
            Ok((Description::new(layout, columns.to_vec(), file_name), scans))
        },
        |(table, scans), block| {
            for (position, scan) in scans.iter_mut().enumerate() {
                let array = table.decode(block, position, 0..block.rows())?;
                scan.scan(&array).map_err(|error| {
                    let name = table
                        .schema
                        .columns
                        .get(position)
                        .map(|column| column.name.as_str());
                    TableError::broken(file_name, Format::Votable, name, error)
                })?;
            }
            Ok(())
        },
    )?;
    Ok(Inspection {
        format: Format::Votable,
        n_rows: layout.n_rows,
        schema: table.schema,
        statistics: scans.into_iter().map(ArrayScan::finish).collect(),
        layout: Layout::Votable(layout),
    })
}
