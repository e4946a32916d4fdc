//! What was published last.

use leptos::prelude::*;
use pz_client::{ProductOrder, ProductQuery};
use pz_model::ProductStatus;
use pz_model::api::Product;
use ui_kit::{AsyncView, Column, DataTable, DateTime, Panel, SkeletonShape, use_load};

use crate::products::table::ProductLink;
use crate::services::use_api;
use crate::texts::{Text, t};

/// How many are shown.
const SHOWN: u64 = 5;

/// The products published last; nothing at all when there are none.
#[component]
pub(crate) fn Recent() -> impl IntoView {
    let api = use_api();
    let load = use_load(
        || (),
        move |()| {
            let api = api.clone();
            let query = ProductQuery {
                statuses: vec![ProductStatus::Published],
                order: Some(ProductOrder::NEWEST_FIRST),
                page_size: Some(SHOWN),
                ..ProductQuery::default()
            };
            async move {
                api.call(async |client| client.products(&query).await)
                    .await
                    .map(|page| page.results)
            }
        },
    );
    let columns = || {
        vec![
            Column::new("name", t(Text::ColumnName), |product: &Product| {
                view! { <ProductLink product=product.clone()/> }
            }),
            Column::new("product_type", t(Text::ColumnType), |product: &Product| {
                product.product_type_name.clone()
            }),
            Column::new("owner", t(Text::ColumnOwner), |product: &Product| {
                product.uploaded_by.clone()
            }),
            Column::new("created", t(Text::ColumnCreated), |product: &Product| {
                view! { <DateTime date=product.created_at.date_text() timestamp=product.created_at.to_string()/> }
            }),
        ]
    };
    let is_empty = move || load.value().is_some_and(|products| products.is_empty());
    view! {
        <Show when=move || !is_empty()>
            <Panel title=t(Text::RecentTitle) flush=true test_id="recent">
                <AsyncView load=load shape=SkeletonShape::Table let:products>
                    <DataTable label=t(Text::RecentTitle) columns=columns() rows=products
                        row_key=|product: &Product| (product.id, product.updated_at)/>
                </AsyncView>
            </Panel>
        </Show>
    }
}
