//! Light, dark, or whatever the system says.

use leptos::prelude::*;

use crate::preference::{read_preference, write_preference};

/// Name of the preference; `boot.js` reads it before the first paint.
const PREFERENCE: &str = "theme";

/// A choice of colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Value of `data-theme`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn from_name(name: &str) -> Self {
        [Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.as_str() == name)
            .unwrap_or_default()
    }

    /// The next one when switching: auto, light, dark, auto.
    pub const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }
}

/// The theme in force; setting it repaints the page and is remembered.
pub fn use_theme() -> RwSignal<Theme> {
    let theme =
        RwSignal::new(read_preference(PREFERENCE).map_or(Theme::Auto, |name| Theme::from_name(&name)));
    Effect::new(move |before: Option<Theme>| {
        let theme = theme.get();
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-theme", theme.as_str());
        }
        if before.is_some_and(|before| before != theme) {
            write_preference(PREFERENCE, theme.as_str());
        }
        theme
    });
    theme
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_switching_comes_around() {
        for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
            assert_eq!(Theme::from_name(theme.as_str()), theme);
            assert_eq!(theme.next().next().next(), theme);
        }
        assert_eq!(Theme::from_name("sepia"), Theme::Auto);
    }
}
