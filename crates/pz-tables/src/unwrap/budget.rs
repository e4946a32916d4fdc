//! How much may come out of an archive, counted while it comes. Must never believe a size that the archive states.

use std::cell::Cell;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::rc::Rc;
use std::sync::Arc;

use super::UnwrapLimits;
use crate::error::TableError;
use crate::recognise::Format;

/// What one pass over an archive may use.
#[derive(Debug)]
pub(super) struct Budget {
    file_name: String,
    limits: UnwrapLimits,
    /// Size of the archive.
    input: u64,
    consumed: Rc<Cell<u64>>,
    produced: Cell<u64>,
    entries: Cell<u64>,
}

impl Budget {
    pub(super) fn new(file_name: &str, limits: &UnwrapLimits, input: u64) -> Self {
        Self {
            file_name: file_name.to_owned(),
            limits: *limits,
            input,
            consumed: Rc::default(),
            produced: Cell::new(0),
            entries: Cell::new(0),
        }
    }

    /// One more entry of any kind.
    pub(super) fn entry(&self) -> Result<(), TableError> {
        self.entries.set(self.entries.get() + 1);
        check_entries(&self.file_name, self.entries.get(), &self.limits)
    }

    /// So many bytes more came out.
    fn produce(&self, bytes: u64) -> Result<(), TableError> {
        let produced = self.produced.get().saturating_add(bytes);
        self.produced.set(produced);
        check_total(&self.file_name, produced, &self.limits)?;
        // Bytes read twice (entries that overlap) are still the same bytes.
        let consumed = self.consumed.get().min(self.input).max(1);
        if produced > self.limits.free_bytes_before_ratio
            && produced > consumed.saturating_mul(self.limits.max_ratio)
        {
            return Err(TableError::LimitExceeded {
                file: self.file_name.clone(),
                what: "its compression, unpacked size to packed size,".to_owned(),
                limit: format!("{} : 1", self.limits.max_ratio),
                remedy: "Upload the table as it is, or compressed by its own format.",
                place: None,
            });
        }
        Ok(())
    }

    /// `reader`, with everything that comes out of it counted.
    pub(super) fn limited<R: Read>(&self, reader: R) -> Limited<'_, R> {
        Limited { reader, budget: self }
    }

    /// The bytes `start..end` of the archive, with everything that is read counted.
    pub(super) fn source(&self, file: Arc<fs_err::File>, start: u64, end: u64) -> Source {
        Source {
            file,
            file_name: self.file_name.clone(),
            position: start,
            end,
            consumed: self.consumed.clone(),
        }
    }
}

pub(super) fn check_entries(file_name: &str, entries: u64, limits: &UnwrapLimits) -> Result<(), TableError> {
    if entries <= limits.max_entries {
        return Ok(());
    }
    Err(TableError::LimitExceeded {
        file: file_name.to_owned(),
        what: "the number of its members".to_owned(),
        limit: limits.max_entries.to_string(),
        remedy: "Put fewer files into the archive.",
        place: None,
    })
}

pub(super) fn check_total(file_name: &str, bytes: u64, limits: &UnwrapLimits) -> Result<(), TableError> {
    if bytes <= limits.max_total_bytes {
        return Ok(());
    }
    Err(TableError::limit(
        file_name,
        "its unpacked size",
        format!("{} bytes", limits.max_total_bytes),
    ))
}

/// A reader of which the bytes are counted against a [`Budget`].
pub(super) struct Limited<'a, R> {
    reader: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.budget.produce(count as u64).map_err(carried)?;
        Ok(count)
    }
}

/// A part of the archive. Its failures are [`carried`], so that they are told apart from those of decoders.
#[derive(Debug)]
pub(super) struct Source {
    file: Arc<fs_err::File>,
    file_name: String,
    position: u64,
    end: u64,
    consumed: Rc<Cell<u64>>,
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.position)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let buffer = buffer.get_mut(..wanted).unwrap_or_default();
        let count = match self.file.file().read_at(buffer, self.position) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => return Err(carried(TableError::io(&self.file_name, error))),
        };
        self.position += count as u64;
        self.consumed
            .set(self.consumed.get().saturating_add(count as u64));
        Ok(count)
    }
}

/// An error of ours on its way through a decoder.
pub(super) fn carried(error: TableError) -> io::Error {
    io::Error::other(error)
}

/// The error of ours that came through a decoder, or the decoder's own, which is the file's fault.
pub(super) fn told(file_name: &str, format: Format, error: io::Error) -> TableError {
    let out_of_memory = error.kind() == io::ErrorKind::OutOfMemory;
    match error.downcast::<TableError>() {
        Ok(error) => error,
        Err(error) if out_of_memory => {
            TableError::limit(file_name, "the memory to unpack it", error.to_string())
        }
        // The words of libzstd for a window that is larger than 128 MiB.
        Err(error) if error.to_string().contains("requires too much memory") => {
            TableError::limit(file_name, "the memory to unpack it", "128 MiB".to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            TableError::broken(file_name, format, None, "it ends too early, so it was cut off")
        }
        Err(error) => TableError::broken(file_name, format, None, error),
    }
}
