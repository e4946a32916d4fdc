//! What can go wrong in the store.

use sea_orm::{DbErr, SqlErr};

/// A fault of the database or the blob store, or a rule that only they can check.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("database: {0}")]
    Database(#[source] DbErr),
    /// A row with the same unique value exists already, or a row that this one needs is gone, or one that needs this
    /// one has come.
    #[error("already exists: {0}")]
    AlreadyExists(String),
    /// The row named is not there.
    #[error("{what} {id} does not exist")]
    Missing {
        /// Kind of row.
        what: &'static str,
        /// Its id.
        id: i64,
    },
    /// The blob store refused or could not be reached.
    #[error("blob store: {0}")]
    Blob(#[from] object_store::Error),
    /// There is no space left for the bytes.
    #[error("no space left for {size_bytes} bytes or more")]
    NoSpace {
        /// Bytes written when the space ran out.
        size_bytes: u64,
    },
    /// A task of the store was stopped or panicked.
    #[error("a background task of the store ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// A file call failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(
                SqlErr::UniqueConstraintViolation(detail) | SqlErr::ForeignKeyConstraintViolation(detail),
            ) => Self::AlreadyExists(detail),
            _ => Self::Database(error),
        }
    }
}
