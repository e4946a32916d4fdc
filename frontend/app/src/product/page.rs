//! The page of one product, found by its internal name.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_params_map};
use pz_model::ProductStatus;
use pz_model::api::{Product, ProductContent, ProductFile};
use ui_kit::{
    Alert, AsyncView, Crumb, Failure, FailureKind, Load, PageHeader, Panel, SkeletonShape, TabItem, Tabs,
    Tone, count_text, use_load, use_query_state,
};

use super::description::Overview;
use super::download::DownloadBlock;
use super::files::FilesTable;
use super::meta::ProductMeta;
use super::page_state::{PageState, Tab};
use super::preview::TablePreview;
use super::usage::UsageTab;
use crate::dialogs::Dialogs;
use crate::pages::not_found::NotFound;
use crate::products::Scope;
use crate::products::actions::ProductActions;
use crate::products::status_chip::{OfficialMark, StatusChip};
use crate::return_url::product_address;
use crate::services::use_api;
use crate::texts::{Text, say, t};

/// The page of one product; an id instead of a name leads to the name's address.
#[component]
pub(crate) fn ProductPage() -> impl IntoView {
    let (api, params) = (use_api(), use_params_map());
    let (navigate, location) = (use_navigate(), use_location());
    let dialogs = expect_context::<Dialogs>();
    let name = move || params.with(|params| params.get("name").unwrap_or_default());

    let load = use_load(name, move |name: String| {
        let api = api.clone();
        async move {
            let found = match name.parse::<i64>() {
                Ok(id) => Some(api.call(async |client| client.product(id).await).await?),
                Err(_) => api.call(async |client| client.product_named(&name).await).await?,
            };
            found.ok_or_else(|| Failure {
                kind: FailureKind::NotFound,
                message: String::new(),
                error_id: None,
            })
        }
    });

    Effect::new({
        let navigate = navigate.clone();
        move |_| {
            let Some(product) = load.value() else { return };
            let asked = params.with_untracked(|params| params.get("name").unwrap_or_default());
            if asked != product.internal_name && asked.parse::<i64>() == Ok(product.id) {
                let search = location.search.get_untracked();
                let query = if search.is_empty() {
                    String::new()
                } else {
                    format!("?{}", search.trim_start_matches('?'))
                };
                let options = NavigateOptions {
                    replace: true,
                    scroll: false,
                    ..NavigateOptions::default()
                };
                navigate(
                    &format!("{}{query}", product_address(&product.internal_name)),
                    options,
                );
            }
        }
    });
    // Removed: there is nothing left to show here.
    Effect::watch(
        move || dialogs.deleted.get(),
        move |gone, _, _| {
            if let Some(product) = load.value().filter(|product| *gone == Some(product.id)) {
                navigate(Scope::of(&product).address(), NavigateOptions::default());
            }
        },
        false,
    );

    // Missing and forbidden look the same: a restricted product's name must not leak.
    let failed = Callback::new(|failure: Failure| {
        matches!(failure.kind, FailureKind::NotFound | FailureKind::Forbidden)
            .then(|| view! { <NotFound/> }.into_any())
    });
    view! {
        <AsyncView load=load shape=SkeletonShape::Page failed=failed let:product>
            <ProductView product=product/>
        </AsyncView>
    }
}

