//! Where a page is.

use leptos::prelude::*;

use crate::texts::ui_text;

/// One step of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crumb {
    /// Name of the place.
    pub label: String,
    /// Address; the last step has none.
    pub href: Option<String>,
}

impl Crumb {
    /// A place one can go back to.
    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: Some(href.into()),
        }
    }

    /// The place one is at.
    pub fn here(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: None,
        }
    }
}

/// The way from the start page to here.
#[component]
pub fn Breadcrumbs(
    /// The steps, from the start page.
    #[prop(into)]
    items: Signal<Vec<Crumb>>,
) -> impl IntoView {
    view! {
        <nav class="breadcrumbs" aria-label=ui_text(|texts| texts.breadcrumbs)>
            <ol>
                {move || {
                    items
                        .get()
                        .into_iter()
                        .map(|crumb| match crumb.href {
                            Some(href) => view! { <li><a href=href>{crumb.label}</a></li> }.into_any(),
                            None => view! { <li aria-current="page">{crumb.label}</li> }.into_any(),
                        })
                        .collect_view()
                }}
            </ol>
        </nav>
    }
}
