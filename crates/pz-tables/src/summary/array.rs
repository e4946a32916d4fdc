//! Statistics of one column that comes as Arrow arrays. Must never keep an array.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType as ArrowType, Decimal256Type, DecimalType, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type, i256,
};
use arrow::error::ArrowError;

use super::cardinality::Cardinality;
use super::gather::{elements, for_each_decimal, gather, gather_moments, is_nan, is_vector};
use super::hyperloglog::mix;
use super::share::Share;
use super::{FloatSummary, IntSummary, Spread, TextSummary};
use crate::json::{moment_text, sample_json, value_text};
use crate::statistics::{ColumnStatistics, SAMPLE_VALUES, Scalar, shown};

/// Summary of the values, by kind of type.
#[derive(Debug)]
enum Values {
    Integers(IntSummary, Spread),
    Floats {
        summary: FloatSummary,
        spread: Spread,
        single: bool,
    },
    Bools {
        falses: u64,
        trues: u64,
    },
    Texts(TextSummary),
    /// Dates and times: the range as counted in `data_type`.
    Moments {
        range: Option<(i64, i64)>,
        distinct: Cardinality,
        data_type: ArrowType,
    },
    Decimals {
        range: Option<(i256, i256)>,
        summary: FloatSummary,
        spread: Spread,
        distinct: Cardinality,
        precision: u8,
        scale: i8,
    },
    /// Vectors and arrays of numbers, by their elements.
    Vectors(Box<ArrayScan>),
    /// Other nested types: only counted.
    Others,
}

/// The state of one column.
#[derive(Debug)]
pub(crate) struct ArrayScan {
    columns: usize,
    /// Whether different values are counted.
    distinct: bool,
    values: Option<Values>,
    count: u64,
    missing: u64,
    sample: Vec<String>,
    json_sample: Vec<String>,
    floats: Vec<f64>,
    integers: Vec<i64>,
    unsigned: Vec<u64>,
}

