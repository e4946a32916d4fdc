//! The filters in force, each with a way to remove it.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::texts::{ui_text, use_ui_texts};

/// A filter in force.
#[derive(Debug, Clone)]
pub struct ActiveFilter {
    /// What it lets through.
    pub label: String,
    /// Removes it.
    pub on_remove: Callback<()>,
}

/// Removable chips; nothing at all without filters.
#[component]
pub fn ActiveFilters(
    /// The filters in force.
    #[prop(into)]
    filters: Signal<Vec<ActiveFilter>>,
    /// Removes all of them.
    #[prop(into)]
    on_clear: Callback<()>,
) -> impl IntoView {
    let texts = use_ui_texts();
    let chips = move || {
        filters
            .get()
            .into_iter()
            .map(|filter| {
                let name = format!(
                    "{}: {}",
                    texts.with(|texts| texts.remove.to_owned()),
                    filter.label
                );
                view! {
                    <li>
                        <button class="filter-chip" type="button" title=name.clone() aria-label=name
                            on:click=move |_| filter.on_remove.run(())>
                            <span>{filter.label}</span>
                            <Icon name=IconName::Close/>
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <Show when=move || !filters.with(Vec::is_empty)>
            <div class="active-filters" data-testid="active-filters">
                <ul>{chips}</ul>
                <button class="button button-quiet button-small" type="button" data-testid="clear-filters"
                    on:click=move |_| on_clear.run(())>
                    {ui_text(|texts| texts.clear_all)}
                </button>
            </div>
        </Show>
    }
}
