//! What can be ticked beside a list of products.

use pz_model::ColumnMeaning;
use pz_model::api::{Page, Product, ProductFacets};

use crate::{Client, ProductQuery, Result};

/// What of the facets is ticked; nothing by default. Within a facet any of the values is enough.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FacetFilter {
    /// Releases by id; `None` for products without one.
    pub releases: Vec<Option<i64>>,
    /// Owners by username.
    pub owners: Vec<String>,
    /// Names of pipelines, and `upload`.
    pub origins: Vec<String>,
    /// Formats of the main table, and `none`.
    pub formats: Vec<String>,
    /// Release years; `None` for products without one.
    pub years: Vec<Option<i32>>,
    /// Meanings that a column has.
    pub roles: Vec<ColumnMeaning>,
    /// Rows of the main table: at least, at most.
    pub rows: Option<(Option<u64>, Option<u64>)>,
    /// Redshifts that the product's own touch: at least, at most.
    pub z: Option<(Option<f64>, Option<f64>)>,
}

impl FacetFilter {
    /// The query string's parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let mut add = |name: &'static str, items: Vec<String>| {
            if !items.is_empty() {
                parameters.push((name, items.join(",")));
            }
        };
        add("release__in", self.releases.iter().map(or_none).collect());
        add("owner__in", self.owners.clone());
        add("origin__in", self.origins.clone());
        add("format__in", self.formats.clone());
        add("release_year__in", self.years.iter().map(or_none).collect());
        add(
            "has",
            self.roles.iter().map(|role| role.alias().to_owned()).collect(),
        );
        add("rows", self.rows.map(range).into_iter().collect());
        add("z", self.z.map(range).into_iter().collect());
        parameters
    }
}

fn or_none<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(|| "none".to_owned(), T::to_string)
}

fn range<T: ToString>((low, high): (Option<T>, Option<T>)) -> String {
    let text = |end: Option<T>| end.map(|end| end.to_string()).unwrap_or_default();
    format!("{}..{}", text(low), text(high))
}

impl Client {
    /// One page of the products that match and that pass what is ticked.
    pub async fn products_ticked(&self, query: &ProductQuery, ticked: &FacetFilter) -> Result<Page<Product>> {
        self.get("/api/products/", &both(query, ticked)).await
    }

    /// The facets of these products; each leaves out of account what is ticked of its own.
    pub async fn product_facets(&self, query: &ProductQuery, ticked: &FacetFilter) -> Result<ProductFacets> {
        self.get("/api/products/facets/", &both(query, ticked)).await
    }
}

/// The server takes the last of repeated parameters: what is ticked.
fn both(query: &ProductQuery, ticked: &FacetFilter) -> Vec<(&'static str, String)> {
    let mut parameters = query.parameters();
    parameters.extend(ticked.parameters());
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ticked_becomes_lists_and_ranges() {
        assert!(FacetFilter::default().parameters().is_empty());
        let ticked = FacetFilter {
            releases: vec![Some(3), None],
            owners: vec!["alice".to_owned(), "bob".to_owned()],
            origins: vec!["upload".to_owned()],
            formats: vec!["parquet".to_owned()],
            years: vec![Some(2025), None],
            roles: vec![ColumnMeaning::ZFlag],
            rows: Some((Some(1000), None)),
            z: Some((None, Some(1.5))),
        };
        let text = serde_urlencoded::to_string(both(&ProductQuery::default(), &ticked)).unwrap();
        assert_eq!(
            text,
            "release__in=3%2Cnone&owner__in=alice%2Cbob&origin__in=upload&format__in=parquet\
             &release_year__in=2025%2Cnone&has=z_flag&rows=1000..&z=..1.5"
        );
    }
}
