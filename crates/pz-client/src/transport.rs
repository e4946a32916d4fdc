//! How a request gets to the server and its answer back: `reqwest` natively, `fetch` in a browser.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::Transport;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{Transport, head, network, read};

/// What is asked of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Read.
    Get,
    /// Make.
    Post,
    /// Change.
    Patch,
    /// Replace.
    Put,
    /// Remove.
    Delete,
}

impl Method {
    /// The method as HTTP writes it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What a request carries.
#[derive(Debug)]
pub(crate) enum Content {
    /// JSON.
    Json(String),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

/// A request, ready to be sent.
#[derive(Debug)]
pub(crate) struct Request {
    /// What to do.
    pub(crate) method: Method,
    /// Whole address with its query string.
    pub(crate) address: String,
    /// Headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What it carries.
    pub(crate) body: Option<Content>,
}

/// An answer with its body read.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: u16,
    /// `X-Error-Code`.
    pub(crate) error_code: Option<String>,
    /// `X-Request-Id`.
    pub(crate) request_id: Option<String>,
    /// `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// Body.
    pub(crate) body: String,
}

impl Answer {
    /// The headers of an answer that are looked at, got by name.
    pub(crate) fn new(status: u16, header: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            status,
            error_code: header("x-error-code"),
            request_id: header("x-request-id"),
            retry_after: header("retry-after"),
            body: String::new(),
        }
    }
}
