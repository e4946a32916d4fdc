//! The one pass over a VOTable that finds its table, counts its rows and remembers where they are.

use std::path::Path;

use super::column::Column;
use super::document::Document;
use super::find::find_table;
use super::layout::{Serialisation, VotableLayout};
use super::rows::Block;
use super::scan::Scan;
use super::window::Window;
use crate::error::TableError;
use crate::layout::RowIndex;
use crate::reader::ReadOptions;

/// Bytes of the file between two entries of the row index, on average at least.
const INDEX_BYTES: u64 = 64 * 1024;

/// Makes the layout of the file. Every block of rows is given to `take`; when the rows turn out to be meant
/// otherwise, the pass begins anew with a new `take`.
pub(super) fn index<T>(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    mut begin: impl FnMut(&VotableLayout, &[Column]) -> Result<T, TableError>,
    mut take: impl FnMut(&mut T, &Block<'_>) -> Result<(), TableError>,
) -> Result<(VotableLayout, T), TableError> {
    let mut ambiguous = false;
    let first = pass(
        path,
        file_name,
        options,
        false,
        &mut ambiguous,
        &mut begin,
        &mut take,
    );
    match first {
        // The other meaning of the counts in BINARY must fit the data to the last byte.
        Err(error @ TableError::BrokenFile { .. }) if ambiguous => pass(
            path,
            file_name,
            options,
            true,
            &mut ambiguous,
            &mut begin,
            &mut take,
        )
        .map_err(|_| error),
        other => other,
    }
}

/// The columns of a layout.
pub(super) fn columns(
    layout: &VotableLayout,
    file_name: &str,
    options: &ReadOptions,
) -> Result<Vec<Column>, TableError> {
    let limits = &options.limits;
    let mut columns = Vec::with_capacity(layout.fields.len());
    let mut row_bytes = 0usize;
    for field in &layout.fields {
        let column = Column::new(field, layout.counts_outer_axis, file_name, limits)?;
        row_bytes = row_bytes.saturating_add(column.row_bytes().unwrap_or(usize::MAX));
        columns.push(column);
    }
    // A null array has its full size in memory, however short its cell is in the file.
    if row_bytes > limits.max_record_bytes * 2 {
        let limit = format!("{} bytes", limits.max_record_bytes * 2);
        return Err(TableError::limit(file_name, "the size of a row", limit));
    }
    Ok(columns)
}

fn pass<T>(
    path: &Path,
    file_name: &str,
    options: &ReadOptions,
    counts_outer_axis: bool,
    ambiguous: &mut bool,
    begin: &mut impl FnMut(&VotableLayout, &[Column]) -> Result<T, TableError>,
    take: &mut impl FnMut(&mut T, &Block<'_>) -> Result<(), TableError>,
) -> Result<(VotableLayout, T), TableError> {
    let file_bytes = fs_err::metadata(path)
        .map_err(|source| TableError::io(file_name, source))?
        .len();
    let mut document = Document::new(Window::open(path, file_name, &options.limits, 0)?);
    let found = find_table(&mut document, options)?;
    let mut layout = VotableLayout {
        file_bytes,
        serialisation: found.serialisation,
        fields: found.fields,
        counts_outer_axis,
        n_rows: 0,
        stride: 1,
        positions: Vec::new(),
    };
    let columns = columns(&layout, file_name, options)?;
    *ambiguous = matches!(
        found.serialisation,
        Serialisation::Binary | Serialisation::Binary2
    ) && columns.iter().any(Column::is_ambiguous);
    let mut taking = begin(&layout, &columns)?;
    let data_start = document.window.offset();
    let mut scan = Scan::new(
        &columns,
        layout.serialisation,
        0,
        0,
        options.limits.max_record_bytes,
    );
    let mut rows = RowIndex::new();
    while let Some(block) = scan.next(&mut document.window, |start| rows.push(start))? {
        take(&mut taking, &block)?;
    }
    let data_bytes = document.window.offset() - data_start;
    document.finish()?;
    layout.n_rows = rows.rows();
    (layout.stride, layout.positions) = rows.finish(data_bytes, INDEX_BYTES);
    Ok((layout, taking))
}
