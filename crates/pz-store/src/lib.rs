//! What the service remembers: rows in SQLite or PostgreSQL, bytes in a blob store.
//!
//! The only place that writes SQL. Nothing of HTTP comes in here, and no query behaves differently on the
//! two databases: searched text is folded by our own code, and every order ends with the id.

pub mod accounts;
pub mod audit;
pub mod blobs;
pub mod database;
pub mod entities;
pub mod error;
pub mod list;
mod parts;
pub mod pipelines;
pub mod product_contents;
pub mod product_files;
pub mod product_types;
pub mod products;
pub mod registration;
pub mod releases;
pub mod staged;
pub mod text;
pub mod tokens;
pub mod visibility;

pub use blobs::{BlobStore, BlobWriter, StoredBlob};
pub use database::{Store, StoreOptions};
pub use error::StoreError;
pub use staged::{PartDigest, StagedBlob};
pub use visibility::Viewer;
