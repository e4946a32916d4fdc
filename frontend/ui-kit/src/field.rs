//! The frame of a form control: label, help, error.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::texts::ui_text;

/// Label above, help below, and an error that replaces the help.
///
/// The control inside must have the same `id` and name `<id>-note` in `aria-describedby`.
#[component]
pub fn Field(
    /// Id of the control.
    id: &'static str,
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// Marked with a word.
    #[prop(optional)]
    required: bool,
    /// One line of help.
    #[prop(optional, into)]
    help: Option<Signal<String>>,
    /// What is wrong.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// The control.
    children: Children,
) -> impl IntoView {
    let note = move || match error.get() {
        Some(error) => view! {
            <span class="field-error"><Icon name=IconName::Error/><span>{error}</span></span>
        }
        .into_any(),
        None => help
            .map(|help| view! { <span class="field-help">{help}</span> })
            .into_any(),
    };
    view! {
        <div class="field" data-testid=format!("field-{id}")>
            <label class="field-label" for=id>
                {label}
                {required.then(|| view! { <span class="field-required">{ui_text(|texts| texts.required)}</span> })}
            </label>
            {children()}
            <div class="field-note" id=format!("{id}-note")>{note}</div>
        </div>
    }
}
