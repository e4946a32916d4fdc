//! Program text with a button that copies it.

use leptos::prelude::*;

use crate::copy_field::CopyButton;

/// Program text, scrolled sideways when long, with a copy button.
#[component]
pub fn CodeBlock(
    /// The text.
    #[prop(into)]
    text: Signal<String>,
    /// Name of the language or tool, for people.
    #[prop(into)]
    label: Signal<String>,
    /// Test hook of the copy button.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    view! {
        <figure class="code-block">
            <figcaption>
                <span>{label}</span>
                <CopyButton value=text test_id=test_id.unwrap_or("copy-code")/>
            </figcaption>
            <pre tabindex="0" role="region" aria-label=label><code>{text}</code></pre>
        </figure>
    }
}
