//! The table of a product list.

use leptos::prelude::*;
use pz_model::ProductStatus;
use pz_model::api::Product;
use ui_kit::{Bytes, Column, Count, DataTable, DateTime, Icon, IconName, QueryState};

use super::actions::ProductActions;
use super::list_state::ListState;
use super::status_chip::StatusChip;
use crate::return_url::product_address;
use crate::services::use_memory;
use crate::texts::{Text, t};

/// Products as rows, sortable by name, type and date.
#[component]
pub(crate) fn ProductsTable(
    /// Name of the list.
    #[prop(into)]
    label: Signal<String>,
    /// The products.
    #[prop(into)]
    rows: Signal<Vec<Product>>,
    /// The list's state.
    state: QueryState<ListState>,
    /// Id of a product that is being removed.
    #[prop(into)]
    leaving: Signal<Option<i64>>,
) -> impl IntoView {
    let by_owner = move |owner: String| {
        state.push(|state| {
            state.owner = Some(owner);
            state.page = 1;
        });
    };
    let columns = vec![
        Column::new("display_name", t(Text::ColumnName), |product: &Product| {
            view! { <ProductLink product=product.clone()/> }
        })
        .sortable(),
        Column::new("product_type", t(Text::ColumnType), |product: &Product| {
            product.product_type_name.clone()
        })
        .sortable(),
        Column::new("release", t(Text::ColumnRelease), |product: &Product| {
            product.release_name.clone()
        }),
        Column::new("owner", t(Text::ColumnOwner), move |product: &Product| {
            let owner = product.uploaded_by.clone();
            let label = owner.clone();
            view! {
                <button class="text-button" type="button" on:click=move |_| by_owner(owner.clone())>{label}</button>
            }
        }),
        Column::new("rows", t(Text::ColumnRowsSize), |product: &Product| {
            let rows = product.n_rows.map(|rows| view! { <Count value=rows/> });
            let size = product
                .size
                .map(|size| view! { <span class="muted"><Bytes value=size/></span> });
            (rows.is_some() || size.is_some()).then(|| view! { <span class="two-lines">{rows}{size}</span> })
        })
        .at_end()
        .wide_only(),
        Column::new("status", t(Text::ColumnStatus), |product: &Product| {
            view! { <StatusChip status=product.status/> }
        }),
        Column::new("created_at", t(Text::ColumnCreated), |product: &Product| {
            view! { <DateTime date=product.created_at.date_text() timestamp=product.created_at.to_string()/> }
        })
        .sortable(),
        Column::new("actions", t(Text::ColumnActions), |product: &Product| {
            view! { <ProductActions product=product.clone() with_download=true/> }
        })
        .at_end()
        .hidden_header(),
    ];
    let sort = Signal::derive(move || state.now.with(ListState::shown_sort));
    view! {
        <DataTable
            label=label
            columns=columns
            rows=rows
            row_key=|product: &Product| (product.id, product.updated_at)
            sort=sort
            on_sort=Callback::new(move |sort: Option<ui_kit::Sort>| state.push(|state| state.set_sort(sort.as_ref())))
            inert=Callback::new(move |product: Product| leaving.get() == Some(product.id))
            test_id="products-table"
        />
    }
}

/// A product's name, leading to its page; plain text where there is nothing to open.
#[component]
pub(crate) fn ProductLink(
    /// The product.
    product: Product,
) -> impl IntoView {
    let memory = use_memory();
    let id = product.id;
    let title = product
        .description
        .clone()
        .map(|text| first_line(&text))
        .filter(|text| !text.is_empty());
    let name = product.display_name;
    let whole = match &title {
        Some(hint) => format!("{name}\n{hint}"),
        None => name.clone(),
    };
    let link = if product.status == ProductStatus::Deleted {
        view! { <span class="product-name">{name}</span> }.into_any()
    } else {
        view! {
            <a class="product-name" href=product_address(&product.internal_name) title=whole
                data-product=id on:click=move |_| memory.leave_for(id)>
                {name}
            </a>
        }
        .into_any()
    };
    view! {
        <span class="product-cell">
            <span class="product-line">
                {link}
                {product.official_product.then(|| view! {
                    <span class="official-mark" title=t(Text::Official)>
                        <Icon name=IconName::Official/>
                        <span class="visually-hidden">{t(Text::Official)}</span>
                    </span>
                })}
            </span>
            {title.map(|title| view! { <span class="product-hint">{title}</span> })}
        </span>
    }
}

/// The first line of a description, without Markdown's marks, at most 160 characters.
fn first_line(text: &str) -> String {
    let line = text
        .lines()
        .map(|line| line.trim_start_matches(['#', '>', '*', '-', ' ']))
        .find(|line| !line.is_empty());
    let line: String = line
        .unwrap_or_default()
        .chars()
        .filter(|c| !matches!(c, '*' | '`' | '_'))
        .collect();
    if line.chars().count() > 160 {
        let cut: String = line.chars().take(159).collect();
        format!("{}…", cut.trim_end())
    } else {
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_plain_and_short() {
        assert_eq!(first_line("# **DESI** catalog\n\nmore"), "DESI catalog");
        assert_eq!(first_line("\n\n- a\n- b"), "a");
        assert_eq!(first_line(""), "");
        assert_eq!(first_line(&"é".repeat(300)).chars().count(), 160);
    }
}
