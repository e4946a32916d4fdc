//! Setting a new password by a link from an administrator.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use pz_client::Error;
use pz_model::ErrorCode;
use pz_model::api::PasswordReset;
use pz_model::limits::PASSWORD_MIN_CHARS;
use ui_kit::{Alert, Button, ButtonKind, PageHeading, Tone};

use super::password_field::PasswordField;
use crate::services::api::{failure, failure_line};
use crate::services::{use_api, use_instance};
use crate::shell::brand::BrandMark;
use crate::texts::{Text, say_now, t};

/// The page a reset link leads to. The secret is behind `#`, so that the browser sends it to nobody by itself.
#[component]
pub(crate) fn ResetPasswordPage() -> impl IntoView {
    let instance = use_instance();
    let secret = window().location().hash().unwrap_or_default();
    let secret = secret.trim_start_matches('#').to_owned();
    let form = if secret.is_empty() {
        view! { <Alert tone=Tone::Danger test_id="reset-incomplete"><p>{t(Text::ResetIncomplete)}</p></Alert> }
            .into_any()
    } else {
        view! { <ResetForm secret=secret/> }.into_any()
    };
    view! {
        <div class="login-page">
            <div class="card login-card">
                <div class="login-brand"><BrandMark/> <span>{move || instance.name()}</span></div>
                <PageHeading title=t(Text::ResetTitle)/>
                {form}
            </div>
        </div>
    }
}

#[component]
fn ResetForm(
    /// From the link.
    secret: String,
) -> impl IntoView {
    let api = use_api();
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    // What is wrong with the password is said at its field, the rest above.
    let (wrong, error) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let alert = NodeRef::<html::Div>::new();
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    Effect::new(move |_| {
        if let (Some(_), Some(alert)) = (error.get(), alert.get()) {
            let _ = alert.focus();
        }
    });
    let refuse = move |text: String| {
        let _ = wrong.try_set(Some(text));
        if let Some(Some(input)) = input.try_get_untracked() {
            let _ = input.focus();
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        wrong.set(None);
        error.set(None);
        let new_password = password.get_untracked();
        if new_password.chars().count() < PASSWORD_MIN_CHARS {
            refuse(say_now(Text::ResetShort));
            return;
        }
        let (api, token) = (api.clone(), secret.clone());
        busy.set(true);
        spawn_local(async move {
            let reset = PasswordReset { token, new_password };
            match api.client().reset_password(&reset).await {
                // In place of this page, whose address holds the secret, and with the session asked anew.
                Ok(()) => {
                    let _ = window().location().replace("/login?reset=done");
                }
                Err(refused) => match refused.code() {
                    Some(ErrorCode::WeakPassword) => refuse(say_now(Text::ResetWeak)),
                    Some(ErrorCode::ValidationFailed) => refuse(said(&refused)),
                    Some(ErrorCode::InvalidLink) => {
                        let _ = error.try_set(Some(say_now(Text::ResetInvalid)));
                    }
                    _ => {
                        let _ = error.try_set(Some(failure_line(&failure(&refused))));
                    }
                },
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <form class="stack" on:submit=submit data-testid="reset-form" novalidate>
            {move || error.get().map(|error| view! {
                <div tabindex="-1" node_ref=alert>
                    <Alert tone=Tone::Danger test_id="reset-error"><p>{error}</p></Alert>
                </div>
            })}
            <PasswordField
                id="new-password"
                label=t(Text::ResetPassword)
                value=password
                autocomplete="new-password"
                help=t(Text::ResetHelp)
                error=wrong
                node_ref=input
                test_id="reset-password"
            />
            <Button label=t(Text::ResetSubmit) kind=ButtonKind::Primary submit=true busy=busy test_id="reset-submit"/>
        </form>
    }
}

fn said(error: &Error) -> String {
    error
        .rejection()
        .map(|rejection| rejection.text())
        .unwrap_or_default()
}
