//! The state of a product list, all of it in the URL.

use pz_client::{OrderKey, ProductOrder, ProductQuery, ReleaseFilter};
use pz_model::ProductType;
use pz_model::api::Release;
use ui_kit::{QueryPairs, Sort, UrlState};

use super::scope::Scope;

/// Page sizes to choose from; the first is the default.
pub(crate) const PAGE_SIZES: [u64; 3] = [25, 50, 100];

/// The value that stands for products without a release.
const NO_RELEASE: &str = "none";

/// Which releases are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ReleaseChoice {
    /// All, and products without one.
    #[default]
    Any,
    /// Products without a release.
    None,
    /// These, by internal name.
    Named(Vec<String>),
}

/// What a product list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListState {
    /// Words to look for.
    pub(crate) search: String,
    /// Product types; empty for all.
    pub(crate) types: Vec<ProductType>,
    /// Releases.
    pub(crate) release: ReleaseChoice,
    /// Words to be found in the owner's name.
    pub(crate) owner: Option<String>,
    /// Order; `None` is newest first.
    pub(crate) order: Option<ProductOrder>,
    /// Page, from 1.
    pub(crate) page: u64,
    /// Rows of a page.
    pub(crate) size: u64,
}

impl Default for ListState {
    fn default() -> Self {
        Self {
            search: String::new(),
            types: Vec::new(),
            release: ReleaseChoice::Any,
            owner: None,
            order: None,
            page: 1,
            size: PAGE_SIZES[0],
        }
    }
}

impl ListState {
    /// Something besides order and page narrows the list.
    pub(crate) fn is_filtered(&self) -> bool {
        !self.search.is_empty() || self.has_filters()
    }

    /// Something besides search, order and page narrows the list.
    pub(crate) fn has_filters(&self) -> bool {
        !self.types.is_empty() || self.release != ReleaseChoice::Any || self.owner.is_some()
    }

    /// Takes away everything that narrows the list; order and page size stay.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            order: self.order,
            size: self.size,
            ..Self::default()
        };
    }

    /// Adds or removes a product type.
    pub(crate) fn toggle_type(&mut self, product_type: ProductType, on: bool) {
        self.types.retain(|chosen| *chosen != product_type);
        if on {
            self.types.push(product_type);
        }
        // One spelling per selection.
        self.types.sort_by_key(|chosen| chosen.order());
        self.page = 1;
    }

    /// Adds or removes a release; *none* goes with no other.
    pub(crate) fn toggle_release(&mut self, name: &str, on: bool) {
        let mut names = match &self.release {
            ReleaseChoice::Named(names) => names.clone(),
            ReleaseChoice::Any | ReleaseChoice::None => Vec::new(),
        };
        names.retain(|chosen| chosen != name);
        if on {
            names.push(name.to_owned());
        }
        names.sort();
        self.release = if names.is_empty() {
            ReleaseChoice::Any
        } else {
            ReleaseChoice::Named(names)
        };
        self.page = 1;
    }

    /// Shows only products without a release, or no longer.
    pub(crate) fn toggle_no_release(&mut self, on: bool) {
        self.release = if on {
            ReleaseChoice::None
        } else {
            ReleaseChoice::Any
        };
        self.page = 1;
    }

    /// The order as the table shows it: the default too.
    pub(crate) fn shown_sort(&self) -> Option<Sort> {
        let order = self.order.unwrap_or(ProductOrder::NEWEST_FIRST);
        Some(Sort {
            column: order.key.as_str(),
            descending: order.descending,
        })
    }

    /// Takes an order from the table.
    pub(crate) fn set_sort(&mut self, sort: Option<&Sort>) {
        let order = sort.and_then(|sort| {
            OrderKey::from_name(sort.column).map(|key| ProductOrder {
                key,
                descending: sort.descending,
            })
        });
        self.order = order.filter(|order| *order != ProductOrder::NEWEST_FIRST);
        self.page = 1;
    }

    /// What to ask the server. Releases the user may not see are left out of the question; when nothing
    /// is left of it, there is nothing to ask.
    pub(crate) fn query(
        &self,
        scope: Scope,
        user_id: Option<i64>,
        releases: &[Release],
    ) -> Option<ProductQuery> {
        let release = match &self.release {
            ReleaseChoice::Any => ReleaseFilter::Any,
            ReleaseChoice::None => ReleaseFilter::None,
            ReleaseChoice::Named(names) => {
                let ids: Vec<i64> = releases
                    .iter()
                    .filter(|release| names.contains(&release.name))
                    .map(|release| release.id)
                    .collect();
                if ids.is_empty() {
                    return None;
                }
                ReleaseFilter::OneOf(ids)
            }
        };
        let mut query = ProductQuery {
            search: self.search.clone(),
            product_types: self.types.iter().map(|product_type| product_type.id()).collect(),
            release,
            uploaded_by: self.owner.clone(),
            order: Some(self.order.unwrap_or(ProductOrder::NEWEST_FIRST)),
            page: Some(self.page),
            page_size: Some(self.size),
            ..ProductQuery::default()
        };
        scope.restrict(&mut query, user_id);
        Some(query)
    }
}

