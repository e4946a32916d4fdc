//! One column of a text table during the pass over it: the type is widened as values demand it, statistics are
//! kept on the way. Must never need to see a value again.

use super::quotes::Span;
use super::value::{
    Integer, is_missing, is_nan_token, parse_bool, parse_f64, parse_i64, parse_integer, trim,
};
use crate::data_type::DataType;
use crate::statistics::{ColumnStatistics, SAMPLE_VALUES, shown};
use crate::summary::{FloatSummary, IntSummary, TextSummary};

/// What the values so far allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Empty,
    Integer,
    Float,
    Bool,
    Text,
}

/// The state of one column.
#[derive(Debug)]
pub(crate) struct ColumnScan {
    mode: Mode,
    count: u64,
    missing: u64,
    nan_tokens: u64,
    trues: u64,
    /// An integer of more than 64 bits was seen.
    beyond: bool,
    integers: IntSummary,
    floats: FloatSummary,
    texts: TextSummary,
    sample: Vec<String>,
}

/// The cells of one column within a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells<'a> {
    pub(crate) text: &'a str,
    pub(crate) spans: &'a [Span],
    /// Index of the column, and number of columns.
    pub(crate) column: usize,
    pub(crate) columns: usize,
}

impl<'a> Cells<'a> {
    /// The spans of the column, from row `first` of the block.
    #[inline]
    pub(crate) fn from(self, first: usize) -> impl Iterator<Item = Span> + 'a {
        self.spans
            .get(self.column + first * self.columns..)
            .unwrap_or_default()
            .iter()
            .step_by(self.columns)
            .copied()
    }
}

/// Buffers shared by all columns of a scan.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    bytes: Vec<u8>,
    integers: Vec<i64>,
    unsigned: Vec<u64>,
    floats: Vec<f64>,
}

