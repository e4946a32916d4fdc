//! What some formats must know of a column before its first value. Must never keep an array, and must count only
//! what is in the rows: neither what lies in a null slot nor what lies beside the window of a slice.

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, ArrowPrimitiveType, AsArray, OffsetSizeTrait, PrimitiveArray, RecordBatch,
};
use arrow::buffer::{BooleanBuffer, MutableBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Decimal32Type, Decimal64Type, Decimal128Type, Int8Type, Int16Type, Int32Type,
    Int64Type, SchemaRef, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

/// What is known of a whole table before it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// Rows.
    pub n_rows: u64,
    /// The columns.
    pub columns: Vec<ColumnFacts>,
}

/// What is known of a column before it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnFacts {
    /// Rows in which it is null (NaN is a value here).
    pub nulls: u64,
    /// Bytes of the longest text or binary value (of one element, when it is a list).
    pub max_bytes: u64,
    /// A text has characters beyond ASCII.
    pub non_ascii: bool,
    /// Elements of the longest list of varying length.
    pub max_items: u64,
    /// Smallest and largest integer (of one element, when it is a list; of a decimal its digits without the
    /// point); none for other types.
    pub range: Option<(i128, i128)>,
}

/// Gathers [`TableFacts`] from batches.
#[derive(Debug)]
pub struct FactsScan {
    facts: TableFacts,
}

impl FactsScan {
    /// For batches of this schema.
    pub fn new(schema: &SchemaRef) -> Self {
        Self {
            facts: TableFacts {
                n_rows: 0,
                columns: vec![ColumnFacts::default(); schema.fields().len()],
            },
        }
    }

    /// Takes in a batch.
    pub fn push(&mut self, batch: &RecordBatch) {
        self.facts.n_rows += batch.num_rows() as u64;
        for (facts, array) in self.facts.columns.iter_mut().zip(batch.columns()) {
            facts.nulls += array.logical_null_count() as u64;
            facts.push(array, None);
        }
    }

    /// The facts of all batches taken in.
    pub fn finish(self) -> TableFacts {
        self.facts
    }
}

/// Which rows count; none is all.
type Rows<'a> = Option<&'a NullBuffer>;

impl ColumnFacts {
    /// Takes in the values of `array` that are not null, in those `rows`.
    fn push(&mut self, array: &ArrayRef, rows: Rows<'_>) {
        let rows = NullBuffer::union(array.logical_nulls().as_ref(), rows);
        let rows = rows.as_ref();
        match array.data_type() {
            ArrowType::Utf8 => {
                let texts = array.as_string::<i32>();
                self.lengths(texts.value_offsets(), rows);
                self.letters(texts.is_ascii(), &texts, rows);
            }
            ArrowType::LargeUtf8 => {
                let texts = array.as_string::<i64>();
                self.lengths(texts.value_offsets(), rows);
                self.letters(texts.is_ascii(), &texts, rows);
            }
            ArrowType::Binary => self.lengths(array.as_binary::<i32>().value_offsets(), rows),
            ArrowType::LargeBinary => self.lengths(array.as_binary::<i64>().value_offsets(), rows),
            ArrowType::Utf8View => {
                let texts = array.as_string_view();
                self.longest(texts.lengths().map(u64::from), rows);
                self.letters(texts.is_ascii(), &texts, rows);
            }
            ArrowType::BinaryView => self.longest(array.as_binary_view().lengths().map(u64::from), rows),
            ArrowType::FixedSizeBinary(length) => {
                self.max_bytes = self.max_bytes.max(u64::try_from(*length).unwrap_or(0));
            }
            ArrowType::List(_) => {
                let list = array.as_list::<i32>();
                self.lists(list.value_offsets(), list.values(), rows);
            }
            ArrowType::LargeList(_) => {
                let list = array.as_list::<i64>();
                self.lists(list.value_offsets(), list.values(), rows);
            }
            ArrowType::FixedSizeList(_, length) => {
                let items = usize::try_from(*length).unwrap_or(0);
                let rows = rows.and_then(|rows| rows.try_expand(items).ok());
                self.push(array.as_fixed_size_list().values(), rows.as_ref());
            }
            ArrowType::Dictionary(..) => self.dictionary(array, rows),
            ArrowType::RunEndEncoded(_, values) => self.push_as(array, values.data_type(), rows),
            ArrowType::ListView(item) => self.push_as(array, &ArrowType::List(item.clone()), rows),
            ArrowType::LargeListView(item) => self.push_as(array, &ArrowType::LargeList(item.clone()), rows),
            ArrowType::Int8 => self.numbers(array.as_primitive::<Int8Type>(), rows),
            ArrowType::Int16 => self.numbers(array.as_primitive::<Int16Type>(), rows),
            ArrowType::Int32 => self.numbers(array.as_primitive::<Int32Type>(), rows),
            ArrowType::Int64 => self.numbers(array.as_primitive::<Int64Type>(), rows),
            ArrowType::UInt8 => self.numbers(array.as_primitive::<UInt8Type>(), rows),
            ArrowType::UInt16 => self.numbers(array.as_primitive::<UInt16Type>(), rows),
            ArrowType::UInt32 => self.numbers(array.as_primitive::<UInt32Type>(), rows),
            ArrowType::UInt64 => self.numbers(array.as_primitive::<UInt64Type>(), rows),
            ArrowType::Decimal32(..) => self.numbers(array.as_primitive::<Decimal32Type>(), rows),
            ArrowType::Decimal64(..) => self.numbers(array.as_primitive::<Decimal64Type>(), rows),
            ArrowType::Decimal128(..) => self.numbers(array.as_primitive::<Decimal128Type>(), rows),
            _ => {}
        }
    }

