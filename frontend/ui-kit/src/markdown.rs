//! Markdown from people nobody has to trust.

mod render;

use leptos::prelude::*;

pub use render::render_markdown;

/// Markdown as text: raw HTML is shown, not obeyed; links lead to the web or to mail only; pictures from
/// elsewhere become links.
#[component]
pub fn Markdown(
    /// The Markdown.
    #[prop(into)]
    source: Signal<String>,
) -> impl IntoView {
    view! { <div class="prose" inner_html=move || source.with(|source| render_markdown(source))></div> }
}
