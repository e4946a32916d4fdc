//! The few words components say by themselves, in the language of the app.

use leptos::prelude::*;

/// Words of the components. The app provides them with [`provide_ui_texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UiTexts {
    /// Button that closes something.
    pub close: &'static str,
    /// Button that copies something.
    pub copy: &'static str,
    /// Announced after copying.
    pub copied: &'static str,
    /// Hint where copying by program is not possible.
    pub copy_by_hand: &'static str,
    /// Button that clears a search box.
    pub clear: &'static str,
    /// Button that removes every filter.
    pub clear_all: &'static str,
    /// Button that removes a filter; the filter's name follows.
    pub remove: &'static str,
    /// Button that tries again.
    pub try_again: &'static str,
    /// Button that stops waiting.
    pub cancel: &'static str,
    /// Line shown after ten seconds; `{}` is the elapsed time.
    pub still_loading: &'static str,
    /// Marks a field that must be filled.
    pub required: &'static str,
    /// Name of the page navigation.
    pub pages: &'static str,
    /// Goes to the first page.
    pub first_page: &'static str,
    /// Goes to the previous page.
    pub previous_page: &'static str,
    /// Goes to the next page.
    pub next_page: &'static str,
    /// Goes to the last page.
    pub last_page: &'static str,
    /// Why a step of the page navigation cannot be used.
    pub no_further: &'static str,
    /// Rows shown: `{from}`, `{to}` and `{total}`.
    pub rows_range: &'static str,
    /// Label of the choice of page size.
    pub rows_per_page: &'static str,
    /// Heading when nothing is there or may be seen.
    pub not_found: &'static str,
    /// Heading when something is not allowed.
    pub forbidden: &'static str,
    /// Heading when nobody is signed in.
    pub signed_out: &'static str,
    /// Heading when the request was wrong.
    pub invalid: &'static str,
    /// Heading when there were too many requests; `{}` is the number of seconds to wait.
    pub too_many: &'static str,
    /// Heading when nothing answers.
    pub offline: &'static str,
    /// Heading of a fault of the server.
    pub server_fault: &'static str,
    /// Label of the id under which the server's log has the error.
    pub error_id: &'static str,
    /// Name of the breadcrumb navigation.
    pub breadcrumbs: &'static str,
}

impl UiTexts {
    /// English.
    pub const ENGLISH: Self = Self {
        close: "Close",
        copy: "Copy",
        copied: "Copied",
        copy_by_hand: "Selected: press Ctrl+C to copy",
        clear: "Clear",
        clear_all: "Clear all",
        remove: "Remove filter",
        try_again: "Try again",
        cancel: "Cancel",
        still_loading: "Still loading, {} so far.",
        required: "required",
        pages: "Pages",
        first_page: "First page",
        previous_page: "Previous page",
        next_page: "Next page",
        last_page: "Last page",
        no_further: "no further page",
        rows_range: "{from}–{to} of {total}",
        rows_per_page: "Per page",
        not_found: "Nothing here",
        forbidden: "Not allowed",
        signed_out: "You are signed out",
        invalid: "The request was not understood",
        too_many: "Too many requests: wait {} seconds",
        offline: "The server cannot be reached",
        server_fault: "The server could not do this",
        error_id: "Error id",
        breadcrumbs: "Breadcrumbs",
    };
}

#[derive(Clone, Copy)]
struct Provided(Signal<UiTexts>);

/// Gives every component below the words of the current language.
pub fn provide_ui_texts(texts: Signal<UiTexts>) {
    provide_context(Provided(texts));
}

/// The words of the current language; English when the app provides none.
pub(crate) fn use_ui_texts() -> Signal<UiTexts> {
    use_context::<Provided>().map_or_else(|| Signal::stored(UiTexts::ENGLISH), |provided| provided.0)
}

/// One of the words, as a signal.
pub(crate) fn ui_text(choose: fn(&UiTexts) -> &'static str) -> Signal<String> {
    let texts = use_ui_texts();
    Signal::derive(move || texts.with(|texts| choose(texts).to_owned()))
}
