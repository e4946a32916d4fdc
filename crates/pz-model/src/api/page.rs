//! The envelope of every list.

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// Rows of the whole list, before paging.
    pub count: u64,
    /// The rows of this page.
    pub results: Vec<T>,
}
