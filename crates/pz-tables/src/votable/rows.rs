//! Where the cells of some rows are. Must never copy a cell that can be pointed to.

/// A cell within the bytes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

/// Bit of [`Span::start`]: the cell is in the scratch space.
const SCRATCH: u32 = 1 << 31;

impl Span {
    pub(super) const NULL: Self = Self {
        start: u32::MAX,
        end: 0,
    };

    /// Blocks are far below 2 GiB.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }
}

/// The cells of whole rows, row after row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) spans: Vec<Span>,
    pub(super) rows: usize,
    /// Cells that had to be put together from several pieces of text.
    scratch: Vec<u8>,
}

impl Cells {
    pub(super) fn clear(&mut self) {
        self.spans.clear();
        self.scratch.clear();
        self.rows = 0;
    }

    /// Room for a cell that is put together.
    pub(super) fn scratch(&mut self) -> &mut Vec<u8> {
        &mut self.scratch
    }

    /// The cell is what the scratch space holds from `start` on.
    pub(super) fn push_scratch(&mut self, start: usize) {
        self.spans
            .push(Span::new(start | SCRATCH as usize, self.scratch.len()));
    }
}

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Null by a bit of its own.
    Null,
    /// As it stands in the file: with references to be resolved, if it is text.
    Raw(&'a [u8]),
    /// Text whose references are resolved.
    Resolved(&'a [u8]),
}

/// Whole rows with their bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) cells: &'a Cells,
    pub(super) columns: usize,
    /// Number of the first row, from 0.
    pub(super) first_row: u64,
}

impl<'a> Block<'a> {
    pub(super) fn rows(&self) -> usize {
        self.cells.rows
    }

    /// The cells of a column, from row `first` of the block on.
    pub(super) fn column(&self, column: usize, first: usize) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let Self {
            bytes,
            cells,
            columns,
            ..
        } = *self;
        let from = cells.spans.get(first * columns + column..).unwrap_or_default();
        from.iter().step_by(columns).map(move |span| {
            if *span == Span::NULL {
                Cell::Null
            } else if span.start & SCRATCH != 0 {
                let start = (span.start & !SCRATCH) as usize;
                Cell::Resolved(cells.scratch.get(start..span.end as usize).unwrap_or_default())
            } else {
                Cell::Raw(
                    bytes
                        .get(span.start as usize..span.end as usize)
                        .unwrap_or_default(),
                )
            }
        })
    }
}
