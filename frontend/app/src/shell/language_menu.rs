//! The language of the app.

use leptos::prelude::*;
use ui_kit::{Icon, IconName, Menu, MenuItem};

use crate::texts::{Language, Text, language, say};

/// English, Portuguese or Spanish; switching keeps everything on the page.
#[component]
pub(crate) fn LanguageMenu() -> impl IntoView {
    let items = Signal::derive(|| {
        let now = language().get();
        Language::ALL
            .into_iter()
            .map(|choice| {
                MenuItem::action(Signal::stored(choice.own_name().to_owned()), move || {
                    language().set(choice);
                })
                .current(choice == now)
                .test_id(choice.tag())
            })
            .collect::<Vec<_>>()
    });
    // The accessible name contains, word for word, what is to be read on the button.
    let label = Signal::derive(|| format!("{} {}", say(Text::LanguageLabel), language().get().short()));
    view! {
        <Menu label=label items=items button_class="icon-button language-button" test_id="language-menu">
            <Icon name=IconName::Globe/>
            <span aria-hidden="true">{move || language().get().short()}</span>
        </Menu>
    }
}
