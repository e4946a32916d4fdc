//! Who is signed in, and what is theirs.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use ui_kit::{Button, ButtonKind, Icon, IconName, Menu, MenuItem, Toasts};

use crate::dialogs::Dialogs;
use crate::products::Scope;
use crate::return_url::login_address;
use crate::services::api::{failure, failure_line};
use crate::services::{use_api, use_session};
use crate::texts::{Text, say_now, t};

/// Ends the session, forgets everything and goes to the start page.
pub(crate) fn use_sign_out() -> Callback<()> {
    let (api, session, toasts, navigate) = (
        use_api(),
        use_session(),
        expect_context::<Toasts>(),
        use_navigate(),
    );
    Callback::new(move |()| {
        let (api, navigate) = (api.clone(), navigate.clone());
        spawn_local(async move {
            match api.client().logout().await {
                // A session that has ended already is as good.
                Err(error) if error.status() != Some(401) => toasts.error(failure_line(&failure(&error))),
                _ => {
                    session.leave();
                    navigate("/", NavigateOptions::default());
                    session.sign_out();
                    toasts.success(say_now(Text::SignedOut));
                }
            }
        });
    })
}

/// The user's menu, or a button to sign in.
#[component]
pub(crate) fn UserMenu() -> impl IntoView {
    let (session, dialogs, location) = (use_session(), expect_context::<Dialogs>(), use_location());
    let sign_out = use_sign_out();
    let name = Signal::derive(move || session.user().map(|user| user.display_name).unwrap_or_default());
    let items = Signal::derive(move || {
        vec![
            MenuItem::link(t(Text::ListMine), Scope::Mine.address()).icon(IconName::Layers),
            MenuItem::action(t(Text::MenuToken), move || dialogs.token.set(true))
                .icon(IconName::Key)
                .test_id("menu-token"),
            MenuItem::link(t(Text::MenuHelp), "/documentation").icon(IconName::Book),
            MenuItem::action(t(Text::SignOut), sign_out)
                .icon(IconName::SignOut)
                .test_id("sign-out"),
        ]
    });
    let login = Signal::derive(move || login_address(&location.pathname.get(), &location.search.get()));
    view! {
        <Show
            when=move || session.is_signed_in()
            fallback=move || view! {
                <Button label=t(Text::SignIn) kind=ButtonKind::Secondary href=login test_id="sign-in"/>
            }
        >
            <Menu label=name items=items button_class="user-button" test_id="user-menu">
                <Icon name=IconName::User/>
                <span class="user-name">{name}</span>
                <Icon name=IconName::ChevronDown/>
            </Menu>
        </Show>
    }
}