impl ArrayScan {
    /// For one of `columns` columns.
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns,
            distinct: true,
            values: None,
            count: 0,
            missing: 0,
            sample: Vec::new(),
            json_sample: Vec::new(),
            floats: Vec::new(),
            integers: Vec::new(),
            unsigned: Vec::new(),
        }
    }

    /// Takes in the next values.
    pub(crate) fn scan(&mut self, array: &ArrayRef) -> Result<(), ArrowError> {
        let unpacked;
        let array = match array.data_type() {
            ArrowType::Dictionary(_, value) => {
                unpacked = cast(array, value)?;
                &unpacked
            }
            _ => array,
        };
        let nulls = array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        let null_count = nulls.as_ref().map_or(0, NullBuffer::null_count);
        self.missing += null_count as u64;
        self.count += (array.len() - null_count) as u64;
        self.take_sample(array, nulls.as_ref());
        let mut values = match self.values.take() {
            Some(values) => values,
            None => self.values_of(array.data_type()),
        };
        let added = self.add(&mut values, array, nulls.as_ref());
        self.values = Some(values);
        added
    }

    fn values_of(&self, data_type: &ArrowType) -> Values {
        let texts = || Values::Texts(TextSummary::new(self.columns));
        let spread = || Spread::new(self.columns, self.distinct);
        let distinct = || Cardinality::new(Share::of(self.columns));
        match data_type {
            integer if integer.is_integer() => Values::Integers(IntSummary::default(), spread()),
            ArrowType::Float16 | ArrowType::Float32 => Values::Floats {
                summary: FloatSummary::default(),
                spread: spread(),
                single: true,
            },
            ArrowType::Float64 => Values::Floats {
                summary: FloatSummary::default(),
                spread: spread(),
                single: false,
            },
            ArrowType::Boolean => Values::Bools { falses: 0, trues: 0 },
            ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => texts(),
            ArrowType::Binary
            | ArrowType::LargeBinary
            | ArrowType::BinaryView
            | ArrowType::FixedSizeBinary(_) => {
                let mut summary = TextSummary::new(self.columns);
                summary.forget_values();
                Values::Texts(summary)
            }
            ArrowType::Date32
            | ArrowType::Date64
            | ArrowType::Time32(_)
            | ArrowType::Time64(_)
            | ArrowType::Timestamp(..)
            | ArrowType::Duration(_) => Values::Moments {
                range: None,
                distinct: distinct(),
                data_type: data_type.clone(),
            },
            ArrowType::Decimal32(precision, scale)
            | ArrowType::Decimal64(precision, scale)
            | ArrowType::Decimal128(precision, scale)
            | ArrowType::Decimal256(precision, scale) => Values::Decimals {
                range: None,
                summary: FloatSummary::default(),
                spread: Spread::new(self.columns, false),
                distinct: distinct(),
                precision: *precision,
                scale: *scale,
            },
            vector if is_vector(vector) => Values::Vectors(Box::new(Self {
                distinct: false,
                ..Self::new(self.columns)
            })),
            _ => Values::Others,
        }
    }

    fn add(
        &mut self,
        values: &mut Values,
        array: &ArrayRef,
        nulls: Option<&NullBuffer>,
    ) -> Result<(), ArrowError> {
        match values {
            Values::Integers(summary, spread) => self.add_integers(summary, spread, array, nulls),
            Values::Floats { summary, spread, .. } => self.add_floats(summary, spread, array, nulls),
            Values::Bools { falses, trues } => {
                if let Some(bools) = array.as_boolean_opt() {
                    let present = (array.len() - nulls.map_or(0, NullBuffer::null_count)) as u64;
                    let found = bools.true_count() as u64;
                    *trues += found;
                    *falses += present - found;
                }
            }
            Values::Texts(summary) => add_texts(summary, array),
            Values::Moments { range, distinct, .. } => {
                self.integers.clear();
                if gather_moments(array, nulls, &mut self.integers) {
                    distinct.push(self.integers.iter().map(|count| *count as u64));
                    let low = self.integers.iter().min().copied();
                    if let Some((low, high)) = low.zip(self.integers.iter().max().copied()) {
                        let (old_low, old_high) = range.unwrap_or((low, high));
                        *range = Some((old_low.min(low), old_high.max(high)));
                    }
                }
            }
            Values::Decimals {
                range,
                summary,
                spread,
                distinct,
                scale,
                ..
            } => {
                self.floats.clear();
                let factor = 10f64.powi(i32::from(*scale));
                for_each_decimal(array, |value| {
                    let (low, high) = range.unwrap_or((value, value));
                    *range = Some((low.min(value), high.max(value)));
                    distinct.push_one(decimal_key(value));
                    let unscaled = match value.to_i128() {
                        Some(value) => value as f64,
                        None => value.to_string().parse().unwrap_or(f64::NAN),
                    };
                    self.floats.push(unscaled / factor);
                });
                summary.push_chunk(&self.floats, spread);
            }
            Values::Vectors(scan) => scan.scan(&elements(array)?)?,
            Values::Others => {}
        }
        Ok(())
    }

    fn add_integers(
        &mut self,
        summary: &mut IntSummary,
        spread: &mut Spread,
        array: &ArrayRef,
        nulls: Option<&NullBuffer>,
    ) {
        macro_rules! signed {
            ($type:ty) => {{
                self.integers.clear();
                gather::<$type, _>(array, nulls, &mut self.integers, i64::from);
                summary.push_i64(&self.integers, spread);
            }};
        }
        macro_rules! unsigned {
            ($type:ty) => {{
                self.unsigned.clear();
                gather::<$type, _>(array, nulls, &mut self.unsigned, u64::from);
                summary.push_u64(&self.unsigned, spread);
            }};
        }
        match (array.data_type(), nulls) {
            (ArrowType::Int64, None) => {
                if let Some(plain) = array.as_primitive_opt::<Int64Type>() {
                    summary.push_i64(plain.values(), spread);
                }
            }
            (ArrowType::Int8, _) => signed!(Int8Type),
            (ArrowType::Int16, _) => signed!(Int16Type),
            (ArrowType::Int32, _) => signed!(Int32Type),
            (ArrowType::Int64, _) => signed!(Int64Type),
            (ArrowType::UInt8, _) => unsigned!(UInt8Type),
            (ArrowType::UInt16, _) => unsigned!(UInt16Type),
            (ArrowType::UInt32, _) => unsigned!(UInt32Type),
            _ => unsigned!(UInt64Type),
        }
    }

    fn add_floats(
        &mut self,
        summary: &mut FloatSummary,
        spread: &mut Spread,
        array: &ArrayRef,
        nulls: Option<&NullBuffer>,
    ) {
        if let (Some(plain), None) = (array.as_primitive_opt::<Float64Type>(), nulls) {
            summary.push_chunk(plain.values(), spread);
            return;
        }
        self.floats.clear();
        match array.data_type() {
            ArrowType::Float16 => gather::<Float16Type, _>(array, nulls, &mut self.floats, f64::from),
            ArrowType::Float32 => gather::<Float32Type, _>(array, nulls, &mut self.floats, f64::from),
            _ => gather::<Float64Type, _>(array, nulls, &mut self.floats, |value| value),
        }
        summary.push_chunk(&self.floats, spread);
    }

    fn take_sample(&mut self, array: &ArrayRef, nulls: Option<&NullBuffer>) {
        let mut row = 0;
        while self.json_sample.len() < SAMPLE_VALUES && row < array.len() {
            if nulls.is_none_or(|nulls| nulls.is_valid(row)) && !is_nan(array, row) {
                if self.sample.len() < SAMPLE_VALUES {
                    self.sample.push(shown(&value_text(array, row)));
                }
                self.json_sample.extend(sample_json(array, row));
            }
            row += 1;
        }
    }

    /// The statistics of all values taken in.
    pub(crate) fn finish(self) -> ColumnStatistics {
        let mut statistics = ColumnStatistics {
            count: self.count,
            missing: self.missing,
            sample: self.sample,
            json_sample: self.json_sample,
            ..ColumnStatistics::default()
        };
        match self.values {
            Some(Values::Integers(summary, spread)) => summary.describe(&spread, None, &mut statistics),
            Some(Values::Floats {
                summary,
                spread,
                single,
            }) => {
                statistics.nan = summary.nan;
                statistics.count -= summary.nan;
                statistics.missing += summary.nan;
                summary.describe(&spread, None, &mut statistics);
                if single {
                    let shortest = |value| match value {
                        Scalar::Float(number) => Scalar::Float(shortest_single(number)),
                        other => other,
                    };
                    statistics.min = statistics.min.map(shortest);
                    statistics.max = statistics.max.map(shortest);
                    statistics.quartiles = statistics.quartiles.map(|three| three.map(shortest_single));
                }
            }
            Some(Values::Bools { falses, trues }) => statistics.describe_bools(falses, trues),
            Some(Values::Texts(summary)) => summary.describe(&mut statistics),
            Some(Values::Moments {
                range: Some((low, high)),
                distinct,
                data_type,
            }) => {
                describe_distinct(&distinct, &mut statistics);
                statistics.min = moment_text(&data_type, low).map(Scalar::Text);
                statistics.max = moment_text(&data_type, high).map(Scalar::Text);
            }
            Some(Values::Decimals {
                range,
                summary,
                spread,
                distinct,
                precision,
                scale,
            }) => {
                summary.describe(&spread, None, &mut statistics);
                describe_distinct(&distinct, &mut statistics);
                let text =
                    |value: i256| Scalar::Text(Decimal256Type::format_decimal(value, precision, scale));
                (statistics.min, statistics.max) = range.map(|(low, high)| (text(low), text(high))).unzip();
            }
            Some(Values::Vectors(scan)) => {
                let elements = scan.finish();
                statistics = ColumnStatistics {
                    count: statistics.count,
                    missing: statistics.missing,
                    sample: statistics.sample,
                    json_sample: statistics.json_sample,
                    ..elements
                };
            }
            _ => {}
        }
        statistics
    }
}

