//! Accumulators behind the column statistics: numbers and texts, fed in chunks. Must never grow with the number
//! of rows.

mod array;
mod cardinality;
mod gather;
mod histogram;
mod hyperloglog;
mod moments;
mod numbers;
mod sample;
mod share;
mod spread;
mod texts;

pub(crate) use array::ArrayScan;
pub(crate) use numbers::{FloatSummary, IntSummary};
pub(crate) use spread::{Counted, Spread};
pub(crate) use texts::{TextSummary, hash};
