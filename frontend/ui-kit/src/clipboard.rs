//! Copying to the clipboard.

use wasm_bindgen_futures::JsFuture;

/// Puts `text` on the clipboard; false where the browser does not let us.
pub async fn copy_text(text: &str) -> bool {
    let Some(window) = web_sys::window() else {
        return false;
    };
    let navigator = window.navigator();
    // Outside a secure context the browser has no clipboard object at all.
    if !js_sys::Reflect::has(&navigator, &"clipboard".into()).unwrap_or(false) || !window.is_secure_context()
    {
        return false;
    }
    JsFuture::from(navigator.clipboard().write_text(text))
        .await
        .is_ok()
}
