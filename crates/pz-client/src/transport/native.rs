//! Requests from anywhere but a browser.

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, Response};

use super::{Answer, Content, Request};
use crate::error::{Error, Result};

/// Connections to the server, kept for the next request.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
}

impl Transport {
    /// No connection yet.
    pub(crate) fn new() -> Self {
        Self {
            http: reqwest::Client::new(),
        }
    }

    /// The request in the words of `reqwest`.
    pub(crate) fn builder(&self, request: Request) -> Result<RequestBuilder> {
        let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes())
            .map_err(|error| Error::Request(error.to_string()))?;
        let mut builder = self.http.request(method, request.address);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        Ok(match request.body {
            Some(Content::Json(text)) => builder.body(text),
            Some(Content::Bytes(bytes)) => builder.body(bytes),
            None => builder,
        })
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        read(self.builder(request)?).await
    }
}

/// Sends what was built and reads the whole answer.
pub(crate) async fn read(request: RequestBuilder) -> Result<Answer> {
    let response = request.send().await.map_err(network)?;
    let mut answer = head(&response);
    answer.body = response.text().await.map_err(network)?;
    Ok(answer)
}

/// An answer whose body is not read yet.
pub(crate) fn head(response: &Response) -> Answer {
    let headers: &HeaderMap = response.headers();
    Answer::new(response.status().as_u16(), |name| {
        headers.get(name)?.to_str().ok().map(str::to_owned)
    })
}

/// The connection failed.
pub(crate) fn network(error: reqwest::Error) -> Error {
    Error::Network(error.without_url().to_string())
}
