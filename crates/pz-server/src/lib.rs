//! The Photo-z Server: an HTTP service over `pz-store` and `pz-tables`.
//!
//! One folder per thing a reader looks for, named as the URL names it; beside them what all share:
//! routing with its policies, filters, bodies, errors, configuration.

pub mod app;
pub mod auth;
pub mod body;
pub mod cache;
pub mod client_address;
pub mod commands;
pub mod config;
pub mod documentation;
pub mod error;
pub mod filters;
pub mod limits;
pub mod logging;
pub mod openapi;
pub mod routing;
pub mod state;

mod admin;
mod around;
mod downloads;
mod etag;
mod events;
mod instance;
mod json_body;
mod options;
mod pipelines;
mod processes;
mod product_contents;
mod product_files;
mod product_types;
mod products;
mod reference;
mod releases;
mod seed;
mod uploads;
mod users;
mod views;
mod web_app;
mod yaml;
