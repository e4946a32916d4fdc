//! Sending a product's address to somebody.

use leptos::prelude::*;
use ui_kit::{CopyField, Dialog};

use super::{Dialogs, open_while};
use crate::return_url::product_address;
use crate::texts::{Text, say, say_with, t};

/// Address and internal name to copy, and who can open them.
#[component]
pub(crate) fn ShareDialog() -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let open = open_while(dialogs.share);
    let origin = StoredValue::new(window().location().origin().unwrap_or_default());
    let name = Signal::derive(move || {
        dialogs
            .share
            .get()
            .map(|product| product.internal_name)
            .unwrap_or_default()
    });
    let address = Signal::derive(move || format!("{}{}", origin.get_value(), product_address(&name.get())));
    let audience = move || {
        dialogs.share.get().map(|product| match product.release_name {
            Some(release) => say_with(Text::ShareRelease, &[("release", &release)]),
            None => say(Text::ShareMembers),
        })
    };
    view! {
        <Dialog open=open title=t(Text::ShareTitle) test_id="share-dialog">
            <CopyField id="share-url" label=t(Text::ShareUrl) value=address test_id="share-url"/>
            <CopyField id="share-name" label=t(Text::MetaInternalName) value=name mono=true test_id="share-name"/>
            <p class="muted">{audience}</p>
        </Dialog>
    }
}
