//! How to fetch a product without a browser.

use leptos::prelude::*;
use pz_model::api::Product;
use pz_model::{ProductType, SnippetSubject};
use ui_kit::{Button, ButtonKind, CodeBlock, IconName, Panel};

use crate::dialogs::Dialogs;
use crate::texts::{Text, t};

/// Ready-made Python and cURL.
#[component]
pub(crate) fn UsageTab(
    /// The product.
    product: Signal<Product>,
    /// Its main file has been read as a table.
    #[prop(into)]
    is_table: Signal<bool>,
) -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let origin = window().location().origin().unwrap_or_default();
    let snippet = move |write: fn(&SnippetSubject<'_>) -> String| {
        let origin = origin.clone();
        Signal::derive(move || {
            product.with(|product| {
                write(&SnippetSubject {
                    origin: &origin,
                    id: product.id,
                    internal_name: &product.internal_name,
                    product_type: ProductType::from_name(&product.product_type_internal_name),
                    is_table: is_table.get(),
                    main_file_bytes: product.size,
                })
            })
        })
    };
    view! {
        <Panel>
            <div class="stack">
                <p>{t(Text::UseIntro)}</p>
                <CodeBlock text="pip install pzserver" label=t(Text::UseInstall) test_id="copy-install"/>
                <CodeBlock text=snippet(|subject| subject.python()) label="Python" test_id="copy-python"/>
                <CodeBlock text=snippet(|subject| subject.curl()) label="cURL" test_id="copy-curl"/>
                <div class="button-row">
                    <Button label=t(Text::UseToken) icon=IconName::Key kind=ButtonKind::Secondary
                        on_click=move |()| dialogs.token.set(true)/>
                </div>
            </div>
        </Panel>
    }
}