/// Everything about a product.
#[component]
fn ProductView(
    /// The product.
    product: Signal<Product>,
) -> impl IntoView {
    let api = use_api();
    let id = Memo::new(move |_| product.with(|product| product.id));
    let files: Load<Vec<ProductFile>> = {
        let api = api.clone();
        use_load(
            move || id.get(),
            move |id| {
                let api = api.clone();
                async move { api.call(async |client| client.product_files(id).await).await }
            },
        )
    };
    let columns: Load<Vec<ProductContent>> = use_load(
        move || id.get(),
        move |id| {
            let api = api.clone();
            async move { api.call(async |client| client.product_contents(id).await).await }
        },
    );
    let column_count = Memo::new(move |_| {
        let count = columns.value().map_or(0, |columns| columns.len());
        i64::try_from(count).ok().filter(|count| *count > 0)
    });
    let state = use_query_state::<PageState>(&["dialog", "lang"]);

    let is_table = Memo::new(move |_| {
        product.with(|product| product.n_rows.is_some())
            || columns.value().is_some_and(|columns| !columns.is_empty())
    });
    let offered = Memo::new(move |_| {
        Tab::ALL
            .into_iter()
            .filter(|tab| match tab {
                Tab::Overview | Tab::Files => true,
                Tab::Data => is_table.get(),
                Tab::Use => product.with(|product| product.status == ProductStatus::Published),
            })
            .collect::<Vec<_>>()
    });
    let items = Signal::derive(move || {
        let files = files
            .value()
            .map(|files| count_text(i64::try_from(files.len()).unwrap_or(i64::MAX)));
        offered
            .get()
            .into_iter()
            .map(|tab| TabItem {
                id: tab.id(),
                label: t(match tab {
                    Tab::Overview => Text::TabOverview,
                    Tab::Data => Text::TabData,
                    Tab::Files => Text::TabFiles,
                    Tab::Use => Text::TabUse,
                }),
                count: files.clone().filter(|_| tab == Tab::Files),
            })
            .collect::<Vec<_>>()
    });
    let selected = Memo::new(move |_| {
        let wanted = state.now.with(|now| now.tab);
        offered.with(|offered| {
            if offered.contains(&wanted) {
                wanted
            } else {
                Tab::Overview
            }
        })
    });
    let panel = move |id: &'static str| {
        match Tab::from_id(id).unwrap_or_default() {
        Tab::Overview => view! { <Overview product=product files=files/> }.into_any(),
        Tab::Data => view! { <TablePreview product=product columns=columns state=state/> }.into_any(),
        Tab::Files => view! {
            <Panel flush=true>
                <AsyncView load=files shape=SkeletonShape::Table let:files><FilesTable files=files/></AsyncView>
            </Panel>
        }
        .into_any(),
        Tab::Use => view! { <UsageTab product=product is_table=is_table/> }.into_any(),
    }
    };

    let crumbs = Signal::derive(move || {
        let (list, name) = product.with(|product| (Scope::of(product), product.display_name.clone()));
        vec![
            Crumb::link(say(Text::NavHome), "/"),
            Crumb::link(say(list.title()), list.address()),
            Crumb::here(name),
        ]
    });
    let marks = move || {
        let (official, status) = product.with(|product| (product.official_product, product.status));
        view! {
            {official.then(|| view! { <OfficialMark/> })}
            {(status != ProductStatus::Published).then(|| view! { <StatusChip status=status/> })}
        }
    };
    view! {
        <article class="product-page" data-testid="product-page">
            <PageHeader
                title=Signal::derive(move || product.with(|product| product.display_name.clone()))
                crumbs=crumbs
                marks=marks
                actions=move || view! { <ProductActions product=product.get()/> }
            />
            <StatusNote product=product/>
            <div class="product-layout">
                <div class="product-rail">
                    <DownloadBlock product=product files=files/>
                    <Panel>{move || view! { <ProductMeta product=product.get() column_count=column_count.get()/> }}</Panel>
                </div>
                <div class="product-main">
                    <Tabs
                        label=t(Text::ProductTabs)
                        items=items
                        selected=Signal::derive(move || selected.get().id())
                        on_select=move |id: &'static str| {
                            state.push(|state| state.tab = Tab::from_id(id).unwrap_or_default());
                        }
                        panel=Callback::new(panel)
                    />
                </div>
            </div>
        </article>
    }
}

/// What a status other than *Published* means here.
#[component]
fn StatusNote(
    /// The product.
    product: Signal<Product>,
) -> impl IntoView {
    move || {
        let (status, reason) = product.with(|product| (product.status, product.registry_error.clone()));
        let (tone, text) = match status {
            ProductStatus::Published => return None,
            ProductStatus::Registering => (Tone::Info, Text::NoteDraft),
            ProductStatus::Processing => (Tone::Info, Text::NoteProcessing),
            ProductStatus::Failed => (Tone::Danger, Text::NoteFailed),
            ProductStatus::Deleted => (Tone::Warning, Text::NoteDeleted),
        };
        Some(view! {
            <div class="status-note">
                <Alert tone=tone test_id="status-note">
                    <p>{t(text)}</p>
                    {reason.map(|reason| view! { <p class="mono">{reason}</p> })}
                </Alert>
            </div>
        })
    }
}
