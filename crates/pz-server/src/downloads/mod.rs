//! Downloads: nothing is built and nothing is cached. An archive is a function of its files' bytes and
//! metadata; its length, and what stands at every position, is known before the first byte is sent. What
//! goes on in the background (compressing files once, reading archives for their checksum) only ever adds to
//! what is known.

mod archive;
mod background;
mod checksum;
pub(crate) mod compress;
mod content;
mod links;
mod metadata;
mod response;
mod ro_crate;
mod routes;
mod zip;

pub(crate) use archive::of_one_file;
pub(crate) use background::Background;
pub(crate) use response::{Disposition, respond};
pub(crate) use routes::mount;