fn add_texts(summary: &mut TextSummary, array: &ArrayRef) {
    macro_rules! each {
        ($array:expr, $push:expr) => {
            if let Some(array) = $array {
                array.iter().flatten().for_each($push);
            }
        };
    }
    match array.data_type() {
        ArrowType::Utf8 => each!(array.as_string_opt::<i32>(), |text| summary.push(text.as_bytes())),
        ArrowType::LargeUtf8 => each!(array.as_string_opt::<i64>(), |text| summary.push(text.as_bytes())),
        ArrowType::Utf8View => each!(array.as_string_view_opt(), |text| summary.push(text.as_bytes())),
        ArrowType::Binary => each!(array.as_binary_opt::<i32>(), |b: &[u8]| summary
            .push_length(b.len() as u64)),
        ArrowType::LargeBinary => {
            each!(array.as_binary_opt::<i64>(), |b: &[u8]| summary
                .push_length(b.len() as u64));
        }
        ArrowType::BinaryView => each!(array.as_binary_view_opt(), |b: &[u8]| summary
            .push_length(b.len() as u64)),
        _ => each!(array.as_fixed_size_binary_opt(), |b: &[u8]| summary
            .push_length(b.len() as u64)),
    }
}

fn describe_distinct(distinct: &Cardinality, statistics: &mut ColumnStatistics) {
    if statistics.count > 0 {
        let (different, is_estimate) = distinct.different(statistics.count);
        (statistics.distinct, statistics.distinct_is_estimate) = (Some(different), is_estimate);
    }
}

/// The key of a decimal number: its unscaled value, or a hash of it when that has more than 64 bits.
fn decimal_key(value: i256) -> u64 {
    let (low, high) = value.to_parts();
    match value.to_i128().map(i64::try_from) {
        Some(Ok(value)) => value as u64,
        _ => mix(low as u64 ^ mix((low >> 64) as u64 ^ mix(high as u64 ^ mix((high >> 64) as u64)))),
    }
}

/// A single-precision number as the shortest decimal that means it: 0.1, not 0.10000000149011612.
fn shortest_single(number: f64) -> f64 {
    let text = zmij::Buffer::new().format(number as f32).to_owned();
    text.parse().unwrap_or(number)
}
