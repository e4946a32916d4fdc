//! The file as a window of bytes that slides over it. Must never hold more than one piece of markup, or one row,
//! beyond what is read at a time.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use fs_err::File;

use crate::Limits;
use crate::error::TableError;
use crate::recognise::Format;

/// Bytes read at a time.
const BLOCK: usize = 512 * 1024;

/// An XML file, somewhere in it.
#[derive(Debug)]
pub(super) struct Window {
    file: File,
    file_name: String,
    max_piece: usize,
    buffer: Vec<u8>,
    /// The bytes of the buffer that are read and not done with.
    start: usize,
    end: usize,
    /// Offset in the file of `buffer[start]`.
    offset: u64,
    /// Line of `buffer[start]`, from 1; none when the reading began in the middle of the file.
    line: Option<u64>,
    at_end: bool,
    /// The encoding that the file declares, when it is not UTF-8: then it must be ASCII.
    other_encoding: Option<String>,
}

impl Window {
    /// The file from `offset` on.
    pub(super) fn open(
        path: &Path,
        file_name: &str,
        limits: &Limits,
        offset: u64,
    ) -> Result<Self, TableError> {
        let io = |source| TableError::io(file_name, source);
        let mut file = File::open(path).map_err(io)?;
        file.seek(SeekFrom::Start(offset)).map_err(io)?;
        Ok(Self {
            file,
            file_name: file_name.to_owned(),
            max_piece: limits.max_record_bytes,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            offset,
            line: (offset == 0).then_some(1),
            at_end: false,
            other_encoding: None,
        })
    }

    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Offset in the file of the first byte.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Only ASCII is to be accepted from here on, since the file declares this encoding.
    pub(super) fn declare_encoding(&mut self, encoding: &str) {
        if !encoding.eq_ignore_ascii_case("utf-8") && !encoding.eq_ignore_ascii_case("utf8") {
            self.other_encoding = Some(encoding.to_owned());
        }
    }

    /// Reads on; false at the end of the file. `what` is too long when it fills the window.
    pub(super) fn more(&mut self, what: &str) -> Result<bool, TableError> {
        if self.at_end {
            return Ok(false);
        }
        let held = self.end - self.start;
        if held > self.max_piece {
            return Err(TableError::LimitExceeded {
                file: self.file_name.clone(),
                what: format!("the length of {what} at {}", self.place(0)),
                limit: format!("{} bytes", self.max_piece),
                remedy: "Split the values, or write the table in another format.",
                place: None,
            });
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, held);
        let wanted = BLOCK.max(held * 2);
        if self.buffer.len() < wanted || self.buffer.len() > wanted * 4 {
            self.buffer.resize(wanted.max(held), 0);
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
        Ok(self.end > held)
    }

    /// Is done with the first `count` bytes.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        if let Some(line) = self.line {
            self.line = Some(line + lines(self.bytes().get(..count).unwrap_or_default()));
        }
        self.start += count;
        self.offset += count as u64;
    }

    /// The bytes at `range` as text.
    pub(super) fn text(&self, range: Range<usize>) -> Result<&str, TableError> {
        let bytes = self.bytes().get(range.clone()).unwrap_or_default();
        if let Some(at) = memchr::memchr(0, bytes) {
            return Err(self.broken(range.start + at, "it has a NUL byte, which XML does not allow"));
        }
        if let Some(encoding) = self.other_encoding.as_ref().filter(|_| !bytes.is_ascii()) {
            let at = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or(0);
            let reason = format!(
                "it declares the encoding {encoding} and has other letters than ASCII; only UTF-8 is read: save it \
                 as UTF-8"
            );
            return Err(self.broken(range.start + at, reason));
        }
        std::str::from_utf8(bytes).map_err(|error| {
            let at = range.start + error.valid_up_to();
            TableError::NotUtf8 {
                file: self.file_name.clone(),
                line: self.line_of(at).unwrap_or(0),
                byte: self.offset + at as u64,
            }
        })
    }

    fn line_of(&self, at: usize) -> Option<u64> {
        Some(self.line? + lines(self.bytes().get(..at).unwrap_or_default()))
    }

    /// Where the byte at `at` is, for messages.
    pub(super) fn place(&self, at: usize) -> String {
        let byte = self.offset + at as u64;
        match self.line_of(at) {
            Some(line) => format!("line {line}, byte {byte}"),
            None => format!("byte {byte}"),
        }
    }

    /// The file cannot be read, for a reason found at `at`.
    pub(super) fn broken(&self, at: usize, reason: impl std::fmt::Display) -> TableError {
        let reason = format!("{reason} ({})", self.place(at));
        TableError::broken(&self.file_name, Format::Votable, None, reason)
    }
}

fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}
