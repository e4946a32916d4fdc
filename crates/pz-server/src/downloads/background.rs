//! Bounds of the work that downloads leave for later: one file compressed at once, one archive read at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// Archives that wait to be read through; more are left to the next request for them.
const WAITING_AT_MOST: usize = 256;

/// Whose turn it is.
#[derive(Debug)]
pub(crate) struct Background {
    pub(super) compressing: Semaphore,
    pub(super) reading: Semaphore,
    /// Archives that are read or wait for it.
    asked: Mutex<HashSet<String>>,
}

impl Background {
    /// Nothing goes on.
    pub(crate) fn new() -> Self {
        Self {
            compressing: Semaphore::new(1),
            reading: Semaphore::new(1),
            asked: Mutex::new(HashSet::new()),
        }
    }

    /// Takes a place for an archive, unless it has one or too many wait.
    pub(super) fn place(self: &Arc<Self>, tag: &str) -> Option<Place> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= WAITING_AT_MOST || !asked.insert(tag.to_owned()) {
            return None;
        }
        Some(Place {
            background: self.clone(),
            tag: tag.to_owned(),
        })
    }
}

/// A place for an archive; given back however the work ends.
#[derive(Debug)]
pub(super) struct Place {
    background: Arc<Background>,
    tag: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.background
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.tag);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_one_place_and_places_are_few() {
        let background = Arc::new(Background::new());
        let first = background.place("a").unwrap();
        assert!(background.place("a").is_none());
        drop(first);
        let places: Vec<_> = (0..WAITING_AT_MOST + 5)
            .filter_map(|number| background.place(&number.to_string()))
            .collect();
        assert_eq!(places.len(), WAITING_AT_MOST);
    }
}
