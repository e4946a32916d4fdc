//! Server-sent events: open pages hear what happens to what they may see.
//!
//! One task per server reads new rows of the table `events` while anybody listens, so that several servers on one
//! database tell the same; each connection then asks which of them its user may see at that moment.

mod hub;
mod position;
mod routes;
mod stream;

pub(crate) use hub::{EventHub, close_on_shutdown};
pub(crate) use routes::mount;
