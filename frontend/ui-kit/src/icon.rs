//! Icons: one stroke set, drawn as symbols in `assets/icons.svg`, which `index.html` carries.

use leptos::prelude::*;

/// Names of the symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IconName {
    /// Onwards.
    ArrowRight,
    /// Reading matter.
    Book,
    /// Bars.
    Chart,
    /// Done.
    Check,
    /// Opens downwards.
    ChevronDown,
    /// Previous.
    ChevronLeft,
    /// Next.
    ChevronRight,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Waiting.
    Clock,
    /// Close or clear.
    Close,
    /// Program text.
    Code,
    /// Half light, half dark.
    Contrast,
    /// Copy.
    Copy,
    /// Download.
    Download,
    /// Not finished.
    Draft,
    /// Change.
    Edit,
    /// Something is wrong.
    Error,
    /// Leads elsewhere.
    External,
    /// Show.
    Eye,
    /// Hide.
    EyeOff,
    /// A file.
    File,
    /// Filters.
    Filter,
    /// A directory.
    Folder,
    /// Language.
    Globe,
    /// Worth knowing.
    Info,
    /// A secret.
    Key,
    /// Stacked things.
    Layers,
    /// A link.
    Link,
    /// E-mail.
    Mail,
    /// The main menu.
    Menu,
    /// Dark.
    Moon,
    /// More actions.
    More,
    /// Official.
    Official,
    /// Add.
    Plus,
    /// Again.
    Refresh,
    /// Running.
    Running,
    /// Search.
    Search,
    /// Share.
    Share,
    /// Sign out.
    SignOut,
    /// Can be sorted.
    Sort,
    /// Sorted, largest first.
    SortDown,
    /// Sorted, smallest first.
    SortUp,
    /// All is well.
    Success,
    /// Light.
    Sun,
    /// A table.
    Table,
    /// Delete.
    Trash,
    /// A person.
    User,
    /// Take care.
    Warning,
}

impl IconName {
    /// Every icon.
    pub const ALL: &'static [Self] = &[
        Self::ArrowRight,
        Self::Book,
        Self::Chart,
        Self::Check,
        Self::ChevronDown,
        Self::ChevronLeft,
        Self::ChevronRight,
        Self::First,
        Self::Last,
        Self::Clock,
        Self::Close,
        Self::Code,
        Self::Contrast,
        Self::Copy,
        Self::Download,
        Self::Draft,
        Self::Edit,
        Self::Error,
        Self::External,
        Self::Eye,
        Self::EyeOff,
        Self::File,
        Self::Filter,
        Self::Folder,
        Self::Globe,
        Self::Info,
        Self::Key,
        Self::Layers,
        Self::Link,
        Self::Mail,
        Self::Menu,
        Self::Moon,
        Self::More,
        Self::Official,
        Self::Plus,
        Self::Refresh,
        Self::Running,
        Self::Search,
        Self::Share,
        Self::SignOut,
        Self::Sort,
        Self::SortDown,
        Self::SortUp,
        Self::Success,
        Self::Sun,
        Self::Table,
        Self::Trash,
        Self::User,
        Self::Warning,
    ];

    /// Id of the symbol, after `#`.
    const fn reference(self) -> &'static str {
        match self {
            Self::ArrowRight => "#icon-arrow-right",
            Self::Book => "#icon-book",
            Self::Chart => "#icon-chart",
            Self::Check => "#icon-check",
            Self::ChevronDown => "#icon-chevron-down",
            Self::ChevronLeft => "#icon-chevron-left",
            Self::ChevronRight => "#icon-chevron-right",
            Self::First => "#icon-first",
            Self::Last => "#icon-last",
            Self::Clock => "#icon-clock",
            Self::Close => "#icon-close",
            Self::Code => "#icon-code",
            Self::Contrast => "#icon-contrast",
            Self::Copy => "#icon-copy",
            Self::Download => "#icon-download",
            Self::Draft => "#icon-draft",
            Self::Edit => "#icon-edit",
            Self::Error => "#icon-error",
            Self::External => "#icon-external",
            Self::Eye => "#icon-eye",
            Self::EyeOff => "#icon-eye-off",
            Self::File => "#icon-file",
            Self::Filter => "#icon-filter",
            Self::Folder => "#icon-folder",
            Self::Globe => "#icon-globe",
            Self::Info => "#icon-info",
            Self::Key => "#icon-key",
            Self::Layers => "#icon-layers",
            Self::Link => "#icon-link",
            Self::Mail => "#icon-mail",
            Self::Menu => "#icon-menu",
            Self::Moon => "#icon-moon",
            Self::More => "#icon-more",
            Self::Official => "#icon-official",
            Self::Plus => "#icon-plus",
            Self::Refresh => "#icon-refresh",
            Self::Running => "#icon-running",
            Self::Search => "#icon-search",
            Self::Share => "#icon-share",
            Self::SignOut => "#icon-sign-out",
            Self::Sort => "#icon-sort",
            Self::SortDown => "#icon-sort-down",
            Self::SortUp => "#icon-sort-up",
            Self::Success => "#icon-success",
            Self::Sun => "#icon-sun",
            Self::Table => "#icon-table",
            Self::Trash => "#icon-trash",
            Self::User => "#icon-user",
            Self::Warning => "#icon-warning",
        }
    }
}

/// An icon; hidden from assistive technology, because a word is always beside it or on its button.
#[component]
pub fn Icon(
    /// Which one.
    #[prop(into)]
    name: Signal<IconName>,
) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" focusable="false">
            <use href=move || name.get().reference()></use>
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_is_drawn_and_every_drawing_has_a_name() {
        let sprite = include_str!("../assets/icons.svg");
        for icon in IconName::ALL {
            let id = icon.reference().trim_start_matches('#');
            assert!(
                sprite.contains(&format!("<symbol id=\"{id}\"")),
                "{id} is not drawn"
            );
        }
        assert_eq!(sprite.matches("<symbol ").count(), IconName::ALL.len());
    }
}
