//! Signing in again over the page one was working on.

use leptos::prelude::*;
use ui_kit::Dialog;

use crate::pages::login::LoginForm;
use crate::services::use_session;
use crate::texts::{Text, t};

/// Opens when a session ended meanwhile. What is on the page stays; what failed is loaded again.
#[component]
pub(crate) fn SessionOverlay() -> impl IntoView {
    let session = use_session();
    view! {
        <Dialog open=session.expired() title=t(Text::SessionExpired) test_id="session-overlay">
            <p>{t(Text::SessionExpiredHint)}</p>
            <LoginForm on_done=move |()| {}/>
        </Dialog>
    }
}
