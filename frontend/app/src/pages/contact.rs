//! Whom to ask.

use leptos::prelude::*;
use ui_kit::{Crumb, Icon, IconName, PageHeader, Panel};

use crate::services::use_instance;
use crate::texts::{Text, say, t};

/// Addresses of this instance; says so when there are none.
#[component]
pub(crate) fn ContactPage() -> impl IntoView {
    let instance = use_instance();
    let crumbs = Signal::derive(move || {
        vec![
            Crumb::link(say(Text::NavHome), "/"),
            Crumb::here(say(Text::NavContact)),
        ]
    });
    let entry = |icon: IconName, title: Text, text: Text, address: String, shown: String| {
        view! {
            <li class="contact-entry">
                <Icon name=icon/>
                <div>
                    <h2>{t(title)}</h2>
                    <p class="muted">{t(text)}</p>
                    <p><a href=address target="_blank" rel="noopener noreferrer">{shown}</a></p>
                </div>
            </li>
        }
    };
    let entries = move || {
        let email = instance
            .link(|links| links.contact_email.as_ref())
            .map(|address| {
                entry(
                    IconName::Mail,
                    Text::ContactEmail,
                    Text::ContactEmailHint,
                    format!("mailto:{address}"),
                    address,
                )
            });
        let issues = instance.link(|links| links.issues.as_ref()).map(|address| {
            entry(
                IconName::Warning,
                Text::ContactIssues,
                Text::ContactIssuesHint,
                address.clone(),
                address,
            )
        });
        let manual = instance.link(|links| links.manual.as_ref()).map(|address| {
            entry(
                IconName::Book,
                Text::ContactManual,
                Text::ContactManualHint,
                address.clone(),
                address,
            )
        });
        let none = email.is_none() && issues.is_none() && manual.is_none();
        view! {
            {email}
            {issues}
            {manual}
            {none.then(|| view! { <li>{t(Text::ContactNone)}</li> })}
        }
    };
    view! {
        <div class="text-page">
            <PageHeader title=t(Text::ContactTitle) crumbs=crumbs/>
            <Panel><ul class="contact-list">{entries}</ul></Panel>
        </div>
    }
}
