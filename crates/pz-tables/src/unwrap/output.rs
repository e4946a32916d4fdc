//! The one file that unpacking writes. Must never stay behind unless it is complete.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::TableError;

/// A file under construction. Dropped without [`Output::keep`], it is removed.
pub(super) struct Output {
    file: fs_err::File,
    path: Option<PathBuf>,
}

impl Output {
    /// Creates the file, or empties it.
    pub(super) fn create(path: &Path, file_name: &str) -> Result<Self, TableError> {
        let file = fs_err::File::create(path).map_err(|source| TableError::io(file_name, source))?;
        Ok(Self {
            file,
            path: Some(path.to_owned()),
        })
    }

    pub(super) fn file(&self) -> &fs_err::File {
        &self.file
    }

    /// It is complete.
    pub(super) fn keep(mut self) {
        self.path = None;
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(path) = self.path.take() {
            // What cannot be removed is not there, or is the administrators' concern.
            let _ = fs_err::remove_file(path);
        }
    }
}
