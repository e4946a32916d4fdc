//! A message that stays.

use leptos::prelude::*;

use crate::icon::Icon;
use crate::tone::Tone;

/// A message with an icon, inside the page.
#[component]
pub fn Alert(
    /// What its colour says.
    tone: Tone,
    /// First line.
    #[prop(optional, into)]
    title: Option<Signal<String>>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
    /// The message.
    children: Children,
) -> impl IntoView {
    let role = if tone == Tone::Danger { "alert" } else { "status" };
    view! {
        <div class=format!("alert alert-{}", tone.class()) role=role data-testid=test_id>
            <Icon name=tone.icon()/>
            <div class="alert-body">
                {title.map(|title| view! { <p class="alert-title">{title}</p> })}
                {children()}
            </div>
        </div>
    }
}
