//! Splits the base64 of BINARY and BINARY2 into rows and cells. Must never believe a count before it has looked
//! whether that many bytes are there.

use std::collections::VecDeque;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::column::{Column, Width};
use super::markup::{Kind, markup};
use super::rows::{Cells, Span};
use super::window::Window;
use crate::error::TableError;
use crate::recognise::Format;

/// Bytes of the file taken in at a time.
const PIECE: usize = 512 * 1024;

/// Runs without blanks that are remembered: some hundred thousand for the longest row in lines of 76 characters.
const MAX_RUNS: usize = 2 * 1024 * 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The rows of a STREAM.
#[derive(Debug)]
pub(super) struct Stream {
    widths: Vec<Width>,
    /// For messages.
    names: Vec<String>,
    /// Bytes of null bits before each row.
    mask: usize,
    max_row: usize,
    /// Characters of base64 without blanks that are not decoded yet.
    clean: Vec<u8>,
    /// Number of the first of them, counted from where the reading began.
    clean_at: u64,
    /// Where runs without blanks begin: number of the character, offset in the file.
    runs: VecDeque<(u64, u64)>,
    decoded: Vec<u8>,
    /// Number of the first decoded byte, and how many of them are done with.
    decoded_at: u64,
    done: usize,
    /// The padding that ends base64 has been seen.
    padded: bool,
    at_end: bool,
}

impl Stream {
    /// The stream from a quantum of which `skip` bytes belong to an earlier row.
    pub(super) fn new(columns: &[Column], has_mask: bool, skip: usize, max_row: usize) -> Self {
        Self {
            widths: columns.iter().map(Column::width).collect(),
            names: columns.iter().map(|column| column.name.clone()).collect(),
            mask: if has_mask { columns.len().div_ceil(8) } else { 0 },
            max_row,
            clean: Vec::new(),
            clean_at: 0,
            runs: VecDeque::new(),
            decoded: Vec::new(),
            decoded_at: 0,
            done: skip,
            padded: false,
            at_end: false,
        }
    }

