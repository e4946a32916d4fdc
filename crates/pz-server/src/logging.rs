//! The log: one line per request with its id, and never a token, a password or a signed link.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use actix_web::HttpMessage;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use rand::RngExt;
use tracing::Span;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

/// Header that names a request, in answers and in the log.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, kept with it.
#[derive(Debug, Clone)]
pub struct RequestId(pub HeaderValue);

/// Starts the log of the process.
///
/// # Errors
/// When the filter cannot be read.
pub fn start(filter: &str, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        anyhow::anyhow!("log is '{filter}': {error}; give a level such as info, or a filter")
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json {
        subscriber.json().flatten_event(true).init();
    } else {
        // Colours are for terminals, not for files.
        let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
        subscriber.with_target(false).with_ansi(colours).init();
    }
    Ok(())
}

/// One request, from its arrival to its line in the log: method, route template, status, duration.
pub(crate) struct RequestLine {
    started: Instant,
    id: HeaderValue,
    method: Method,
    span: Span,
}

impl RequestLine {
    /// Gives a request its id.
    pub(crate) fn begin(request: &ServiceRequest) -> Self {
        let started = Instant::now();
        let mut buffer = [0; 32];
        let id: &str = request_id().simple().encode_lower(&mut buffer);
        let span = tracing::info_span!("request", id);
        let id = HeaderValue::from_str(id).unwrap_or_else(|_| HeaderValue::from_static("-"));
        request.extensions_mut().insert(RequestId(id.clone()));
        Self {
            started,
            id,
            method: request.method().clone(),
            span,
        }
    }

    /// What the lines of the log that belong to the request are marked with.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Names the request in its answer, and writes its line.
    pub(crate) fn end<B>(self, response: &mut ServiceResponse<B>) {
        response.headers_mut().insert(REQUEST_ID_HEADER, self.id);
        let status = response.status().as_u16();
        if status < 500 && !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        let duration_ms = self.started.elapsed().as_secs_f64() * 1e3;
        let method = self.method;
        // The template, not the path: no ids, no query strings with signatures.
        let route = response.request().match_pattern();
        let route = route.as_deref().unwrap_or("-");
        let code = response
            .headers()
            .get(crate::error::ERROR_CODE_HEADER)
            .and_then(|code| code.to_str().ok())
            .unwrap_or("");
        self.span.in_scope(|| {
            if status >= 500 {
                tracing::error!(%method, route, status, duration_ms, code, "answered");
            } else {
                tracing::info!(%method, route, status, duration_ms, code, "answered");
            }
        });
    }
}

/// A new request id: the time in milliseconds and random bits, so that ids sort by time.
fn request_id() -> Uuid {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    // From the thread's own generator: the system's costs a call into the kernel each time.
    let random: [u8; 10] = rand::rng().random();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
