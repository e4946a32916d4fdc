//! What the service remembers: rows in SQLite or PostgreSQL, bytes in a blob store.
//!
//! The only place that writes SQL. Nothing of HTTP comes in here, and no query behaves differently on the
//! two databases: searched text is folded by our own code, and every order ends with the id.

pub mod accounts;
pub mod archives;
pub mod audit;
pub mod blobs;
pub mod compressed;
pub mod database;
pub mod entities;
pub mod error;
pub mod events;
pub mod facets;
pub mod groups;
mod hashes;
pub mod identities;
pub mod list;
pub mod partials;
mod parts;
pub mod password_resets;
pub mod pipeline_texts;
pub mod pipelines;
pub mod plots;
pub mod process_steps;
pub mod process_submission;
pub mod processes;
pub mod product_citation;
pub mod product_contents;
pub mod product_files;
mod product_rows;
pub mod product_types;
pub mod products;
pub mod provenance;
pub mod quota;
pub mod registration;
pub mod releases;
pub mod revisions;
pub mod roles;
pub mod sessions;
pub mod staged;
pub mod text;
pub mod tokens;
pub mod tombstones;
pub mod uploads;
pub mod user_admin;
pub mod versions;
pub mod visibility;

pub use blobs::{BlobStore, BlobWriter, StoredBlob};
pub use database::{Store, StoreOptions};
pub use error::StoreError;
pub use partials::Partial;
pub use staged::{PartDigest, StagedBlob};
pub use visibility::Viewer;
