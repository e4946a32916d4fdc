//! Text to be copied.

use leptos::prelude::*;
use leptos::{html, task::spawn_local};

use crate::clipboard::copy_text;
use crate::icon::{Icon, IconName};
use crate::texts::{ui_text, use_ui_texts};
use crate::toasts::Toasts;

/// Says for a moment that something was copied.
fn announce(done: RwSignal<bool>) {
    done.set(true);
    set_timeout(
        move || {
            let _ = done.try_set(false);
        },
        std::time::Duration::from_secs(2),
    );
}

/// A small button that copies a text that is shown nearby.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    value: Signal<String>,
    /// What the button is called; *Copy* when absent.
    #[prop(optional, into)]
    label: Option<Signal<String>>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    let texts = use_ui_texts();
    let toasts = use_context::<Toasts>();
    let label = label.unwrap_or_else(|| ui_text(|texts| texts.copy));
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let value = value.get_untracked();
        spawn_local(async move {
            let done = copy_text(&value).await;
            if done {
                announce(copied);
            }
            if let Some(toasts) = toasts {
                let texts = texts.get_untracked();
                if done {
                    toasts.success(texts.copied);
                } else {
                    toasts.info(value);
                }
            }
        });
    };
    let icon = Signal::derive(move || {
        if copied.get() {
            IconName::Check
        } else {
            IconName::Copy
        }
    });
    view! {
        <button class="icon-button icon-button-small" type="button" title=label aria-label=label
            data-testid=test_id on:click=copy>
            <Icon name=icon/>
        </button>
    }
}

/// A read-only field with a button that copies all of it.
#[component]
pub fn CopyField(
    /// What is copied.
    #[prop(into)]
    value: Signal<String>,
    /// Label above.
    #[prop(into)]
    label: Signal<String>,
    /// Unique id of the field.
    id: &'static str,
    /// Shown in the code font.
    #[prop(optional)]
    mono: bool,
    /// Test hook of the field; the button's gets `-copy` behind it.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    let texts = use_ui_texts();
    let input = NodeRef::<html::Input>::new();
    let message = RwSignal::new("");
    let copy = move |_| {
        spawn_local(async move {
            if copy_text(&value.get_untracked()).await {
                message.set(texts.get_untracked().copied);
            } else if let Some(input) = input.get_untracked() {
                let _ = input.focus();
                input.select();
                message.set(texts.get_untracked().copy_by_hand);
            }
        });
    };
    view! {
        <div class="field copy-field">
            <label class="field-label" for=id>{label}</label>
            <div class="copy-field-row">
                <input class="input" class:mono=mono id=id type="text" readonly=true prop:value=value
                    node_ref=input data-testid=test_id on:focus=move |_| {
                        if let Some(input) = input.get_untracked() {
                            input.select();
                        }
                    }/>
                <button class="button button-secondary" type="button" on:click=copy
                    data-testid=test_id.map(|id| format!("{id}-copy"))>
                    <Icon name=IconName::Copy/>
                    <span>{ui_text(|texts| texts.copy)}</span>
                </button>
            </div>
            <p class="field-help" role="status">{move || message.get()}</p>
        </div>
    }
}
