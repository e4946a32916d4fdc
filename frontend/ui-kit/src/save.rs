//! Handing files to the browser's downloads.

use leptos::prelude::document;
use wasm_bindgen::JsCast;

/// Follows a link as a download: the page stays.
pub fn follow_download(address: &str, file_name: &str) {
    let Ok(element) = document().create_element("a") else {
        return;
    };
    let Ok(anchor) = element.dyn_into::<web_sys::HtmlAnchorElement>() else {
        return;
    };
    anchor.set_href(address);
    anchor.set_download(file_name);
    anchor.set_rel("external");
    if let Some(body) = document().body() {
        let _ = body.append_child(&anchor);
        anchor.click();
        anchor.remove();
    }
}

/// Saves a text made in the page as a file.
pub fn save_text(text: &str, file_name: &str, mime_type: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime_type);
    let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options) else {
        return;
    };
    let Ok(address) = web_sys::Url::create_object_url_with_blob(&blob) else {
        return;
    };
    follow_download(&address, file_name);
    // The browser has taken the bytes by the time the click returns.
    let _ = web_sys::Url::revoke_object_url(&address);
}
