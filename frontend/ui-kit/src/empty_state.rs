//! The empty face of a view.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};

/// What would be here, and what one can do about it.
#[component]
pub fn EmptyState(
    /// What it looks like.
    icon: IconName,
    /// What is missing.
    #[prop(into)]
    title: Signal<String>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
    /// Explanation and actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty-state" data-testid=test_id>
            <Icon name=icon/>
            <p class="empty-state-title">{title}</p>
            {children.map(|children| children())}
        </div>
    }
}
