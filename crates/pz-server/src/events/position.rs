//! How far the table `events` has been read. Numbers are given before a transaction commits, so that a row can show
//! up after rows with greater numbers; such numbers are remembered and asked for again for a while.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A number that has not shown up by then belongs to a transaction that was taken back.
const MISSING_FOR: Duration = Duration::from_secs(30);
/// Numbers remembered at most, the greatest.
const MISSING_MAX: i64 = 1000;

#[derive(Debug)]
pub(super) struct Position {
    /// Greatest number read.
    last: i64,
    /// Smaller numbers that have not shown up, and since when they are missing.
    missing: BTreeMap<i64, Instant>,
}

impl Position {
    pub(super) fn new(last: i64) -> Self {
        Self {
            last,
            missing: BTreeMap::new(),
        }
    }

    pub(super) fn last(&self) -> i64 {
        self.last
    }

    /// Numbers to ask for again.
    pub(super) fn missing(&self, now: Instant) -> Vec<i64> {
        self.missing
            .iter()
            .filter(|(_, since)| now.duration_since(**since) < MISSING_FOR)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Notes a row that was read, in ascending order; true when it shows up late.
    pub(super) fn read(&mut self, id: i64, now: Instant) -> bool {
        if id <= self.last {
            self.missing.remove(&id);
            return true;
        }
        let first = (self.last + 1).max(id.saturating_sub(MISSING_MAX));
        self.missing.extend((first..id).map(|id| (id, now)));
        self.missing
            .retain(|_, since| now.duration_since(*since) < MISSING_FOR);
        while self.missing.len() > usize::try_from(MISSING_MAX).unwrap_or(usize::MAX) {
            self.missing.pop_first();
        }
        self.last = id;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_come_late_are_asked_for_until_they_come_or_never_will() {
        let start = Instant::now();
        let mut position = Position::new(10);
        assert!(!position.read(11, start));
        assert!(!position.read(14, start));
        assert_eq!(position.missing(start), [12, 13]);
        assert!(position.read(13, start));
        assert_eq!((position.last(), position.missing(start)), (14, vec![12]));
        assert!(position.missing(start + MISSING_FOR).is_empty());
        assert!(!position.read(15, start + MISSING_FOR));
        assert!(position.missing.is_empty());
    }

    #[test]
    fn a_leap_is_remembered_in_part() {
        let start = Instant::now();
        let mut position = Position::new(0);
        position.read(1_000_000_000_000, start);
        position.read(1_000_000_000_900, start);
        assert_eq!(position.missing(start).len(), 1000);
        assert_eq!(position.missing(start).last(), Some(&1_000_000_000_899));
    }
}
