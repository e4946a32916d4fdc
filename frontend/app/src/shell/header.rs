//! The header: brand, navigation, search, theme, language, user.

use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use ui_kit::{Badge, Button, ButtonKind, Dialog, IconButton, IconName, Tone, use_hotkeys};

use super::brand::BrandMark;
use super::language_menu::LanguageMenu;
use super::navigation::{DrawerNavigation, HeaderNavigation};
use super::search::HeaderSearch;
use super::theme_toggle::ThemeToggle;
use super::user_menu::{UserMenu, use_sign_out};
use crate::dialogs::Dialogs;
use crate::products::Scope;
use crate::services::{use_instance, use_session};
use crate::texts::{Text, t};

/// The header of every page; below 720 px a button opens a drawer with the same things.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let (instance, navigate) = (use_instance(), use_navigate());
    let drawer = RwSignal::new(false);
    let search = NodeRef::<html::Input>::new();

    let go = move |address: &'static str| {
        let navigate = navigate.clone();
        Callback::new(move |()| navigate(address, NavigateOptions::default()))
    };
    let focus_search = Callback::new(move |()| {
        if let Some(search) = search.get_untracked() {
            let _ = search.focus();
        }
    });
    use_hotkeys(vec![
        ("/", focus_search),
        ("g o", go(Scope::Official.address())),
        ("g u", go(Scope::User.address())),
        ("g p", go("/pz_pipelines")),
    ]);

    view! {
        <header class="app-header" data-testid="app-header">
            <div class="app-header-inside">
                <a class="brand" href="/">
                    <BrandMark/>
                    <span class="brand-name">{move || instance.name()}</span>
                </a>
                {move || instance.test_environment().map(|name| view! { <Badge text=name tone=Tone::Warning/> })}
                <HeaderNavigation/>
                <div class="header-tools">
                    <div class="header-search"><HeaderSearch id="header-search" node_ref=search/></div>
                    <ThemeToggle/>
                    <LanguageMenu/>
                    <UserMenu/>
                </div>
                <div class="header-narrow">
                    <IconButton label=t(Text::NavMenu) icon=IconName::Menu on_click=move |()| drawer.set(true)
                        test_id="open-drawer"/>
                </div>
            </div>
        </header>
        <Dialog open=drawer title=t(Text::NavMenu) drawer=true test_id="drawer">
            <Drawer on_done=move |()| drawer.set(false)/>
        </Dialog>
    }
}

/// Everything of the header, one below the other.
#[component]
fn Drawer(
    /// Something was chosen.
    #[prop(into)]
    on_done: Callback<()>,
) -> impl IntoView {
    let (session, dialogs) = (use_session(), expect_context::<Dialogs>());
    let sign_out = use_sign_out();
    let user = move || {
        if !session.is_signed_in() {
            return view! {
                <div on:click=move |_| on_done.run(())>
                    <Button label=t(Text::SignIn) kind=ButtonKind::Primary href="/login".to_owned()/>
                </div>
            }
            .into_any();
        }
        view! {
            <p class="drawer-user">{session.user().map(|user| user.display_name)}</p>
            <div class="button-row">
                <Button label=t(Text::MenuToken) icon=IconName::Key on_click=move |()| {
                    on_done.run(());
                    dialogs.token.set(true);
                }/>
                <Button label=t(Text::SignOut) icon=IconName::SignOut on_click=move |()| {
                    on_done.run(());
                    sign_out.run(());
                }/>
            </div>
        }
        .into_any()
    };
    view! {
        <div class="drawer">
            <HeaderSearch id="drawer-search" on_done=on_done/>
            <DrawerNavigation on_done=on_done/>
            <div class="drawer-tools">
                <ThemeToggle/>
                <LanguageMenu/>
            </div>
            {user}
        </div>
    }
}
