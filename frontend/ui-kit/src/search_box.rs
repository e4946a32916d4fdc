//! A box to search with.

use std::time::Duration;

use leptos::html;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::texts::ui_text;

/// How long typing must pause before a search starts.
const DEBOUNCE: Duration = Duration::from_millis(150);

/// A search box; `on_search` hears about a pause in typing, Enter, and clearing.
#[component]
pub fn SearchBox(
    /// Unique id.
    id: &'static str,
    /// Accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// Hint inside the empty box.
    #[prop(optional, into)]
    placeholder: Option<Signal<String>>,
    /// What is being searched for.
    #[prop(into)]
    value: Signal<String>,
    /// A search is wanted; the second part is true when it was asked for with Enter.
    #[prop(into)]
    on_search: Callback<(String, bool)>,
    /// Waits for Enter instead of a pause in typing.
    #[prop(optional)]
    on_enter_only: bool,
    /// Gives access to the element.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
    /// Test hook.
    #[prop(optional)]
    test_id: Option<&'static str>,
) -> impl IntoView {
    let typed = RwSignal::new(value.get_untracked());
    let sent = StoredValue::new(value.get_untracked());
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let stop_waiting = move || {
        if let Some(Some(pending)) = pending.try_update_value(Option::take) {
            pending.clear();
        }
    };
    on_cleanup(stop_waiting);
    // Back and Forward change the value from outside; typing must not be overwritten by its own echo.
    Effect::new(move |_| {
        let outside = value.get();
        if sent.with_value(|sent| *sent != outside) {
            sent.set_value(outside.clone());
            typed.set(outside);
        }
    });
    let send = move |text: String, entered: bool| {
        stop_waiting();
        sent.set_value(text.trim().to_owned());
        on_search.run((text.trim().to_owned(), entered));
    };
    let on_input = move |event| {
        let text = event_target_value(&event);
        typed.set(text.clone());
        stop_waiting();
        if !on_enter_only && let Ok(handle) = set_timeout_with_handle(move || send(text, false), DEBOUNCE) {
            pending.set_value(Some(handle));
        }
    };
    let clear = move |_| {
        typed.set(String::new());
        if !on_enter_only {
            send(String::new(), false);
        }
        if let Some(input) = node_ref.get_untracked() {
            let _ = input.focus();
        }
    };
    view! {
        <div class="search-box" role="search" aria-label=label>
            <Icon name=IconName::Search/>
            <input
                class="input"
                id=id
                type="text"
                inputmode="search"
                enterkeyhint="search"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-label=label
                placeholder=move || placeholder.map(|placeholder| placeholder.get())
                prop:value=typed
                node_ref=node_ref
                data-testid=test_id
                on:input=on_input
                on:keydown=move |event| {
                    if event.key() == "Enter" {
                        event.prevent_default();
                        send(typed.get_untracked(), true);
                    }
                }
            />
            <Show when=move || !typed.with(String::is_empty)>
                <button class="search-box-clear" type="button" title=ui_text(|texts| texts.clear)
                    aria-label=ui_text(|texts| texts.clear) on:click=clear>
                    <Icon name=IconName::Close/>
                </button>
            </Show>
        </div>
    }
}
