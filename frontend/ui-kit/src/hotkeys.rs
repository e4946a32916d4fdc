//! Keyboard shortcuts of the whole page.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// How long the second key of a pair may take, in milliseconds.
const PAIR_MS: f64 = 1500.0;

/// Runs a callback on a key (`/`) or on two keys one after the other (`g u`), unless somebody is typing.
pub fn use_hotkeys(hotkeys: Vec<(&'static str, Callback<()>)>) {
    let first_key = StoredValue::new(None::<(String, f64)>);
    let listener = window_event_listener(ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || takes_text(&event) {
            return;
        }
        let (key, now) = (event.key(), event.time_stamp());
        let before = first_key
            .with_value(Clone::clone)
            .filter(|(_, time)| now - time < PAIR_MS)
            .map(|(key, _)| key);
        first_key.set_value(Some((key.clone(), now)));
        let pressed = before.map(|before| format!("{before} {key}"));
        let found = hotkeys
            .iter()
            .find(|(keys, _)| pressed.as_deref() == Some(*keys))
            .or_else(|| hotkeys.iter().find(|(keys, _)| key == *keys));
        if let Some((_, callback)) = found {
            event.prevent_default();
            first_key.set_value(None);
            callback.run(());
        }
    });
    on_cleanup(move || listener.remove());
}

fn takes_text(event: &web_sys::KeyboardEvent) -> bool {
    let Some(target) = event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok())
    else {
        return false;
    };
    target.is_content_editable()
        || ["INPUT", "TEXTAREA", "SELECT"].contains(&target.tag_name().as_str())
        || target
            .closest("dialog[open]")
            .is_ok_and(|dialog| dialog.is_some())
}
