//! The API as its clients see it: the real application on a real socket, on both databases.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test that fails panics, and nothing outside uses it"
)]

mod admin;
mod app;
mod archives;
mod audit;
mod audit_entries;
mod auth;
mod auth_basic;
mod bad_input;
mod citation;
mod client_admin;
mod client_citations;
mod client_coverage;
mod client_files;
mod client_processes;
mod client_products;
mod client_session;
mod client_tables;
mod client_uploads;
mod columns;
mod commands;
mod compressed;
mod document;
mod download_links;
mod downloads;
mod events;
mod facets;
mod files;
mod fixes;
mod limits;
mod limits_slow;
mod limits_uploads;
mod lists;
mod matrix;
mod oidc;
mod passwords;
mod pipelines;
mod plots;
mod process_ends;
mod process_rules;
mod processes;
mod product_rules;
mod products;
mod provenance;
mod proxy;
mod ranges;
mod reference;
mod registration;
mod restore;
mod schema;
mod sessions;
mod statistics;
mod tables;
mod tokens;
mod unwrapping;
mod upload_limits;
mod uploads;
mod versions;
mod views;
