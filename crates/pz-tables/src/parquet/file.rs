//! The file as the `parquet` crate wants it: positional reads that never go beyond the end, checked before
//! memory is asked for. Must never share a file position between readers.

use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use super::broken;
use crate::error::TableError;

/// Largest footer accepted: a table of 100,000 columns and a thousand row groups has one.
const MAX_FOOTER: u64 = 512 * 1024 * 1024;

/// Bytes behind the footer: its length and the magic number.
const TAIL: u64 = 8;

/// A Parquet file whose tail has been looked at. It may be a part of another file.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    file: Arc<fs_err::File>,
    /// Where it begins.
    start: u64,
    length: u64,
}

impl SourceFile {
    pub(crate) fn open(path: &Path, file_name: &str) -> std::result::Result<Self, TableError> {
        let io = |source| TableError::io(file_name, source);
        let file = fs_err::File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        Self::within(Arc::new(file), 0, length, file_name)
    }

    /// The `length` bytes of `file` that begin at `start`, all of which exist.
    pub(crate) fn within(
        file: Arc<fs_err::File>,
        start: u64,
        length: u64,
        file_name: &str,
    ) -> std::result::Result<Self, TableError> {
        if length < TAIL + 4 {
            return Err(broken(file_name, None, format!("it has {length} bytes only")));
        }
        let mut tail = [0u8; TAIL as usize];
        file.file()
            .read_exact_at(&mut tail, start + length - TAIL)
            .map_err(|source| TableError::io(file_name, source))?;
        let [a, b, c, d, magic @ ..] = tail;
        if &magic != b"PAR1" {
            return Err(broken(
                file_name,
                None,
                "its end is missing (no 'PAR1' there), so it was cut off",
            ));
        }
        let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
        if footer > length - TAIL || footer > MAX_FOOTER {
            let reason = format!("its footer claims {footer} bytes in a file of {length}");
            return Err(broken(file_name, None, reason));
        }
        Ok(Self { file, start, length })
    }
}

impl Length for SourceFile {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for SourceFile {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        if start > self.length {
            return Err(beyond(start, self.length));
        }
        Ok(BufReader::with_capacity(
            4 * 1024,
            Cursor {
                source: self.clone(),
                position: start,
            },
        ))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.saturating_add(length as u64);
        if end > self.length {
            return Err(beyond(end, self.length));
        }
        let mut buffer = vec![0; length];
        self.file.file().read_exact_at(&mut buffer, self.start + start)?;
        Ok(Bytes::from(buffer))
    }
}

fn beyond(position: u64, length: u64) -> ParquetError {
    ParquetError::EOF(format!("it points to byte {position} but has {length}"))
}

/// Reads on from a position of its own.
#[derive(Debug)]
pub(crate) struct Cursor {
    source: SourceFile,
    position: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let SourceFile { file, start, length } = &self.source;
        let left = usize::try_from(length.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let count = file.file().read_at(buffer, start + self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}
