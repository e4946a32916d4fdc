//! Lengths, distinct values and most frequent values of texts, in bounded memory.

use super::cardinality::Cardinality;
use super::share::Share;
use crate::statistics::{ColumnStatistics, TOP_VALUES, ValueCount, shown};

/// Different values followed per column.
const MAX_DISTINCT: usize = 1_000;

/// Most bytes of different values kept per column, and for all columns together.
const MAX_BYTES: usize = 64 * 1024;
const MAX_BYTES_ALL: usize = 32 * 1024 * 1024;

/// Summary of text values.
#[derive(Debug, Clone)]
pub(crate) struct TextSummary {
    shortest: u64,
    longest: u64,
    different: Different,
    share: Share,
}

/// What is known of the different values.
#[derive(Debug, Clone)]
enum Different {
    /// Nothing: they are not followed, or elsewhere.
    Unknown,
    /// All of them, with their counts.
    Counted(Distinct),
    /// Those up to the first that was too many; nothing is added any more.
    Full(Distinct),
    /// A sketch of their hashes.
    Sketch(Cardinality),
}

impl TextSummary {
    /// For one of `columns` columns that share the memory allowed.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            shortest: u64::MAX,
            longest: 0,
            different: Different::Counted(Distinct::new((MAX_BYTES_ALL / columns.max(1)).min(MAX_BYTES))),
            share: Share::of(columns),
        }
    }

    /// Adds a text (UTF-8).
    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.push_length(characters(text));
        self.push_value(text);
    }

    /// Adds a text that is known to be ASCII and to mean a number or a boolean. When such values become too many
    /// to count as texts, [`TextSummary::take_full`] hands them over.
    #[inline]
    pub(crate) fn push_ascii(&mut self, text: &[u8]) {
        self.push_length(text.len() as u64);
        if let Different::Counted(distinct) = &mut self.different
            && !distinct.push(text)
        {
            self.different = match std::mem::replace(&mut self.different, Different::Unknown) {
                Different::Counted(distinct) => Different::Full(distinct),
                other => other,
            };
        }
    }

    /// Adds only a length.
    #[inline]
    pub(crate) fn push_length(&mut self, length: u64) {
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
    }

    /// Adds only a value for the count of distinct ones.
    #[inline]
    fn push_value(&mut self, value: &[u8]) {
        match &mut self.different {
            Different::Counted(distinct) => {
                if !distinct.push(value) {
                    let mut sketch = Cardinality::sketch(self.share);
                    sketch.push(distinct.items.iter().map(|item| item.hash));
                    sketch.push_one(hash(value));
                    self.different = Different::Sketch(sketch);
                }
            }
            Different::Sketch(sketch) => sketch.push_one(hash(value)),
            Different::Unknown | Different::Full(_) => {}
        }
    }

    /// Adds the length of a text, and instead of the text a key that stands for it.
    pub(crate) fn push_key(&mut self, text: &[u8], key: u64) {
        self.push_length(characters(text));
        if let Different::Sketch(sketch) = &mut self.different {
            sketch.push_one(key);
        }
    }

    /// Goes on with a sketch of what was seen while the values still were numbers.
    pub(crate) fn continue_sketch(&mut self, sketch: Cardinality) {
        self.different = Different::Sketch(sketch);
    }

    /// The values counted until they became too many, once that has happened.
    pub(crate) fn take_full(&mut self) -> Option<Vec<Box<[u8]>>> {
        let Different::Full(distinct) = &self.different else {
            return None;
        };
        let values = distinct.entries().map(|(_, value)| value.into()).collect();
        self.different = Different::Unknown;
        Some(values)
    }

    /// All different values with their counts, while they are followed.
    pub(crate) fn counts(&self) -> Option<impl Iterator<Item = (u64, &[u8])>> {
        match &self.different {
            Different::Counted(distinct) => Some(distinct.entries()),
            _ => None,
        }
    }

    /// Stops following distinct values.
    pub(crate) fn forget_values(&mut self) {
        self.different = Different::Unknown;
    }

    /// Fills in lengths, distinct and most frequent values; `statistics` has the count already.
    pub(crate) fn describe(&self, statistics: &mut ColumnStatistics) {
        if self.shortest <= self.longest {
            (statistics.min_length, statistics.max_length) = (Some(self.shortest), Some(self.longest));
        }
        if let Some((distinct, top)) = self.top() {
            (statistics.distinct, statistics.top_values) = (Some(distinct), top);
        } else if let Different::Sketch(sketch) = &self.different {
            let (different, is_estimate) = sketch.different(statistics.count);
            (statistics.distinct, statistics.distinct_is_estimate) = (Some(different), is_estimate);
        }
    }

    /// Number of distinct values and the most frequent ones, when they could be followed.
    fn top(&self) -> Option<(u64, Vec<ValueCount>)> {
        let mut entries: Vec<(u64, &[u8])> = self.counts()?.collect();
        entries.sort_by(|(a_count, a), (b_count, b)| b_count.cmp(a_count).then(a.cmp(b)));
        let top = entries
            .iter()
            .take(TOP_VALUES)
            .map(|(count, value)| ValueCount {
                value: shown(&String::from_utf8_lossy(value)),
                count: *count,
            })
            .collect();
        Some((entries.len() as u64, top))
    }
}

/// Number of characters of UTF-8 text: bytes that do not continue one.
#[inline]
fn characters(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from((*byte as i8) >= -0x40)).sum()
}

/// A small open-addressing table from value to count.
#[derive(Debug, Clone)]
struct Distinct {
    /// Index into `items` plus one; zero is free. The length is a power of two, at most half full.
    slots: Vec<u16>,
    items: Vec<Item>,
    bytes: Vec<u8>,
    max_bytes: usize,
    last: usize,
}

