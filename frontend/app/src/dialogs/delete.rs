//! Deleting a product.

use leptos::prelude::*;
use leptos::task::spawn_local;
use ui_kit::{Alert, Button, ButtonKind, Dialog, FailureKind, Toasts, Tone};

use super::{Dialogs, open_while};
use crate::services::api::failure_line;
use crate::services::use_api;
use crate::texts::{Text, say_now, say_now_with, say_with, t};

/// Names the product and what goes with it, and deletes it.
#[component]
pub(crate) fn DeleteDialog() -> impl IntoView {
    let (api, toasts) = (use_api(), expect_context::<Toasts>());
    let dialogs = expect_context::<Dialogs>();
    let open = open_while(dialogs.delete);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        if open.get() {
            error.set(None);
        }
    });
    let name = move || {
        dialogs
            .delete
            .get()
            .map(|product| product.display_name)
            .unwrap_or_default()
    };
    let delete = Callback::new(move |()| {
        let Some(product) = dialogs.delete.get_untracked() else {
            return;
        };
        let api = api.clone();
        busy.set(true);
        error.set(None);
        dialogs.deleting.set(Some(product.id));
        spawn_local(async move {
            let answer = api
                .call(async |client| client.delete_product(product.id).await)
                .await;
            busy.set(false);
            dialogs.deleting.set(None);
            match answer {
                Ok(()) => {
                    open.set(false);
                    toasts.success(say_now_with(Text::DeleteDone, &[("name", &product.display_name)]));
                    dialogs.deleted.set(Some(product.id));
                }
                Err(failure) => error.set(Some(match failure.kind {
                    FailureKind::Forbidden => say_now(Text::RefusalNotYours),
                    _ => failure_line(&failure),
                })),
            }
        });
    });
    let actions = move || {
        view! {
            <Button label=t(Text::UiCancel) disabled_reason=Signal::derive(move || busy.get().then(String::new))
                on_click=move |()| open.set(false)/>
            <Button
                label=Signal::derive(move || say_with(Text::DeleteConfirm, &[("name", &name())]))
                kind=ButtonKind::Danger
                busy=busy
                on_click=delete
                test_id="delete-confirm"
            />
        }
    };
    view! {
        <Dialog open=open title=t(Text::DeleteTitle) busy=busy actions=actions test_id="delete-dialog">
            <p>{move || say_with(Text::DeleteBody, &[("name", &name())])}</p>
            <ul class="bullets">
                <li>{t(Text::DeleteFiles)}</li>
                <li>{t(Text::DeleteLinks)}</li>
            </ul>
            {move || error.get().map(|error| view! {
                <Alert tone=Tone::Danger test_id="delete-error"><p>{error}</p></Alert>
            })}
        </Dialog>
    }
}
