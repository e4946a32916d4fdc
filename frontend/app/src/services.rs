//! What every page needs: the connection, who is signed in, what the instance says of itself.

pub(crate) mod api;
pub(crate) mod instance;
pub(crate) mod memory;
pub(crate) mod reference;
pub(crate) mod session;

pub(crate) use api::{Api, use_api};
pub(crate) use instance::use_instance;
pub(crate) use memory::use_memory;
pub(crate) use reference::use_reference;
pub(crate) use session::use_session;

/// Provides all of them to the components below.
pub(crate) fn provide() {
    let session = session::provide();
    let api = api::provide(session);
    instance::provide(&api);
    reference::provide(&api, session);
    memory::provide();
}
