//! Signing in.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use pz_model::ErrorCode;
use pz_model::api::Credentials;
use ui_kit::{Alert, Button, ButtonKind, Field, PageHeading, TextInput, Tone};

use super::password_field::PasswordField;
use crate::pages::login_elsewhere::{LoginProviders, LoginReturnError};
use crate::return_url::safe_return_url;
use crate::services::api::{failure, failure_line};
use crate::services::{use_api, use_instance, use_session};
use crate::shell::brand::BrandMark;
use crate::texts::{Text, say_now, t};

/// The login page. Who is signed in already goes straight on.
#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let (session, instance) = (use_session(), use_instance());
    let (query, navigate) = (use_query_map(), use_navigate());
    let target = move || {
        query.with_untracked(|query| {
            let wanted = query.get("returnUrl").or_else(|| query.get("next"));
            safe_return_url(wanted.as_deref())
        })
    };
    Effect::new(move |_| {
        if session.is_signed_in() {
            navigate(
                &target(),
                NavigateOptions {
                    replace: true,
                    ..NavigateOptions::default()
                },
            );
        }
    });
    let was_reset = move || query.with(|query| query.get("reset").is_some());
    let help = move || {
        instance.link(|links| links.contact_email.as_ref()).map_or_else(
            || view! { <a href="/contact">{t(Text::LoginHelp)}</a> }.into_any(),
            |address| view! { <a href=format!("mailto:{address}")>{t(Text::LoginHelp)}</a> }.into_any(),
        )
    };
    view! {
        <div class="login-page">
            <div class="card login-card">
                <div class="login-brand"><BrandMark/> <span>{move || instance.name()}</span></div>
                <PageHeading title=t(Text::LoginTitle)/>
                <LoginReturnError/>
                <Show when=was_reset>
                    <Alert tone=Tone::Success test_id="login-reset"><p>{t(Text::LoginReset)}</p></Alert>
                </Show>
                // Said before anybody types a password.
                <Show when=move || instance.is_insecure()>
                    <Alert tone=Tone::Danger test_id="login-insecure"><p>{t(Text::LoginInsecure)}</p></Alert>
                </Show>
                <Show when=move || instance.offers_password() fallback=move || {
                    (!instance.is_insecure()).then(|| view! {
                        <Alert tone=Tone::Info><p>{t(Text::LoginNoMethod)}</p></Alert>
                    })
                }>
                    <LoginForm on_done=move |()| {}/>
                </Show>
                <LoginProviders next=Signal::derive(target)/>
                <p class="login-help muted">{help}</p>
            </div>
        </div>
    }
}

/// Username and password, on the login page and over a page whose session ended.
#[component]
pub(crate) fn LoginForm(
    /// Somebody signed in.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let (api, session) = (use_api(), use_session());
    let username = RwSignal::new(session.username_now().unwrap_or_default());
    let password = RwSignal::new(String::new());
    let (busy, error) = (RwSignal::new(false), RwSignal::new(None::<String>));
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
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let credentials = Credentials {
            username: username.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        if credentials.username.is_empty() || credentials.password.is_empty() {
            // Set anew, so that the focus moves each time.
            error.set(None);
            error.set(Some(say_now(Text::LoginEmpty)));
            return;
        }
        let api = api.clone();
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            match api.client().login(&credentials).await {
                Ok(user) => {
                    let _ = password.try_set(String::new());
                    session.sign_in(user);
                    on_done.run(());
                }
                Err(refused) => {
                    let _ = error.try_set(Some(match refused.code() {
                        Some(ErrorCode::InvalidCredentials) => say_now(Text::LoginWrong),
                        Some(ErrorCode::InactiveUser) => say_now(Text::LoginInactive),
                        _ => failure_line(&failure(&refused)),
                    }));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <form class="stack" on:submit=submit data-testid="login-form" novalidate>
            {move || error.get().map(|error| view! {
                <div tabindex="-1" node_ref=alert>
                    <Alert tone=Tone::Danger test_id="login-error"><p>{error}</p></Alert>
                </div>
            })}
            <Field id="username" label=t(Text::LoginUsername)>
                <TextInput id="username" value=username autocomplete="username" node_ref=input test_id="login-username"/>
            </Field>
            <PasswordField
                id="password"
                label=t(Text::LoginPassword)
                value=password
                autocomplete="current-password"
                test_id="login-password"
            />
            <Button label=t(Text::LoginSubmit) kind=ButtonKind::Primary submit=true busy=busy test_id="login-submit"/>
        </form>
    }
}
