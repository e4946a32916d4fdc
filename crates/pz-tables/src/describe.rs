//! The one pass over a table that describes it, the same for all formats but text (which finds its types on the
//! way). Must never hold more than a batch.

use crate::Inspection;
use crate::data_type::DataType;
use crate::error::TableError;
use crate::reader::{ReadOptions, ScanOrder, TableReader};
use crate::statistics::ColumnStatistics;
use crate::summary::ArrayScan;

/// Values of columns that are scanned together.
const GROUP_VALUES: u64 = 256 * 1024;

/// Values that a cell of a nested type is taken to have.
const LIST_VALUES: u64 = 64;

/// Reads the whole table once.
pub(crate) fn inspect_reader(
    reader: &dyn TableReader,
    file_name: &str,
    options: &ReadOptions,
) -> Result<Inspection, TableError> {
    let columns = reader.schema().columns.len();
    options.limits.check_columns(file_name, columns)?;
    let statistics = match reader.scan_order() {
        ScanOrder::Rows => scan(reader, file_name, &(0..columns).collect::<Vec<_>>())?,
        ScanOrder::Columns => {
            let mut statistics = Vec::with_capacity(columns);
            for group in groups(reader) {
                statistics.extend(scan(reader, file_name, &group)?);
            }
            statistics
        }
    };
    Ok(Inspection {
        format: reader.format(),
        schema: reader.schema().clone(),
        n_rows: reader.row_count(),
        statistics,
        layout: reader.layout(),
    })
}

/// Columns to scan together: starting a scan costs as much as a table has columns, so that short columns go together.
/// Each group has at least one column, and else at most [`GROUP_VALUES`] values.
fn groups(reader: &dyn TableReader) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for (index, column) in reader.schema().columns.iter().enumerate() {
        let elements = match &column.dtype {
            DataType::List(_) | DataType::Struct(_) | DataType::Map(..) => LIST_VALUES,
            _ => column.shape.iter().copied().fold(1, u64::saturating_mul),
        };
        let values = reader.row_count().max(1).saturating_mul(elements);
        match groups.last_mut().filter(|_| values <= room) {
            Some(group) => {
                group.push(index);
                room -= values;
            }
            None => {
                groups.push(vec![index]);
                room = GROUP_VALUES.saturating_sub(values);
            }
        }
    }
    groups
}

/// The statistics of some columns.
fn scan(
    reader: &dyn TableReader,
    file_name: &str,
    columns: &[usize],
) -> Result<Vec<ColumnStatistics>, TableError> {
    let format = reader.format();
    let name = |position: usize| {
        let column = columns
            .get(position)
            .and_then(|column| reader.schema().columns.get(*column));
        column.map(|column| column.name.as_str())
    };
    let mut scans: Vec<ArrayScan> = columns.iter().map(|_| ArrayScan::new(columns.len())).collect();
    let mut seen = 0;
    for batch in reader.read_rows(0..u64::MAX, Some(columns))? {
        let batch = batch?;
        seen += batch.num_rows() as u64;
        for (position, (scan, array)) in scans.iter_mut().zip(batch.columns()).enumerate() {
            scan.scan(array)
                .map_err(|error| TableError::broken(file_name, format, name(position), error))?;
        }
    }
    let rows = reader.row_count();
    if seen != rows {
        let reason = format!("it has {seen} rows where {rows} were expected");
        return Err(TableError::broken(file_name, format, name(0), reason));
    }
    Ok(scans.into_iter().map(ArrayScan::finish).collect())
}
