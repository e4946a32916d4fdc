//! Makes a file appear under its name complete and durable, or not at all.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;

use super::TableWriter;
use crate::error::TableError;

/// A file under construction beside its final place. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Finishing {
    partial: tempfile::TempPath,
    path: PathBuf,
}

impl Finishing {
    pub(super) fn new(path: &Path) -> Result<Self, TableError> {
        let io = |source| unwritten(path, source);
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let partial = tempfile::Builder::new()
            .prefix(".pz-tables-")
            .suffix(".part")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(directory)
            .map_err(io)?
            .into_temp_path();
        Ok(Self {
            partial,
            path: path.to_owned(),
        })
    }

    /// Where to write.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// A failure of the storage is told of the file that was to be, not of the one under construction.
    pub(super) fn blame(&self, error: TableError) -> TableError {
        match error {
            TableError::Io { source, .. } => TableError::Unwritten {
                file: name_of(&self.path),
                source,
            },
            other => other,
        }
    }

    pub(super) fn around(self, writer: Box<dyn TableWriter>) -> FinishingWriter {
        FinishingWriter {
            writer,
            finishing: self,
        }
    }

    fn finish(self) -> Result<(), TableError> {
        let io = |source| unwritten(&self.path, source);
        fs_err::File::open(&self.partial)
            .and_then(|file| file.sync_all())
            .map_err(io)?;
        self.partial
            .persist(&self.path)
            .map_err(|error| io(error.error))?;
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs_err::File::open(directory)
            .and_then(|file| file.sync_all())
            .map_err(io)
    }
}

fn unwritten(path: &Path, source: std::io::Error) -> TableError {
    TableError::Unwritten {
        file: name_of(path),
        source,
    }
}

/// The file's own name, for messages.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// A writer of which the file is renamed at the end.
pub(super) struct FinishingWriter {
    // Dropped first: nobody may write any more when the file is removed.
    writer: Box<dyn TableWriter>,
    finishing: Finishing,
}

impl TableWriter for FinishingWriter {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        self.writer
            .write(batch)
            .map_err(|error| self.finishing.blame(error))
    }

    fn finish(self: Box<Self>) -> Result<(), TableError> {
        let Self { writer, finishing } = *self;
        writer.finish().map_err(|error| finishing.blame(error))?;
        finishing.finish()
    }
}
