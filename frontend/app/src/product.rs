//! The page of one product.

pub(crate) mod cell;
pub(crate) mod column_panel;
pub(crate) mod column_summary;
pub(crate) mod description;
pub(crate) mod download;
pub(crate) mod files;
pub(crate) mod meta;
pub(crate) mod page;
pub(crate) mod page_state;
pub(crate) mod preview;
pub(crate) mod preview_export;
pub(crate) mod preview_grid;
pub(crate) mod preview_header;
pub(crate) mod usage;

pub(crate) use page::ProductPage;
