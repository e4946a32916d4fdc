//! Bodies that come in time: one that brings a file may take as long as it needs but never fall silent; of any other
//! the last byte must have come within the time.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONNECTION, HeaderValue};
use actix_web::{HttpMessage, ResponseError};
use bytes::Bytes;
use futures_util::Stream;
use pz_model::ErrorCode;
use tokio::time::{Instant, Sleep, sleep};

use crate::error::ApiError;

/// Paths whose bodies bring files.
const FILES: [&str; 2] = ["/api/uploads/", "/api/product-files/"];

/// Knows whether the body of a request came too late.
pub(super) struct Deadline(Rc<Cell<bool>>);

impl Deadline {
    pub(super) fn has_passed(&self) -> bool {
        self.0.get()
    }
}

/// Puts a watch on the body of a request; none when it has no body.
pub(super) fn watch(request: &mut ServiceRequest, timeout_s: u32) -> Option<Deadline> {
    let payload = match request.take_payload() {
        Payload::None => return None,
        payload => payload,
    };
    let path = request.match_info().as_str();
    let timeout = Duration::from_secs(u64::from(timeout_s));
    let passed = Rc::new(Cell::new(false));
    let timed = Timed {
        payload,
        brings_file: FILES.iter().any(|files| path.starts_with(files)),
        left: timeout,
        waiting_since: None,
        timer: Box::pin(sleep(timeout)),
        passed: passed.clone(),
    };
    request.set_payload(Payload::Stream {
        payload: Box::pin(timed),
    });
    Some(Deadline(passed))
}

/// A body that ends with an error when it is too slow.
struct Timed {
    payload: Payload,
    /// The time begins anew with each byte.
    brings_file: bool,
    /// Time that may still be waited for bytes; what the service itself takes between them does not count.
    left: Duration,
    waiting_since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    passed: Rc<Cell<bool>>,
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.passed.get() {
            return Poll::Ready(Some(Err(too_slow())));
        }
        let this = &mut *self;
        if let Poll::Ready(item) = Pin::new(&mut this.payload).poll_next(context) {
            if let Some(since) = this.waiting_since.take()
                && !this.brings_file
            {
                this.left = this.left.saturating_sub(since.elapsed());
            }
            return Poll::Ready(item);
        }
        if this.waiting_since.is_none() {
            let now = Instant::now();
            this.waiting_since = Some(now);
            this.timer.as_mut().reset(now + this.left);
        }
        if this.timer.as_mut().poll(context).is_ready() {
            this.passed.set(true);
            return Poll::Ready(Some(Err(too_slow())));
        }
        Poll::Pending
    }
}

fn too_slow() -> PayloadError {
    PayloadError::Io(std::io::ErrorKind::TimedOut.into())
}

/// Whether a body ended because it was too slow.
pub(crate) fn is_too_slow(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

/// 408 in the place of what the handler made of a body that did not come. Other refusals stay: the body was only
/// read on so that the client sees them; and so does what is said of bytes that are kept.
pub(super) fn late(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let mut response = if response.status() == StatusCode::BAD_REQUEST {
        let error = ApiError::detail(
            StatusCode::REQUEST_TIMEOUT,
            ErrorCode::BodyTooSlow,
            "The body of the request did not come in time; nothing was kept. Send it again.",
        );
        response.into_response(error.error_response())
    } else {
        response
    };
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(CONNECTION, close);
    response
}
