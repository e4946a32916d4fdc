//! What is kept of a FITS file: where its table is.

use serde::{Deserialize, Serialize};

/// Layout of a FITS file. Reopening reads the header of the one table and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FitsLayout {
    /// Size of the file it belongs to.
    pub file_bytes: u64,
    /// Number of the HDU that is the table, the primary HDU being 0.
    pub hdu: u64,
    /// Offset of the table's header.
    pub header_start: u64,
    /// Offset of the table's first row.
    pub data_start: u64,
}
