//! A list of products: search, filters, order and pages, all in the URL.

use leptos::prelude::*;
use pz_client::ProductQuery;
use pz_model::api::{Page, Product};
use ui_kit::{
    ActiveFilters, Alert, AsyncView, Button, ButtonKind, Crumb, Dialog, EmptyState, FailureKind, IconName,
    LoadState, PageHeader, Pager, Panel, SearchBox, SkeletonShape, Tone, use_query_state,
    use_refreshing_load,
};
use wasm_bindgen::JsCast;

use super::filters::{Filters, active_filters};
use super::list_state::{ListState, PAGE_SIZES, ReleaseChoice};
use super::scope::Scope;
use super::table::ProductsTable;
use crate::dialogs::Dialogs;
use crate::services::{use_api, use_instance, use_memory, use_reference, use_session};
use crate::texts::{Text, say, say_count, t};

/// What to ask the server, or that there is nothing to ask.
#[derive(Debug, Clone, PartialEq)]
enum Question {
    /// Not known yet: the names of the releases are still on their way.
    Wait,
    /// The answer is an empty list.
    Nothing,
    /// This.
    Ask(ProductQuery),
}

/// A list of products.
#[component]
pub(crate) fn ProductsPage(
    /// Which list.
    scope: Scope,
) -> impl IntoView {
    let state = use_query_state::<ListState>(&["dialog", "lang"]);
    let (api, session, reference, dialogs) = (
        use_api(),
        use_session(),
        use_reference(),
        expect_context::<Dialogs>(),
    );

    let question = move || {
        let now = state.now.get();
        let needs_releases = matches!(now.release, ReleaseChoice::Named(_));
        let releases = match (needs_releases, reference.releases()) {
            (true, None) => return Question::Wait,
            (_, releases) => releases.unwrap_or_default(),
        };
        now.query(scope, session.user().map(|user| user.id), &releases)
            .map_or(Question::Nothing, Question::Ask)
    };
    let load = use_refreshing_load(question, move |question| {
        let api = api.clone();
        async move {
            match question {
                Question::Wait => std::future::pending().await,
                Question::Nothing => Ok(Page {
                    count: 0,
                    results: Vec::new(),
                }),
                Question::Ask(query) => api.call(async |client| client.products(&query).await).await,
            }
        }
    });

    // A page that is not there any more is the first one.
    Effect::new(move |_| {
        let gone = load.state().with(|state| match state {
            LoadState::Failed(failure) => failure.kind == FailureKind::NotFound,
            _ => false,
        });
        if gone && state.now.with_untracked(|now| now.page > 1) {
            state.replace(|state| state.page = 1);
        }
    });
    // A product was removed: its row goes at once, the next page's first one comes up.
    Effect::watch(
        move || dialogs.deleted.get(),
        move |gone, _, _| {
            load.update(|page| {
                let before = page.results.len();
                page.results.retain(|product| Some(product.id) != *gone);
                page.count = page.count.saturating_sub((before - page.results.len()) as u64);
            });
            load.reload();
        },
        false,
    );

    let title = t(scope.title());
    let crumbs = Signal::derive(move || {
        vec![
            Crumb::link(say(Text::NavHome), "/"),
            Crumb::here(say(scope.title())),
        ]
    });
    let drawer = RwSignal::new(false);
    let count = move || load.value().map(|page: Page<Product>| page.count);
    let narrow_filters = view! {
        <Dialog open=drawer title=t(Text::Filters) drawer=true test_id="filters-drawer">
            <Filters state=state/>
        </Dialog>
    };
    view! {
        <PageHeader title=title crumbs=crumbs/>
        {(scope == Scope::Official).then(|| view! { <OfficialInfo/> })}
        <div class="list-layout">
            <aside class="list-filters" aria-label=t(Text::Filters)>
                <Filters state=state/>
            </aside>
            <div class="list-main">
                <div class="list-bar">
                    <SearchBox
                        id="list-search"
                        label=t(Text::ListSearch)
                        placeholder=t(Text::ListSearchHint)
                        value=Signal::derive(move || state.now.with(|now| now.search.clone()))
                        on_search=move |(text, _): (String, bool)| {
                            state.replace(|state| {
                                state.search = text;
                                state.page = 1;
                            });
                        }
                        test_id="list-search"
                    />
                    <span class="list-filter-button">
                        <Button label=t(Text::Filters) icon=IconName::Filter on_click=move |()| drawer.set(true)
                            test_id="open-filters"/>
                    </span>
                    <p class="list-count muted" role="status" data-testid="result-count">
                        {move || count().map(|count| say_count(Text::ListCountOne, Text::ListCountOther, count, &[]))}
                    </p>
                </div>
                <ActiveFilters
                    filters=active_filters(state)
                    on_clear=move |()| state.push(|state| {
                        let search = state.search.clone();
                        state.clear();
                        state.search = search;
                    })
                />
                <Panel flush=true>
                    <AsyncView load=load shape=SkeletonShape::Table let:page>
                        <ListBody scope=scope state=state page=page/>
                    </AsyncView>
                </Panel>
            </div>
        </div>
        {narrow_filters}
    }
}

