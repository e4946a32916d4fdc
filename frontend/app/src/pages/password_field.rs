//! A password, which whoever types it may look at.

use leptos::html;
use leptos::prelude::*;
use ui_kit::{Field, Icon, IconName, TextInput};

use crate::texts::{Text, t};

/// A password with its label and a button that shows it.
#[component]
pub(crate) fn PasswordField(
    /// Id of the input.
    id: &'static str,
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// The password.
    value: RwSignal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    /// One line of help.
    #[prop(optional, into)]
    help: Signal<String>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Gives access to the element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// Test hook.
    test_id: &'static str,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    let toggle = Signal::derive(move || {
        if shown.get() {
            t(Text::LoginHide)
        } else {
            t(Text::LoginShow)
        }
        .get()
    });
    view! {
        <Field id=id label=label help=help error=error>
            <div class="password-row">
                <TextInput
                    id=id
                    value=value
                    kind=Signal::derive(move || if shown.get() { "text" } else { "password" })
                    autocomplete=autocomplete
                    invalid=Signal::derive(move || error.with(Option::is_some))
                    node_ref=node_ref
                    test_id=test_id
                />
                <button class="icon-button" type="button" title=toggle aria-label=toggle
                    aria-pressed=move || if shown.get() { "true" } else { "false" }
                    on:click=move |_| shown.update(|shown| *shown = !*shown)>
                    <Icon name=Signal::derive(move || if shown.get() { IconName::EyeOff } else { IconName::Eye })/>
                </button>
            </div>
        </Field>
    }
}
