//! The search box in the header.

use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use ui_kit::{SearchBox, print_query};

use crate::products::Scope;
use crate::texts::{Text, t};

/// Searches all products on Enter.
#[component]
pub(crate) fn HeaderSearch(
    /// Unique id.
    id: &'static str,
    /// Gives access to the element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// A search was started.
    #[prop(optional, into)]
    on_done: Option<Callback<()>>,
) -> impl IntoView {
    let navigate = use_navigate();
    let search = move |(text, entered): (String, bool)| {
        if !entered {
            return;
        }
        let pairs = if text.is_empty() {
            Vec::new()
        } else {
            vec![("q".to_owned(), text)]
        };
        navigate(
            &format!("{}{}", Scope::All.address(), print_query(&pairs)),
            NavigateOptions::default(),
        );
        if let Some(on_done) = on_done {
            on_done.run(());
        }
    };
    view! {
        <SearchBox id=id label=t(Text::HeaderSearch) placeholder=t(Text::HeaderSearch) value=Signal::stored(String::new())
            on_search=search on_enter_only=true node_ref=node_ref test_id="header-search"/>
    }
}
