//! The table of a product, page by page.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use pz_client::TableRows;
use pz_model::api::{Product, ProductContent, TableStatistics};
use ui_kit::{
    AsyncView, Button, ButtonKind, Dialog, EmptyState, Failure, FailureKind, IconName, Load, LoadState,
    Pager, Panel, QueryState, SkeletonShape, Spinner, Toasts, copy_text, save_text, sleep, use_load,
    use_refreshing_load,
};

use super::column_panel::column_panel;
use super::page_state::{PREVIEW_SIZES, PageState};
use super::preview_export::{to_csv, to_tsv};
use super::preview_grid::{PreviewGrid, column_at};
use super::preview_header::ColumnFacts;
use crate::services::{Api, use_api};
use crate::texts::{Text, say_now, t};

/// When to ask again while the server indexes a text file for the first time: seconds, the last for ever.
const POLL_SECONDS: [u64; 7] = [3, 3, 3, 4, 4, 4, 5];
/// How long that may take.
const PATIENCE_SECONDS: u64 = 600;

/// Page and size, and the product they belong to.
type Wanted = (i64, u64, u64);

/// Asks until the table can be read. `preparing` is true while the server says that it is not ready.
async fn read(api: &Api, (id, page, size): Wanted, preparing: RwSignal<bool>) -> Result<TableRows, Failure> {
    let mut waited = 0;
    for attempt in 0_usize.. {
        let answer = api
            .call(async |client| client.read_data(id, page, size).await)
            .await?;
        if let Some(table) = answer {
            let _ = preparing.try_set(false);
            return Ok(table);
        }
        let _ = preparing.try_set(true);
        let seconds = POLL_SECONDS
            .get(attempt)
            .or(POLL_SECONDS.last())
            .copied()
            .unwrap_or(5);
        waited += seconds;
        if waited > PATIENCE_SECONDS {
            break;
        }
        sleep(Duration::from_secs(seconds)).await;
    }
    let _ = preparing.try_set(false);
    Err(Failure {
        kind: FailureKind::Server,
        message: say_now(Text::PreviewTooSlow),
        error_id: None,
    })
}

/// The rows of the main file.
#[component]
pub(crate) fn TablePreview(
    /// The product.
    product: Signal<Product>,
    /// What is known of its columns.
    columns: Load<Vec<ProductContent>>,
    /// The page's state.
    state: QueryState<PageState>,
) -> impl IntoView {
    let api = use_api();
    let preparing = RwSignal::new(false);
    let load = use_refreshing_load(
        move || {
            let (page, size) = state.now.with(|now| (now.page, now.size));
            (product.with(|product| product.id), page, size)
        },
        move |wanted| {
            let api = api.clone();
            async move { read(&api, wanted, preparing).await }
        },
    );
    let statistics: Load<TableStatistics> = {
        let api = use_api();
        use_load(
            move || product.with(|product| product.id),
            move |id| {
                let api = api.clone();
                async move {
                    api.call(async |client| client.table_statistics(id, &[]).await)
                        .await
                }
            },
        )
    };
    view! {
        <Show when=move || preparing.get()>
            <p class="preparing" role="status"><Spinner/> {t(Text::PreviewPreparing)}</p>
        </Show>
        <Panel flush=true>
            <AsyncView load=load shape=SkeletonShape::Table let:table>
                <PreviewBody product=product columns=columns statistics=statistics state=state table=table/>
            </AsyncView>
        </Panel>
    }
}

/// Grid, pager and what can be done with the rows.
#[component]
fn PreviewBody(
    /// The product.
    product: Signal<Product>,
    /// What is known of its columns.
    columns: Load<Vec<ProductContent>>,
    /// What their values are like.
    statistics: Load<TableStatistics>,
    /// The page's state.
    state: QueryState<PageState>,
    /// The rows.
    table: Signal<TableRows>,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let facts = Memo::new(move |_| {
        let known = columns.value().unwrap_or_default();
        table.with(|table| {
            table
                .columns
                .iter()
                .enumerate()
                .map(|(index, name)| {
                    // The API lists columns in file order; a name may occur twice.
                    let here = known.get(index).filter(|column| column.column_name == *name);
                    let found = here.or_else(|| known.iter().find(|column| column.column_name == *name));
                    found.map_or_else(|| ColumnFacts::named(name), ColumnFacts::of)
                })
                .collect::<Vec<_>>()
        })
    });
    let copy = move |()| {
        let text = table.with_untracked(to_tsv);
        spawn_local(async move {
            if copy_text(&text).await {
                toasts.success(say_now(Text::UiCopied));
            } else {
                toasts.error(say_now(Text::CopyUnavailable));
            }
        });
    };
    let save = move |()| {
        let name = product.with_untracked(|product| product.internal_name.clone());
        let page = state.now.with_untracked(|now| now.page);
        save_text(
            &table.with_untracked(to_csv),
            &format!("{name}_page_{page}.csv"),
            "text/csv",
        );
    };
    let total = Signal::derive(move || table.with(|table| table.count));
    let empty = Memo::new(move |_| table.with(|table| table.columns.is_empty()));
    let opened = RwSignal::new(false);
    let column_name = RwSignal::new(String::new());
    let show_column = Callback::new(move |name| {
        column_name.set(name);
        opened.set(true);
    });
    let panel = move || {
        let name = column_name.get();
        let column = statistics.state().with(|state| match state {
            LoadState::Ready(statistics) => column_at(&statistics.columns, 0, &name).cloned(),
            _ => None,
        });
        column.as_ref().map(column_panel)
    };
    let body = move || {
        if empty.get() {
            return view! { <EmptyState icon=IconName::Table title=t(Text::PreviewEmpty)/> }.into_any();
        }
        view! {
            <PreviewGrid label=t(Text::TabData) table=table facts=facts.into() statistics=statistics on_open=show_column/>
            <div class="preview-bar">
                <span class="preview-tools">
                    <Button label=t(Text::CopyTsv) icon=IconName::Copy kind=ButtonKind::Quiet on_click=copy
                        test_id="copy-tsv"/>
                    <Button label=t(Text::SaveCsv) icon=IconName::Download kind=ButtonKind::Quiet on_click=save
                        test_id="save-csv"/>
                </span>
                <Pager
                    id="preview-page-size"
                    page=Signal::derive(move || state.now.with(|now| now.page))
                    size=Signal::derive(move || state.now.with(|now| now.size))
                    total=total
                    sizes=&PREVIEW_SIZES
                    on_page=move |page| state.push(|state| state.page = page)
                    on_size=move |size| state.push(|state| {
                        state.size = size;
                        state.page = 1;
                    })
                    range_text=t(Text::PreviewRange)
                />
            </div>
        }
        .into_any()
    };
    view! {
        {body}
        <Dialog open=opened title=column_name test_id="column-panel">{panel}</Dialog>
    }
}
