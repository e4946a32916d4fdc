//! The head of a page: way, name, count and actions.

use leptos::prelude::*;

use crate::breadcrumbs::{Breadcrumbs, Crumb};
use crate::page_title::PageHeading;

/// Breadcrumbs, heading, a muted line beside it, and the page's actions.
#[component]
pub fn PageHeader(
    /// The page's name.
    #[prop(into)]
    title: Signal<String>,
    /// The way here.
    #[prop(optional, into)]
    crumbs: Signal<Vec<Crumb>>,
    /// Marks beside the heading.
    #[prop(optional, into)]
    marks: ViewFn,
    /// Actions on the right.
    #[prop(optional, into)]
    actions: ViewFn,
) -> impl IntoView {
    view! {
        <header class="page-header">
            <Show when=move || !crumbs.with(Vec::is_empty)>
                <Breadcrumbs items=crumbs/>
            </Show>
            <div class="page-header-row">
                <div class="page-header-title">
                    <PageHeading title=title/>
                    {move || marks.run()}
                </div>
                <div class="page-header-actions">{move || actions.run()}</div>
            </div>
        </header>
    }
}
