//! Tests of the whole crate on files that they write themselves.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by failing"
)]

mod archives;
mod broken;
mod child;
mod fits;
mod fits_broken;
mod fits_write;
mod hats;
mod hdf5;
mod hdf5_broken;
mod hdf5_write;
mod mutants;
mod parquet;
mod parquet_fixtures;
mod parquet_types;
mod plots;
mod soak;
mod statistics;
mod text;
mod text_errors;
mod text_properties;
mod unwrap;
mod votable;
mod votable_broken;
mod votable_pages;
mod votable_write;
mod write;
mod write_facts;

use std::path::PathBuf;

use pz_tables::{Inspection, Limits, TableError, TableReader};

/// A file that lives as long as the value.
pub(crate) struct TempTable {
    _directory: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) name: String,
}

/// A file called `name` with these bytes. On disk it is called otherwise: names are the user's business.
pub(crate) fn table(name: &str, bytes: impl AsRef<[u8]>) -> TempTable {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server-side-name");
    fs_err::write(&path, bytes).unwrap();
    TempTable {
        _directory: directory,
        path,
        name: name.to_owned(),
    }
}

impl TempTable {
    pub(crate) fn inspect(&self) -> Result<Inspection, TableError> {
        let inspection = pz_tables::inspect(&self.path, &self.name, &Limits::default());
        if let Err(error) = &inspection {
            let message = error.to_string();
            assert!(
                !message.contains("server-side-name"),
                "a server path is shown: {message}"
            );
            assert!(message.contains(&self.name), "the file is not named: {message}");
        }
        inspection
    }

    pub(crate) fn open(&self) -> Box<dyn TableReader> {
        let inspection = self.inspect().unwrap();
        // The layout as it comes back from the database.
        let json = serde_json::to_string(&inspection).unwrap();
        let stored: Inspection = serde_json::from_str(&json).unwrap();
        assert_eq!(stored, inspection, "{json}");
        pz_tables::open(&self.path, &self.name, Some(&stored.layout)).unwrap()
    }

    /// All rows as JSON text.
    pub(crate) fn rows(&self) -> String {
        pz_tables::rows_json(self.open().as_ref(), 0..u64::MAX, None).unwrap()
    }

    /// `name: type` of every column.
    pub(crate) fn columns(&self) -> Vec<String> {
        let inspection = self.inspect().unwrap();
        inspection
            .schema
            .columns
            .iter()
            .map(|column| format!("{}: {}", column.name, column.dtype))
            .collect()
    }

    pub(crate) fn error(&self) -> pz_tables::ErrorReport {
        self.inspect().expect_err("this file must be refused").report()
    }
}
