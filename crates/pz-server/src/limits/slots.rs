//! How much one user does at once: places that are free again when they are dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places of users; its clones are the same places.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    taken: Arc<Mutex<HashMap<i64, u32>>>,
}

/// One place of a user.
#[derive(Debug)]
pub(crate) struct Slot {
    user_id: i64,
    slots: Slots,
}

impl Slots {
    fn taken(&self) -> MutexGuard<'_, HashMap<i64, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for this user, unless they have `max`; 0 is no limit.
    pub(crate) fn take(&self, user_id: i64, max: u32) -> Option<Slot> {
        let mut taken = self.taken();
        let count = taken.entry(user_id).or_default();
        if max > 0 && *count >= max {
            return None;
        }
        *count += 1;
        Some(Slot {
            user_id,
            slots: self.clone(),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.taken();
        if let Some(count) = taken.get_mut(&self.user_id) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_each_users_own_and_given_back() {
        let slots = Slots::default();
        let first = slots.take(1, 2).unwrap();
        let _second = slots.take(1, 2).unwrap();
        assert!(slots.take(1, 2).is_none());
        assert!(slots.take(2, 2).is_some());
        drop(first);
        assert!(slots.take(1, 2).is_some());
        assert!(slots.take(1, 0).is_some(), "0 is no limit");
        drop(_second);
        assert!(slots.taken().is_empty(), "nothing is kept of who does nothing");
    }
}
