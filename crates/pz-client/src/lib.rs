//! Typed HTTP client of the Photo-z Server API, native and WebAssembly.
//!
//! Every answer is one of `pz-model`'s API types and every failure is one [`Error`]. In a browser the
//! session cookie does the signing in and dropping a future cancels its request; elsewhere an API token
//! does. Cell values of tables keep the exact text the server sent: nothing here passes through `f64`.

mod admin;
mod citations;
mod client;
mod config;
mod cookies;
mod downloads;
mod error;
mod events;
mod facets;
mod pipelines;
mod plots;
mod processes;
mod product_contents;
mod product_files;
mod products;
mod reference;
mod rows;
mod session;
mod tokens;
mod transport;
mod uploads;

pub use admin::{AdminQuery, AuditQuery};
pub use client::Client;
pub use error::{Error, Rejection, Result};
pub use events::EventReader;
#[cfg(not(target_arch = "wasm32"))]
pub use events::Events;
pub use facets::FacetFilter;
pub use plots::RedshiftQuery;
pub use processes::{NewProcess, ProcessPatch, ProcessQuery};
pub use product_contents::ContentPatch;
#[cfg(not(target_arch = "wasm32"))]
pub use product_files::Upload;
pub use products::{NewProduct, OrderKey, ProductOrder, ProductPatch, ProductQuery, ReleaseFilter};
#[cfg(not(target_arch = "wasm32"))]
pub use reqwest;
pub use rows::{Cell, TableRows};
pub use uploads::{NewUpload, ResumableUpload};
