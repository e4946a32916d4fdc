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

use super::{Filter, FilterKind, ListSpec, Related};
use crate::error::{ApiError, ApiResult, FieldErrors};

/// Longest value of a filter or search, in characters.
const VALUE_MAX_CHARS: usize = 1000;
/// Most elements of a comma list.
const LIST_MAX_ITEMS: usize = 1000;

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

    fn read_map(&self, map: &QueryMap) -> ApiResult<ListRequest<F>> {
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
        let order = self.read_order(map.get("ordering"));
        let page = match map.get("page") {
            None => PageNumber::Number(1),
            Some("last") => PageNumber::Last,
            Some(text) => match text.trim().parse() {
                Ok(number) if number >= 1 => PageNumber::Number(number),
                _ => return Err(invalid_page(text)),
            },
        };
        let limit = match map
            .get("page_size")
            .and_then(|text| text.trim().parse::<u64>().ok())
        {
            Some(size) if size > 0 => size.min(PAGE_SIZE_MAX),
            _ => self.default_page_size,
        };
        Ok(ListRequest {
            query: ListQuery {
                conditions,
                order,
                offset: 0,
                limit,
            },
            ids,
            page,
        })
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

fn check_text(value: &str) -> Result<(), String> {
    if value.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    if value.chars().count() > VALUE_MAX_CHARS {
        return Err(format!("Give at most {VALUE_MAX_CHARS} characters."));
    }
    Ok(())
}

fn read_filter<F: Copy>(
    filter: &Filter<F>,
    value: &str,
    conditions: &mut Vec<ListCondition<F>>,
    ids: &mut Vec<(&'static str, Related, Vec<i64>)>,
) -> Result<(), String> {
    check_text(value)?;
    let items = || -> Result<Vec<&str>, String> {
        let items: Vec<&str> = value
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .collect();
        if items.len() > LIST_MAX_ITEMS {
            return Err(format!("Give at most {LIST_MAX_ITEMS} values."));
        }
        Ok(items)
    };
    let number = |text: &str| -> Result<i64, String> {
        text.trim()
            .parse()
            .map_err(|_| format!("'{text}' is not a whole number."))
    };
    let numbers = || -> Result<Vec<i64>, String> { items()?.into_iter().map(number).collect() };
    match filter.kind {
        FilterKind::Text(field) => conditions.push(ListCondition::TextIn(field, vec![value.to_owned()])),
        FilterKind::TextIn(field) => {
            let texts = items()?.into_iter().map(str::to_owned).collect();
            conditions.push(ListCondition::TextIn(field, texts));
        }
        FilterKind::Number(field) => conditions.push(ListCondition::NumberIn(field, vec![number(value)?])),
        FilterKind::Id(field, related) => {
            let id = number(value)?;
            ids.push((filter.name, related, vec![id]));
            conditions.push(ListCondition::NumberIn(field, vec![id]));
        }
        FilterKind::IdIn(field, related) => {
            let list = numbers()?;
            ids.push((filter.name, related, list.clone()));
            conditions.push(ListCondition::NumberIn(field, list));
        }
        FilterKind::Flag(field) => {
            if let Some(flag) = flag(value) {
                conditions.push(ListCondition::FlagIn(field, vec![flag]));
            }
        }
        FilterKind::FlagIn(field) => {
            let flags: Option<Vec<bool>> = items()?.into_iter().map(flag).collect();
            let flags = flags.ok_or_else(|| format!("'{value}' is not a comma list of true and false."))?;
            conditions.push(ListCondition::FlagIn(field, flags));
        }
        FilterKind::Choice(field, choices) => {
            let chosen = number(value)?;
            let choices = choices();
            if !choices.iter().any(|(code, _)| *code == chosen) {
                let known: Vec<String> = choices
                    .iter()
                    .map(|(code, label)| format!("{code} ({label})"))
                    .collect();
                return Err(format!("{chosen} is not one of {}.", known.join(", ")));
            }
            conditions.push(ListCondition::NumberIn(field, vec![chosen]));
        }
        FilterKind::NumberIn(field) => conditions.push(ListCondition::NumberIn(field, numbers()?)),
        FilterKind::IsNull(field) => {
            if let Some(flag) = flag(value) {
                conditions.push(ListCondition::IsNull(field, flag));
            }
        }
        FilterKind::Contains(fields) => conditions.push(ListCondition::Contains {
            fields: fields.to_vec(),
            pieces: value
                .split(',')
                .take(LIST_MAX_ITEMS)
                .map(|piece| piece.trim().to_owned())
                .collect(),
            any: filter.name.ends_with("__or"),
        }),
    }
    Ok(())
}

/// True or false as the Python library and web forms write them.
fn flag(value: &str) -> Option<bool> {
    match value.trim() {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

/// Terms of a search: split on blanks and commas, quotes group words.
fn search_terms(text: &str) -> Vec<String> {
    let mut terms = Vec::new();
    let mut term = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            None if (c == '"' || c == '\'') && term.is_empty() => quote = Some(c),
            None if c == ',' || c.is_whitespace() => {
                if !term.is_empty() {
                    terms.push(std::mem::take(&mut term));
                }
            }
            _ => term.push(c),
        }
    }
    if !term.is_empty() {
        terms.push(term);
    }
    terms.truncate(50);
    terms
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

    #[test]
    fn search_terms_split_on_blanks_and_commas_and_keep_quotes_together() {
        assert_eq!(
            search_terms("desi, sdss  'two words' x\"y"),
            ["desi", "sdss", "two words", "x\"y"]
        );
        assert_eq!(search_terms(" ,, "), Vec::<String>::new());
        assert_eq!(search_terms("\"open quote"), ["open quote"]);
    }

    #[test]
    fn flags() {
        for yes in ["true", "True", "1"] {
            assert_eq!(flag(yes), Some(true));
        }
        for no in ["false", "False", "0"] {
            assert_eq!(flag(no), Some(false));
        }
        assert_eq!(flag("yes"), None);
    }
}
