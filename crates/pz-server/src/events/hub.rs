//! Who listens, and the task that reads events for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use pz_model::ErrorCode;
use pz_store::entities::events;
use pz_store::{Store, StoreError};
use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;

use super::position::Position;
use crate::error::{ApiError, ApiResult};

/// How often new events are looked for.
const POLL_EVERY: Duration = Duration::from_millis(250);
/// How long to wait when the database does not answer.
const AFTER_FAILURE: Duration = Duration::from_secs(2);
/// Rows read at once.
const BATCH: u64 = 500;
/// Numbers before the newest that may still be about to be committed when reading starts.
const LOOKED_BACK: i64 = 100;
/// News kept for connections that are slow; one that is slower reads the table itself.
const NEWS_KEPT: usize = 256;

/// A row that was read; `late` when rows with greater numbers came first.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) row: events::Model,
    pub(super) late: bool,
}

/// What all connections are told.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// Events, by number.
    Events(Arc<[Arrived]>),
    /// Accounts, tokens or memberships changed: credentials are to be checked again.
    Accounts,
    /// The server stops.
    Closing,
}

/// Tells events to those who listen. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct EventHub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections_per_user: usize,
    news: broadcast::Sender<News>,
    listeners: Mutex<Listeners>,
    /// The task that reads runs; held while that changes.
    reads: tokio::sync::Mutex<bool>,
}

#[derive(Debug, Default)]
struct Listeners {
    by_user: HashMap<i64, usize>,
    closing: bool,
}

impl EventHub {
    /// Lets each user have so many connections; 0 is no limit. A browser opens one for all its pages.
    pub(crate) fn new(connections_per_user: u32) -> Self {
        Self(Arc::new(Inner {
            connections_per_user: usize::try_from(connections_per_user).unwrap_or(usize::MAX),
            news: broadcast::channel(NEWS_KEPT).0,
            listeners: Mutex::default(),
            reads: tokio::sync::Mutex::new(false),
        }))
    }
}

/// A place among those who listen; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) news: broadcast::Receiver<News>,
    _place: Place,
}

#[derive(Debug)]
struct Place {
    user_id: i64,
    hub: EventHub,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut listeners = self.hub.listeners();
        if let Some(count) = listeners.by_user.get_mut(&self.user_id) {
            *count -= 1;
            if *count == 0 {
                listeners.by_user.remove(&self.user_id);
            }
        }
    }
}

impl EventHub {
    /// Connections that listen.
    pub(crate) fn connections(&self) -> usize {
        self.listeners().by_user.values().sum()
    }

    /// Ends all connections and takes no more.
    pub(crate) fn close(&self) {
        self.listeners().closing = true;
        let _ = self.0.news.send(News::Closing);
    }

    fn listeners(&self) -> std::sync::MutexGuard<'_, Listeners> {
        self.0.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for another connection of this user.
    ///
    /// # Errors
    /// 429 when the user has as many as one may have, 503 while the server stops.
    pub(super) async fn listen(&self, store: &Store, user_id: i64) -> ApiResult<Listener> {
        let place = self.place(user_id)?;
        let mut reads = self.0.reads.lock().await;
        if !*reads {
            let position = position_now(store).await?;
            let revision = store.accounts_revision().await?;
            *reads = true;
            tokio::spawn(read_on(self.clone(), store.clone(), position, revision));
        }
        drop(reads);
        Ok(Listener {
            news: self.0.news.subscribe(),
            _place: place,
        })
    }

    fn place(&self, user_id: i64) -> ApiResult<Place> {
        let mut listeners = self.listeners();
        if listeners.closing {
            return Err(ApiError::detail(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "The server is about to stop. Try again in a few seconds.",
            ));
        }
        let count = listeners.by_user.entry(user_id).or_default();
        let max = self.0.connections_per_user;
        if max > 0 && *count >= max {
            return Err(ApiError::detail(
                StatusCode::TOO_MANY_REQUESTS,
                ErrorCode::TooManyRequests,
                format!("You listen {max} times already; close another page first."),
            ));
        }
        *count += 1;
        Ok(Place {
            user_id,
            hub: self.clone(),
        })
    }
}

/// From now on, with an eye on numbers just before that are given but not committed yet.
async fn position_now(store: &Store) -> Result<Position, StoreError> {
    let newest = store.newest_event_id().await?;
    let before = newest.saturating_sub(LOOKED_BACK);
    let mut position = Position::new(before);
    let now = Instant::now();
    for row in store.events_after(before, newest, &[], BATCH).await? {
        position.read(row.id, now);
    }
    Ok(position)
}

/// Reads new events until nobody listens.
async fn read_on(hub: EventHub, store: Store, mut position: Position, mut revision: i64) {
    let mut ticks = tokio::time::interval(POLL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        {
            let mut reads = hub.0.reads.lock().await;
            if hub.connections() == 0 {
                *reads = false;
                return;
            }
        }
        if let Err(error) = read_once(&hub, &store, &mut position, &mut revision).await {
            tracing::warn!(%error, "cannot read events");
            tokio::time::sleep(AFTER_FAILURE).await;
        }
    }
}

async fn read_once(
    hub: &EventHub,
    store: &Store,
    position: &mut Position,
    revision: &mut i64,
) -> Result<(), StoreError> {
    let current = store.accounts_revision().await?;
    if current != *revision {
        *revision = current;
        let _ = hub.0.news.send(News::Accounts);
    }
    loop {
        let now = Instant::now();
        let missing = position.missing(now);
        let rows = store
            .events_after(position.last(), i64::MAX, &missing, BATCH)
            .await?;
        let full = rows.len() as u64 == BATCH;
        let arrived: Arc<[Arrived]> = rows
            .into_iter()
            .map(|row| Arrived {
                late: position.read(row.id, now),
                row,
            })
            .collect();
        if !arrived.is_empty() {
            // Nobody may listen any more: then nobody misses it.
            let _ = hub.0.news.send(News::Events(arrived));
        }
        if !full {
            return Ok(());
        }
    }
}

/// Ends all connections when the process is asked to stop: they would never end by themselves.
pub(crate) async fn close_on_shutdown(hub: EventHub) {
    use tokio::signal::unix::{SignalKind, signal};

    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("cannot wait for signals: a stop waits for open pages");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    hub.close();
}
