//! The Photo-z Server: an HTTP service over `pz-store` and `pz-tables`.
//!
//! One folder per thing a reader looks for, named as the URL names it; beside them what all share:
//! routing with its policies, filters, bodies, errors, configuration.

pub mod app;
pub mod auth;
pub mod body;
pub mod commands;
pub mod config;
pub mod error;
pub mod filters;
pub mod logging;
pub mod openapi;
pub mod routing;
pub mod state;

mod downloads;
mod instance;
mod pipelines;
mod product_contents;
mod product_files;
mod product_types;
mod products;
mod releases;
mod seed;
mod users;
mod web_app;
