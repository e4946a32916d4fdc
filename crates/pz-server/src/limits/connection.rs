//! One connection: whether a request on it is being answered, and how large the pieces of the answer are.
//!
//! The framework limits the time of the first head only. Whatever a client sends on a connection after that, be it
//! the next head byte by byte or the rest of a body that nobody reads, the connection ends when no request is
//! being answered on it for longer than an idle connection is kept and a head may take together.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use bytes::Bytes;
use socket2::SockRef;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::LimitSettings;

/// The framework copies each piece of an answer; a slow reader holds this much of it, not all.
pub(super) const PIECE_MAX_BYTES: usize = 64 << 10;

/// What a connection is doing, shared by its requests.
#[derive(Debug, Clone)]
pub(super) struct Connection(Rc<Activity>);

#[derive(Debug)]
struct Activity {
    answering: Cell<u32>,
    idle_since: Cell<Instant>,
    watch: OnceCell<AbortHandle>,
}

impl Drop for Activity {
    fn drop(&mut self) {
        // With the watch goes its hold on the socket.
        if let Some(watch) = self.watch.get() {
            watch.abort();
        }
    }
}

/// A request that is being answered: from its head to the last byte of its answer.
#[derive(Debug)]
pub(super) struct Answering(Rc<Activity>);

impl Connection {
    pub(super) fn answering(&self) -> Answering {
        self.0.answering.set(self.0.answering.get() + 1);
        Answering(self.0.clone())
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.answering.set(self.0.answering.get().saturating_sub(1));
        self.0.idle_since.set(Instant::now());
    }
}

/// Prepares a connection that was just made.
pub(super) fn prepare(settings: &LimitSettings, io: &dyn Any, data: &mut Extensions) {
    let Some(stream) = io.downcast_ref::<TcpStream>() else {
        return;
    };
    let socket = SockRef::from(stream);
    // The last piece of an answer must not wait until the client confirms the one before: that takes 40 ms.
    if let Err(error) = socket.set_tcp_nodelay(true) {
        tracing::debug!(%error, "cannot send small pieces at once");
    }
    #[cfg(target_os = "linux")]
    if let Err(error) =
        socket.set_tcp_user_timeout(Some(Duration::from_secs(u64::from(settings.write_timeout_s))))
    {
        tracing::warn!(%error, "cannot limit how long a client may leave its answer unread");
    }
    let activity = Rc::new(Activity {
        answering: Cell::new(0),
        idle_since: Cell::new(Instant::now()),
        watch: OnceCell::new(),
    });
    data.insert(Connection(activity.clone()));
    match socket.try_clone() {
        Ok(socket) => {
            let idle = u64::from(settings.keep_alive_s) + u64::from(settings.head_timeout_s);
            let watch = end_when_idle(Rc::downgrade(&activity), socket, Duration::from_secs(idle));
            let _ = activity.watch.set(actix_web::rt::spawn(watch).abort_handle());
        }
        Err(error) => tracing::warn!(%error, "cannot watch a connection; it may idle"),
    }
}

/// Ends a connection that is idle for too long; ends itself with the connection.
async fn end_when_idle(activity: Weak<Activity>, socket: socket2::Socket, idle_max: Duration) {
    loop {
        let wait = {
            let Some(activity) = activity.upgrade() else {
                return;
            };
            if activity.answering.get() > 0 {
                idle_max
            } else {
                idle_max.saturating_sub(activity.idle_since.get().elapsed())
            }
        };
        if wait.is_zero() {
            let _ = socket.shutdown(std::net::Shutdown::Both);
            return;
        }
        tokio::time::sleep(wait).await;
    }
}

/// The body of an answer in pieces, which keeps its connection from being idle.
#[derive(Debug)]
pub(crate) struct Paced {
    body: BoxBody,
    rest: Bytes,
    _answering: Option<Answering>,
}

impl Paced {
    pub(super) fn new(body: BoxBody, answering: Option<Answering>) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            _answering: answering,
        }
    }
}

impl MessageBody for Paced {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_next(context) {
                Poll::Ready(Some(Ok(bytes))) => self.rest = bytes,
                other => return other,
            }
        }
        let length = self.rest.len().min(PIECE_MAX_BYTES);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn answers_go_out_in_pieces_and_whole() {
        let bytes: Bytes = (0..200_000_u32).map(|n| n as u8).collect::<Vec<_>>().into();
        let activity = Rc::new(Activity {
            answering: Cell::new(0),
            idle_since: Cell::new(Instant::now()),
            watch: OnceCell::new(),
        });
        let connection = Connection(activity.clone());
        let mut body = Paced::new(BoxBody::new(bytes.clone()), Some(connection.answering()));
        assert_eq!(body.size(), BodySize::Sized(200_000));
        assert_eq!(activity.answering.get(), 1);
        let mut received = Vec::new();
        while let Some(piece) = std::future::poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
            let piece = piece.unwrap();
            assert!(piece.len() <= PIECE_MAX_BYTES);
            received.extend_from_slice(&piece);
        }
        assert_eq!(received, bytes);
        drop(body);
        assert_eq!(activity.answering.get(), 0);
    }
}