impl ColumnScan {
    /// For one of `columns` columns.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            mode: Mode::Empty,
            count: 0,
            missing: 0,
            nan_tokens: 0,
            trues: 0,
            beyond: false,
            integers: IntSummary::default(),
            floats: FloatSummary::default(),
            texts: TextSummary::new(columns),
            sample: Vec::new(),
        }
    }

    /// Takes in the column's cells of one block.
    pub(crate) fn scan(&mut self, cells: Cells<'_>, scratch: &mut Scratch) {
        let mut row = 0;
        loop {
            row += match self.mode {
                Mode::Empty => self.scan_empty(cells, row, scratch),
                Mode::Integer => self.scan_integers(cells, row, scratch),
                Mode::Float => self.scan_floats(cells, row, scratch),
                Mode::Bool => self.scan_bools(cells, row, scratch),
                Mode::Text => self.scan_texts(cells, row, scratch),
            };
            if row * cells.columns + cells.column >= cells.spans.len() {
                return;
            }
            // The cell at `row` does not fit the mode and is not missing.
            if let Some(span) = cells.from(row).next() {
                let cell = span.bytes(cells.text.as_bytes(), &mut scratch.bytes);
                self.widen(trim(cell));
            }
        }
    }

    // Each scan_… returns how many cells it took in.

    fn scan_empty(&mut self, cells: Cells<'_>, first: usize, scratch: &mut Scratch) -> usize {
        let mut taken = 0;
        for span in cells.from(first) {
            let cell = trim(span.bytes(cells.text.as_bytes(), &mut scratch.bytes));
            if !is_missing(cell) {
                break;
            }
            self.miss(cell);
            taken += 1;
        }
        taken
    }

    fn scan_integers(&mut self, cells: Cells<'_>, first: usize, scratch: &mut Scratch) -> usize {
        let mut taken = 0;
        scratch.integers.clear();
        scratch.unsigned.clear();
        scratch.floats.clear();
        for span in cells.from(first) {
            let cell = span.bytes(cells.text.as_bytes(), &mut scratch.bytes);
            let trimmed = trim(cell);
            if let Some(value) = parse_i64(trimmed) {
                scratch.integers.push(value);
            } else if is_missing(trimmed) {
                self.miss(trimmed);
                taken += 1;
                continue;
            } else {
                match parse_integer(trimmed) {
                    Some(Integer::Unsigned(value)) => scratch.unsigned.push(value),
                    Some(_) => {
                        self.beyond = true;
                        scratch.floats.extend(parse_f64(trimmed));
                    }
                    None => break,
                }
            }
            self.present(cell);
            taken += 1;
        }
        self.integers.push_i64(&scratch.integers);
        self.integers.push_u64(&scratch.unsigned);
        self.floats.push_chunk(&scratch.floats);
        taken
    }

    fn scan_floats(&mut self, cells: Cells<'_>, first: usize, scratch: &mut Scratch) -> usize {
        let mut taken = 0;
        scratch.floats.clear();
        for span in cells.from(first) {
            let cell = span.bytes(cells.text.as_bytes(), &mut scratch.bytes);
            let trimmed = trim(cell);
            match parse_f64(trimmed) {
                Some(value) if value.is_nan() => {
                    self.missing += 1;
                    self.nan_tokens += 1;
                }
                Some(value) => {
                    scratch.floats.push(value);
                    self.present(cell);
                }
                None if is_missing(trimmed) => self.miss(trimmed),
                None => break,
            }
            taken += 1;
        }
        self.floats.push_chunk(&scratch.floats);
        taken
    }

    fn scan_bools(&mut self, cells: Cells<'_>, first: usize, scratch: &mut Scratch) -> usize {
        let mut taken = 0;
        for span in cells.from(first) {
            let cell = span.bytes(cells.text.as_bytes(), &mut scratch.bytes);
            let trimmed = trim(cell);
            if let Some(value) = parse_bool(trimmed) {
                self.trues += u64::from(value);
                self.present(cell);
            } else if is_missing(trimmed) {
                self.miss(trimmed);
            } else {
                break;
            }
            taken += 1;
        }
        taken
    }

    fn scan_texts(&mut self, cells: Cells<'_>, first: usize, scratch: &mut Scratch) -> usize {
        let mut taken = 0;
        for span in cells.from(first) {
            let cell = span.bytes(cells.text.as_bytes(), &mut scratch.bytes);
            let trimmed = trim(cell);
            if is_missing(trimmed) {
                self.miss(trimmed);
            } else {
                self.present(cell);
            }
            taken += 1;
        }
        taken
    }

    #[inline]
    fn miss(&mut self, trimmed: &[u8]) {
        self.missing += 1;
        if !trimmed.is_empty() && is_nan_token(trimmed) {
            self.nan_tokens += 1;
        }
    }

    /// Counts a value. Lengths and distinct values are kept for every type: the column may turn out to be text.
    #[inline(always)]
    fn present(&mut self, cell: &[u8]) {
        self.count += 1;
        match self.mode {
            Mode::Text => self.texts.push(cell),
            // What parses as a number or a boolean is ASCII.
            _ => self.texts.push_ascii(cell),
        }
        if self.sample.len() < SAMPLE_VALUES {
            self.sample.push(shown(&String::from_utf8_lossy(trim(cell))));
        }
    }

    /// Chooses the next wider type for a value that does not fit the present one.
    fn widen(&mut self, value: &[u8]) {
        self.mode = match self.mode {
            Mode::Empty if parse_integer(value).is_some() => Mode::Integer,
            Mode::Empty if parse_f64(value).is_some() => Mode::Float,
            Mode::Empty if parse_bool(value).is_some() => Mode::Bool,
            Mode::Integer if parse_f64(value).is_some() => {
                self.floats.absorb(&self.integers);
                Mode::Float
            }
            _ => Mode::Text,
        };
    }

    /// Type and statistics, once all `n_rows` rows were taken in.
    pub(crate) fn finish(self, n_rows: u64) -> (DataType, ColumnStatistics) {
        let data_type = self.data_type(n_rows);
        let mut statistics = ColumnStatistics {
            count: self.count,
            missing: self.missing,
            sample: self.sample,
            ..ColumnStatistics::default()
        };
        match data_type {
            DataType::Int64 | DataType::UInt64 => self.integers.describe(&mut statistics),
            DataType::Float64 => {
                statistics.nan = self.nan_tokens;
                self.floats.describe(&mut statistics);
            }
            DataType::Bool => statistics.describe_bools(self.count - self.trues, self.trues),
            _ => self.texts.describe(&mut statistics),
        }
        (data_type, statistics)
    }

    /// Integers are int64, or uint64 when they need it; those that fit neither stay text, so that no digit is
    /// lost. A column without values is float64, as pandas has it, and text in a table without rows.
    fn data_type(&self, n_rows: u64) -> DataType {
        match self.mode {
            Mode::Empty if n_rows == 0 => DataType::String,
            Mode::Empty | Mode::Float => DataType::Float64,
            Mode::Bool => DataType::Bool,
            Mode::Text => DataType::String,
            Mode::Integer => match self.integers.range() {
                _ if self.beyond => DataType::String,
                Some((_, high)) if high <= i128::from(i64::MAX) => DataType::Int64,
                Some((low, _)) if low >= 0 => DataType::UInt64,
                _ => DataType::String,
            },
        }
    }
}
