//! The pipelines of the instance.

use leptos::prelude::*;
use pz_model::ProductType;
use pz_model::api::Pipeline;
use ui_kit::{AsyncView, Badge, Crumb, EmptyState, FailureKind, IconName, PageHeader, use_load};

use crate::services::{use_api, use_reference};
use crate::texts::{Text, say, say_with, t};

/// What each pipeline takes and makes.
#[component]
pub(crate) fn PipelinesPage() -> impl IntoView {
    let api = use_api();
    let crumbs = Signal::derive(move || {
        vec![
            Crumb::link(say(Text::NavHome), "/"),
            Crumb::here(say(Text::NavPipelines)),
        ]
    });
    let load = use_load(
        || (),
        move |()| {
            let api = api.clone();
            async move {
                let answer = api.call(async |client| client.pipelines().await).await;
                // A server without pipelines has no such address.
                answer.or_else(|failure| {
                    if failure.kind == FailureKind::NotFound {
                        Ok(Vec::new())
                    } else {
                        Err(failure)
                    }
                })
            }
        },
    );
    view! {
        <PageHeader title=t(Text::PipelinesTitle) crumbs=crumbs/>
        <p class="page-lead">{t(Text::PipelinesLead)}</p>
        <AsyncView load=load let:pipelines>
            <PipelineCards pipelines=pipelines/>
        </AsyncView>
    }
}

/// One card per pipeline.
#[component]
fn PipelineCards(
    /// The pipelines.
    pipelines: Signal<Vec<Pipeline>>,
) -> impl IntoView {
    let reference = use_reference();
    let type_name = move |id: i64| {
        ProductType::from_id(id).map_or_else(|| id.to_string(), |kind| reference.type_name(kind))
    };
    let card = move |pipeline: Pipeline| {
        let takes = move || {
            pipeline
                .product_types_accepted
                .iter()
                .copied()
                .map(type_name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let makes = move || type_name(pipeline.output_product_type);
        view! {
            <article class="card" data-testid="pipeline-card">
                <h2 class="card-title">
                    {pipeline.display_name} " " <Badge text=pipeline.version/>
                </h2>
                <p class="card-text">{pipeline.description}</p>
                <p class="card-footer">
                    {move || say_with(Text::PipelineTakes, &[("takes", &takes()), ("makes", &makes())])}
                </p>
            </article>
        }
    };
    let empty = Memo::new(move |_| pipelines.with(Vec::is_empty));
    move || {
        if empty.get() {
            view! {
                <EmptyState icon=IconName::Layers title=t(Text::PipelinesNone) test_id="no-pipelines">
                    <p>{t(Text::PipelinesNoneHint)}</p>
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <div class="card-grid card-grid-two">{move || pipelines.get().into_iter().map(card).collect_view()}</div>
                <p class="muted page-note">{t(Text::PipelinesPython)}</p>
            }
            .into_any()
        }
    }
}
