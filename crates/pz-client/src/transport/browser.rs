//! Requests from a page: the browser's own `fetch`, which also sends the session cookie of the page's origin.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, RequestInit, Response};

use super::{Answer, Content, Request};
use crate::error::{Error, Result};

/// The browser.
#[derive(Debug, Clone)]
pub(crate) struct Transport;

/// Cancels its request when the future that waits for it is dropped.
struct CancelOnDrop(AbortController);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        // After the answer is read this does nothing.
        self.0.abort();
    }
}

impl Transport {
    /// The browser of this page.
    pub(crate) const fn new() -> Self {
        Self
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        let window = web_sys::window().ok_or_else(|| Error::Request("there is no page".to_owned()))?;
        let cancel = CancelOnDrop(AbortController::new().map_err(|error| wrong(&error))?);
        let headers = Headers::new().map_err(|error| wrong(&error))?;
        for (name, value) in &request.headers {
            headers.set(name, value).map_err(|error| wrong(&error))?;
        }
        let init = RequestInit::new();
        init.set_method(request.method.as_str());
        init.set_headers(headers.as_ref());
        init.set_signal(Some(&cancel.0.signal()));
        match &request.body {
            Some(Content::Json(text)) => init.set_body(&JsValue::from_str(text)),
            Some(Content::Bytes(bytes)) => {
                init.set_body(web_sys::js_sys::Uint8Array::from(bytes.as_slice()).as_ref());
            }
            None => {}
        }
        let response: Response = JsFuture::from(window.fetch_with_str_and_init(&request.address, &init))
            .await
            .map_err(|error| broken(&error))?
            .unchecked_into();
        let headers = response.headers();
        let mut answer = Answer::new(response.status(), |name| headers.get(name).ok().flatten());
        let text = response.text().map_err(|error| broken(&error))?;
        let body = JsFuture::from(text).await.map_err(|error| broken(&error))?;
        answer.body = body.as_string().unwrap_or_default();
        Ok(answer)
    }
}

/// The request cannot be made.
fn wrong(error: &JsValue) -> Error {
    Error::Request(words(error))
}

/// The connection failed.
fn broken(error: &JsValue) -> Error {
    Error::Network(words(error))
}

fn words(error: &JsValue) -> String {
    match error.dyn_ref::<web_sys::js_sys::Error>() {
        Some(error) => error.message().into(),
        None => "the browser gave no reason".to_owned(),
    }
}
