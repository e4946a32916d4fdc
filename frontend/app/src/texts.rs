//! What the app says, in the language of the person who reads it.

use std::cell::RefCell;

use leptos::prelude::*;
use ui_kit::UiTexts;

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Languages of the app, in the order of the text tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Language {
    /// English.
    #[default]
    English,
    /// Brazilian Portuguese.
    Portuguese,
    /// Spanish.
    Spanish,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::English, Self::Portuguese, Self::Spanish];

    /// BCP 47 tag.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
            Self::Spanish => "es",
        }
    }

    /// Its name in itself.
    pub(crate) const fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Portuguese => "Português",
            Self::Spanish => "Español",
        }
    }

    /// Two letters for tight places.
    pub(crate) const fn short(self) -> &'static str {
        match self {
            Self::English => "EN",
            Self::Portuguese => "PT",
            Self::Spanish => "ES",
        }
    }

    /// The language a tag stands for, region aside.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|language| language.tag().starts_with(&primary) && primary.len() == 2)
    }

    /// Whether a number of things takes the singular.
    const fn is_one(self, count: u64) -> bool {
        match self {
            Self::Portuguese => count <= 1,
            Self::English | Self::Spanish => count == 1,
        }
    }

    fn text(self, key: Text) -> &'static str {
        TABLES
            .get(self as usize)
            .and_then(|table| table.get(key as usize))
            .copied()
            .unwrap_or_default()
    }
}

thread_local! {
    /// One page, one reader, one language: needed everywhere, event handlers included.
    static LANGUAGE: RefCell<Option<ArcRwSignal<Language>>> = const { RefCell::new(None) };
}

/// The language in force.
pub(crate) fn language() -> ArcRwSignal<Language> {
    LANGUAGE.with_borrow_mut(|language| {
        language
            .get_or_insert_with(|| ArcRwSignal::new(Language::default()))
            .clone()
    })
}

/// Takes the language from the document, where `boot.js` has put it, and keeps the document, the next
/// visit and `lang` in step with it.
pub(crate) fn follow_document() {
    let language = language();
    let root = document().document_element();
    let found = root
        .as_ref()
        .and_then(|root| root.get_attribute("lang"))
        .and_then(|tag| Language::from_tag(&tag));
    if let Some(found) = found {
        language.set(found);
    }
    Effect::new(move |before: Option<Language>| {
        let now = language.get();
        if let Some(root) = &root {
            let _ = root.set_attribute("lang", now.tag());
        }
        if before.is_some_and(|before| before != now) {
            ui_kit::write_preference("language", now.tag());
        }
        now
    });
}

/// A text that follows the language.
pub(crate) fn t(key: Text) -> Signal<String> {
    let language = language();
    Signal::derive(move || language.get().text(key).to_owned())
}

/// A text in the language of this moment, for event handlers and messages that pass.
pub(crate) fn say_now(key: Text) -> String {
    language().get_untracked().text(key).to_owned()
}

/// Like [`say_now`], with `{placeholders}` filled in.
pub(crate) fn say_now_with(key: Text, values: &[(&str, &str)]) -> String {
    fill(&say_now(key), values)
}

/// A text inside a reactive closure, which then follows the language.
#[cfg_attr(debug_assertions, track_caller)]
pub(crate) fn say(key: Text) -> String {
    language().get().text(key).to_owned()
}

/// A text with `{placeholders}` filled in.
#[cfg_attr(debug_assertions, track_caller)]
pub(crate) fn say_with(key: Text, values: &[(&str, &str)]) -> String {
    fill(&say(key), values)
}

/// One of two texts by number, with `{count}` and the others filled in.
#[cfg_attr(debug_assertions, track_caller)]
pub(crate) fn say_count(one: Text, other: Text, count: u64, values: &[(&str, &str)]) -> String {
    let key = if language().get().is_one(count) {
        one
    } else {
        other
    };
    let number = ui_kit::count_text(i64::try_from(count).unwrap_or(i64::MAX));
    fill(&fill(&say(key), &[("count", &number)]), values)
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    // One pass, so that a value that looks like a placeholder stays what it is.
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after
            .split_once('}')
            .and_then(|(name, tail)| Some((values.iter().find(|(key, _)| *key == name)?.1, tail)))
        {
            Some((value, tail)) => {
                text.push_str(value);
                rest = tail;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

/// The words of the components in the language in force.
pub(crate) fn component_texts() -> Signal<UiTexts> {
    let language = language();
    Signal::derive(move || {
        let language = language.get();
        let text = |key| language.text(key);
        UiTexts {
            close: text(Text::UiClose),
            copy: text(Text::UiCopy),
            copied: text(Text::UiCopied),
            copy_by_hand: text(Text::UiCopyByHand),
            clear: text(Text::UiClear),
            clear_all: text(Text::UiClearAll),
            remove: text(Text::UiRemove),
            try_again: text(Text::UiTryAgain),
            cancel: text(Text::UiCancel),
            still_loading: text(Text::UiStillLoading),
            required: text(Text::UiRequired),
            pages: text(Text::UiPages),
            first_page: text(Text::UiFirstPage),
            previous_page: text(Text::UiPreviousPage),
            next_page: text(Text::UiNextPage),
            last_page: text(Text::UiLastPage),
            no_further: text(Text::UiNoFurther),
            rows_range: text(Text::UiRowsRange),
            rows_per_page: text(Text::UiRowsPerPage),
            not_found: text(Text::UiNotFound),
            forbidden: text(Text::UiForbidden),
            signed_out: text(Text::UiSignedOut),
            invalid: text(Text::UiInvalid),
            too_many: text(Text::UiTooMany),
            offline: text(Text::UiOffline),
            server_fault: text(Text::UiServerFault),
            error_id: text(Text::UiErrorId),
            breadcrumbs: text(Text::UiBreadcrumbs),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        assert_eq!(
            fill(
                "{from}–{to} of {total}",
                &[("from", "1"), ("to", "{total}"), ("total", "9")]
            ),
            "1–{total} of 9"
        );
        assert_eq!(fill("no {such} place {", &[]), "no {such} place {");
    }

    #[test]
    fn tags_are_understood_region_aside() {
        assert_eq!(Language::from_tag("pt-PT"), Some(Language::Portuguese));
        assert_eq!(Language::from_tag("EN-us"), Some(Language::English));
        assert_eq!(Language::from_tag("es"), Some(Language::Spanish));
        assert_eq!(Language::from_tag("e"), None);
        assert_eq!(Language::from_tag("de"), None);
    }

    #[test]
    fn every_language_says_everything() {
        for table in TABLES {
            assert!(table.iter().all(|text| !text.trim().is_empty()));
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        assert!(Language::English.is_one(1) && !Language::English.is_one(0));
        assert!(Language::Portuguese.is_one(0) && !Language::Portuguese.is_one(2));
    }
}
