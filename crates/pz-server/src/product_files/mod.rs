//! Files of products: uploaded in a stream, listed, downloaded one by one, removed.

mod routes;
mod upload;

pub(crate) use routes::mount;
