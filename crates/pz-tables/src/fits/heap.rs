//! Variable-length arrays: descriptors in the rows, elements in the heap (FITS standard 4.0, section 7.3.5). Must
//! never follow a descriptor out of the heap, nor read a whole heap.

use super::column::{Column, MAX_CELL};
use super::decode::Cells;
use super::file::SourceFile;
use super::form::{Code, Descriptor};
use crate::error::TableError;

/// Bytes of the heap read at once where arrays lie one after the other.
const WINDOW: u64 = 256 * 1024;

/// Where the heap is in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heap {
    pub(super) start: u64,
    pub(super) length: u64,
}

/// An array in the heap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Elements.
    pub(super) count: usize,
    /// Offset in the heap.
    offset: u64,
    /// Bytes in the heap.
    bytes: u64,
}

impl Extent {
    /// Bytes when decoded, roughly.
    pub(super) fn decoded_bytes(self, column: &Column) -> u64 {
        (self.count as u64).saturating_mul(column.code.decoded_bytes(column.meaning.is_scaled()))
    }
}

/// The arrays that the descriptors in `cells` point to. `first_row` is the number of the first row, from 1.
pub(super) fn extents(
    source: &SourceFile,
    column: &Column,
    descriptor: Option<Descriptor>,
    cells: Cells<'_>,
    heap: Heap,
    first_row: u64,
) -> impl Iterator<Item = Result<Extent, TableError>> {
    cells.iter().enumerate().map(move |(row, cell)| {
        let (count, offset) = match descriptor {
            None => (0, 0),
            Some(Descriptor::Narrow) => match cell.as_chunks::<4>().0 {
                [count, offset, ..] => (i32::from_be_bytes(*count).into(), i32::from_be_bytes(*offset).into()),
                _ => (0, 0),
            },
            Some(Descriptor::Wide) => match cell.as_chunks::<8>().0 {
                [count, offset, ..] => (i64::from_be_bytes(*count), i64::from_be_bytes(*offset)),
                _ => (0, 0),
            },
        };
        let extent = extent(column.code, count, offset, heap.length);
        let row = first_row + row as u64;
        let Some(extent) = extent else {
            let reason = format!(
                "in row {row} of column '{}' {count} values are said to be at byte {offset} of the heap, which has \
                 {} bytes",
                column.name, heap.length
            );
            return Err(super::broken(&source.file_name, Some(&column.name), reason));
        };
        if extent.decoded_bytes(column) > MAX_CELL {
            let what = format!("the size of the array in row {row} of column '{}'", column.name);
            return Err(TableError::limit(&source.file_name, &what, "64 MiB".to_owned()));
        }
        Ok(extent)
    })
}

fn extent(code: Code, count: i64, offset: i64, heap_bytes: u64) -> Option<Extent> {
    // The offset of an empty array means nothing.
    let (count, offset) = match count {
        0 => (0, 0),
        count => (u64::try_from(count).ok()?, u64::try_from(offset).ok()?),
    };
    let bytes = code.bytes(count)?;
    let end = offset.checked_add(bytes)?;
    (end <= heap_bytes).then_some(Extent {
        count: usize::try_from(count).ok()?,
        offset,
        bytes,
    })
}

/// A part of the heap in memory.
#[derive(Debug, Default)]
pub(super) struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// The bytes of an array.
    pub(super) fn get(
        &mut self,
        source: &SourceFile,
        heap: Heap,
        extent: Extent,
    ) -> Result<&[u8], TableError> {
        if extent.bytes == 0 {
            return Ok(&[]);
        }
        let end = self.start + self.bytes.len() as u64;
        if extent.offset < self.start || extent.offset + extent.bytes > end {
            // Writers put the arrays of a column one after the other; elsewhere only the array itself is read.
            let onwards = (self.start..=end + WINDOW).contains(&extent.offset);
            let length = if onwards {
                extent.bytes.max(WINDOW)
            } else {
                extent.bytes
            };
            let length = length.min(heap.length - extent.offset);
            self.bytes.resize(usize::try_from(length).unwrap_or(0), 0);
            self.start = extent.offset;
            source.read(heap.start + extent.offset, &mut self.bytes)?;
        }
        let first = usize::try_from(extent.offset - self.start).unwrap_or(usize::MAX);
        let length = usize::try_from(extent.bytes).unwrap_or(usize::MAX);
        self.bytes
            .get(first..first.saturating_add(length))
            .ok_or_else(|| source.broken("an array in its heap is cut off"))
    }
}
