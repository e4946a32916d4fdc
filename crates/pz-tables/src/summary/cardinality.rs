//! How often each value occurs while the values are few, how many different ones there are when they are many. Must
//! never keep more than its share of memory.

use super::hyperloglog::{HyperLogLog, mix};
use super::share::Share;

/// Counts of keys, or a sketch of them. Keys are equal exactly when the values are.
#[derive(Debug, Clone)]
pub(crate) enum Cardinality {
    /// All different keys, counted.
    Exact(KeyCounts),
    /// Too many: a sketch.
    Estimated(HyperLogLog),
}

/// An open-addressing table from key to count.
#[derive(Debug, Clone)]
pub(crate) struct KeyCounts {
    /// Key and count; a count of zero is free. The length is a power of two, at most half full.
    slots: Vec<(u64, u64)>,
    different: usize,
    share: Share,
}

impl Cardinality {
    /// Of a column with this share of memory.
    pub(crate) fn new(share: Share) -> Self {
        Self::Exact(KeyCounts {
            slots: vec![(0, 0); 16],
            different: 0,
            share,
        })
    }

    /// A sketch from the start.
    pub(crate) fn sketch(share: Share) -> Self {
        Self::Estimated(HyperLogLog::new(share.sketch_bits))
    }

    /// Adds keys.
    #[inline]
    pub(crate) fn push(&mut self, mut keys: impl Iterator<Item = u64>) {
        if let Self::Exact(table) = self {
            let Some(beyond) = keys.find(|key| !table.count(*key)) else {
                return;
            };
            let mut sketch = HyperLogLog::new(table.share.sketch_bits);
            sketch.push(table.entries().map(|(key, _)| mix(key)));
            sketch.push_one(mix(beyond));
            *self = Self::Estimated(sketch);
        }
        if let Self::Estimated(sketch) = self {
            sketch.push(keys.map(mix));
        }
    }

    /// Adds a key.
    #[inline]
    pub(crate) fn push_one(&mut self, key: u64) {
        match self {
            Self::Estimated(sketch) => sketch.push_one(mix(key)),
            Self::Exact(_) => self.push(std::iter::once(key)),
        }
    }

    /// The number of different keys, and whether it is an estimate. `values` is how many keys were added in all.
    pub(crate) fn different(&self, values: u64) -> (u64, bool) {
        match self {
            Self::Exact(table) => (table.different as u64, false),
            Self::Estimated(sketch) => (sketch.estimate().min(values), true),
        }
    }

    /// Keys and how often each occurs, in no order, while they are followed.
    pub(crate) fn counts(&self) -> Option<Vec<(u64, u64)>> {
        match self {
            Self::Exact(table) => Some(table.entries().collect()),
            Self::Estimated(_) => None,
        }
    }
}

impl KeyCounts {
    fn entries(&self) -> impl Iterator<Item = (u64, u64)> {
        self.slots.iter().copied().filter(|(_, count)| *count > 0)
    }

    /// Counts the key; false when there are too many to follow.
    #[inline]
    fn count(&mut self, key: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut slot = start(key, self.slots.len());
        while let Some((found, count)) = self.slots.get_mut(slot) {
            if *found == key && *count > 0 {
                *count += 1;
                return true;
            }
            if *count == 0 {
                return self.insert(key);
            }
            slot = (slot + 1) & mask;
        }
        false
    }

    fn insert(&mut self, key: u64) -> bool {
        if self.different >= self.share.different {
            return false;
        }
        if (self.different + 1) * 2 > self.slots.len() {
            let grown = vec![(0, 0); self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, grown);
            for (key, count) in old.into_iter().filter(|(_, count)| *count > 0) {
                self.put(key, count);
            }
        }
        self.put(key, 1);
        self.different += 1;
        true
    }

    /// Puts a key that is not there into a table with room.
    fn put(&mut self, key: u64, count: u64) {
        let mask = self.slots.len() - 1;
        let mut slot = start(key, self.slots.len());
        while self.slots.get(slot).is_some_and(|(_, count)| *count > 0) {
            slot = (slot + 1) & mask;
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = (key, count);
        }
    }
}

/// Where a key is looked for first: multiplicative hashing (D. Knuth, "The Art of Computer Programming" 3, 6.4). The
/// table holds a bounded number of keys, so that chosen collisions cost a bounded factor.
#[inline]
fn start(key: u64, slots: usize) -> usize {
    let folded = key ^ (key >> 32);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize & (slots - 1)
}

/// The key of a floating-point number, of the same sort as those of the integers: a whole number has the key of
/// the integer.
#[inline]
pub(crate) fn number_key(value: f64) -> u64 {
    let whole = value as i64;
    if whole as f64 == value {
        whole as u64
    } else {
        value.to_bits()
    }
}

/// The key of a floating-point number of a column of nothing else: its bits, −0 as 0.
#[inline]
pub(crate) fn float_key(value: f64) -> u64 {
    (value + 0.0).to_bits()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_as_a_map_does(keys in proptest::collection::vec(prop_oneof![0u64..40, any::<u64>()], 0..600)) {
            let mut cardinality = Cardinality::new(Share::of(1));
            cardinality.push(keys.iter().copied());
            let mut naive: HashMap<u64, u64> = HashMap::new();
            keys.iter().for_each(|key| *naive.entry(*key).or_default() += 1);
            prop_assert_eq!(cardinality.different(keys.len() as u64), (naive.len() as u64, false));
            let counts = cardinality.counts().unwrap();
            prop_assert_eq!(counts.len(), naive.len());
            prop_assert_eq!(counts.into_iter().collect::<HashMap<_, _>>(), naive);
        }
    }

    #[test]
    fn beyond_its_bound_it_estimates() {
        let mut cardinality = Cardinality::new(Share::of(1));
        cardinality.push(0..1_000);
        assert_eq!(cardinality.different(1_000), (1_000, false));
        cardinality.push((0..5_000).chain(0..5_000));
        let (different, is_estimate) = cardinality.different(11_000);
        assert!(is_estimate && different.abs_diff(5_000) < 250, "{different}");
        assert!(cardinality.counts().is_none());
    }

    #[test]
    fn whole_numbers_have_one_key() {
        assert_eq!(number_key(4.0), 4);
        assert_eq!(number_key(-0.0), 0);
        assert_eq!(number_key(-3.0), -3i64 as u64);
        assert_ne!(number_key(0.5), number_key(0.25));
        assert_eq!(float_key(-0.0), float_key(0.0));
    }
}
