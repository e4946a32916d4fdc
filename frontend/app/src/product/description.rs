//! What the owner says about a product, and the documents that come with it.

use leptos::html;
use leptos::prelude::*;
use pz_model::FileRole;
use pz_model::api::{Product, ProductFile};
use ui_kit::{Button, ButtonKind, Load, Markdown, Panel};

use super::files::FileLink;
use crate::texts::{Text, t};

/// Description and documents.
#[component]
pub(crate) fn Overview(
    /// The product.
    product: Signal<Product>,
    /// Its files, as far as they have arrived.
    files: Load<Vec<ProductFile>>,
) -> impl IntoView {
    let documents = Memo::new(move |_| {
        let mut documents = files.value().unwrap_or_default();
        documents.retain(is_document);
        documents.sort_by_key(|file| (file.role, file.id));
        documents
    });
    view! {
        <div class="stack">
            <Panel>
                <Description text=Signal::derive(move || {
                    product.with(|product| product.description.clone().unwrap_or_default())
                })/>
            </Panel>
            <Show when=move || !documents.with(Vec::is_empty)>
                <Panel title=t(Text::Documents) test_id="documents">
                    <p class="muted">{t(Text::DocumentsHint)}</p>
                    <ul class="document-list">
                        {move || documents.get().into_iter().map(|file| view! { <li><FileLink file=file/></li> }).collect_view()}
                    </ul>
                </Panel>
            </Show>
        </div>
    }
}

/// Written for people rather than for programs.
fn is_document(file: &ProductFile) -> bool {
    file.role != FileRole::Main
        && matches!(
            file.extension.as_deref(),
            Some(".html" | ".htm" | ".pdf" | ".md" | ".ipynb")
        )
}

/// A description that shows its first lines and the rest on demand.
#[component]
fn Description(
    /// Markdown.
    text: Signal<String>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let too_long = RwSignal::new(false);
    let body = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        text.track();
        let Some(body) = body.get() else { return };
        request_animation_frame(move || {
            let _ = too_long.try_set(body.scroll_height() > body.client_height() + 4);
        });
    });
    let is_empty = Memo::new(move |_| text.with(|text| text.trim().is_empty()));
    move || {
        if is_empty.get() {
            return view! { <p class="muted" data-testid="description">{t(Text::NoDescription)}</p> }
                .into_any();
        }
        view! {
            <div class="description" class:description-folded=move || !open.get()
                class:description-long=move || too_long.get() && !open.get() node_ref=body data-testid="description">
                <Markdown source=text/>
            </div>
            <Show when=move || too_long.get()>
                <p class="description-toggle">
                    <Button
                        label=Signal::derive(move || if open.get() { t(Text::ShowLess) } else { t(Text::ShowMore) }.get())
                        kind=ButtonKind::Quiet
                        on_click=move |()| open.update(|open| *open = !*open)
                        test_id="description-toggle"
                    />
                </p>
            </Show>
        }
        .into_any()
    }
}
