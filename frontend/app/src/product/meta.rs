//! The facts about a product.

use leptos::prelude::*;
use pz_model::api::Product;
use ui_kit::{Bytes, CopyButton, Count, DateTime, Definition, DefinitionList};

use crate::texts::{Text, t};

/// The facts about a product; unknown ones are absent.
#[component]
pub(crate) fn ProductMeta(
    /// The product.
    product: Product,
    /// How many columns its table has, once known.
    column_count: Option<i64>,
) -> impl IntoView {
    let origin = match product.origin.as_str() {
        "Upload" => t(Text::OriginUpload),
        pipeline => Signal::stored(pipeline.to_owned()),
    };
    let date =
        |time: pz_model::Timestamp| view! { <DateTime date=time.date_text() timestamp=time.to_string()/> };
    let name = product.internal_name.clone();
    let items = vec![
        Definition::new(
            t(Text::MetaInternalName),
            view! {
                <span class="copyable">
                    <code data-testid="internal-name">{name.clone()}</code>
                    <CopyButton value=name label=t(Text::ActionCopyName) test_id="copy-internal-name"/>
                </span>
            },
        ),
        Definition::new(t(Text::MetaType), product.product_type_name),
        Definition::maybe(t(Text::MetaRelease), product.release_name),
        Definition::maybe(
            t(Text::MetaReleaseYear),
            product.release_year.map(|year| year.to_string()),
        ),
        Definition::maybe(
            t(Text::MetaPzCode),
            product.pz_code.filter(|code| !code.is_empty()),
        ),
        Definition::new(t(Text::MetaOwner), product.uploaded_by),
        Definition::new(t(Text::MetaOrigin), origin),
        Definition::maybe(
            t(Text::MetaRows),
            product.n_rows.map(|rows| view! { <Count value=rows/> }),
        ),
        Definition::maybe(
            t(Text::MetaColumns),
            column_count.map(|count| view! { <Count value=count/> }),
        ),
        Definition::maybe(
            t(Text::MetaMainFile),
            product.size.map(|size| view! { <Bytes value=size/> }),
        ),
        Definition::new(t(Text::MetaCreated), date(product.created_at)),
        Definition::new(t(Text::MetaUpdated), date(product.updated_at)),
    ];
    view! {
        <div data-testid="product-meta">
            <h2 class="visually-hidden">{t(Text::MetaHeading)}</h2>
            <DefinitionList items=items/>
        </div>
    }
}
