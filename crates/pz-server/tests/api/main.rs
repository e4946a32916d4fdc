//! The API as its clients see it: the real application on a real socket, on both databases.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test that fails panics, and nothing outside uses it"
)]

mod app;
mod archives;
mod auth;
mod bad_input;
mod columns;
mod document;
mod downloads;
mod files;
mod lists;
mod products;
mod reference;
mod registration;
mod statistics;
mod unwrapping;
