//! Short messages that go away by themselves.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use crate::icon::{Icon, IconName};
use crate::texts::ui_text;
use crate::tone::Tone;

/// How long a message stays when nobody points at it.
const STAY: Duration = Duration::from_secs(6);
/// Most messages at a time; the oldest gives way.
const MOST: usize = 3;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    id: u64,
    tone: Tone,
    text: String,
}

/// The messages being shown; a context of the app.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next_id: StoredValue<u64>,
}

impl Toasts {
    /// Something worked.
    pub fn success(self, text: impl Into<String>) {
        self.push(Tone::Success, text.into());
    }

    /// Something worth knowing.
    pub fn info(self, text: impl Into<String>) {
        self.push(Tone::Info, text.into());
    }

    /// Something did not work.
    pub fn error(self, text: impl Into<String>) {
        self.push(Tone::Danger, text.into());
    }

    fn push(self, tone: Tone, text: String) {
        let id = self.next_id.with_value(|id| *id);
        self.next_id.set_value(id + 1);
        self.shown.update(|shown| {
            shown.push(Toast { id, tone, text });
            let surplus = shown.len().saturating_sub(MOST);
            shown.drain(..surplus);
        });
    }

    fn remove(self, id: u64) {
        let _ = self
            .shown
            .try_update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// Makes messages available to everything below; returns the way to send them.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts {
        shown: RwSignal::new(Vec::new()),
        next_id: StoredValue::new(0),
    };
    provide_context(toasts);
    toasts
}

/// Where messages appear; once per app.
#[component]
pub fn ToastHost() -> impl IntoView {
    let toasts = use_context::<Toasts>();
    toasts.map(|toasts| {
        view! {
            <div class="toasts">
                <For each=move || toasts.shown.get() key=|toast| toast.id children=move |toast| {
                    view! { <ToastView toast=toast on_close=move |id| toasts.remove(id)/> }
                }/>
            </div>
        }
    })
}

#[component]
fn ToastView(toast: Toast, #[prop(into)] on_close: Callback<u64>) -> impl IntoView {
    let id = toast.id;
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let pause = move || {
        if let Some(Some(timer)) = timer.try_update_value(Option::take) {
            timer.clear();
        }
    };
    let resume = move || {
        pause();
        timer.set_value(set_timeout_with_handle(move || on_close.run(id), STAY).ok());
    };
    resume();
    on_cleanup(pause);
    let role = if toast.tone == Tone::Danger {
        "alert"
    } else {
        "status"
    };
    view! {
        <div class=format!("toast toast-{}", toast.tone.class()) role=role data-testid="toast"
            on:mouseenter=move |_| pause() on:mouseleave=move |_| resume()
            on:focusin=move |_| pause() on:focusout=move |_| resume()>
            <Icon name=toast.tone.icon()/>
            <p>{toast.text}</p>
            <button class="icon-button icon-button-small" type="button" title=ui_text(|texts| texts.close)
                aria-label=ui_text(|texts| texts.close) on:click=move |_| on_close.run(id)>
                <Icon name=IconName::Close/>
            </button>
        </div>
    }
}
