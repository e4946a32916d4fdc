//! State that lives in the URL's query string.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};

/// Names and values of a query string, in order.
pub type QueryPairs = Vec<(String, String)>;

/// A state that can be written into a query string and read back.
///
/// Reading never fails: what cannot be understood is the default, and is then removed from the URL.
/// Defaults are not written.
pub trait UrlState: Clone + Default + PartialEq + Send + Sync + 'static {
    /// Reads the state; `get` gives the last value of a name.
    fn parse(get: &dyn Fn(&str) -> Option<String>) -> Self;

    /// Writes what differs from the default, in a fixed order.
    fn print(&self) -> QueryPairs;
}

/// The state in the URL and the way to change it.
#[derive(Debug)]
pub struct QueryState<S: UrlState> {
    /// The state now.
    pub now: Memo<S>,
    change: Callback<(S, bool)>,
}

impl<S: UrlState> Clone for QueryState<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: UrlState> Copy for QueryState<S> {}

impl<S: UrlState> QueryState<S> {
    /// Goes to a new state; Back returns to this one.
    pub fn push(self, change: impl FnOnce(&mut S)) {
        self.go(change, false);
    }

    /// Goes to a new state in place of this one, as typing does.
    pub fn replace(self, change: impl FnOnce(&mut S)) {
        self.go(change, true);
    }

    fn go(self, change: impl FnOnce(&mut S), replace: bool) {
        let mut state = self.now.get_untracked();
        change(&mut state);
        if state != self.now.get_untracked() {
            self.change.run((state, replace));
        }
    }
}

/// Keeps a state in the URL. Names in `foreign` belong to somebody else and are left alone; all other
/// names are removed.
pub fn use_query_state<S: UrlState>(foreign: &'static [&'static str]) -> QueryState<S> {
    let query = use_query_map();
    let location = use_location();
    let path = location.pathname.get_untracked();
    let navigate = use_navigate();
    let now = Memo::new(move |_| query.with(|query| S::parse(&|name| query.get(name))));
    let address = {
        let path = path.clone();
        move |state: &S| {
            let mut pairs = state.print();
            query.with_untracked(|query| {
                pairs.extend(
                    foreign
                        .iter()
                        .filter_map(|name| Some(((*name).to_owned(), query.get(name)?))),
                );
            });
            format!("{path}{}", print_query(&pairs))
        }
    };
    let options = |replace| NavigateOptions {
        replace,
        scroll: false,
        ..NavigateOptions::default()
    };
    let change = {
        let (navigate, address) = (navigate.clone(), address.clone());
        Callback::new(move |(state, replace): (S, bool)| navigate(&address(&state), options(replace)))
    };
    // What was not understood disappears from the URL.
    Effect::new(move |_| {
        let (wanted, shown) = query.with(|query| {
            let state = S::parse(&|name| query.get(name));
            let mut shown: Vec<String> = query
                .clone()
                .into_iter()
                .map(|(name, _)| name.into_owned())
                .collect();
            shown.sort();
            shown.dedup();
            (address(&state), shown)
        });
        if location.pathname.get_untracked() == path && query_names(&wanted) != shown {
            navigate(&wanted, options(true));
        }
    });
    QueryState { now, change }
}

/// The names in an address's query, sorted; values may be spelt in several ways.
fn query_names(address: &str) -> Vec<String> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let mut names: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name).to_owned())
        .collect();
    names.sort();
    names
}

/// `?a=1&b=x,y`, or nothing without pairs; commas and other harmless marks stay readable.
pub fn print_query(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        escape(name, &mut text);
        text.push('=');
        escape(value, &mut text);
    }
    text
}

/// One segment of a path with everything escaped that could be mistaken for something else.
pub fn encode_path_segment(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    escape(segment, &mut text);
    text
}

fn escape(value: &str, text: &mut String) {
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b','
            | b':'
            | b'!'
            | b'*' => {
                text.push(char::from(byte));
            }
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                text.push('%');
                text.push(char::from(HEX[usize::from(byte >> 4)]));
                text.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> QueryPairs {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn queries_stay_readable_and_safe() {
        assert_eq!(print_query(&[]), "");
        assert_eq!(
            print_query(&pairs(&[
                ("type", "a,b"),
                ("q", "z > 0.5 & ünï"),
                ("sort", "-created_at")
            ])),
            "?type=a,b&q=z%20%3E%200.5%20%26%20%C3%BCn%C3%AF&sort=-created_at"
        );
        assert_eq!(encode_path_segment("8_a/b?c#d"), "8_a%2Fb%3Fc%23d");
    }

    #[test]
    fn names_are_compared_without_order() {
        assert_eq!(query_names("/x?b=1&a=2"), query_names("/x?a=9&b=8"));
        assert!(query_names("/x").is_empty());
    }
}
