//! The bytes of a request while a reader of their parts has them: counted and, where the client sent a
//! digest, hashed as they come; and what is left of them can still be read when the reader is done.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};

use super::digests::DigestCheck;
use crate::error::ApiResult;

/// After a refusal this much is still read, so that the client gets to see the answer.
const DRAIN_MAX_BYTES: u64 = 64 << 20;
/// This much may come after the last part that is needed.
const TRAILER_MAX_BYTES: u64 = 1 << 20;

struct Inner {
    payload: Payload,
    received: u64,
    check: DigestCheck,
}

/// The bytes of a request; its clones are the same stream.
#[derive(Clone)]
pub(super) struct WatchedPayload(Rc<RefCell<Inner>>);

impl WatchedPayload {
    /// Watches the bytes of a request that must have these digests.
    pub(super) fn new(payload: Payload, check: DigestCheck) -> Self {
        Self(Rc::new(RefCell::new(Inner {
            payload,
            received: 0,
            check,
        })))
    }

    /// Bytes so far.
    pub(super) fn received(&self) -> u64 {
        self.0.borrow().received
    }

    /// A digest of the whole request is to be checked.
    pub(super) fn has_digest(&self) -> bool {
        !self.0.borrow().check.is_empty()
    }

    /// Reads what is left and compares the digests.
    ///
    /// # Errors
    /// 400 when they do not match, or when there is more than a request ends with.
    pub(super) async fn finish(mut self) -> ApiResult<()> {
        let left = read_on(&mut self, TRAILER_MAX_BYTES).await;
        if !left {
            return Err(crate::body::malformed(
                "The body goes on after the file, or ended early; nothing was kept. Send the file last.",
            ));
        }
        let check = std::mem::take(&mut self.0.borrow_mut().check);
        check.finish()
    }
}

impl Stream for WatchedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.0.borrow_mut();
        let polled = Pin::new(&mut inner.payload).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            inner.received += bytes.len() as u64;
            inner.check.update(bytes);
        }
        polled
    }
}

/// Reads on for a while: a client that is still sending sees a reset connection instead of the answer.
pub(crate) async fn drain(payload: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin)) {
    read_on(payload, DRAIN_MAX_BYTES).await;
}

/// True when the end came within so many bytes.
async fn read_on(
    payload: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
    max_bytes: u64,
) -> bool {
    let mut read = 0;
    loop {
        match payload.try_next().await {
            Ok(Some(chunk)) => read += chunk.len() as u64,
            Ok(None) => return true,
            Err(_) => return false,
        }
        if read > max_bytes {
            return false;
        }
    }
}
