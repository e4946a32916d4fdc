//! A strip while the network is away.

use leptos::ev;
use leptos::prelude::*;
use ui_kit::{Icon, IconName, ReloadAll};

use crate::texts::{Text, t};

/// Says that the network is away; what failed meanwhile is loaded again when it is back.
#[component]
pub(crate) fn OfflineStrip() -> impl IntoView {
    let offline = RwSignal::new(!window().navigator().on_line());
    let reload_all = use_context::<ReloadAll>();
    let away = window_event_listener(ev::offline, move |_| offline.set(true));
    let back = window_event_listener(ev::online, move |_| {
        offline.set(false);
        if let Some(reload_all) = reload_all {
            reload_all.0.update(|count| *count += 1);
        }
    });
    on_cleanup(move || {
        away.remove();
        back.remove();
    });
    view! {
        <div role="status">
            <Show when=move || offline.get()>
                <p class="offline-strip" data-testid="offline"><Icon name=IconName::Warning/> {t(Text::Offline)}</p>
            </Show>
        </div>
    }
}
