//! Long names shortened in the middle, where they differ least.

use leptos::prelude::*;

/// How many characters at the end always stay.
const TAIL: usize = 12;

/// A name that loses its middle when there is no room; the whole is the tooltip.
#[component]
pub fn MiddleEllipsis(
    /// The name.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let (head, tail) = split(&text);
    let (head, tail) = (head.to_owned(), tail.to_owned());
    view! {
        <span class="middle-ellipsis" title=text>
            <span class="middle-ellipsis-head">{head}</span>
            <span class="middle-ellipsis-tail">{tail}</span>
        </span>
    }
}

/// Splits before the last [`TAIL`] characters.
fn split(text: &str) -> (&str, &str) {
    let start = text
        .char_indices()
        .rev()
        .nth(TAIL - 1)
        .map_or(0, |(position, _)| position);
    text.split_at(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_on_characters() {
        assert_eq!(split("short.csv"), ("", "short.csv"));
        assert_eq!(
            split("a_very_long_catalog_name.parquet"),
            ("a_very_long_catalog_", "name.parquet")
        );
        assert_eq!(split("ééééééééééééééé"), ("ééé", "éééééééééééé"));
    }
}
