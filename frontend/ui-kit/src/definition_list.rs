//! Facts as term and value.

use leptos::prelude::*;

/// One fact; without a value it is left out.
pub struct Definition {
    term: Signal<String>,
    value: Option<AnyView>,
}

impl Definition {
    /// A fact that is always known.
    pub fn new(term: Signal<String>, value: impl IntoView + 'static) -> Self {
        Self {
            term,
            value: Some(value.into_any()),
        }
    }

    /// A fact that is left out when unknown.
    pub fn maybe<V: IntoView + 'static>(term: Signal<String>, value: Option<V>) -> Self {
        Self {
            term,
            value: value.map(IntoAny::into_any),
        }
    }
}

impl std::fmt::Debug for Definition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Definition").finish_non_exhaustive()
    }
}

/// Facts, one per row; unknown ones are absent rather than empty.
#[component]
pub fn DefinitionList(
    /// The facts, in order.
    items: Vec<Definition>,
) -> impl IntoView {
    view! {
        <dl class="definitions">
            {items
                .into_iter()
                .filter_map(|item| {
                    let value = item.value?;
                    Some(view! { <div><dt>{item.term}</dt><dd>{value}</dd></div> })
                })
                .collect_view()}
        </dl>
    }
}
