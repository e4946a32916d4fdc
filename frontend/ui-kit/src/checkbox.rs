//! Yes or no.

use leptos::prelude::*;

/// A box to tick, with its label.
#[component]
pub fn Checkbox(
    /// Label.
    #[prop(into)]
    label: Signal<String>,
    /// Ticked.
    #[prop(into)]
    checked: Signal<bool>,
    /// It was ticked or unticked.
    #[prop(into)]
    on_change: Callback<bool>,
    /// Shown muted after the label.
    #[prop(optional, into)]
    hint: Option<Signal<String>>,
    /// Test hook.
    #[prop(optional, into)]
    test_id: Option<String>,
) -> impl IntoView {
    view! {
        <label class="checkbox">
            <input
                type="checkbox"
                prop:checked=checked
                data-testid=test_id
                on:change=move |event| on_change.run(event_target_checked(&event))
            />
            <span>{label}</span>
            {hint.map(|hint| view! { <span class="muted">{hint}</span> })}
        </label>
    }
}