/// The rows and the pager, or why there are none.
#[component]
fn ListBody(
    /// Which list.
    scope: Scope,
    /// The list's state.
    state: ui_kit::QueryState<ListState>,
    /// The products of this page.
    page: Signal<Page<Product>>,
) -> impl IntoView {
    let (memory, dialogs) = (use_memory(), expect_context::<Dialogs>());
    // Coming back from a product: the same place, with the focus on its row.
    if let Some(place) = memory.coming_back() {
        request_animation_frame(move || {
            window().scroll_to_with_x_and_y(0.0, place.scroll_y);
            let link = document()
                .query_selector(&format!("a[data-product='{}']", place.product))
                .ok()
                .flatten();
            if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(true);
                let _ = link.focus_with_options(&options);
            }
        });
    }
    let rows = Signal::derive(move || page.with(|page| page.results.clone()));
    let total = Signal::derive(move || page.with(|page| page.count));
    let empty = Memo::new(move |_| page.with(|page| page.results.is_empty()));
    move || {
        if empty.get() {
            return view! { <EmptyList scope=scope state=state/> }.into_any();
        }
        view! {
            <ProductsTable label=t(scope.title()) rows=rows state=state leaving=dialogs.deleting/>
            <Pager
                id="list-page-size"
                page=Signal::derive(move || state.now.with(|now| now.page))
                size=Signal::derive(move || state.now.with(|now| now.size))
                total=total
                sizes=&PAGE_SIZES
                on_page=move |page| {
                    state.push(|state| state.page = page);
                    window().scroll_to_with_x_and_y(0.0, 0.0);
                }
                on_size=move |size| state.push(|state| {
                    state.size = size;
                    state.page = 1;
                })
            />
        }
        .into_any()
    }
}

/// Nothing matches, or nothing is there at all.
#[component]
fn EmptyList(
    /// Which list.
    scope: Scope,
    /// The list's state.
    state: ui_kit::QueryState<ListState>,
) -> impl IntoView {
    move || {
        if state.now.with(ListState::is_filtered) {
            let has_search = state.now.with(|now| !now.search.is_empty());
            return view! {
                <EmptyState icon=IconName::Search title=t(Text::ListNoMatch) test_id="no-match">
                    <p>{t(Text::ListNoMatchHint)}</p>
                    {has_search.then(|| view! {
                        <p class="muted">{move || state.now.with(|now| format!("“{}”", now.search))}</p>
                    })}
                    <div class="button-row">
                        <Button label=t(Text::ListShowAll) kind=ButtonKind::Secondary test_id="clear-all"
                            on_click=move |()| state.push(ListState::clear)/>
                    </div>
                </EmptyState>
            }
            .into_any();
        }
        let (title, hint) = scope.empty();
        view! {
            <EmptyState icon=IconName::Layers title=t(title) test_id="empty-list">
                <p>{t(hint)}</p>
                {(scope == Scope::Official).then(|| view! {
                    <div class="button-row">
                        <Button label=t(Text::ListUser) href=Scope::User.address().to_owned()/>
                    </div>
                })}
            </EmptyState>
        }
        .into_any()
    }
}

/// What official products are, and where to ask.
#[component]
fn OfficialInfo() -> impl IntoView {
    let instance = use_instance();
    let contact = move || {
        instance
            .link(|links| links.contact_email.as_ref())
            .map(|address| {
                view! { " " <a href=format!("mailto:{address}")>{t(Text::ContactUs)}</a> }
            })
    };
    view! {
        <div class="list-info">
            <Alert tone=Tone::Info test_id="official-info">
                <p>
                    {t(Text::OfficialInfo)} " " <a href=Scope::User.address()>{t(Text::ListUser)}</a> {contact}
                </p>
            </Alert>
        </div>
    }
}
