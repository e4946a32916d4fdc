//! Grey shapes where content is about to be.

use leptos::prelude::*;

/// The shape of what is coming.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SkeletonShape {
    /// A few lines of text.
    #[default]
    Text,
    /// Rows of a table.
    Table,
    /// The head of a page and its body.
    Page,
}

/// Placeholder while loading; it fades in late, so that quick answers never flicker.
#[component]
pub fn Skeleton(
    /// The shape of what is coming.
    #[prop(optional)]
    shape: SkeletonShape,
) -> impl IntoView {
    let (class, lines) = match shape {
        SkeletonShape::Text => ("skeleton skeleton-text", 3),
        SkeletonShape::Table => ("skeleton skeleton-table", 8),
        SkeletonShape::Page => ("skeleton skeleton-page", 6),
    };
    view! {
        <div class=class aria-hidden="true">
            {(0..lines).map(|_| view! { <span class="skeleton-line"></span> }).collect_view()}
        </div>
    }
}
