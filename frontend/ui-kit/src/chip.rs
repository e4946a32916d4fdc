//! Small coloured words: a state, a property.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::tone::Tone;

/// A word with an icon on its own soft background.
#[component]
pub fn Chip(
    /// The word.
    #[prop(into)]
    text: Signal<String>,
    /// What its colour says.
    #[prop(optional)]
    tone: Tone,
    /// The icon that says the same.
    #[prop(optional)]
    icon: Option<IconName>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    view! {
        <span class=format!("chip chip-{}", tone.class()) data-testid=test_id>
            {icon.map(|icon| view! { <Icon name=icon/> })}
            <span>{text}</span>
        </span>
    }
}