    /// Takes in the array in another encoding of the same values.
    fn push_as(&mut self, array: &ArrayRef, data_type: &ArrowType, rows: Rows<'_>) {
        if let Ok(array) = cast(array, data_type) {
            self.push(&array, rows);
        }
    }

    fn lengths<O: OffsetSizeTrait>(&mut self, offsets: &[O], rows: Rows<'_>) {
        self.longest(lengths(offsets), rows);
    }

    fn longest(&mut self, lengths: impl Iterator<Item = u64>, rows: Rows<'_>) {
        self.max_bytes = largest(lengths, rows).max(self.max_bytes);
    }

    /// `all_ascii` is quickly told, and true almost always.
    fn letters<'a>(&mut self, all_ascii: bool, texts: &impl ArrayAccessor<Item = &'a str>, rows: Rows<'_>) {
        self.non_ascii |= !all_ascii
            && (0..texts.len())
                .any(|row| rows.is_none_or(|rows| rows.is_valid(row)) && !texts.value(row).is_ascii());
    }

    fn lists<O: OffsetSizeTrait>(&mut self, offsets: &[O], values: &ArrayRef, rows: Rows<'_>) {
        self.max_items = largest(lengths(offsets), rows).max(self.max_items);
        let first = offsets.first().map_or(0, |offset| offset.as_usize());
        let last = offsets.last().map_or(0, |offset| offset.as_usize());
        let values = values.slice(first, last.saturating_sub(first));
        let items = rows.filter(|rows| rows.null_count() > 0).map(|rows| {
            let mut items = MutableBuffer::from_len_zeroed(values.len().div_ceil(8));
            for (row, pair) in offsets.windows(2).enumerate() {
                if let [start, end] = pair
                    && rows.is_valid(row)
                {
                    for item in start.as_usize()..end.as_usize() {
                        set_bit(&mut items, item - first);
                    }
                }
            }
            NullBuffer::new(BooleanBuffer::new(items.into(), 0, values.len()))
        });
        self.push(&values, items.as_ref());
    }

    /// Only the values that rows point to.
    fn dictionary(&mut self, array: &ArrayRef, rows: Rows<'_>) {
        let Some(dictionary) = array.as_any_dictionary_opt() else {
            return;
        };
        let values = dictionary.values();
        let mut used = MutableBuffer::from_len_zeroed(values.len().div_ceil(8));
        if !values.is_empty() {
            for (row, key) in dictionary.normalized_keys().into_iter().enumerate() {
                if rows.is_none_or(|rows| rows.is_valid(row)) {
                    set_bit(&mut used, key);
                }
            }
        }
        let used = NullBuffer::new(BooleanBuffer::new(used.into(), 0, values.len()));
        self.push(values, Some(&used));
    }

    fn numbers<T: ArrowPrimitiveType>(&mut self, array: &PrimitiveArray<T>, rows: Rows<'_>)
    where
        T::Native: Into<i128>,
    {
        let counted = PrimitiveArray::<T>::new(array.values().clone(), rows.cloned());
        let found = arrow::compute::min(&counted).zip(arrow::compute::max(&counted));
        if let Some((low, high)) = found.map(|(low, high)| (low.into(), high.into())) {
            let (old_low, old_high) = self.range.unwrap_or((low, high));
            self.range = Some((old_low.min(low), old_high.max(high)));
        }
    }
}

fn set_bit(bits: &mut MutableBuffer, at: usize) {
    if let Some(byte) = bits.get_mut(at / 8) {
        *byte |= 1 << (at % 8);
    }
}

fn largest(lengths: impl Iterator<Item = u64>, rows: Rows<'_>) -> u64 {
    match rows.filter(|rows| rows.null_count() > 0) {
        None => lengths.max(),
        Some(rows) => lengths
            .zip(rows)
            .filter(|(_, counts)| *counts)
            .map(|(length, _)| length)
            .max(),
    }
    .unwrap_or(0)
}

fn lengths<O: OffsetSizeTrait>(offsets: &[O]) -> impl Iterator<Item = u64> + '_ {
    offsets.windows(2).map(|pair| match pair {
        [start, end] => end.as_usize().saturating_sub(start.as_usize()) as u64,
        _ => 0,
    })
}
