//! One choice out of a few.

use leptos::prelude::*;

/// One of the choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is chosen.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl Choice {
    /// A choice.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
        }
    }
}

/// A drop-down list.
#[component]
pub fn Select(
    /// Id, for a label.
    id: &'static str,
    /// Accessible name where no visible label belongs to it.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    /// The choices.
    #[prop(into)]
    choices: Signal<Vec<Choice>>,
    /// What is chosen.
    #[prop(into)]
    value: Signal<String>,
    /// Something was chosen.
    #[prop(into)]
    on_change: Callback<String>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    view! {
        <select
            class="input select"
            id=id
            aria-label=move || label.map(|label| label.get())
            data-testid=test_id
            on:change=move |event| on_change.run(event_target_value(&event))
        >
            {move || {
                choices
                    .get()
                    .into_iter()
                    .map(|choice| {
                        let own = choice.value.clone();
                        view! {
                            <option value=choice.value selected=move || value.with(|value| *value == own)>
                                {choice.label}
                            </option>
                        }
                    })
                    .collect_view()
            }}
        </select>
    }
}
