//! Signing in again over the page one was working on.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ui_kit::Dialog;

use crate::pages::login::LoginForm;
use crate::pages::login_elsewhere::LoginProviders;
use crate::return_url::safe_return_url;
use crate::services::use_session;
use crate::texts::{Text, t};

/// Opens when a session ended meanwhile. What is on the page stays; what failed is loaded again.
#[component]
pub(crate) fn SessionOverlay() -> impl IntoView {
    let (session, location) = (use_session(), use_location());
    let here = Signal::derive(move || {
        let address = format!("{}{}", location.pathname.get(), location.search.get());
        safe_return_url(Some(&address))
    });
    view! {
        <Dialog open=session.expired() title=t(Text::SessionExpired) test_id="session-overlay">
            <p>{t(Text::SessionExpiredHint)}</p>
            <LoginForm on_done=move |()| {}/>
            <LoginProviders next=here/>
        </Dialog>
    }
}
