//! The smallest label: a type, a role, a unit.

use leptos::prelude::*;

use crate::tone::Tone;

/// A square-cornered label without an icon.
#[component]
pub fn Badge(
    /// The word.
    #[prop(into)]
    text: Signal<String>,
    /// What its colour says.
    #[prop(optional)]
    tone: Tone,
    /// Longer explanation.
    #[prop(optional, into)]
    title: Option<String>,
) -> impl IntoView {
    view! {
        <span class=format!("badge badge-{}", tone.class()) title=title>
            {text}
        </span>
    }
}
