//! Accumulators behind the column statistics: numbers and texts, fed in chunks. Must never grow with the number
//! of rows.

mod moments;
mod numbers;
mod texts;

pub(crate) use numbers::{FloatSummary, IntSummary};
pub(crate) use texts::TextSummary;
