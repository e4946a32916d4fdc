//! Loading something whenever what it depends on changes, and not a moment longer than it is wanted.

use std::future::Future;

use futures_util::future::{AbortHandle, abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::failure::Failure;

/// Where a load stands.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadState<T> {
    /// Nothing has arrived yet.
    Loading,
    /// It is here.
    Ready(T),
    /// It did not work.
    Failed(Failure),
    /// The person waiting has had enough.
    Cancelled,
}

/// Context: every load starts again when this changes, after signing in anew for instance.
#[derive(Debug, Clone, Copy)]
pub struct ReloadAll(pub RwSignal<u32>);

/// Something that is loaded, and loaded again when asked or when its key changes.
#[derive(Debug)]
pub struct Load<T: Send + Sync + 'static> {
    state: RwSignal<LoadState<T>>,
    refreshing: RwSignal<bool>,
    attempt: RwSignal<u32>,
    running: StoredValue<Option<AbortHandle>>,
}

impl<T: Send + Sync + 'static> Clone for Load<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Load<T> {}

impl<T: Send + Sync + 'static> Load<T> {
    /// Where it stands.
    pub fn state(self) -> RwSignal<LoadState<T>> {
        self.state
    }

    /// Whether newer data are on their way while older ones are shown.
    pub fn is_refreshing(self) -> bool {
        self.refreshing.get()
    }

    /// Loads again, keeping what is there until the answer comes.
    pub fn reload(self) {
        self.attempt.update(|attempt| *attempt += 1);
    }

    /// Stops waiting.
    pub fn cancel(self) {
        self.abort();
        self.refreshing.set(false);
        self.state.update(|state| {
            if matches!(state, LoadState::Loading) {
                *state = LoadState::Cancelled;
            }
        });
    }

    /// Changes what is there, ahead of the server's answer.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.state.update(|state| {
            if let LoadState::Ready(value) = state {
                change(value);
            }
        });
    }

    fn abort(self) {
        if let Some(Some(running)) = self.running.try_update_value(Option::take) {
            running.abort();
        }
    }
}

impl<T: Clone + Send + Sync + 'static> Load<T> {
    /// What has arrived, if anything.
    pub fn value(self) -> Option<T> {
        self.state.with(|state| match state {
            LoadState::Ready(value) => Some(value.clone()),
            _ => None,
        })
    }
}

/// Loads what `key` names; a new key forgets what is there.
pub fn use_load<K, T, F>(
    key: impl Fn() -> K + Send + Sync + 'static,
    fetch: impl Fn(K) -> F + 'static,
) -> Load<T>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    start(key, fetch, false)
}

/// Loads what `key` names; what is there stays until the new answer comes, as lists want it.
pub fn use_refreshing_load<K, T, F>(
    key: impl Fn() -> K + Send + Sync + 'static,
    fetch: impl Fn(K) -> F + 'static,
) -> Load<T>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    start(key, fetch, true)
}

fn start<K, T, F>(
    key: impl Fn() -> K + Send + Sync + 'static,
    fetch: impl Fn(K) -> F + 'static,
    keep: bool,
) -> Load<T>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    T: Send + Sync + 'static,
    F: Future<Output = Result<T, Failure>> + 'static,
{
    let load = Load {
        state: RwSignal::new(LoadState::Loading),
        refreshing: RwSignal::new(false),
        attempt: RwSignal::new(0),
        running: StoredValue::new(None),
    };
    let reload_all = use_context::<ReloadAll>();
    let key = Memo::new(move |_| key());
    Effect::new(move |previous: Option<K>| {
        let wanted = key.get();
        load.attempt.track();
        if let Some(reload_all) = reload_all {
            reload_all.0.track();
        }
        load.abort();
        let same = previous.as_ref().is_none_or(|previous| *previous == wanted);
        let has_value = load
            .state
            .with_untracked(|state| matches!(state, LoadState::Ready(_)));
        if has_value && (keep || same) {
            load.refreshing.set(true);
        } else {
            load.state.set(LoadState::Loading);
        }
        let (answer, handle) = abortable(fetch(wanted.clone()));
        load.running.set_value(Some(handle));
        spawn_local(async move {
            // An aborted request belongs to nobody any more.
            if let Ok(answer) = answer.await {
                let _ = load.refreshing.try_set(false);
                let _ = load
                    .state
                    .try_set(answer.map_or_else(LoadState::Failed, LoadState::Ready));
            }
        });
        wanted
    });
    on_cleanup(move || load.abort());
    load
}
