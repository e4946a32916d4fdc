//! Downloads: nothing is built and nothing is cached. An archive is a function of its files' bytes and
//! metadata; its length, and what stands at every position, is known before the first byte is sent.

mod archive;
mod content;
mod links;
mod metadata;
mod routes;
mod zip;

pub(crate) use archive::of_one_file;
pub(crate) use content::{Disposition, respond};
pub(crate) use routes::mount;