    /// The bytes that the cells point into.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.decoded
    }

    /// Finds at most `max_rows` rows and appends their cells; none at the end. `row_start` is told the position
    /// of each as [`super::layout::VotableLayout`] keeps it.
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        max_rows: usize,
        rows_before: u64,
        cells: &mut Cells,
        mut row_start: impl FnMut(u64),
    ) -> Result<(), TableError> {
        loop {
            while cells.rows < max_rows {
                let start = self.done;
                let end = match self.row(cells) {
                    Ok(Some(end)) => end,
                    Ok(None) => break,
                    Err(reason) => {
                        let row = rows_before + cells.rows as u64 + 1;
                        let reason = format!("row {row} (byte {}): {reason}", self.position(start) / 4);
                        return Err(TableError::broken(
                            window.file_name(),
                            Format::Votable,
                            None,
                            reason,
                        ));
                    }
                };
                row_start(self.position(start));
                cells.rows += 1;
                self.done = end;
            }
            if cells.rows > 0 {
                return Ok(());
            }
            if self.at_end {
                if self.done < self.decoded.len() {
                    let reason = format!(
                        "its data end in the middle of row {}: they are cut off, or do not have the columns that \
                         the fields describe",
                        rows_before + 1
                    );
                    return Err(window.broken(0, reason));
                }
                return Ok(());
            }
            self.fill(window)?;
        }
    }

    /// Finds the cells of the row that begins at `done`; where it ends, or none when it is not complete.
    fn row(&self, cells: &mut Cells) -> Result<Option<usize>, String> {
        let kept = cells.spans.len();
        let end = self.row_end(cells);
        if !matches!(end, Ok(Some(_))) {
            cells.spans.truncate(kept);
        }
        end
    }

    fn row_end(&self, cells: &mut Cells) -> Result<Option<usize>, String> {
        let available = self.decoded.len();
        if self.done >= available {
            return Ok(None);
        }
        let mut at = self.done + self.mask;
        let Some(mask) = self.decoded.get(self.done..at) else {
            return Ok(None);
        };
        for (column, width) in self.widths.iter().enumerate() {
            let len = match *width {
                Width::Bytes(len) => len,
                Width::Counted { values, bits } => {
                    let Some(count) = self.decoded.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
                        return Ok(None);
                    };
                    let count = u32::from_be_bytes(*count);
                    let bits = u64::from(count) * values as u64 * bits as u64;
                    let len = bits.div_ceil(8);
                    if len > self.max_row as u64 {
                        let name = self.names.get(column).map_or("", String::as_str);
                        return Err(format!(
                            "column '{name}' claims {count} elements, which is beyond the limit of {} bytes",
                            self.max_row
                        ));
                    }
                    len as usize + 4
                }
            };
            if available - at < len {
                return Ok(None);
            }
            let null = mask
                .get(column / 8)
                .is_some_and(|bits| bits & (0x80 >> (column % 8)) != 0);
            cells
                .spans
                .push(if null { Span::NULL } else { Span::new(at, at + len) });
            at += len;
        }
        Ok(Some(at))
    }

    /// Where the decoded byte at `at` comes from.
    fn position(&mut self, at: usize) -> u64 {
        let number = self.decoded_at + at as u64;
        let character = number / 3 * 4;
        while self.runs.get(1).is_some_and(|(start, _)| *start <= character) {
            self.runs.pop_front();
        }
        let (start, offset) = self.runs.front().copied().unwrap_or_default();
        (offset + (character - start)) * 4 + number % 3
    }

    /// Decodes on.
    fn fill(&mut self, window: &mut Window) -> Result<(), TableError> {
        // Rows that are done with, as whole quanta, so that positions stay right.
        let done = self.done.min(self.decoded.len());
        self.decoded.drain(..done);
        self.decoded_at += done as u64;
        self.done -= done;
        let needed = self.decoded_at / 3 * 4;
        while self.runs.get(1).is_some_and(|(start, _)| *start <= needed) {
            self.runs.pop_front();
        }
        if self.runs.len() > MAX_RUNS {
            return Err(window.broken(0, "its base64 is broken into too many pieces by blanks"));
        }
        if self.decoded.len() > self.max_row * 2 {
            return Err(window.broken(
                0,
                format!("a row has more than the limit of {} bytes", self.max_row * 2),
            ));
        }
        let bytes = window.bytes();
        let piece = bytes.get(..bytes.len().min(PIECE)).unwrap_or_default();
        if piece.is_empty() {
            if !window.more("its data")? {
                return Err(window.broken(0, "it ends within its data: it is cut off"));
            }
            return Ok(());
        }
        match memchr::memchr(b'<', piece) {
            Some(0) => self.pass_markup(window),
            end => {
                let end = end.unwrap_or(piece.len());
                self.take(window, end)
            }
        }
    }

    fn pass_markup(&mut self, window: &mut Window) -> Result<(), TableError> {
        let found = markup(window.bytes()).map_err(|reason| window.broken(0, reason))?;
        let Some(found) = found else {
            if window.more("a tag or comment")? {
                return Ok(());
            }
            return Err(window.broken(0, "it ends within a tag or comment: it is cut off"));
        };
        match found.kind {
            Kind::End => {
                self.at_end = true;
                self.decode(window)
            }
            Kind::Comment | Kind::Instruction => {
                window.consume(found.len);
                Ok(())
            }
            Kind::CData => Err(window.broken(
                0,
                "its STREAM has a CDATA section, which is not read; write the base64 without one",
            )),
            _ => Err(window.broken(0, "its STREAM has an element in it")),
        }
    }

    /// Takes in the first `len` bytes of the window.
    fn take(&mut self, window: &mut Window, len: usize) -> Result<(), TableError> {
        let piece = window.bytes().get(..len).unwrap_or_default();
        let mut at = 0;
        while at < piece.len() {
            let rest = piece.get(at..).unwrap_or_default();
            let line = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            let mut from = 0;
            for word in rest
                .get(..line)
                .unwrap_or_default()
                .split(|byte| matches!(byte, b' ' | b'\t'))
            {
                if !word.is_empty() {
                    let number = self.clean_at + self.clean.len() as u64;
                    self.runs
                        .push_back((number, window.offset() + (at + from) as u64));
                    self.clean.extend_from_slice(word);
                }
                from += word.len() + 1;
            }
            at += line + 1;
        }
        window.consume(len);
        self.decode(window)
    }

    /// Decodes the whole quanta; at the end everything.
    fn decode(&mut self, window: &Window) -> Result<(), TableError> {
        let len = if self.at_end {
            self.clean.len()
        } else {
            self.clean.len() / 4 * 4
        };
        if len == 0 {
            return Ok(());
        }
        let quanta = self.clean.get(..len).unwrap_or_default();
        if self.padded {
            return Err(window.broken(0, "its base64 goes on after the '=' that ends it"));
        }
        self.padded = quanta.last() == Some(&b'=');
        BASE64
            .decode_vec(quanta, &mut self.decoded)
            .map_err(|error| self.not_base64(window, &error))?;
        self.clean.drain(..len);
        self.clean_at += len as u64;
        Ok(())
    }

    fn not_base64(&self, window: &Window, error: &base64::DecodeError) -> TableError {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _) => *at as u64,
            base64::DecodeError::InvalidLastSymbol { offset, .. } => *offset as u64,
            _ => self.clean.len() as u64,
        };
        let number = self.clean_at + at;
        let run = self.runs.iter().rev().find(|(start, _)| *start <= number);
        let byte = run.map_or(window.offset(), |(start, offset)| offset + (number - start));
        TableError::broken(
            window.file_name(),
            Format::Votable,
            None,
            format!("its data are not base64 at byte {byte}"),
        )
    }
}
