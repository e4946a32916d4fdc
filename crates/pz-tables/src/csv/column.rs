//! One column of a text table during the pass over it: the type is widened as values demand it, statistics are
//! kept on the way. Must never need to see a value again.

use super::quotes::Span;
use super::value::{
    Integer, is_missing, is_nan_token, parse_bool, parse_f64, parse_i64, parse_integer, trim,
};
use crate::data_type::DataType;
use crate::json::text_json;
use crate::statistics::{ColumnStatistics, SAMPLE_VALUES, shown};
use crate::summary::{Counted, FloatSummary, IntSummary, Spread, TextSummary, hash};

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
    /// Of integers and floating-point numbers together. Different values are counted by `texts` while they are few.
    spread: Spread,
    texts: TextSummary,
    /// The sketch of different texts began with numbers: one spelled in two ways counts once.
    numbers_in_sketch: bool,
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
            spread: Spread::new(columns, false),
            texts: TextSummary::new(columns),
            numbers_in_sketch: false,
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
        self.start_sketch_if_full();
        self.integers.push_i64(&scratch.integers, &mut self.spread);
        self.integers.push_u64(&scratch.unsigned, &mut self.spread);
        self.floats.push_chunk(&scratch.floats, &mut self.spread);
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
        self.start_sketch_if_full();
        self.floats.push_chunk(&scratch.floats, &mut self.spread);
        taken
    }

    /// From the block on in which the different texts became too many, different numbers are estimated.
    fn start_sketch_if_full(&mut self) {
        if let Some(texts) = self.texts.take_full() {
            if self.mode == Mode::Integer || self.integers.range().is_some() {
                self.spread.mix_keys();
            }
            let keys: Vec<u64> = texts.iter().filter_map(|text| self.key(trim(text))).collect();
            self.spread.start_sketch(keys.into_iter());
        }
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
            } else if self.numbers_in_sketch {
                self.count += 1;
                self.texts
                    .push_key(cell, self.key(trimmed).unwrap_or_else(|| hash(cell)));
            } else {
                self.present(cell);
            }
            taken += 1;
        }
        taken
    }

    /// What a trimmed cell that is a number has as its key among different numbers.
    fn key(&self, trimmed: &[u8]) -> Option<u64> {
        match parse_integer(trimmed) {
            Some(Integer::Signed(value)) if self.spread.has_mixed_keys() => Some(value as u64),
            Some(Integer::Unsigned(value)) if self.spread.has_mixed_keys() => Some(value),
            _ => parse_f64(trimmed).map(|value| self.spread.key(value)),
        }
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
                self.spread.mix_keys();
                Mode::Float
            }
            _ => {
                if let Some(sketch) = self.spread.take_distinct() {
                    self.texts.continue_sketch(sketch);
                    self.numbers_in_sketch = true;
                }
                Mode::Text
            }
        };
    }

    /// Type and statistics, once all `n_rows` rows were taken in.
    pub(crate) fn finish(self, n_rows: u64) -> (DataType, ColumnStatistics) {
        let data_type = self.data_type(n_rows);
        let mut statistics = ColumnStatistics {
            count: self.count,
            missing: self.missing,
            json_sample: self
                .sample
                .iter()
                .filter_map(|cell| cell_json(cell, &data_type))
                .collect(),
            sample: self.sample,
            ..ColumnStatistics::default()
        };
        match data_type {
            DataType::Int64 | DataType::UInt64 => {
                let counted = counted_integers(&self.texts);
                self.integers.describe(&self.spread, counted, &mut statistics);
            }
            DataType::Float64 => {
                statistics.nan = self.nan_tokens;
                let counted = counted_floats(&self.texts);
                self.floats.describe(&self.spread, counted, &mut statistics);
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

/// A cell as JSON, as a column of this type has it; none for what JSON cannot say.
fn cell_json(cell: &str, data_type: &DataType) -> Option<String> {
    let bytes = cell.as_bytes();
    match data_type {
        DataType::Int64 | DataType::UInt64 => match parse_integer(bytes)? {
            Integer::Signed(value) => Some(value.to_string()),
            Integer::Unsigned(value) => Some(value.to_string()),
            Integer::Beyond => None,
        },
        DataType::Float64 => parse_f64(bytes)
            .filter(|value| value.is_finite())
            .map(|value| zmij::Buffer::new().format_finite(value).to_owned()),
        DataType::Bool => parse_bool(bytes).map(|value| value.to_string()),
        _ => Some(text_json(cell)),
    }
}

/// How often each integer occurs, from how often each text does.
fn counted_integers(texts: &TextSummary) -> Option<Counted> {
    let mut values: Vec<(i128, u64)> = texts
        .counts()?
        .filter_map(|(count, text)| match parse_integer(trim(text))? {
            Integer::Signed(value) => Some((value.into(), count)),
            Integer::Unsigned(value) => Some((value.into(), count)),
            Integer::Beyond => None,
        })
        .collect();
    values.sort_unstable();
    values.dedup_by(|next, first| {
        let is_same = next.0 == first.0;
        first.1 += if is_same { next.1 } else { 0 };
        is_same
    });
    Some(Counted::Integers(values))
}

/// How often each finite number occurs, from how often each text does.
fn counted_floats(texts: &TextSummary) -> Option<Counted> {
    let values = texts.counts()?.filter_map(|(count, text)| {
        let value = parse_f64(trim(text)).filter(|value| value.is_finite())?;
        // −0 is 0.
        Some((value + 0.0, count))
    });
    Some(Counted::Floats(values.collect()))
}
