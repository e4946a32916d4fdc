//! The connection: where the server is, who is asking, and how an answer becomes a value.

use pz_model::api::Page;
use pz_model::limits::PAGE_SIZE_MAX;
use serde::de::DeserializeOwned;

use crate::error::{Error, Rejection, Result};
use crate::transport::{Answer, Content, Method, Request, Transport};

/// A connection to one server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    /// Scheme, host and port, without a trailing slash.
    origin: String,
    transport: Transport,
    token: Option<String>,
}

impl Client {
    /// A client that is not signed in, for `origin` such as `http://127.0.0.1:8080`.
    ///
    /// In a browser the session cookie of that origin signs in by itself.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.trim_end_matches('/').to_owned(),
            transport: Transport::new(),
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

    /// The request for `path`, such as `/api/products/`, with these query parameters.
    pub(crate) fn request(&self, method: Method, path: &str, query: &[(&str, String)]) -> Result<Request> {
        let mut address = format!("{}{path}", self.origin);
        if !query.is_empty() {
            let query = serde_urlencoded::to_string(query)
                .map_err(|error| Error::Request(format!("the query cannot be written: {error}")))?;
            address.push('?');
            address.push_str(&query);
        }
        let mut headers = vec![("Accept", "application/json".to_owned())];
        if let Some(token) = &self.token {
            headers.push(("Authorization", format!("Token {token}")));
        } else if method != Method::Get
            && let Some(secret) = crate::cookies::csrf_token()
        {
            headers.push(("X-CSRFToken", secret));
        }
        Ok(Request {
            method,
            address,
            headers,
            body: None,
        })
    }

    /// Gets `path` and reads the answer.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T> {
        self.read(self.request(Method::Get, path, query)?).await
    }

    /// Every row of the list at `path`, page by page.
    pub(crate) async fn every<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        for page in 1_u64.. {
            let mut query = query.to_vec();
            query.push(("page", page.to_string()));
            query.push(("page_size", PAGE_SIZE_MAX.to_string()));
            let found: Page<T> = self.get(path, &query).await?;
            let done = found.results.is_empty();
            rows.extend(found.results);
            if done || rows.len() as u64 >= found.count {
                break;
            }
        }
        Ok(rows)
    }

    /// Sends `body` as JSON to `path` and reads the answer.
    pub(crate) async fn send<B, T>(&self, method: Method, path: &str, body: &B) -> Result<T>
    where
        B: serde::Serialize + Sync + ?Sized,
        T: DeserializeOwned,
    {
        self.read(self.request_with(method, path, body)?).await
    }

    /// Sends `body` as JSON to `path`; the answer has none of interest.
    pub(crate) async fn send_and_discard<B>(&self, method: Method, path: &str, body: &B) -> Result<()>
    where
        B: serde::Serialize + Sync + ?Sized,
    {
        self.text(self.request_with(method, path, body)?)
            .await
            .map(|_| ())
    }

    /// The request for `path` with `body` as JSON.
    fn request_with<B>(&self, method: Method, path: &str, body: &B) -> Result<Request>
    where
        B: serde::Serialize + ?Sized,
    {
        let mut request = self.request(method, path, &[])?;
        request
            .headers
            .push(("Content-Type", "application/json".to_owned()));
        let text = serde_json::to_string(body)
            .map_err(|error| Error::Request(format!("the body cannot be written: {error}")))?;
        request.body = Some(Content::Json(text));
        Ok(request)
    }

    /// Posts nothing to `path` and reads the answer.
    pub(crate) async fn post_empty<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.read(self.request(Method::Post, path, &[])?).await
    }

    /// Sends a request whose answer has no body of interest.
    pub(crate) async fn send_discarding(&self, method: Method, path: &str) -> Result<()> {
        self.text(self.request(method, path, &[])?).await.map(|_| ())
    }

    /// Sends the request and decodes a successful answer.
    async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        decode(&self.text(request).await?)
    }

    /// Sends the request and returns the body of a successful answer.
    pub(crate) async fn text(&self, request: Request) -> Result<String> {
        successful(self.transport.send(request).await?)
    }

    /// The connection, for requests that are more than JSON.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }
}

/// The value that a body stands for.
pub(crate) fn decode<T: DeserializeOwned>(body: &str) -> Result<T> {
    serde_json::from_str(body).map_err(|error| Error::Decode(error.to_string()))
}

/// The body of a successful answer, or the error that another one stands for.
pub(crate) fn successful(answer: Answer) -> Result<String> {
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    Err(Error::Rejected(Box::new(Rejection::new(
        answer.status,
        &answer.body,
        answer.error_code.as_deref(),
        answer.request_id.as_deref(),
        answer.retry_after.as_deref(),
    ))))
}
