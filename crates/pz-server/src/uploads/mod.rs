//! Uploads that go on after an interruption, by the protocol tus 1.0: an upload is begun, its bytes are sent
//! in one request or in many, and with the last of them it becomes a file of its product, in the same way as
//! a file that came in a form. Only the user who began it sees it.

mod documents;
mod headers;
mod policy;
mod receive;
mod routes;
mod transfer;

pub(crate) use headers::announce;
pub(crate) use routes::mount;

/// Where uploads are.
pub(crate) const PATH: &str = "/api/uploads/";
