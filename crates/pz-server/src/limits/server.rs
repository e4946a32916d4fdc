//! The HTTP server with its limits of time and number.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::HttpServer;
pub use actix_web::dev::Server;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, Protocol, Socket, Type};

use super::connection;
use crate::app;
use crate::state::AppState;
use crate::web_app::WebApp;

/// Requests under way at a stop have this long to end.
const SHUTDOWN_TIMEOUT_S: u64 = 30;
/// After an answer to a body that was not read whole, this much longer is read, so that the client sees the answer.
const LINGER: Duration = Duration::from_secs(2);
/// Connections that wait to be taken.
const BACKLOG: i32 = 2048;
/// Files that the service needs beside its connections: databases, blobs, children.
const OTHER_FILES: u64 = 512;
/// A connection is open twice (see `connection`), and may read or write one file.
const FILES_PER_CONNECTION: u64 = 3;

/// Listens on an address.
///
/// # Errors
/// When the address cannot be had.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Starts the service on a listener; `signals` end it when they come.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(
    state: AppState,
    web_app: Option<WebApp>,
    listener: TcpListener,
    workers: Option<usize>,
    signals: bool,
) -> io::Result<Server> {
    let settings = state.settings.limits.clone();
    let workers = workers
        .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1);
    let connections = usize::try_from(connections(settings.max_connections)).unwrap_or(usize::MAX);
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let mut server = HttpServer::new(move || app::build(state.clone(), web_app.clone()))
        .workers(workers)
        .max_connections(connections.div_ceil(workers))
        .client_request_timeout(seconds(settings.head_timeout_s))
        .client_disconnect_timeout(LINGER)
        // One piece of an answer at a time.
        .h1_write_buffer_size(connection::PIECE_MAX_BYTES)
        .keep_alive(seconds(settings.keep_alive_s))
        .shutdown_timeout(SHUTDOWN_TIMEOUT_S)
        .on_connect(move |io, data| connection::prepare(&settings, io, data));
    if !signals {
        server = server.disable_signals();
    }
    Ok(server.listen(listener)?.run())
}

/// As many connections as were asked for, or as the system allows open files for: without a file, a connection
/// could be neither taken nor refused.
fn connections(wanted: u32) -> u64 {
    let wanted = u64::from(wanted);
    let limit = getrlimit(Resource::Nofile);
    let needed = wanted * FILES_PER_CONNECTION + OTHER_FILES;
    let allowed = limit.maximum.unwrap_or(u64::MAX);
    if limit.current.is_some_and(|current| current < needed.min(allowed)) {
        let raised = Rlimit {
            current: Some(needed.min(allowed)),
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "cannot raise the number of open files");
        }
    }
    let open = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let possible = (open.saturating_sub(OTHER_FILES) / FILES_PER_CONNECTION).max(16);
    if possible < wanted {
        tracing::warn!(
            wanted,
            possible,
            "the limit of open files allows fewer connections: raise it (ulimit -n)"
        );
    }
    possible.min(wanted)
}
