//! One connection: what it has been told, what comes next, and whether its user may still listen.

use std::collections::HashSet;
use std::time::Duration;

use actix_web::HttpRequest;
use bytes::{BufMut, Bytes, BytesMut};
use pz_model::Timestamp;
use pz_model::api::{Event, EventKind};
use pz_store::StoreError;
use pz_store::entities::events;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::hub::{Listener, News};
use crate::auth::Caller;
use crate::state::AppState;

/// A sign of life is sent this often; a connection that is gone is noticed by the second one.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Credentials are checked at least this often: tokens end by themselves, too.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// A browser connects again after this long.
const RETRY_MS: u32 = 2000;
/// Rows read at once when catching up.
const CATCH_UP_ROWS: u64 = 200;

pub(super) struct Connection {
    state: AppState,
    request: HttpRequest,
    caller: Caller,
    listener: Listener,
    /// Greatest number of an event that was considered.
    seen: i64,
    /// Events up to this number are to be read from the table first.
    until: Option<i64>,
    heartbeat: Interval,
    checked: Instant,
    ends: Option<Instant>,
    opened: bool,
}

/// Why a connection ends; the client connects again, or finds out that it may not.
struct Ended;

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a connection for events ends");
        Self
    }
}

impl Connection {
    /// Starts after event `seen`; those up to `newest` are read from the table.
    pub(super) fn new(
        state: AppState,
        request: HttpRequest,
        caller: Caller,
        listener: Listener,
        (seen, newest): (i64, i64),
        length: Option<Duration>,
    ) -> Self {
        let now = Instant::now();
        let mut heartbeat = tokio::time::interval_at(now + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            state,
            request,
            caller,
            listener,
            seen,
            until: (seen < newest).then_some(newest),
            heartbeat,
            checked: now,
            ends: length.map(|length| now + length),
            opened: false,
        }
    }

    /// What to send next; none at the end.
    pub(super) async fn next(mut self) -> Option<(Result<Bytes, actix_web::Error>, Self)> {
        match self.step().await {
            Ok(bytes) => Some((Ok(bytes), self)),
            Err(Ended) => None,
        }
    }

    async fn step(&mut self) -> Result<Bytes, Ended> {
        if !self.opened {
            self.opened = true;
            // An id without data: who loses the connection before the first event resumes from here.
            return Ok(format!("retry: {RETRY_MS}\nid: {}\n\n", self.seen).into());
        }
        loop {
            let told = match self.until {
                Some(until) => self.catch_up(until).await?,
                None => self.wait().await?,
            };
            if !told.is_empty() {
                return Ok(told);
            }
        }
    }

    async fn catch_up(&mut self, until: i64) -> Result<Bytes, Ended> {
        let store = &self.state.store;
        let rows = store.events_after(self.seen, until, &[], CATCH_UP_ROWS).await?;
        match rows.last() {
            Some(last) => self.seen = last.id,
            None => {
                self.seen = self.seen.max(until);
                self.until = None;
            }
        }
        self.tell(rows.iter()).await
    }

    async fn wait(&mut self) -> Result<Bytes, Ended> {
        let ends = self.ends;
        let end = async move {
            match ends {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            news = self.listener.news.recv() => match news {
                Ok(News::Events(arrived)) => {
                    let before = self.seen;
                    self.seen = arrived.iter().map(|arrived| arrived.row.id).fold(before, i64::max);
                    let new = arrived.iter().filter(|arrived| arrived.late || arrived.row.id > before);
                    self.tell(new.map(|arrived| &arrived.row)).await
                }
                Ok(News::Accounts) => {
                    self.check().await?;
                    Ok(Bytes::new())
                }
                Ok(News::Closing) | Err(RecvError::Closed) => Err(Ended),
                // Too slow for what is kept in memory: on with the table.
                Err(RecvError::Lagged(_)) => {
                    self.check().await?;
                    self.until = Some(self.state.store.newest_event_id().await?);
                    Ok(Bytes::new())
                }
            },
            _ = self.heartbeat.tick() => {
                if self.checked.elapsed() >= CHECK_EVERY {
                    self.check().await?;
                }
                Ok(format!(": alive\nid: {}\n\n", self.seen).into())
            }
            () = end => Err(Ended),
        }
    }

    /// Ends the connection of somebody who may not listen any more.
    async fn check(&mut self) -> Result<(), Ended> {
        self.checked = Instant::now();
        // Who was told that accounts changed must not be answered from memory.
        self.state.cache.forget();
        match Caller::of(&self.request).await {
            Ok(caller) if caller.account.id == self.caller.account.id => {
                self.caller = caller;
                Ok(())
            }
            _ => Err(Ended),
        }
    }

    /// Those of the events that the caller may see at this moment, as they are sent.
    async fn tell<'a>(&self, rows: impl Iterator<Item = &'a events::Model> + Clone) -> Result<Bytes, Ended> {
        let viewer = self.caller.viewer();
        let ids = |id: fn(&events::Model) -> Option<i64>| -> Vec<i64> {
            let unique: HashSet<i64> = rows
                .clone()
                .filter(|row| row.user_id.is_none())
                .filter_map(id)
                .collect();
            unique.into_iter().collect()
        };
        let (mut products, mut processes) = (Vec::new(), Vec::new());
        if !viewer.is_admin {
            let store = &self.state.store;
            let of_products = ids(|row| row.product_id.filter(|_| row.process_id.is_none()));
            if !of_products.is_empty() {
                products = store.audible_product_ids(viewer, &of_products).await?;
            }
            let of_processes = ids(|row| row.process_id);
            if !of_processes.is_empty() {
                processes = store.visible_process_ids(viewer, &of_processes).await?;
            }
        }
        let is_for_caller =
            |row: &events::Model, kind: EventKind| match (row.user_id, row.process_id, row.product_id) {
                (Some(user_id), _, _) => user_id == viewer.user_id,
                _ if viewer.is_admin => true,
                // Logs are the owner's: the worker names them.
                _ if kind == EventKind::Log => false,
                (None, Some(process), _) => processes.contains(&process),
                (None, None, Some(product)) => products.contains(&product),
                (None, None, None) => false,
            };
        let mut bytes = BytesMut::new();
        for row in rows {
            if let Some(kind) = EventKind::from_name(&row.kind)
                && is_for_caller(row, kind)
            {
                write(&mut bytes, row, kind);
            }
        }
        Ok(bytes.freeze())
    }
}

fn write(bytes: &mut BytesMut, row: &events::Model, kind: EventKind) {
    let event = Event {
        id: row.id,
        at: Timestamp::from(row.at),
        kind,
        product: row.product_id,
        process: row.process_id,
        payload: row.payload.clone().unwrap_or_default(),
    };
    // JSON without line breaks: one `data` line.
    let data = serde_json::to_string(&event).unwrap_or_default();
    bytes.put_slice(format!("id: {}\nevent: {kind}\ndata: {data}\n\n", row.id).as_bytes());
}
