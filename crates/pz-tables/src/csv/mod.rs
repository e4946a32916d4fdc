//! Text tables: CSV, TSV and the like, and text aligned with blanks. One pass describes a file of any size;
//! afterwards any page opens in the same time. Must never hold more than a block of the file.

mod blocks;
mod column;
pub(crate) mod ecsv;
mod header;
mod inspect;
mod quotes;
mod reader;
mod sniff;
mod split;
mod value;

pub(crate) use inspect::inspect;
pub(crate) use reader::TextReader;
