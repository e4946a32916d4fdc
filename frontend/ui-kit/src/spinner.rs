//! A turning mark for work in progress.

use leptos::prelude::*;

/// Turns while something runs; always beside words that say what.
#[component]
pub fn Spinner() -> impl IntoView {
    view! { <span class="spinner" aria-hidden="true"></span> }
}
