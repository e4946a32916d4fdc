//! Rows told apart by the values of a column: the most frequent ones by name, the rest together. Must never keep more
//! than a bounded number of values.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType as ArrowType, Float64Type, Int64Type};
use arrow::error::ArrowError;
use pz_model::api::{GroupKind, RedshiftGroup};

use super::fine::Fine;
use super::redshift::SENTINEL_HIGH;
use crate::json::value_text;
use crate::statistics::shown;

/// Values shown by name.
const SHOWN: usize = 10;

/// Values followed; the rows of later ones are only counted together.
const FOLLOWED: usize = 4096;

/// Width of the bins that a group's median is read from.
const FINE_WIDTH: f64 = 1e-3;

/// A value as a key: texts by themselves, numbers by their bits.
#[derive(Debug, Default)]
struct Keys {
    texts: HashMap<Box<str>, u32>,
    numbers: HashMap<u64, u32>,
}

/// The values of a column, and which of them are shown.
#[derive(Debug, Default)]
pub(super) struct Groups {
    keys: Keys,
    /// Text and rows of each value followed.
    values: Vec<(String, u64)>,
    /// Rows of values that are not followed, and rows without a value.
    others: u64,
    missing: u64,
    /// After learning: the place of each value among the groups.
    places: Vec<u32>,
    rows: Vec<u32>,
}

/// The place of a row among the values followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Value(u32),
    Unknown,
    Missing,
}

/// The counts of one group.
pub(super) struct GroupCounts {
    counts: Vec<u64>,
    fine: Fine,
}

impl GroupCounts {
    #[inline]
    pub(super) fn push(&mut self, bin: Option<usize>, redshift: Option<f64>) {
        if let Some(count) = bin.and_then(|bin| self.counts.get_mut(bin)) {
            *count += 1;
        }
        if let Some(redshift) = redshift {
            self.fine.push(redshift);
        }
    }
}

impl Groups {
    /// First pass: which values there are.
    pub(super) fn learn(&mut self, array: &ArrayRef) -> Result<(), ArrowError> {
        let column = Column::of(array)?;
        for row in 0..array.len() {
            match column.find(row, &self.keys) {
                Found::Missing => self.missing += 1,
                Found::Value(value) => {
                    if let Some((_, rows)) = self.values.get_mut(value as usize) {
                        *rows += 1;
                    }
                }
                Found::Unknown if self.values.len() < FOLLOWED => {
                    column.add(row, &mut self.keys, self.values.len() as u32);
                    self.values.push((shown(&column.text(row)), 1));
                }
                Found::Unknown => self.others += 1,
            }
        }
        Ok(())
    }

    /// Values that are shown, as positions in `values`: the most frequent first, equals by their text.
    fn shown(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        let key = |index: &usize| self.values.get(*index);
        order.sort_by(|a, b| {
            let rows = |index| key(index).map_or(0, |(_, rows)| *rows);
            rows(b).cmp(&rows(a)).then_with(|| key(a).cmp(&key(b)))
        });
        order.truncate(SHOWN);
        order
    }

    /// Between the passes: counters of the shown values, of all others, and of rows without one. None when nothing
    /// splits.
    pub(super) fn counters(&mut self, bins: usize) -> Vec<GroupCounts> {
        if self.values.is_empty() && self.missing == 0 {
            return Vec::new();
        }
        let shown = self.shown();
        self.places = vec![shown.len() as u32; self.values.len()];
        for (place, value) in shown.iter().enumerate() {
            if let Some(found) = self.places.get_mut(*value) {
                *found = place as u32;
            }
        }
        (0..shown.len() + 2)
            .map(|_| GroupCounts {
                counts: vec![0; bins],
                fine: Fine::new(0.0, SENTINEL_HIGH, FINE_WIDTH),
            })
            .collect()
    }

    /// Second pass: the group of each row.
    pub(super) fn numbers_of(&mut self, array: &ArrayRef) -> Result<&[u32], ArrowError> {
        let column = Column::of(array)?;
        let others = self.values.len().min(SHOWN) as u32;
        self.rows.clear();
        for row in 0..array.len() {
            self.rows.push(match column.find(row, &self.keys) {
                Found::Missing => others + 1,
                Found::Unknown => others,
                Found::Value(value) => self.places.get(value as usize).copied().unwrap_or(others),
            });
        }
        Ok(&self.rows)
    }

