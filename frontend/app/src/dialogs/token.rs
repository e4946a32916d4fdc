//! Making an API token, which is shown once and kept nowhere.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use ui_kit::{Alert, Button, ButtonKind, CopyField, Dialog, IconName, Tone, print_query};

use super::Dialogs;
use crate::services::api::failure_line;
use crate::services::{use_api, use_session};
use crate::texts::{Text, t};

/// Explains what a token is for, makes one, shows it once. Opens with `?dialog=token` on any page.
#[component]
pub(crate) fn TokenDialog() -> impl IntoView {
    let (api, session) = (use_api(), use_session());
    let open = expect_context::<Dialogs>().token;
    let token = RwSignal::new(String::new());
    let (busy, error) = (RwSignal::new(false), RwSignal::new(None::<String>));

    let (query, location, navigate) = (use_query_map(), use_location(), use_navigate());
    let asked = Memo::new(move |_| query.with(|query| query.get("dialog").as_deref() == Some("token")));
    Effect::new(move |_| {
        if asked.get() && session.is_signed_in() {
            open.set(true);
        }
    });
    Effect::watch(
        move || open.get(),
        move |open, _, _| {
            if *open {
                return;
            }
            token.set(String::new());
            error.set(None);
            if asked.get_untracked() {
                let pairs: Vec<_> = query.with_untracked(|query| {
                    let pairs = query.clone().into_iter().filter(|(name, _)| name != "dialog");
                    pairs.map(|(name, value)| (name.into_owned(), value)).collect()
                });
                let address = format!("{}{}", location.pathname.get_untracked(), print_query(&pairs));
                navigate(
                    &address,
                    NavigateOptions {
                        replace: true,
                        scroll: false,
                        ..NavigateOptions::default()
                    },
                );
            }
        },
        false,
    );

    let create = Callback::new(move |()| {
        let api = api.clone();
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            match api.call(async |client| client.get_token().await).await {
                Ok(answer) => token.set(answer.token),
                Err(failure) => error.set(Some(failure_line(&failure))),
            }
            busy.set(false);
        });
    });
    let made = Memo::new(move |_| !token.with(String::is_empty));
    let actions = move || {
        view! {
            <Button label=t(Text::UiClose) on_click=move |()| open.set(false)/>
            <Show when=move || !made.get()>
                <Button label=t(Text::TokenCreate) kind=ButtonKind::Primary icon=IconName::Key busy=busy
                    on_click=create test_id="token-create"/>
            </Show>
        }
    };
    view! {
        <Dialog open=open title=t(Text::TokenTitle) busy=busy actions=actions test_id="token-dialog">
            <p>{t(Text::TokenIntro)}</p>
            <Show when=move || !made.get()>
                <Alert tone=Tone::Warning><p>{t(Text::TokenReplaces)}</p></Alert>
            </Show>
            <Show when=move || made.get()>
                <CopyField id="token-value" label=t(Text::TokenValue) value=token mono=true test_id="token-value"/>
                <CopyField
                    id="token-export"
                    label=t(Text::TokenExport)
                    value=Signal::derive(move || format!("export PZSERVER_TOKEN={}", token.get()))
                    mono=true
                    test_id="token-export"
                />
                <Alert tone=Tone::Info><p>{t(Text::TokenOnce)}</p></Alert>
            </Show>
            {move || error.get().map(|error| view! {
                <Alert tone=Tone::Danger test_id="token-error"><p>{error}</p></Alert>
            })}
        </Dialog>
    }
}
