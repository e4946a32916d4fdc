//! Products: create, list, read, change, publish, delete; read their tables.

mod change;
mod create;
mod list;
mod main_file;
mod policy;
mod read_data;
pub(crate) mod registry;
mod routes;
mod stats;
mod unwrap;
mod view;

pub(crate) use list::LIST;
pub(crate) use policy::{VisibleProduct, WritableProduct, writable};
pub(crate) use routes::mount;
pub(crate) use view::view;
