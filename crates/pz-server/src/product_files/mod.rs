//! Files of products: uploaded in a stream, listed, downloaded one by one, removed.

pub(crate) mod digests;
mod finish;
mod payload;
mod routes;
mod target;
mod upload;

pub(crate) use finish::{Arrived, finish};
pub(crate) use payload::drain;
pub(crate) use routes::{VisibleFile, mount};
pub(crate) use target::{Target, empty, quota_exceeded, usable_name};
