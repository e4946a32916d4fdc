//! Buttons, and links that look like them.

use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::spinner::Spinner;

/// How much a button stands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ButtonKind {
    /// The one thing most people came for.
    Primary,
    /// Other things one can do.
    #[default]
    Secondary,
    /// Barely there.
    Quiet,
    /// Destroys something.
    Danger,
}

impl ButtonKind {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button-primary",
            Self::Secondary => "button button-secondary",
            Self::Quiet => "button button-quiet",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button, or a link when it has an address.
///
/// A button that may not be used stays focusable and says why; activating it does nothing.
#[component]
pub fn Button(
    /// What it does.
    #[prop(into)]
    label: Signal<String>,
    /// How much it stands out.
    #[prop(optional)]
    kind: ButtonKind,
    /// Shown before the label.
    #[prop(optional)]
    icon: Option<IconName>,
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
    /// Submits the form around it.
    #[prop(optional)]
    submit: bool,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    let inside = move || {
        view! {
            {move || {
                if busy.get() {
                    Some(view! { <Spinner/> }.into_any())
                } else {
                    icon.map(|icon| view! { <Icon name=icon/> }.into_any())
                }
            }}
            <span class="button-label">{label}</span>
        }
    };
    if let Some(href) = href {
        return view! {
            <a class=kind.class() href=move || href.get() data-testid=test_id>
                {inside()}
            </a>
        }
        .into_any();
    }
    let blocked = move || busy.get() || disabled_reason.with(Option::is_some);
    view! {
        <button
            class=kind.class()
            type=if submit { "submit" } else { "button" }
            aria-disabled=move || blocked().then_some("true")
            aria-busy=move || busy.get().then_some("true")
            title=move || disabled_reason.get()
            data-testid=test_id
            on:click=move |event| {
                if blocked() {
                    event.prevent_default();
                } else if let Some(on_click) = on_click {
                    on_click.run(());
                }
            }
        >
            {inside()}
        </button>
    }
    .into_any()
}
