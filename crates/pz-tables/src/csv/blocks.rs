//! Reads a text file in blocks that hold whole records. Must never hold more than one record beyond its block.

use std::io::{Read, Seek, SeekFrom};

use fs_err::File;

use super::split::{Dialect, Records, count_lines};
use crate::Limits;
use crate::error::{Place, TableError};

/// Bytes read at a time.
const BLOCK: usize = 256 * 1024;

/// A text file, positioned between records.
#[derive(Debug)]
pub(crate) struct Blocks {
    file: File,
    file_name: String,
    dialect: Dialect,
    max_record: usize,
    buffer: Vec<u8>,
    /// The bytes of the buffer that are read and not done with.
    start: usize,
    end: usize,
    /// Offset in the file of `buffer[start]`.
    offset: u64,
    /// Line of `buffer[start]`, from 1.
    line: u64,
    at_end: bool,
}

/// Whole records, with where they are in the file.
#[derive(Debug)]
pub(crate) struct Block<'a> {
    /// The bytes, checked to be UTF-8 without NUL.
    pub(crate) text: &'a str,
    /// Offset in the file of the first byte.
    pub(crate) offset: u64,
    /// Line of the first byte.
    pub(crate) line: u64,
}

impl Blocks {
    pub(crate) fn new(
        mut file: File,
        file_name: &str,
        dialect: Dialect,
        limits: &Limits,
        offset: u64,
        line: u64,
    ) -> Result<Self, TableError> {
        file.seek(SeekFrom::Start(offset))
            .map_err(|source| TableError::io(file_name, source))?;
        Ok(Self {
            file,
            file_name: file_name.to_owned(),
            dialect,
            max_record: limits.max_record_bytes,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset,
            line,
            at_end: false,
        })
    }

    /// From the next block on, lines that start with `#` are comments.
    pub(crate) fn skip_comments(&mut self) {
        self.dialect.skips_comments = true;
    }

    /// The next records, `None` at the end of the file. `rows_before` is for messages only.
    pub(crate) fn next<'a>(
        &'a mut self,
        records: &mut Records,
        rows_before: u64,
    ) -> Result<Option<Block<'a>>, TableError> {
        loop {
            self.fill()?;
            let available = self.buffer.get(self.start..self.end).unwrap_or_default();
            if available.is_empty() && self.at_end {
                return Ok(None);
            }
            let split = records.split(available, self.at_end, self.dialect);
            if split.consumed > 0 {
                let (start, offset, line) = (self.start, self.offset, self.line);
                self.start += split.consumed;
                self.offset += split.consumed as u64;
                let bytes = self.buffer.get(start..self.start).unwrap_or_default();
                self.line += count_lines(bytes, self.dialect);
                let text = checked_text(bytes, &self.file_name, offset, line, self.dialect)?;
                return Ok(Some(Block { text, offset, line }));
            }
            let row = rows_before + 1;
            if self.at_end {
                let line = self.line;
                return Err(TableError::UnclosedQuote {
                    file: self.file_name.clone(),
                    row,
                    line,
                    byte: self.offset,
                });
            }
            if available.len() > self.max_record {
                return Err(TableError::LimitExceeded {
                    file: self.file_name.clone(),
                    what: format!("the length of row {row}"),
                    limit: format!("{} bytes", self.max_record),
                    remedy: if split.open_quote.is_some() {
                        "Look for a double quote that is opened there and never closed."
                    } else {
                        "Check that the file has line ends."
                    },
                    place: Some(Box::new(Place {
                        row,
                        line: self.line,
                        byte: self.offset,
                    })),
                });
            }
        }
    }

    /// Moves what is left to the front and reads on; the buffer grows while a single record fills it.
    fn fill(&mut self) -> Result<(), TableError> {
        if self.at_end {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        // A block behind a long record starts small again.
        let wanted = BLOCK.max(self.end * 2);
        if self.buffer.len() < wanted || self.buffer.len() > wanted * 4 {
            self.buffer.resize(wanted.max(self.end), 0);
            self.buffer.shrink_to(wanted);
        }
        while let Some(free) = self.buffer.get_mut(self.end..).filter(|free| !free.is_empty()) {
            match self.file.read(free) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => return Err(TableError::io(&self.file_name, source)),
            }
        }
        Ok(())
    }
}

/// The bytes as text, if they are UTF-8 without NUL.
pub(crate) fn checked_text<'a>(
    bytes: &'a [u8],
    file_name: &str,
    offset: u64,
    line: u64,
    dialect: Dialect,
) -> Result<&'a str, TableError> {
    let line_at = |at: usize| line + count_lines(bytes.get(..at).unwrap_or_default(), dialect);
    if let Some(at) = memchr::memchr(0, bytes) {
        let (line, byte) = (line_at(at), offset + at as u64);
        return Err(TableError::NotATable {
            file: file_name.to_owned(),
            reason: format!("it has a NUL byte, so it is not text (line {line}, byte {byte})"),
            line: Some(line),
            byte: Some(byte),
        });
    }
    std::str::from_utf8(bytes).map_err(|error| TableError::NotUtf8 {
        file: file_name.to_owned(),
        line: line_at(error.valid_up_to()),
        byte: offset + error.valid_up_to() as u64,
    })
}