#[derive(Debug, Clone)]
struct Item {
    hash: u64,
    start: u32,
    length: u32,
    count: u64,
}

impl Distinct {
    fn new(max_bytes: usize) -> Self {
        Self {
            slots: Vec::new(),
            items: Vec::new(),
            bytes: Vec::new(),
            max_bytes,
            last: 0,
        }
    }

    fn entries(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.items.iter().map(|item| (item.count, self.value(item)))
    }

    #[inline]
    fn value(&self, item: &Item) -> &[u8] {
        self.bytes
            .get(item.start as usize..(item.start + item.length) as usize)
            .unwrap_or_default()
    }

    /// Counts `value`; false when there are too many to follow.
    #[inline]
    fn push(&mut self, value: &[u8]) -> bool {
        // Catalogues are often sorted by, or constant in, the very columns that have few values.
        if let Some(item) = self.items.get(self.last)
            && self.value(item) == value
        {
            if let Some(item) = self.items.get_mut(self.last) {
                item.count += 1;
            }
            return true;
        }
        self.look_up(value)
    }

    fn look_up(&mut self, value: &[u8]) -> bool {
        if self.items.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let hash = hash(value);
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(index) = self.slots.get(slot).copied().filter(|index| *index != 0) {
            let index = usize::from(index) - 1;
            if let Some(item) = self.items.get(index)
                && item.hash == hash
                && self.value(item) == value
            {
                if let Some(item) = self.items.get_mut(index) {
                    item.count += 1;
                }
                self.last = index;
                return true;
            }
            slot = (slot + 1) & mask;
        }
        let cost = self.bytes.len() + value.len() + (self.items.len() + 1) * size_of::<Item>();
        if self.items.len() >= MAX_DISTINCT || cost > self.max_bytes {
            return false;
        }
        self.last = self.items.len();
        self.items.push(Item {
            hash,
            start: self.bytes.len() as u32,
            length: value.len() as u32,
            count: 1,
        });
        self.bytes.extend_from_slice(value);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = self.items.len() as u16;
        }
        true
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(16);
        self.slots.clear();
        self.slots.resize(length, 0);
        for (index, item) in self.items.iter().enumerate() {
            let mut slot = item.hash as usize & (length - 1);
            while self.slots.get(slot).is_some_and(|taken| *taken != 0) {
                slot = (slot + 1) & (length - 1);
            }
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = index as u16 + 1;
            }
        }
    }
}

/// Multiply-rotate hash, eight bytes at a time, the last ones overlapping. The table holds at most
/// [`MAX_DISTINCT`] values, so chosen collisions cost a bounded factor.
#[inline]
pub(crate) fn hash(value: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |state: u64, word: u64| (state.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    let mut state = value.len() as u64;
    let mut words = value.chunks_exact(8);
    for word in &mut words {
        let word = word.try_into().map(u64::from_le_bytes).unwrap_or_default();
        state = step(state, word);
    }
    if words.remainder().is_empty() {
        return state ^ (state >> 32);
    }
    let last = match (
        value.last_chunk::<8>(),
        value.first_chunk::<4>().zip(value.last_chunk::<4>()),
    ) {
        (Some(word), _) => u64::from_le_bytes(*word),
        (None, Some((first, last))) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        (None, None) => value.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    state = step(state, last);
    state ^ (state >> 32)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_as_a_map_does(values in proptest::collection::vec("[a-c]{0,3}|é{0,12}", 0..300)) {
            let mut summary = TextSummary::new(1);
            let mut naive: HashMap<String, u64> = HashMap::new();
            for value in &values {
                summary.push(value.as_bytes());
                *naive.entry(value.clone()).or_default() += 1;
            }
            let (distinct, top) = summary.top().unwrap();
            prop_assert_eq!(distinct, naive.len() as u64);
            let mut expected: Vec<_> = naive.into_iter().collect();
            expected.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
            expected.truncate(TOP_VALUES);
            let found: Vec<_> = top.into_iter().map(|entry| (entry.value, entry.count)).collect();
            prop_assert_eq!(found, expected);
            let lengths: Vec<u64> = values.iter().map(|value| value.chars().count() as u64).collect();
            let mut statistics = ColumnStatistics::default();
            summary.describe(&mut statistics);
            prop_assert_eq!(statistics.min_length, lengths.iter().min().copied());
            prop_assert_eq!(statistics.max_length, lengths.iter().max().copied());
        }
    }

    #[test]
    fn estimates_beyond_its_bounds() {
        let mut summary = TextSummary::new(1);
        for i in 0..20_000 {
            summary.push(format!("object {}", i % 10_000).as_bytes());
        }
        assert_eq!(summary.top(), None);
        let mut statistics = ColumnStatistics {
            count: 20_000,
            ..ColumnStatistics::default()
        };
        summary.describe(&mut statistics);
        let distinct = statistics.distinct.unwrap();
        assert!(
            statistics.distinct_is_estimate && distinct.abs_diff(10_000) < 500,
            "{distinct}"
        );
        let mut summary = TextSummary::new(1);
        summary.push(&vec![b'x'; MAX_BYTES]);
        assert_eq!(summary.top(), None);
        assert_eq!(
            (summary.shortest, summary.longest),
            (MAX_BYTES as u64, MAX_BYTES as u64)
        );
    }

    #[test]
    fn hashes_of_short_texts_differ() {
        let mut hashes = HashSet::new();
        let mut texts = 0;
        for number in 0..100_000 {
            for text in [
                format!("{number}"),
                format!("SDSS J{number:06}"),
                format!("{number:09}"),
            ] {
                texts += usize::from(hashes.insert(hash(text.as_bytes())));
            }
        }
        assert_eq!(texts, 300_000);
    }
}
