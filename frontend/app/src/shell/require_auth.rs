//! Pages for people who are signed in.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::return_url::login_address;
use crate::services::use_session;

/// Shows the page to who is signed in and sends everybody else to the login page, with the way back.
#[component]
pub(crate) fn RequireAuth(
    /// The page.
    children: ChildrenFn,
) -> impl IntoView {
    let (session, navigate, location) = (use_session(), use_navigate(), use_location());
    let signed_in = Memo::new(move |_| session.is_signed_in());
    Effect::new(move |_| {
        if !signed_in.get() && !session.is_leaving() {
            let address = login_address(
                &location.pathname.get_untracked(),
                &location.search.get_untracked(),
            );
            navigate(
                &address,
                NavigateOptions {
                    replace: true,
                    ..NavigateOptions::default()
                },
            );
        }
    });
    let children = StoredValue::new(children);
    view! { <Show when=move || signed_in.get()>{children.with_value(|children| children())}</Show> }
}
