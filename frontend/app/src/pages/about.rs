//! What the service is.

use leptos::prelude::*;
use ui_kit::{Alert, Crumb, PageHeader, Panel, Tone};

use crate::services::use_instance;
use crate::texts::{Text, say, t};

/// What the service is, who may use it, and what it does not promise.
#[component]
pub(crate) fn AboutPage() -> impl IntoView {
    let instance = use_instance();
    let crumbs = Signal::derive(move || {
        vec![
            Crumb::link(say(Text::NavHome), "/"),
            Crumb::here(say(Text::NavAbout)),
        ]
    });
    let source = move || {
        instance.link(|links| links.source_code.as_ref()).map(|address| {
            view! { <p><a href=address target="_blank" rel="noopener noreferrer">{t(Text::FooterSource)}</a></p> }
        })
    };
    view! {
        <div class="text-page">
            <PageHeader title=t(Text::AboutTitle) crumbs=crumbs/>
            <Panel>
                <div class="prose">
                    <p>{t(Text::AboutWhat)}</p>
                    <h2>{t(Text::AboutWhoTitle)}</h2>
                    <p>{t(Text::AboutWho)}</p>
                    <h2>{t(Text::AboutCareTitle)}</h2>
                    <Alert tone=Tone::Warning><p>{t(Text::AboutCare)}</p></Alert>
                    <h2>{t(Text::AboutPrivacyTitle)}</h2>
                    <p>{t(Text::AboutPrivacy)}</p>
                    <h2>{t(Text::AboutFeedbackTitle)}</h2>
                    <p>{t(Text::AboutFeedback)} " " <a href="/contact">{t(Text::NavContact)}</a></p>
                    {source}
                </div>
            </Panel>
        </div>
    }
}