impl UrlState for ListState {
    fn parse(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let default = Self::default();
        let list = |name: &str| -> Vec<String> {
            let text = get(name).unwrap_or_default();
            let mut items: Vec<String> = Vec::new();
            for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
                if !items.iter().any(|known| known == item) {
                    items.push(item.to_owned());
                }
            }
            items
        };
        let mut types: Vec<ProductType> = list("type")
            .iter()
            .filter_map(|name| ProductType::from_name(name))
            .collect();
        types.sort_by_key(|product_type| product_type.order());
        let mut releases = list("release");
        releases.sort();
        let release = match releases.as_slice() {
            [] => ReleaseChoice::Any,
            names if names.iter().any(|name| name == NO_RELEASE) => ReleaseChoice::None,
            _ => ReleaseChoice::Named(releases),
        };
        let number = |name: &str| get(name).and_then(|text| text.parse::<u64>().ok());
        Self {
            search: get("q").map(|text| text.trim().to_owned()).unwrap_or_default(),
            types,
            release,
            owner: get("owner")
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty()),
            order: get("sort")
                .and_then(|text| ProductOrder::parse(&text))
                .filter(|order| *order != ProductOrder::NEWEST_FIRST),
            page: number("page").filter(|page| *page > 0).unwrap_or(default.page),
            size: number("size")
                .filter(|size| PAGE_SIZES.contains(size))
                .unwrap_or(default.size),
        }
    }

    fn print(&self) -> QueryPairs {
        let default = Self::default();
        let mut pairs = QueryPairs::new();
        let mut add = |name: &str, value: String| pairs.push((name.to_owned(), value));
        if !self.search.is_empty() {
            add("q", self.search.clone());
        }
        if !self.types.is_empty() {
            add(
                "type",
                self.types
                    .iter()
                    .map(|product_type| product_type.name())
                    .collect::<Vec<_>>()
                    .join(","),
            );
        }
        match &self.release {
            ReleaseChoice::Any => {}
            ReleaseChoice::None => add("release", NO_RELEASE.to_owned()),
            ReleaseChoice::Named(names) => add("release", names.join(",")),
        }
        if let Some(owner) = &self.owner {
            add("owner", owner.clone());
        }
        if let Some(order) = self.order {
            add("sort", order.text());
        }
        if self.page != default.page {
            add("page", self.page.to_string());
        }
        if self.size != default.size {
            add("size", self.size.to_string());
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ui_kit::print_query;

    fn parse(pairs: &[(&str, &str)]) -> ListState {
        ListState::parse(&|name| {
            pairs
                .iter()
                .rev()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_whole_address_round_trips() {
        let state = parse(&[
            ("q", "desi"),
            ("type", "redshift_catalog,training_set"),
            ("sort", "display_name"),
            ("page", "2"),
            ("size", "50"),
        ]);
        assert_eq!(
            state.types,
            [ProductType::RedshiftCatalog, ProductType::TrainingSet]
        );
        assert_eq!(
            print_query(&state.print()),
            "?q=desi&type=redshift_catalog,training_set&sort=display_name&page=2&size=50"
        );
        let query = state.query(Scope::User, None, &[]).unwrap();
        assert_eq!(
            query.parameters(),
            [
                ("search", "desi".to_owned()),
                ("product_type__in", "1,2".to_owned()),
                ("official_product", "false".to_owned()),
                ("ordering", "display_name".to_owned()),
                ("page", "2".to_owned()),
                ("page_size", "50".to_owned()),
            ]
        );
    }

    #[test]
    fn defaults_and_nonsense_leave_no_trace() {
        let state = parse(&[
            ("type", "nonsense,,"),
            ("sort", "-created_at"),
            ("page", "0"),
            ("size", "33"),
            ("owner", " "),
            ("q", "  "),
        ]);
        assert_eq!(state, ListState::default());
        assert!(state.print().is_empty());
    }

    #[test]
    fn the_default_request_is_newest_first() {
        let query = ListState::default().query(Scope::User, None, &[]).unwrap();
        assert_eq!(
            query.parameters(),
            [
                ("official_product", "false".to_owned()),
                ("ordering", "-created_at".to_owned()),
                ("page", "1".to_owned()),
                ("page_size", "25".to_owned()),
            ]
        );
    }

    #[test]
    fn no_release_excludes_the_others() {
        let mut state = ListState {
            page: 3,
            ..ListState::default()
        };
        state.toggle_release("dp1", true);
        state.toggle_release("dp0.2", true);
        assert_eq!(state.print(), [("release".to_owned(), "dp0.2,dp1".to_owned())]);
        state.toggle_no_release(true);
        assert_eq!(state.print(), [("release".to_owned(), "none".to_owned())]);
        assert_eq!(state.page, 1);
        state.toggle_no_release(false);
        assert_eq!(state, ListState::default());
    }

    #[test]
    fn a_release_nobody_knows_matches_nothing() {
        let state = parse(&[("release", "secret")]);
        assert_eq!(state.query(Scope::All, None, &[]), None);
    }

    #[test]
    fn sorting_keeps_the_filters_and_forgets_the_page() {
        let mut state = ListState {
            search: "z".to_owned(),
            page: 4,
            ..ListState::default()
        };
        state.set_sort(Some(&Sort {
            column: "display_name",
            descending: true,
        }));
        assert_eq!((state.page, state.search.as_str()), (1, "z"));
        assert_eq!(
            state.shown_sort(),
            Some(Sort {
                column: "display_name",
                descending: true
            })
        );
        state.set_sort(None);
        assert_eq!(
            state.shown_sort(),
            Some(Sort {
                column: "created_at",
                descending: true
            })
        );
        assert_eq!(state.order, None);
    }
}
