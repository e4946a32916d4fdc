//! Where one was on a list, for the way back: scroll position and the row one left by.

use std::collections::HashMap;

use leptos::ev;
use leptos::prelude::*;

/// A place on a list.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// Scroll position of the page.
    pub(crate) scroll_y: f64,
    /// Id of the product one left for.
    pub(crate) product: i64,
}

/// Places by address, for as long as the app runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    places: StoredValue<HashMap<String, Place>>,
    /// The page was reached with Back or Forward rather than by following a link.
    by_history: StoredValue<bool>,
}

pub(super) fn provide() {
    let memory = Memory {
        places: StoredValue::new(HashMap::new()),
        by_history: StoredValue::new(false),
    };
    provide_context(memory);
    let back = window_event_listener(ev::popstate, move |_| memory.by_history.set_value(true));
    let click = window_event_listener(ev::click, move |_| memory.by_history.set_value(false));
    on_cleanup(move || {
        back.remove();
        click.remove();
    });
}

/// Places by address.
pub(crate) fn use_memory() -> Memory {
    expect_context()
}

impl Memory {
    /// Remembers where on the current page one leaves for a product.
    pub(crate) fn leave_for(self, product: i64) {
        let place = Place {
            scroll_y: window().scroll_y().unwrap_or(0.0),
            product,
        };
        self.places.update_value(|places| {
            places.insert(address(), place);
        });
    }

    /// Where one was on the current page, when coming back to it.
    pub(crate) fn coming_back(self) -> Option<Place> {
        if !self.by_history.get_value() {
            return None;
        }
        self.by_history.set_value(false);
        self.places.with_value(|places| places.get(&address()).copied())
    }
}

fn address() -> String {
    let location = window().location();
    format!(
        "{}{}",
        location.pathname().unwrap_or_default(),
        location.search().unwrap_or_default()
    )
}