    /// The groups that have rows.
    pub(super) fn finish(&self, counters: Vec<GroupCounts>) -> Vec<RedshiftGroup> {
        let shown = self.shown();
        let named: u64 = shown
            .iter()
            .filter_map(|value| self.values.get(*value))
            .map(|(_, rows)| rows)
            .sum();
        let followed: u64 = self.values.iter().map(|(_, rows)| rows).sum();
        let values = shown.into_iter().filter_map(|value| self.values.get(value));
        let heads = values
            .map(|(text, rows)| (GroupKind::Value, Some(text.clone()), *rows))
            .chain([
                (GroupKind::Other, None, followed - named + self.others),
                (GroupKind::Missing, None, self.missing),
            ]);
        heads
            .zip(counters)
            .filter(|((_, _, rows), _)| *rows > 0)
            .map(|((kind, value, n_rows), counts)| RedshiftGroup {
                kind,
                value,
                n_rows,
                median: counts.fine.quantile(0.5),
                counts: counts.counts,
            })
            .collect()
    }
}

/// One batch of the splitting column.
struct Column {
    array: ArrayRef,
    /// For numbers: their bits.
    bits: Option<Vec<u64>>,
    nulls: Option<NullBuffer>,
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        let array = match array.data_type() {
            ArrowType::Dictionary(_, value) => cast(array, value)?,
            ArrowType::LargeUtf8 | ArrowType::Utf8View => cast(array, &ArrowType::Utf8)?,
            _ => array.clone(),
        };
        Ok(Self {
            nulls: array.logical_nulls(),
            bits: bits(&array)?,
            array,
        })
    }

    fn is_missing(&self, row: usize) -> bool {
        if self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return true;
        }
        let is_nan = |bits: u64| f64::from_bits(bits).is_nan();
        self.array.data_type().is_floating() && self.number(row).is_some_and(is_nan)
    }

    fn text(&self, row: usize) -> String {
        value_text(self.array.as_ref(), row)
    }

    fn number(&self, row: usize) -> Option<u64> {
        self.bits.as_ref()?.get(row).copied()
    }

    fn find(&self, row: usize, keys: &Keys) -> Found {
        let known = |found: Option<&u32>| found.map_or(Found::Unknown, |value| Found::Value(*value));
        if self.is_missing(row) {
            return Found::Missing;
        }
        if let Some(number) = self.number(row) {
            return known(keys.numbers.get(&number));
        }
        match self.array.as_string_opt::<i32>() {
            Some(texts) => known(keys.texts.get(texts.value(row))),
            None => known(keys.texts.get(self.text(row).as_str())),
        }
    }

    fn add(&self, row: usize, keys: &mut Keys, value: u32) {
        match self.number(row) {
            Some(number) => {
                keys.numbers.insert(number, value);
            }
            None => {
                keys.texts.insert(self.text(row).into_boxed_str(), value);
            }
        }
    }
}

/// The numbers of a column as keys.
fn bits(array: &ArrayRef) -> Result<Option<Vec<u64>>, ArrowError> {
    let kind = array.data_type();
    if kind.is_floating() {
        let doubles = cast(array, &ArrowType::Float64)?;
        let doubles = doubles.as_primitive_opt::<Float64Type>();
        // −0 is 0.
        return Ok(doubles.map(|doubles| {
            doubles
                .values()
                .iter()
                .map(|value| (value + 0.0).to_bits())
                .collect()
        }));
    }
    // Unsigned numbers beyond the signed ones would be null as these: they go by their text.
    if *kind == ArrowType::UInt64 || !(kind.is_integer() || *kind == ArrowType::Boolean) {
        return Ok(None);
    }
    let whole = cast(array, &ArrowType::Int64)?;
    let whole = whole.as_primitive_opt::<Int64Type>();
    Ok(whole.map(|whole| whole.values().iter().map(|value| *value as u64).collect()))
}
