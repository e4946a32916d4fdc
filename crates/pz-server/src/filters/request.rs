//! A list request: the query string read by a [`ListSpec`], checked, and answered page by page.

use std::collections::BTreeMap;
use std::fmt::Debug;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use pz_model::api::Page;
use pz_model::limits::PAGE_SIZE_MAX;
use pz_model::{ErrorCode, ProductType};
use pz_store::list::{ListCondition, ListField, ListQuery};
use pz_store::{Store, StoreError, Viewer};

use super::values::{check_text, read_filter, search_terms};
use super::{ListSpec, Related};
use crate::error::{ApiError, ApiResult, FieldErrors};

/// The query string: the last of repeated parameters wins, empty ones count as absent.
#[derive(Debug, Clone, Default)]
pub struct QueryMap(BTreeMap<String, String>);

impl QueryMap {
    /// Reads the query string of a request; undecodable bytes become replacement characters.
    pub fn of(request: &HttpRequest) -> Self {
        Self::parse(request.query_string())
    }

    /// Reads a query string.
    pub fn parse(query: &str) -> Self {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        Self(pairs.into_iter().collect())
    }

    /// The value of a parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }
}

/// Which page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageNumber {
    Number(u64),
    Last,
}

/// A list request, read and checked but for the ids it names.
#[derive(Debug)]
pub struct ListRequest<F> {
    query: ListQuery<F>,
    ids: Vec<(&'static str, Related, Vec<i64>)>,
    page: PageNumber,
}

impl<F: ListField + Debug + PartialEq> ListSpec<F> {
    /// Reads the query string.
    ///
    /// # Errors
    /// 400 naming the filter whose value cannot be; 404 for a page that cannot be.
    pub fn read(&self, request: &HttpRequest) -> ApiResult<ListRequest<F>> {
        self.read_map(&QueryMap::of(request))
    }

    /// Reads filters and search only: what matches, whatever the page.
    ///
    /// # Errors
    /// 400 naming the filter whose value cannot be.
    pub fn read_filters(&self, request: &HttpRequest) -> ApiResult<ListRequest<F>> {
        self.read_conditions(&QueryMap::of(request))
    }

    fn read_conditions(&self, map: &QueryMap) -> ApiResult<ListRequest<F>> {
        let mut errors = FieldErrors::default();
        let mut conditions = Vec::new();
        let mut ids = Vec::new();
        for filter in self.filters {
            let Some(value) = map.get(filter.name) else {
                continue;
            };
            if let Err(message) = read_filter(filter, value, &mut conditions, &mut ids) {
                errors.add(filter.name, ErrorCode::InvalidFilter, message);
            }
        }
        if let Some(text) = map.get("search").filter(|_| !self.search_fields.is_empty()) {
            match check_text(text) {
                Ok(()) => {
                    let pieces = search_terms(text);
                    if !pieces.is_empty() {
                        let fields = self.search_fields.to_vec();
                        conditions.push(ListCondition::Contains {
                            fields,
                            pieces,
                            any: false,
                        });
                    }
                }
                Err(message) => errors.add("search", ErrorCode::InvalidFilter, message),
            }
        }
        errors.check()?;
        Ok(ListRequest {
            query: ListQuery {
                conditions,
                order: self.default_order.to_vec(),
                offset: 0,
                limit: self.default_page_size,
            },
            ids,
            page: PageNumber::Number(1),
        })
    }

    fn read_map(&self, map: &QueryMap) -> ApiResult<ListRequest<F>> {
        let mut asked = self.read_conditions(map)?;
        asked.query.order = self.read_order(map.get("ordering"));
        asked.page = match map.get("page") {
            None => PageNumber::Number(1),
            Some("last") => PageNumber::Last,
            Some(text) => match text.trim().parse() {
                Ok(number) if number >= 1 => PageNumber::Number(number),
                _ => return Err(invalid_page(text)),
            },
        };
        asked.query.limit = match map
            .get("page_size")
            .and_then(|text| text.trim().parse::<u64>().ok())
        {
            Some(size) if size > 0 => size.min(PAGE_SIZE_MAX),
            _ => self.default_page_size,
        };
        Ok(asked)
    }

