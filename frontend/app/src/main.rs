//! The Photo-z Server web app.
//!
//! A client-side rendered single-page app that talks to the public API like any other client. The URL is
//! the state; rules live in `pz-model`; looks and domain-free components in `ui-kit`.

#![expect(
    unreachable_pub,
    reason = "the component macro makes a function of its own that is `pub`"
)]

mod app;
mod boot;
mod dialogs;
mod pages;
mod product;
mod products;
mod return_url;
mod services;
mod shell;
mod texts;

fn main() {
    boot::start();
}
