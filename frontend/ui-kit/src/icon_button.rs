//! Buttons that are only an icon, for rows and toolbars.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::spinner::Spinner;

/// A square button with an icon; its name is read out and shown as a tooltip.
#[component]
pub fn IconButton(
    /// What it does.
    #[prop(into)]
    label: Signal<String>,
    /// What it looks like.
    #[prop(into)]
    icon: Signal<IconName>,
    /// Makes it a link.
    #[prop(optional, into)]
    href: Option<Signal<String>>,
    /// Work is running.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Why it cannot be used now.
    #[prop(optional, into)]
    disabled_reason: Signal<Option<String>>,
    /// What to do.
    #[prop(optional, into)]
    on_click: Option<Callback<()>>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    if let Some(href) = href {
        return view! {
            <a class="icon-button" href=move || href.get() title=label aria-label=label data-testid=test_id>
                <Icon name=icon/>
            </a>
        }
        .into_any();
    }
    let blocked = move || busy.get() || disabled_reason.with(Option::is_some);
    let title = move || match disabled_reason.get() {
        Some(reason) => format!("{}: {reason}", label.get()),
        None => label.get(),
    };
    view! {
        <button
            class="icon-button"
            type="button"
            title=title
            aria-label=title
            aria-disabled=move || blocked().then_some("true")
            aria-busy=move || busy.get().then_some("true")
            data-testid=test_id
            on:click=move |_| {
                if let Some(on_click) = on_click.filter(|_| !blocked()) {
                    on_click.run(());
                }
            }
        >
            {move || {
                if busy.get() {
                    view! { <Spinner/> }.into_any()
                } else {
                    view! { <Icon name=icon/> }.into_any()
                }
            }}
        </button>
    }
    .into_any()
}
