//! Nothing is there, or it may not be seen: the same words for both.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use ui_kit::{Button, PageHeading, SearchBox, print_query};

use crate::products::Scope;
use crate::texts::{Text, t};

/// The not-found page, with a search box.
#[component]
pub(crate) fn NotFound() -> impl IntoView {
    let navigate = use_navigate();
    let search = move |(text, entered): (String, bool)| {
        if entered && !text.is_empty() {
            let query = print_query(&[("q".to_owned(), text)]);
            navigate(
                &format!("{}{query}", Scope::All.address()),
                NavigateOptions::default(),
            );
        }
    };
    view! {
        <div class="not-found" data-testid="not-found">
            <p class="overline">"404"</p>
            <PageHeading title=t(Text::NotFoundTitle)/>
            <p>{t(Text::NotFoundBody)}</p>
            <SearchBox id="not-found-search" label=t(Text::ListSearch) placeholder=t(Text::ListSearchHint)
                value=Signal::stored(String::new()) on_search=search on_enter_only=true/>
            <div class="button-row">
                <Button label=t(Text::NavHome) href="/".to_owned()/>
                <Button label=t(Text::ListAll) href=Scope::All.address().to_owned()/>
            </div>
        </div>
    }
}
