//! How often something may happen: the generic cell rate algorithm (ITU-T I.371), which needs one number for each
//! key: when all that it did will have been paid back. Its memory is bounded: of too many keys, those are
//! forgotten that are nearest to having paid all back.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Parts that are locked by themselves.
const SHARDS: usize = 16;
/// Keys of one part at most; 16 parts of these take about 1 MB.
const SHARD_KEYS: usize = 2048;

/// Keys are hashes already.
#[derive(Debug, Default)]
pub(super) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type Shard = HashMap<u64, u64, BuildHasherDefault<Hashed>>;

/// A rate for many keys. Times are nanoseconds of one clock.
#[derive(Debug)]
pub(super) struct Rate {
    interval_ns: u64,
    burst: u32,
    shards: [Mutex<Shard>; SHARDS],
}

/// How a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What it may do at once when it did nothing for long.
    pub(crate) limit: u32,
    /// What it may still do now.
    pub(crate) remaining: u32,
    /// Seconds until it may do everything again.
    pub(crate) reset_s: u64,
    /// Seconds until it may do anything; 0 when it may now.
    pub(crate) retry_after_s: u64,
}

impl Rate {
    /// So many in a period, all at once when they were saved up: `burst` of them.
    pub(super) fn new(number: u32, period: Duration, burst: u32) -> Self {
        let period_ns = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        Self {
            interval_ns: period_ns / u64::from(number.max(1)),
            burst,
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    fn window_ns(&self) -> u64 {
        self.interval_ns.saturating_mul(u64::from(self.burst))
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        // Other bits than those the map uses.
        let index = (key >> 32) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does it once for this key.
    ///
    /// # Errors
    /// When it may not; then nothing is counted.
    pub(super) fn take(&self, key: u64, now: u64) -> Result<Standing, Standing> {
        let mut shard = self.shard(key);
        let paid_at = shard.get(&key).copied().unwrap_or(0).max(now);
        let next = paid_at.saturating_add(self.interval_ns);
        let left = self.window_ns().checked_sub(next - now);
        let Some(left_ns) = left else {
            return Err(self.standing(0, paid_at - now, next - now - self.window_ns()));
        };
        if shard.len() >= SHARD_KEYS && !shard.contains_key(&key) {
            make_room(&mut shard, now);
        }
        shard.insert(key, next);
        let remaining = u32::try_from(left_ns / self.interval_ns.max(1)).unwrap_or(u32::MAX);
        Ok(self.standing(remaining, next - now, 0))
    }

    /// Takes back what was done once: it is not to count.
    pub(super) fn give_back(&self, key: u64) {
        if let Some(paid_at) = self.shard(key).get_mut(&key) {
            *paid_at = paid_at.saturating_sub(self.interval_ns);
        }
    }

    /// The standing of a key that may do nothing now.
    pub(super) fn exhausted(&self, key: u64, now: u64) -> Option<Standing> {
        let paid_at = self.shard(key).get(&key).copied()?.max(now);
        let over = (paid_at - now + self.interval_ns).checked_sub(self.window_ns())?;
        (over > 0).then(|| self.standing(0, paid_at - now, over))
    }

    fn standing(&self, remaining: u32, reset_ns: u64, retry_after_ns: u64) -> Standing {
        const SECOND_NS: u64 = 1_000_000_000;
        Standing {
            limit: self.burst,
            remaining,
            reset_s: reset_ns.div_ceil(SECOND_NS),
            retry_after_s: retry_after_ns.div_ceil(SECOND_NS),
        }
    }

    #[cfg(test)]
    fn keys(&self) -> usize {
        (0..SHARDS)
            .map(|index| self.shard((index as u64) << 32).len())
            .sum()
    }
}

/// Forgets who paid all back; when nobody did, who is nearest to it.
fn make_room(shard: &mut Shard, now: u64) {
    shard.retain(|_, paid_at| *paid_at > now);
    if shard.len() < SHARD_KEYS {
        return;
    }
    if let Some(key) = shard
        .iter()
        .min_by_key(|(_, paid_at)| **paid_at)
        .map(|(key, _)| *key)
    {
        shard.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn so_many_at_once_then_one_by_one() {
        let rate = Rate::new(5, Duration::from_secs(60), 5);
        let start = 1_000 * SECOND;
        for remaining in (0..5).rev() {
            assert_eq!(rate.take(7, start).unwrap().remaining, remaining);
        }
        let refused = rate.take(7, start).unwrap_err();
        assert_eq!((refused.limit, refused.remaining), (5, 0));
        assert_eq!((refused.retry_after_s, refused.reset_s), (12, 60));
        assert_eq!(rate.exhausted(7, start), Some(refused));
        assert!(rate.take(8, start).is_ok(), "others are not touched");
        // Refusals cost nothing: after the time told it goes on.
        assert!(rate.take(7, start + 11 * SECOND).is_err());
        assert!(rate.take(7, start + 12 * SECOND).is_ok());
        assert!(rate.take(7, start + 12 * SECOND).is_err());
        assert_eq!(rate.exhausted(7, start + 200 * SECOND), None);
        assert_eq!(rate.take(7, start + 200 * SECOND).unwrap().remaining, 4);
    }

    #[test]
    fn what_is_given_back_does_not_count() {
        let rate = Rate::new(2, Duration::from_secs(60), 2);
        for _ in 0..100 {
            rate.take(1, SECOND).unwrap();
            rate.give_back(1);
        }
        assert_eq!(rate.take(1, SECOND).unwrap().remaining, 1);
        rate.give_back(2);
        assert_eq!(
            rate.take(2, SECOND).unwrap().remaining,
            1,
            "nothing can be saved up"
        );
    }

    #[test]
    fn what_was_saved_up_may_be_more_than_the_rate() {
        let rate = Rate::new(30, Duration::from_secs(3600), 720);
        assert!((0..720).all(|_| rate.take(1, SECOND).is_ok()));
        assert_eq!(rate.take(1, SECOND).unwrap_err().retry_after_s, 120);
    }

    #[test]
    fn memory_is_bounded_and_whoever_did_most_is_remembered() {
        let rate = Rate::new(5, Duration::from_secs(60), 5);
        let hash = std::hash::RandomState::new();
        let key = |number: u64| std::hash::BuildHasher::hash_one(&hash, number);
        for _ in 0..5 {
            rate.take(key(0), SECOND).unwrap();
        }
        for number in 1..200_000 {
            rate.take(key(number), SECOND).unwrap();
        }
        assert!(rate.keys() <= SHARDS * SHARD_KEYS);
        assert!(rate.take(key(0), SECOND).is_err(), "a flood does not make forget");
        // What paid all back goes as soon as room is needed.
        let later = 100 * SECOND;
        for number in 200_000..300_000 {
            rate.take(key(number), later).unwrap();
        }
        assert!(rate.keys() <= SHARDS * SHARD_KEYS);
    }
}
