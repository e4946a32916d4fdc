//! The global heap, where texts and sequences of varying length are kept. Must never keep more of it than a few
//! collections.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use rust_hdf5::format::UNDEF_ADDR;

use super::fault::Fault;
use super::source::{Source, little_endian};

/// Largest collection read. One has 4 KiB, or as much as its largest object.
const MAX_COLLECTION: usize = 64 << 20;

/// Collections kept, by number and by bytes.
const KEPT: usize = 64;
const KEPT_BYTES: usize = 8 << 20;

/// One collection: its bytes and where its objects are.
struct Collection {
    address: u64,
    bytes: Vec<u8>,
    objects: HashMap<u16, Range<usize>>,
}

/// A reader of the heap with the collections it used last.
pub(super) struct Heap<'a> {
    source: &'a Source,
    kept: VecDeque<Collection>,
    kept_bytes: usize,
}

impl<'a> Heap<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            kept: VecDeque::new(),
            kept_bytes: 0,
        }
    }

    /// The items that `reference` stands for, `item_bytes` each: their number and their bytes.
    pub(super) fn items(&mut self, reference: &[u8], item_bytes: usize) -> Result<(usize, &[u8]), Fault> {
        let width = usize::from(self.source.context.sizeof_addr);
        let field = |range: Range<usize>| reference.get(range).map(little_endian);
        let (Some(count), Some(address), Some(object)) =
            (field(0..4), field(4..4 + width), field(4 + width..8 + width))
        else {
            return Err(Fault::broken("a reference into the heap is cut off"));
        };
        let undefined = UNDEF_ADDR >> (64 - 8 * width.clamp(1, 8));
        if count == 0 || address == 0 || address == undefined {
            return Ok((0, &[]));
        }
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let wanted = count.saturating_mul(item_bytes);
        let missing = || {
            Fault::broken(format!(
                "a value points to object {object} of the heap, which is not there"
            ))
        };
        let collection = self.collection(address)?;
        let range = u16::try_from(object)
            .ok()
            .and_then(|object| collection.objects.get(&object));
        let bytes = range
            .and_then(|range| collection.bytes.get(range.clone()))
            .ok_or_else(missing)?;
        bytes.get(..wanted).map(|bytes| (count, bytes)).ok_or_else(|| {
            Fault::broken(format!(
                "a value of {wanted} bytes has {} in the heap",
                bytes.len()
            ))
        })
    }

    fn collection(&mut self, address: u64) -> Result<&Collection, Fault> {
        if let Some(position) = self.kept.iter().position(|kept| kept.address == address) {
            self.kept.swap(0, position);
        } else {
            let collection = self.read(address)?;
            self.kept_bytes += collection.bytes.len();
            self.kept.push_front(collection);
            while self.kept.len() > 1 && (self.kept.len() > KEPT || self.kept_bytes > KEPT_BYTES) {
                self.kept_bytes -= self.kept.pop_back().map_or(0, |dropped| dropped.bytes.len());
            }
        }
        self.kept.front().ok_or_else(|| Fault::broken("an empty heap"))
    }

    /// `GCOL`, version 1, 3 bytes unused, size; then objects: number, count of references, 4 bytes unused, size,
    /// data; all padded to 8 bytes. Number 0 is free space and the last.
    fn read(&self, address: u64) -> Result<Collection, Fault> {
        let width = usize::from(self.source.context.sizeof_size);
        let damaged = || Fault::broken(format!("the heap at {address} is damaged"));
        let head = self.source.read(address, 16)?;
        if !head.starts_with(b"GCOL\x01") {
            return Err(damaged());
        }
        let size = head.get(8..8 + width).map(little_endian).unwrap_or(0);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > MAX_COLLECTION {
            return Err(Fault::limit(
                format!("one value of {size} bytes"),
                format!("{} MiB", MAX_COLLECTION >> 20),
            ));
        }
        let bytes = self.source.read(address, size)?;
        let mut objects = HashMap::new();
        let mut at = 16;
        while let Some(object) = bytes.get(at..at + 8 + width) {
            let number = object.get(..2).map(little_endian).unwrap_or(0) as u16;
            if number == 0 {
                break;
            }
            let length = object.get(8..).map(little_endian).unwrap_or(u64::MAX);
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let start = at + (8 + width).next_multiple_of(8);
            let end = start
                .checked_add(length)
                .filter(|end| *end <= bytes.len())
                .ok_or_else(damaged)?;
            objects.insert(number, start..end);
            at = end.next_multiple_of(8);
        }
        Ok(Collection {
            address,
            bytes,
            objects,
        })
    }
}
