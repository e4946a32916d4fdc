//! A line of text.

use leptos::html;
use leptos::prelude::*;

/// A one-line input.
#[component]
pub fn TextInput(
    /// Id, for the label and the note.
    id: &'static str,
    /// The text.
    value: RwSignal<String>,
    /// Kind of input: `text`, `password`, `email`.
    #[prop(optional, into)]
    kind: Option<Signal<&'static str>>,
    /// What the browser may fill in.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// The text is wrong.
    #[prop(optional, into)]
    invalid: Signal<bool>,
    /// Gives access to the element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    view! {
        <input
            class="input"
            id=id
            name=id
            type=move || kind.map_or("text", |kind| kind.get())
            autocomplete=autocomplete
            autocapitalize="none"
            spellcheck="false"
            aria-describedby=format!("{id}-note")
            aria-invalid=move || invalid.get().then_some("true")
            prop:value=value
            node_ref=node_ref
            data-testid=test_id
            on:input=move |event| value.set(event_target_value(&event))
        />
    }
}
