//! The app: what everything shares, and which address shows which page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::hooks::{use_location, use_navigate};
use leptos_router::{NavigateOptions, path};
use ui_kit::{SiteName, provide_toasts, provide_ui_texts, use_theme};

use crate::pages::about::AboutPage;
use crate::pages::contact::ContactPage;
use crate::pages::documentation::DocumentationPage;
use crate::pages::landing::LandingPage;
use crate::pages::login::LoginPage;
use crate::pages::not_found::NotFound;
use crate::pages::pipelines::PipelinesPage;
use crate::pages::reset_password::ResetPasswordPage;
use crate::product::ProductPage;
use crate::products::{ProductsPage, Scope};
use crate::services::{self, use_api, use_instance, use_session};
use crate::shell::AppShell;
use crate::shell::require_auth::RequireAuth;
use crate::{boot, dialogs, texts};

/// The app.
#[component]
pub(crate) fn App() -> impl IntoView {
    texts::follow_document();
    provide_ui_texts(texts::component_texts());
    provide_toasts();
    provide_context(use_theme());
    services::provide();
    dialogs::provide();
    let (session, instance) = (use_session(), use_instance());
    provide_context(SiteName(Signal::derive(move || instance.name())));

    let client = use_api().client().clone();
    spawn_local(async move {
        // Whoever cannot be asked counts as signed out: public pages still work.
        session.start(client.session().await.ok().and_then(|answer| answer.user));
    });
    let started = Memo::new(move |_| session.is_known() && instance.is_known());
    Effect::new(move |_| {
        if started.get() {
            boot::announce_ready();
        }
    });
    view! {
        <Router>
            <Show when=move || started.get()>
                <AppShell>
                    <Pages/>
                </AppShell>
            </Show>
        </Router>
    }
}

/// Which address shows which page.
#[component]
fn Pages() -> impl IntoView {
    let list = |scope: Scope| move || view! { <RequireAuth><ProductsPage scope=scope/></RequireAuth> };
    let alias = |target: &'static str| move || view! { <Redirect to=target/> };
    view! {
        <Routes fallback=|| view! { <NotFound/> }>
            <Route path=path!("/") view=LandingPage/>
            <Route path=path!("/login") view=LoginPage/>
            <Route path=path!("/reset-password") view=ResetPasswordPage/>
            <Route path=path!("/official_products") view=list(Scope::Official)/>
            <Route path=path!("/user_products") view=list(Scope::User)/>
            <Route path=path!("/products") view=list(Scope::All)/>
            <Route path=path!("/my/products") view=list(Scope::Mine)/>
            <Route path=path!("/product/:name") view=|| view! { <RequireAuth><ProductPage/></RequireAuth> }/>
            <Route path=path!("/pz_pipelines") view=|| view! { <RequireAuth><PipelinesPage/></RequireAuth> }/>
            <Route path=path!("/about") view=AboutPage/>
            <Route path=path!("/documentation") view=DocumentationPage/>
            <Route path=path!("/contact") view=ContactPage/>
            <Route path=path!("/oficial_products") view=alias("/official_products")/>
            <Route path=path!("/pipelines") view=alias("/pz_pipelines")/>
            <Route path=path!("/pz_compute") view=alias("/pz_pipelines")/>
        </Routes>
    }
}

/// Another name of a page: leads there in place of this one, query included.
#[component]
fn Redirect(
    /// The page's own address.
    to: &'static str,
) -> impl IntoView {
    let (navigate, location) = (use_navigate(), use_location());
    Effect::new(move |_| {
        let search = location.search.get_untracked();
        let query = if search.is_empty() {
            String::new()
        } else {
            format!("?{}", search.trim_start_matches('?'))
        };
        navigate(
            &format!("{to}{query}"),
            NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            },
        );
    });
}
