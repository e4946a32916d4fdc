//! Points in time.

use leptos::prelude::*;

/// A date; the full timestamp is the tooltip and the machine-readable value.
#[component]
pub fn DateTime(
    /// Date as shown, `YYYY-MM-DD`.
    #[prop(into)]
    date: String,
    /// The full timestamp, ISO 8601.
    #[prop(into)]
    timestamp: String,
) -> impl IntoView {
    view! { <time datetime=timestamp.clone() title=timestamp>{date}</time> }
}
