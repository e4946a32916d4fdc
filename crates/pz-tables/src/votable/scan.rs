//! Reads the rows of a table one block after the other, however they are written. Must never hold more than a
//! block.

use super::column::Column;
use super::layout::Serialisation;
use super::rows::{Block, Cells};
use super::stream::Stream;
use super::tabledata;
use super::window::Window;
use crate::error::TableError;

/// Most rows of a block, the bytes that it may have in memory, and its cells.
const MAX_BLOCK_ROWS: usize = 16 * 1024;
const BLOCK_BYTES: usize = 8 * 1024 * 1024;
const BLOCK_CELLS: usize = 1024 * 1024;

/// The rows from somewhere in a table to its end.
#[derive(Debug)]
pub(super) struct Scan {
    columns: usize,
    max_rows: usize,
    /// Number of the next row, from 0.
    row: u64,
    cells: Cells,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Empty,
    /// With the bytes of the window that the last block had.
    Tabledata(usize),
    Binary(Box<Stream>),
}

impl Scan {
    /// From row `row`, which begins where the window is; in base64 `skip` bytes of the quantum there are not its.
    pub(super) fn new(
        columns: &[Column],
        serialisation: Serialisation,
        row: u64,
        skip: usize,
        max_row_bytes: usize,
    ) -> Self {
        let stream = |has_mask| Data::Binary(Box::new(Stream::new(columns, has_mask, skip, max_row_bytes)));
        let row_bytes: usize = columns
            .iter()
            .filter_map(Column::row_bytes)
            .fold(1, usize::saturating_add);
        Self {
            columns: columns.len(),
            max_rows: (BLOCK_BYTES / row_bytes)
                .min(BLOCK_CELLS / columns.len().max(1))
                .clamp(1, MAX_BLOCK_ROWS),
            row,
            cells: Cells::default(),
            data: match serialisation {
                Serialisation::Empty => Data::Empty,
                Serialisation::Tabledata => Data::Tabledata(0),
                Serialisation::Binary => stream(false),
                Serialisation::Binary2 => stream(true),
            },
        }
    }

    /// The next rows, none at the end of the table: there the window stands before the closing tag. `row_start`
    /// is told where each row begins, as [`super::layout::VotableLayout`] keeps it.
    pub(super) fn next<'a>(
        &'a mut self,
        window: &'a mut Window,
        row_start: impl FnMut(u64),
    ) -> Result<Option<Block<'a>>, TableError> {
        self.cells.clear();
        let first_row = self.row;
        let found = match &mut self.data {
            Data::Empty => false,
            Data::Tabledata(taken) => {
                window.consume(std::mem::take(taken));
                *taken = split(
                    window,
                    self.columns,
                    self.max_rows,
                    first_row,
                    &mut self.cells,
                    row_start,
                )?;
                self.cells.rows > 0
            }
            Data::Binary(stream) => {
                stream.next(window, self.max_rows, first_row, &mut self.cells, row_start)?;
                self.cells.rows > 0
            }
        };
        if !found {
            return Ok(None);
        }
        self.row += self.cells.rows as u64;
        let bytes = match &self.data {
            Data::Empty => &[],
            Data::Tabledata(_) => window.bytes(),
            Data::Binary(stream) => stream.bytes(),
        };
        Ok(Some(Block {
            bytes,
            cells: &self.cells,
            columns: self.columns,
            first_row,
        }))
    }
}

/// Splits off rows of TABLEDATA; the bytes that they take.
fn split(
    window: &mut Window,
    columns: usize,
    max_rows: usize,
    rows_before: u64,
    cells: &mut Cells,
    mut row_start: impl FnMut(u64),
) -> Result<usize, TableError> {
    loop {
        let offset = window.offset();
        let found = tabledata::split(window.bytes(), columns, max_rows, rows_before, cells, |at| {
            row_start(offset + at as u64);
        });
        let found = found.map_err(|fault| window.broken(fault.at, fault.reason))?;
        if cells.rows > 0 {
            window.text(0..found.consumed)?;
            return Ok(found.consumed);
        }
        window.consume(found.consumed);
        if found.at_end {
            return Ok(0);
        }
        cells.clear();
        let what = format!("row {}", rows_before + 1);
        if !window.more(&what)? {
            return Err(window.broken(0, "it ends within its rows (TABLEDATA): it is cut off"));
        }
    }
}
