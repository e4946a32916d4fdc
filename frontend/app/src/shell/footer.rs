//! The footer: help, licence, versions.

use leptos::prelude::*;

use crate::services::use_instance;
use crate::texts::{Text, say_with, t};

/// The footer of every page. Links of the institution come from the instance only.
#[component]
pub(crate) fn Footer() -> impl IntoView {
    let instance = use_instance();
    let external = |address: String, text: Text| {
        view! { <a href=address target="_blank" rel="noopener noreferrer">{t(text)}</a> }
    };
    let versions = move || {
        let app = env!("CARGO_PKG_VERSION");
        match instance.server_version() {
            Some(server) if server != app => {
                say_with(Text::FooterVersions, &[("app", app), ("server", &server)])
            }
            _ => say_with(Text::FooterVersion, &[("app", app)]),
        }
    };
    view! {
        <footer class="app-footer">
            <div class="app-footer-inside">
                <p class="footer-group">
                    <span>{move || instance.name()}</span>
                    <span>{versions}</span>
                </p>
                <p class="footer-group">
                    <span>{t(Text::FooterLicence)}</span>
                    {move || instance.link(|links| links.source_code.as_ref()).map(|link| external(link, Text::FooterSource))}
                </p>
                <p class="footer-group">
                    {move || instance.link(|links| links.manual.as_ref()).map(|link| external(link, Text::FooterManual))}
                    <a href="/documentation">{t(Text::NavDocumentation)}</a>
                    <a href="/contact">{t(Text::NavContact)}</a>
                </p>
            </div>
        </footer>
    }
}
