//! The pass over a Parquet file. Columns are decoded one after the other, each chunk once, so that memory does
//! not grow with the number of columns or the size of row groups.

use std::path::Path;

use super::column::ColumnScan;
use super::reader::ParquetReader;
use super::{broken, guarded};
use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::TableReader;
use crate::recognise::Format;
use crate::statistics::ColumnStatistics;
use crate::{Inspection, Limits};

/// Describes a Parquet file.
pub(crate) fn inspect(path: &Path, file_name: &str, limits: &Limits) -> Result<Inspection, TableError> {
    let reader = ParquetReader::open(path, file_name, None)?;
    let columns = reader.schema().columns.len();
    limits.check_columns(file_name, columns)?;
    let statistics = (0..columns)
        .map(|column| {
            let name = reader
                .schema()
                .columns
                .get(column)
                .map_or("", |column| column.name.as_str());
            guarded(file_name, Some(name), || {
                scan_column(&reader, column, columns, name)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Inspection {
        format: Format::Parquet,
        schema: reader.schema().clone(),
        n_rows: reader.row_count(),
        statistics,
        layout: Layout::Parquet {
            file_bytes: reader.file_bytes(),
        },
    })
}

fn scan_column(
    reader: &ParquetReader,
    column: usize,
    columns: usize,
    name: &str,
) -> Result<ColumnStatistics, TableError> {
    let file_name = &reader.file_name;
    let rows = reader.row_count();
    let mut scan = ColumnScan::new(columns);
    let mut seen = 0;
    if rows > 0 {
        for batch in reader.decode(&(0..rows), &[column])? {
            let batch = batch.map_err(|error| broken(file_name, Some(name), error))?;
            let Some(array) = batch.columns().first() else {
                break;
            };
            seen += array.len() as u64;
            scan.scan(array)
                .map_err(|error| broken(file_name, Some(name), error))?;
        }
    }
    if seen != rows {
        return Err(broken(
            file_name,
            Some(name),
            format!("column '{name}' has {seen} rows of {rows}"),
        ));
    }
    Ok(scan.finish())
}
