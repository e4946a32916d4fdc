//! The state of a product's page, all of it in the URL.

use ui_kit::{QueryPairs, UrlState};

/// Page sizes of the table preview.
pub(crate) const PREVIEW_SIZES: [u64; 4] = [10, 25, 50, 100];
/// Page size when none is chosen.
const DEFAULT_SIZE: u64 = 25;

/// A part of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Description and documents.
    #[default]
    Overview,
    /// The table.
    Data,
    /// The files.
    Files,
    /// How to fetch it.
    Use,
}

impl Tab {
    /// All parts in order.
    pub(crate) const ALL: [Self; 4] = [Self::Overview, Self::Data, Self::Files, Self::Use];

    /// Name in the URL.
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Data => "data",
            Self::Files => "files",
            Self::Use => "use",
        }
    }

    /// The part with this name.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.id() == id)
    }
}

/// What a product's page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageState {
    /// The part shown.
    pub(crate) tab: Tab,
    /// Page of the preview, from 1.
    pub(crate) page: u64,
    /// Rows of a page.
    pub(crate) size: u64,
}

impl Default for PageState {
    fn default() -> Self {
        Self {
            tab: Tab::Overview,
            page: 1,
            size: DEFAULT_SIZE,
        }
    }
}

impl UrlState for PageState {
    fn parse(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let default = Self::default();
        let number = |name: &str| get(name).and_then(|text| text.parse::<u64>().ok());
        Self {
            tab: get("tab").and_then(|id| Tab::from_id(&id)).unwrap_or_default(),
            page: number("page").filter(|page| *page > 0).unwrap_or(default.page),
            size: number("size")
                .filter(|size| PREVIEW_SIZES.contains(size))
                .unwrap_or(default.size),
        }
    }

    fn print(&self) -> QueryPairs {
        let default = Self::default();
        let mut pairs = QueryPairs::new();
        if self.tab != default.tab {
            pairs.push(("tab".to_owned(), self.tab.id().to_owned()));
        }
        if self.page != default.page {
            pairs.push(("page".to_owned(), self.page.to_string()));
        }
        if self.size != default.size {
            pairs.push(("size".to_owned(), self.size.to_string()));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_forgives() {
        let state = PageState {
            tab: Tab::Data,
            page: 3,
            size: 100,
        };
        let pairs = state.print();
        let parsed = PageState::parse(&|name| {
            pairs
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        });
        assert_eq!(parsed, state);
        let nonsense = PageState::parse(&|_| Some("-7".to_owned()));
        assert_eq!(nonsense, PageState::default());
        assert!(nonsense.print().is_empty());
    }
}
