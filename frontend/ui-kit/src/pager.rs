//! Moving through the pages of a list.

use leptos::prelude::*;

use crate::count::count_text;
use crate::icon::IconName;
use crate::icon_button::IconButton;
use crate::select::{Choice, Select};
use crate::texts::{ui_text, use_ui_texts};

/// Number of pages; an empty list has one.
pub fn page_count(total: u64, size: u64) -> u64 {
    total.div_ceil(size.max(1)).max(1)
}

/// `1–25 of 367`, first, previous, next, last, and the page size.
#[component]
pub fn Pager(
    /// Unique id of the page-size choice.
    id: &'static str,
    /// Page, from 1.
    #[prop(into)]
    page: Signal<u64>,
    /// Rows of a page.
    #[prop(into)]
    size: Signal<u64>,
    /// Rows in all.
    #[prop(into)]
    total: Signal<u64>,
    /// Page sizes to choose from.
    sizes: &'static [u64],
    /// Another page is wanted.
    #[prop(into)]
    on_page: Callback<u64>,
    /// Another page size is wanted.
    #[prop(into)]
    on_size: Callback<u64>,
    /// Shown instead of the standard range text, with `{from}`, `{to}` and `{total}`.
    #[prop(optional, into)]
    range_text: Option<Signal<String>>,
) -> impl IntoView {
    let texts = use_ui_texts();
    let last = Signal::derive(move || page_count(total.get(), size.get()));
    let range = move || {
        let template = match range_text {
            Some(text) => text.get(),
            None => texts.with(|texts| texts.rows_range.to_owned()),
        };
        let (from, to) = range(page.get(), size.get(), total.get());
        let number = |value: u64| count_text(i64::try_from(value).unwrap_or(i64::MAX));
        template
            .replace("{from}", &number(from))
            .replace("{to}", &number(to))
            .replace("{total}", &number(total.get()))
    };
    let step = move |label: Signal<String>,
                     icon: IconName,
                     test_id: &'static str,
                     target: Signal<u64>,
                     here: Signal<bool>| {
        let at_end = Signal::derive(move || {
            here.get()
                .then(|| texts.with(|texts| texts.no_further.to_owned()))
        });
        view! {
            <IconButton label=label icon=icon test_id=test_id disabled_reason=at_end
                on_click=move |()| on_page.run(target.get_untracked())/>
        }
    };
    let at_first = Signal::derive(move || page.get() <= 1);
    let at_last = Signal::derive(move || page.get() >= last.get());
    view! {
        <nav class="pager" aria-label=ui_text(|texts| texts.pages) data-testid="pager">
            <span class="pager-range number" data-testid="pager-range">{range}</span>
            <span class="pager-size">
                <label for=id>{ui_text(|texts| texts.rows_per_page)}</label>
                <Select
                    id=id
                    choices=Signal::derive(move || sizes.iter().map(|size| Choice::new(size.to_string(), size.to_string())).collect())
                    value=Signal::derive(move || size.get().to_string())
                    on_change=move |size: String| {
                        if let Ok(size) = size.parse() {
                            on_size.run(size);
                        }
                    }
                    test_id="page-size"
                />
            </span>
            <span class="pager-steps">
                {step(ui_text(|texts| texts.first_page), IconName::First, "page-first", Signal::stored(1), at_first)}
                {step(ui_text(|texts| texts.previous_page), IconName::ChevronLeft, "page-previous",
                    Signal::derive(move || page.get().saturating_sub(1).max(1)), at_first)}
                {step(ui_text(|texts| texts.next_page), IconName::ChevronRight, "page-next",
                    Signal::derive(move || (page.get() + 1).min(last.get())), at_last)}
                {step(ui_text(|texts| texts.last_page), IconName::Last, "page-last", last, at_last)}
            </span>
        </nav>
    }
}

/// First and last row of a page, from 1; zeros for an empty list.
fn range(page: u64, size: u64, total: u64) -> (u64, u64) {
    if total == 0 {
        return (0, 0);
    }
    let from = (page.saturating_sub(1))
        .saturating_mul(size)
        .saturating_add(1)
        .min(total);
    (from, page.saturating_mul(size).min(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_counts() {
        assert_eq!(range(1, 25, 367), (1, 25));
        assert_eq!(range(15, 25, 367), (351, 367));
        assert_eq!(range(1, 25, 0), (0, 0));
        assert_eq!(page_count(367, 25), 15);
        assert_eq!(page_count(0, 25), 1);
        assert_eq!(page_count(50, 25), 2);
        assert_eq!(page_count(5, 0), 5);
    }
}
