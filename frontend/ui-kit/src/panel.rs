//! A framed part of a page.

use leptos::prelude::*;

/// A framed part of a page with an optional heading and actions; never inside another one.
#[component]
pub fn Panel(
    /// Heading.
    #[prop(optional, into)]
    title: Option<Signal<String>>,
    /// Buttons beside the heading.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
    /// Takes the padding away, for tables.
    #[prop(optional)]
    flush: bool,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
    /// Content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="panel" class:panel-flush=flush data-testid=test_id>
            {title
                .map(|title| {
                    view! {
                        <header class="panel-head">
                            <h2 class="panel-title">{title}</h2>
                            {actions.map(|actions| view! { <div class="panel-actions">{actions.run()}</div> })}
                        </header>
                    }
                })}
            <div class="panel-body">{children()}</div>
        </section>
    }
}
