//! The warning on test instances.

use leptos::prelude::*;
use ui_kit::{Icon, IconName};

use crate::services::use_instance;
use crate::texts::{Text, say_with, t};

/// Says on a test instance that its data are not to be used; nothing elsewhere.
#[component]
pub(crate) fn EnvBanner() -> impl IntoView {
    let instance = use_instance();
    move || {
        let environment = instance.test_environment()?;
        let production = instance.link(|links| links.production.as_ref());
        let manual = instance.link(|links| links.manual.as_ref());
        Some(view! {
            <aside class="env-banner" aria-label=t(Text::EnvLabel) data-testid="env-banner">
                <Icon name=IconName::Warning/>
                <p>
                    {say_with(Text::EnvBanner, &[("environment", &environment)])}
                    {production.map(|address| view! { " " <a href=address rel="external">{t(Text::EnvProduction)}</a> })}
                    {manual.map(|address| view! {
                        " " <a href=address target="_blank" rel="noopener noreferrer">{t(Text::FooterManual)}</a>
                    })}
                </p>
            </aside>
        })
    }
}