    fn read_order(&self, asked: Option<&str>) -> Vec<(F, bool)> {
        let mut order: Vec<(F, bool)> = Vec::new();
        for part in asked.unwrap_or_default().split(',').map(str::trim) {
            let (name, descending) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            if let Some((_, field)) = self.ordering.iter().find(|(known, _)| *known == name)
                && !order.iter().any(|(seen, _)| seen == field)
            {
                order.push((*field, descending));
            }
        }
        if order.is_empty() {
            self.default_order.to_vec()
        } else {
            order
        }
    }
}

impl<F: ListField> ListRequest<F> {
    /// Checks the ids named by filters against what the caller may see.
    ///
    /// # Errors
    /// 400 naming the filter with an unknown id.
    pub async fn check_ids(&self, store: &Store, viewer: Viewer) -> ApiResult<()> {
        let mut errors = FieldErrors::default();
        for (name, related, ids) in &self.ids {
            let known = match related {
                Related::Release => store.visible_release_ids(viewer, ids).await?,
                Related::ProductType => ids
                    .iter()
                    .copied()
                    .filter(|id| ProductType::from_id(*id).is_some())
                    .collect(),
                Related::User => store.active_user_ids(ids).await?,
                Related::Product => store.visible_product_ids(viewer, ids).await?,
            };
            if let Some(unknown) = ids.iter().find(|id| !known.contains(id)) {
                errors.add(
                    name,
                    ErrorCode::InvalidFilter,
                    format!("{unknown} is not one of the available choices."),
                );
            }
        }
        errors.check()
    }

    /// The conditions, for those that need to know whether one was asked for.
    pub fn conditions(&self) -> &[ListCondition<F>] {
        &self.query.conditions
    }

    /// What the store is asked.
    pub fn query(&self) -> &ListQuery<F> {
        &self.query
    }

    /// All matching rows in one page when the client did not ask for a page size.
    pub fn set_limit_unless_given(&mut self, request: &HttpRequest, limit: u64) {
        if QueryMap::of(request).get("page_size").is_none() {
            self.query.limit = limit;
        }
    }

    /// Fetches the page asked for and shows its rows.
    ///
    /// # Errors
    /// 404 for a page beyond the end; the store's errors.
    pub async fn fetch<Row, View>(
        mut self,
        fetch: impl AsyncFn(&ListQuery<F>) -> Result<(u64, Vec<Row>), StoreError>,
        view: impl Fn(Row) -> View,
    ) -> ApiResult<Page<View>> {
        let size = self.query.limit.max(1);
        match self.page {
            PageNumber::Number(number) => self.query.offset = (number - 1).saturating_mul(size),
            PageNumber::Last => {
                let limit = std::mem::replace(&mut self.query.limit, 0);
                let (count, _) = fetch(&self.query).await?;
                self.query.limit = limit;
                self.query.offset = count.saturating_sub(1) / size * size;
            }
        }
        let (count, rows) = fetch(&self.query).await?;
        if self.query.offset > 0 && count <= self.query.offset {
            return Err(invalid_page(&(self.query.offset / size + 1).to_string()));
        }
        Ok(Page {
            count,
            results: rows.into_iter().map(view).collect(),
        })
    }
}

fn invalid_page(text: &str) -> ApiError {
    let shown: String = text.chars().take(40).collect();
    ApiError::detail(
        StatusCode::NOT_FOUND,
        ErrorCode::InvalidPage,
        format!("'{shown}' is not a page of this list; give a number from 1 to the last page, or 'last'."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_repeated_parameters_wins_and_empty_ones_are_absent() {
        let map = QueryMap::parse("status=1&status=0&search=&a=%C3%BC+x&bad=%FF");
        assert_eq!(map.get("status"), Some("0"));
        assert_eq!(map.get("search"), None);
        assert_eq!(map.get("a"), Some("ü x"));
        assert_eq!(map.get("bad"), Some("\u{fffd}"));
    }
}
