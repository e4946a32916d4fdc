//! Products: create, list, read, change, publish, delete and restore; read their tables; cite them, follow their
//! versions and where they come from.

mod change;
mod citation;
mod citation_fields;
mod conditional;
mod create;
mod facets;
mod list;
mod main_file;
mod pending;
mod plots;
mod policy;
mod process_config;
mod provenance;
mod read_data;
pub(crate) mod registry;
pub(crate) mod restore;
mod routes;
mod specz;
mod stats;
mod tombstone;
mod unwrap;
mod versions;
mod view;

pub(crate) use create::{check_official, check_type_rules, unknown_id};
pub(crate) use list::LIST;
pub(crate) use policy::{VisibleProduct, WritableProduct, writable};
pub(crate) use routes::mount;
pub(crate) use view::view;
