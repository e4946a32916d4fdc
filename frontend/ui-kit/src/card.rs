//! A card that leads somewhere.

use leptos::prelude::*;

/// One link with a heading, a line of text and a muted live line; the whole card can be clicked.
#[component]
pub fn Card(
    /// Heading, and the link's name.
    #[prop(into)]
    title: Signal<String>,
    /// Where it leads.
    #[prop(into)]
    href: Signal<String>,
    /// Small words above the heading.
    #[prop(optional, into)]
    overline: Option<Signal<String>>,
    /// Live line at the bottom; nothing while unknown.
    #[prop(optional, into)]
    footer: Signal<Option<String>>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
    /// One or two lines.
    children: Children,
) -> impl IntoView {
    view! {
        <article class="card card-link" data-testid=test_id>
            {overline.map(|overline| view! { <p class="overline">{overline}</p> })}
            <h2 class="card-title">
                <a class="card-anchor" href=move || href.get()>{title}</a>
            </h2>
            <div class="card-text">{children()}</div>
            <p class="card-footer">{move || footer.get()}</p>
        </article>
    }
}
