//! The connection: where the server is, who is asking, and how an answer becomes a value.

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use crate::error::{Error, Rejection, Result};

/// A connection to one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    /// Scheme, host and port, without a trailing slash.
    origin: String,
    http: reqwest::Client,
    token: Option<String>,
}

impl Client {
    /// A client that is not signed in, for `origin` such as `http://127.0.0.1:8080`.
    ///
    /// In a browser the session cookie of that origin signs in by itself.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            http: reqwest::Client::new(),
            token: None,
        }
    }

    /// A client that signs in with an API token.
    pub fn with_token(origin: &str, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..Self::new(origin)
        }
    }

    /// The server's scheme, host and port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Starts a request for `path`, such as `/api/products/`, with these query parameters.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<RequestBuilder> {
        let mut address = format!("{}{path}", self.origin);
        if !query.is_empty() {
            let query = serde_urlencoded::to_string(query)
                .map_err(|error| Error::Request(format!("the query cannot be written: {error}")))?;
            address.push('?');
            address.push_str(&query);
        }
        let unsafe_method = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        let mut request = self
            .http
            .request(method, address)
            .header(ACCEPT, "application/json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Token {token}"));
        } else if unsafe_method && let Some(secret) = crate::cookies::csrf_token() {
            request = request.header("X-CSRFToken", secret);
        }
        Ok(request)
    }

    /// Gets `path` and reads the answer.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T> {
        read(self.request(Method::GET, path, query)?).await
    }

    /// Sends `body` as JSON to `path` and reads the answer.
    pub(crate) async fn send<B, T>(&self, method: Method, path: &str, body: &B) -> Result<T>
    where
        B: serde::Serialize + Sync + ?Sized,
        T: DeserializeOwned,
    {
        read(self.request(method, path, &[])?.json(body)).await
    }

    /// Posts nothing to `path` and reads the answer.
    pub(crate) async fn post_empty<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        read(self.request(Method::POST, path, &[])?).await
    }

    /// Sends a request whose answer has no body of interest.
    pub(crate) async fn send_discarding(&self, method: Method, path: &str) -> Result<()> {
        text(self.request(method, path, &[])?).await.map(|_| ())
    }
}

/// Sends the request and decodes a successful answer.
pub(crate) async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<T> {
    let body = text(request).await?;
    serde_json::from_str(&body).map_err(|error| Error::Decode(error.to_string()))
}

/// Sends the request and returns the body of a successful answer.
pub(crate) async fn text(request: RequestBuilder) -> Result<String> {
    let response = request.send().await.map_err(Error::network)?;
    let status = response.status();
    let headers = response.headers().clone();
    let body = response.text().await.map_err(Error::network)?;
    if status.is_success() {
        Ok(body)
    } else {
        Err(rejection(status.as_u16(), &headers, &body))
    }
}

/// The error an unsuccessful answer stands for.
pub(crate) fn rejection(status: u16, headers: &HeaderMap, body: &str) -> Error {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Error::Rejected(Box::new(Rejection::new(
        status,
        body,
        header("x-error-code"),
        header("x-request-id"),
        header("retry-after"),
    )))
}
