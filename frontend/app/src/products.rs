//! Lists of products: four addresses, one page.

pub(crate) mod actions;
pub(crate) mod filters;
pub(crate) mod list_state;
pub(crate) mod page;
pub(crate) mod scope;
pub(crate) mod status_chip;
pub(crate) mod table;

pub(crate) use page::ProductsPage;
pub(crate) use scope::Scope;
