//! The mark: four spectral lines being redshifted.

use leptos::prelude::*;

/// The mark alone.
#[component]
pub(crate) fn BrandMark() -> impl IntoView {
    view! {
        <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
            <circle class="mark-ring" cx="16" cy="16" r="14.5"></circle>
            <path class="mark-1" d="M8 10v12"></path>
            <path class="mark-2" d="M11.5 7v18"></path>
            <path class="mark-3" d="M16.5 5v22"></path>
            <path class="mark-4" d="M23.5 8v16"></path>
        </svg>
    }
}
