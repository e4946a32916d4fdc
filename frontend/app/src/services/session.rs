//! Who is signed in.

use leptos::prelude::*;
use pz_model::api::SessionUser;
use ui_kit::ReloadAll;

/// Who is signed in, as far as this page knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionState {
    user: RwSignal<Option<SessionUser>>,
    known: RwSignal<bool>,
    expired: RwSignal<bool>,
    leaving: RwSignal<bool>,
    reload_all: ReloadAll,
}

pub(super) fn provide() -> SessionState {
    let reload_all = ReloadAll(RwSignal::new(0));
    provide_context(reload_all);
    let session = SessionState {
        user: RwSignal::new(None),
        known: RwSignal::new(false),
        expired: RwSignal::new(false),
        leaving: RwSignal::new(false),
        reload_all,
    };
    provide_context(session);
    session
}

/// Who is signed in.
pub(crate) fn use_session() -> SessionState {
    expect_context()
}

impl SessionState {
    /// The user, if somebody is signed in.
    pub(crate) fn user(self) -> Option<SessionUser> {
        self.user.get()
    }

    /// Login name of the user, without following changes.
    pub(crate) fn username_now(self) -> Option<String> {
        self.user
            .with_untracked(|user| user.as_ref().map(|user| user.username.clone()))
    }

    /// Somebody is signed in.
    pub(crate) fn is_signed_in(self) -> bool {
        self.user.with(Option::is_some)
    }

    /// The server has been asked.
    pub(crate) fn is_known(self) -> bool {
        self.known.get()
    }

    /// The session ended while somebody was working: they are asked to sign in over the page.
    pub(crate) fn expired(self) -> RwSignal<bool> {
        self.expired
    }

    /// What the server said at the start.
    pub(crate) fn start(self, user: Option<SessionUser>) {
        self.user.set(user);
        self.known.set(true);
    }

    /// Somebody signed in; whatever failed for want of it is loaded again.
    pub(crate) fn sign_in(self, user: SessionUser) {
        self.user.set(Some(user));
        self.expired.set(false);
        self.reload_all.0.update(|count| *count += 1);
    }

    /// Somebody is signing out: no page asks them to sign in again.
    pub(crate) fn leave(self) {
        self.leaving.set(true);
    }

    /// Somebody is signing out.
    pub(crate) fn is_leaving(self) -> bool {
        self.leaving.get_untracked()
    }

    /// Nobody is signed in any more.
    pub(crate) fn sign_out(self) {
        self.expired.set(false);
        self.user.set(None);
        // By then the page that needed a session is gone.
        request_animation_frame(move || self.leaving.set(false));
    }

    pub(super) fn expire(self) {
        if self.user.with_untracked(Option::is_some) {
            self.expired.set(true);
        }
    }
}
