//! What is around every page.

pub(crate) mod brand;
pub(crate) mod env_banner;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod language_menu;
pub(crate) mod navigation;
pub(crate) mod offline_strip;
pub(crate) mod require_auth;
pub(crate) mod search;
pub(crate) mod theme_toggle;
pub(crate) mod user_menu;

use leptos::prelude::*;
use ui_kit::ToastHost;

use crate::dialogs::DialogHost;
use crate::texts::{Text, t};
use env_banner::EnvBanner;
use footer::Footer;
use header::Header;
use offline_strip::OfflineStrip;

/// Header, page, footer, and everything that floats above them.
#[component]
pub(crate) fn AppShell(
    /// The page.
    children: Children,
) -> impl IntoView {
    let skip = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if let Some(main) = document().get_element_by_id("main") {
            use wasm_bindgen::JsCast;
            if let Ok(main) = main.dyn_into::<web_sys::HtmlElement>() {
                let _ = main.focus();
                main.scroll_into_view();
            }
        }
    };
    view! {
        <nav aria-label=t(Text::SkipLink)>
            <a class="skip-link" href="#main" rel="external" on:click=skip>{t(Text::SkipLink)}</a>
        </nav>
        <Header/>
        <OfflineStrip/>
        <EnvBanner/>
        <main id="main" class="app-main" tabindex="-1">{children()}</main>
        <Footer/>
        <DialogHost/>
        <ToastHost/>
    }
}
