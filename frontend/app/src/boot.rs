//! Starting: into which element, and what happens when nothing works any more.

use std::panic::PanicHookInfo;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use crate::app::App;

/// Event that makes `boot.js` show the failure panel.
const PANIC_EVENT: &str = "pz-panic";

/// Puts the app into the page.
pub(crate) fn start() {
    std::panic::set_hook(Box::new(report));
    let document = document();
    let Some(body) = document.body() else { return };
    let Ok(root) = document.create_element("div") else {
        return;
    };
    root.set_id("app");
    root.set_class_name("app");
    let _ = body.append_child(&root);
    if let Ok(root) = root.dyn_into::<web_sys::HtmlElement>() {
        mount_to(root, App).forget();
    }
}

/// The first page is there: tests and people may begin.
pub(crate) fn announce_ready() {
    request_animation_frame(|| {
        if let Some(skeleton) = document().get_element_by_id("skeleton") {
            skeleton.remove();
        }
        if let Some(body) = document().body() {
            let _ = body.set_attribute("data-app", "ready");
        }
    });
}

/// A panic ends the app: the panel says so, the console says why.
fn report(info: &PanicHookInfo<'_>) {
    let options = web_sys::CustomEventInit::new();
    options.set_detail(&JsValue::from_str(&info.to_string()));
    if let (Some(window), Ok(event)) = (
        web_sys::window(),
        web_sys::CustomEvent::new_with_event_init_dict(PANIC_EVENT, &options),
    ) {
        let _ = window.dispatch_event(&event);
    }
}
