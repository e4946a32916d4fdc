//! What one can do with a product, in a row of a list and on its page: one place for who may what.

use leptos::prelude::*;
use leptos::task::spawn_local;
use pz_model::api::Product;
use pz_model::{ProductAction, Refusal};
use ui_kit::{Icon, IconButton, IconName, Menu, MenuItem, Toasts, copy_text};

use crate::dialogs::Dialogs;
use crate::product::download::start_download;
use crate::services::use_api;
use crate::texts::{Text, say, say_now, t};

/// Why something cannot be done with the product, in words.
pub(crate) fn refusal_text(action: ProductAction, product: &Product) -> Option<String> {
    let permitted = match action {
        ProductAction::Delete => product.can_delete,
        _ => product.can_update,
    };
    let refusal = action.refusal(product.status, permitted)?;
    Some(say(match refusal {
        Refusal::NotYours => Text::RefusalNotYours,
        Refusal::NotPublished => Text::RefusalNotPublished,
        Refusal::StillRunning => Text::RefusalRunning,
        Refusal::Deleted => Text::RefusalDeleted,
    }))
}

/// Download, share, and a menu with the rest.
#[component]
pub(crate) fn ProductActions(
    /// The product.
    product: Product,
    /// Also offers the download; the product's page has a button of its own.
    #[prop(optional)]
    with_download: bool,
) -> impl IntoView {
    let api = use_api();
    let toasts = expect_context::<Toasts>();
    let dialogs = expect_context::<Dialogs>();
    let product = StoredValue::new(product);
    let refusal =
        move |action| Signal::derive(move || product.with_value(|product| refusal_text(action, product)));
    let downloading = RwSignal::new(false);

    let download = move |()| {
        let id = product.with_value(|product| product.id);
        start_download(api.clone(), id, false, downloading, toasts);
    };
    let share = move |()| dialogs.share.set(product.try_get_value());
    let copy_name = move || {
        let name = product.with_value(|product| product.internal_name.clone());
        spawn_local(async move {
            if copy_text(&name).await {
                toasts.success(say_now(Text::UiCopied));
            } else {
                toasts.info(name);
            }
        });
    };
    let delete = move || dialogs.delete.set(product.try_get_value());
    let items = Signal::derive(move || {
        vec![
            MenuItem::action(t(Text::ActionCopyName), copy_name)
                .icon(IconName::Copy)
                .test_id("action-copy-name"),
            MenuItem::action(t(Text::ActionDelete), delete)
                .icon(IconName::Trash)
                .disabled(refusal(ProductAction::Delete).get())
                .test_id("action-delete"),
        ]
    });
    view! {
        <div class="row-actions">
            {with_download
                .then(|| {
                    view! {
                        <IconButton label=t(Text::ActionDownload) icon=IconName::Download busy=downloading
                            disabled_reason=refusal(ProductAction::Download) on_click=download
                            test_id="action-download"/>
                    }
                })}
            <IconButton label=t(Text::ActionShare) icon=IconName::Share
                disabled_reason=refusal(ProductAction::Share) on_click=share test_id="action-share"/>
            <Menu label=t(Text::ActionMore) items=items test_id="action-more">
                <Icon name=IconName::More/>
            </Menu>
        </div>
    }
}
