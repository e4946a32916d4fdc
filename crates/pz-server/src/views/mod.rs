//! Files shown by a browser from signed addresses that need no cookie: in a frame of the web app or in a tab
//! of their own. A file is hostile: every answer confines it to an opaque origin without network. Must never
//! send one without these headers, and never set a cookie.

mod confinement;
mod links;
mod routes;

pub(crate) use routes::mount;
