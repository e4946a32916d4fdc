//! Products: finding, making, changing and removing them.

use pz_model::ProductStatus;
use pz_model::api::{
    Creator, Funding, Page, PendingPublication, ProcessConfig, Product, ProductWithMainFile,
    RelatedIdentifier, TableStatistics, Tombstone,
};
use serde::Serialize;

use crate::transport::Method;
use crate::{Client, Result, TableRows};

/// What a list of products is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKey {
    /// Name for people.
    DisplayName,
    /// Product type.
    ProductType,
    /// When the product was created.
    CreatedAt,
}

impl OrderKey {
    /// Name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DisplayName => "display_name",
            Self::ProductType => "product_type",
            Self::CreatedAt => "created_at",
        }
    }

    /// The key with this name in the API.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::DisplayName, Self::ProductType, Self::CreatedAt]
            .into_iter()
            .find(|key| key.as_str() == name)
    }
}

/// An order of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductOrder {
    /// What to order by.
    pub key: OrderKey,
    /// Largest or newest first.
    pub descending: bool,
}

impl ProductOrder {
    /// Newest products first: what the API does when nothing is asked for.
    pub const NEWEST_FIRST: Self = Self {
        key: OrderKey::CreatedAt,
        descending: true,
    };

    /// The text form of the API: the key, after `-` when descending.
    pub fn text(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
        OrderKey::from_name(key).map(|key| Self { key, descending })
    }
}

/// Which releases products may belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ReleaseFilter {
    /// Any release, or none.
    #[default]
    Any,
    /// No release.
    None,
    /// One of these, by id.
    OneOf(Vec<i64>),
}

/// Which products to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProductQuery {
    /// Words to be found in name or owner.
    pub search: String,
    /// Product types by id; empty for all.
    pub product_types: Vec<i64>,
    /// Releases.
    pub release: ReleaseFilter,
    /// Official products only, or all but those.
    pub official: Option<bool>,
    /// Statuses; empty for every one the caller may see.
    pub statuses: Vec<ProductStatus>,
    /// Words to be found in the owner's name.
    pub uploaded_by: Option<String>,
    /// Products of the user with this id.
    pub user: Option<i64>,
    /// Exactly this internal name.
    pub internal_name: Option<String>,
    /// Latest versions only, or all but those.
    pub latest: Option<bool>,
    /// Order; newest first when absent.
    pub order: Option<ProductOrder>,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Products of a page.
    pub page_size: Option<u64>,
}

impl ProductQuery {
    /// The query string's parameters, in a fixed order.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let mut add = |name: &'static str, value: String| parameters.push((name, value));
        if !self.search.trim().is_empty() {
            add("search", self.search.trim().to_owned());
        }
        match self.product_types.as_slice() {
            [] => {}
            [one] => add("product_type", one.to_string()),
            many => add("product_type__in", comma_list(many)),
        }
        match &self.release {
            ReleaseFilter::Any => {}
            ReleaseFilter::None => add("release__isnull", "true".to_owned()),
            ReleaseFilter::OneOf(ids) => match ids.as_slice() {
                [one] => add("release", one.to_string()),
                many => add("release__in", comma_list(many)),
            },
        }
        if let Some(official) = self.official {
            add("official_product", official.to_string());
        }
        match self.statuses.as_slice() {
            [] => {}
            [one] => add("status", one.code().to_string()),
            many => add("status__in", comma_list(many.iter().map(|status| status.code()))),
        }
        if let Some(owner) = &self.uploaded_by {
            add("uploaded_by", owner.clone());
        }
        if let Some(user) = self.user {
            add("user", user.to_string());
        }
        if let Some(internal_name) = &self.internal_name {
            add("internal_name", internal_name.clone());
        }
        if let Some(latest) = self.latest {
            add("latest", latest.to_string());
        }
        if let Some(order) = self.order {
            add("ordering", order.text());
        }
        if let Some(page) = self.page {
            add("page", page.to_string());
        }
        if let Some(page_size) = self.page_size {
            add("page_size", page_size.to_string());
        }
        parameters
    }
}

fn comma_list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items
        .into_iter()
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(",")
}

/// A product to be created; it starts as a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewProduct {
    /// Name for people.
    pub display_name: String,
    /// Id of the product type.
    pub product_type: i64,
    /// Id of the release.
    pub release: Option<i64>,
    /// Algorithm or code behind the product.
    pub pz_code: Option<String>,
    /// Description, Markdown.
    pub description: Option<String>,
    /// Year in which the survey released the data.
    pub release_year: Option<i32>,
    /// Published officially; administrators only.
    pub official_product: bool,
    /// SPDX id of the licence; the usual one when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Who made it; the owner when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub creators: Vec<Creator>,
    /// What it is related to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_identifiers: Vec<RelatedIdentifier>,
    /// Subjects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Who paid for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub funding: Vec<Funding>,
}

/// Changes of a product: `None` leaves a field as it is, `Some(None)` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProductPatch {
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Id of the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<Option<i64>>,
    /// Algorithm or code behind the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pz_code: Option<Option<String>>,
    /// Description, Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Option<String>>,
    /// Year in which the survey released the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_year: Option<Option<i32>>,
    /// Published officially.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub official_product: Option<bool>,
    /// Published, or back to a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ProductStatus>,
    /// SPDX id of the licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<Option<String>>,
    /// Who made it; the owner when empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creators: Option<Vec<Creator>>,
    /// What it is related to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_identifiers: Option<Vec<RelatedIdentifier>>,
    /// Subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<Vec<String>>,
    /// Who paid for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub funding: Option<Vec<Funding>>,
    /// Registered identifier; administrators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doi: Option<Option<String>>,
}

impl Client {
    /// One page of the products that match.
    pub async fn products(&self, query: &ProductQuery) -> Result<Page<Product>> {
        self.get("/api/products/", &query.parameters()).await
    }

    /// The product with this id.
    pub async fn product(&self, id: i64) -> Result<Product> {
        self.get(&format!("/api/products/{id}/"), &[]).await
    }

    /// The product with this internal name; `None` when there is none the caller may see.
    pub async fn product_named(&self, internal_name: &str) -> Result<Option<Product>> {
        let query = ProductQuery {
            internal_name: Some(internal_name.to_owned()),
            ..ProductQuery::default()
        };
        let page = self.products(&query).await?;
        Ok(page
            .results
            .into_iter()
            .find(|product| product.internal_name == internal_name))
    }

    /// The product with what is known of its main file.
    pub async fn main_file_info(&self, id: i64) -> Result<ProductWithMainFile> {
        self.get(&format!("/api/products/{id}/main_file_info/"), &[])
            .await
    }

    /// Creates a draft.
    pub async fn create_product(&self, product: &NewProduct) -> Result<Product> {
        self.send(Method::Post, "/api/products/", product).await
    }

    /// Changes a product.
    pub async fn update_product(&self, id: i64, patch: &ProductPatch) -> Result<Product> {
        self.send(Method::Patch, &format!("/api/products/{id}/"), patch)
            .await
    }

    /// Removes a product; for a time it can be brought back.
    pub async fn delete_product(&self, id: i64) -> Result<()> {
        self.send_discarding(Method::Delete, &format!("/api/products/{id}/"))
            .await
    }

    /// Removes a product and says why.
    pub async fn delete_product_because(&self, id: i64, reason: &str) -> Result<()> {
        let query = [("reason", reason.to_owned())];
        let request = self.request(Method::Delete, &format!("/api/products/{id}/"), &query)?;
        self.text(request).await.map(|_| ())
    }

    /// Brings a removed product back.
    pub async fn restore_product(&self, id: i64) -> Result<Product> {
        self.post_empty(&format!("/api/products/{id}/restore/")).await
    }

    /// What remains of a removed product.
    pub async fn tombstone(&self, id: i64) -> Result<Tombstone> {
        self.get(&format!("/api/products/{id}/tombstone/"), &[]).await
    }

    /// One page of the published redshift catalogs that match.
    pub async fn products_specz(&self, query: &ProductQuery) -> Result<Page<Product>> {
        self.get("/api/products-specz/", &query.parameters()).await
    }

    /// The published redshift catalog with this id.
    pub async fn product_specz(&self, id: i64) -> Result<Product> {
        self.get(&format!("/api/products-specz/{id}/"), &[]).await
    }

    /// Drafts that the caller has begun to upload.
    pub async fn pending_publication(&self) -> Result<PendingPublication> {
        self.get("/api/products/pending_publication/", &[]).await
    }

    /// How the process that made the product was configured.
    pub async fn process_config(&self, id: i64) -> Result<ProcessConfig> {
        self.get(&format!("/api/products/{id}/process_config/"), &[])
            .await
    }

    /// Reads the main file: its columns, rows and preview.
    pub async fn registry(&self, id: i64) -> Result<Product> {
        self.post_empty(&format!("/api/products/{id}/registry/")).await
    }

    /// The statistics of the table's columns: of all, or of those named.
    pub async fn table_statistics(&self, id: i64, columns: &[&str]) -> Result<TableStatistics> {
        let query: Vec<_> = (!columns.is_empty())
            .then(|| ("columns", columns.join(",")))
            .into_iter()
            .collect();
        self.get(&format!("/api/products/{id}/stats/"), &query).await
    }

    /// One page of the table's rows; `None` while the server is still indexing the file.
    pub async fn read_data(&self, id: i64, page: u64, page_size: u64) -> Result<Option<TableRows>> {
        let query = [("page", page.to_string()), ("page_size", page_size.to_string())];
        let request = self.request(Method::Get, &format!("/api/products/{id}/read_data/"), &query)?;
        TableRows::parse(&self.text(request).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_query_asks_for_nothing() {
        assert!(ProductQuery::default().parameters().is_empty());
    }

    #[test]
    fn one_value_uses_the_plain_filter_and_several_the_list() {
        let mut query = ProductQuery {
            search: "  desi ".to_owned(),
            product_types: vec![1],
            release: ReleaseFilter::None,
            official: Some(false),
            statuses: vec![ProductStatus::Published],
            order: Some(ProductOrder::NEWEST_FIRST),
            page: Some(2),
            page_size: Some(25),
            ..ProductQuery::default()
        };
        let text = |query: &ProductQuery| serde_urlencoded::to_string(query.parameters()).unwrap();
        assert_eq!(
            text(&query),
            "search=desi&product_type=1&release__isnull=true&official_product=false&status=1\
             &ordering=-created_at&page=2&page_size=25"
        );
        query.product_types = vec![1, 2];
        query.release = ReleaseFilter::OneOf(vec![3, 4]);
        query.statuses = vec![ProductStatus::Registering, ProductStatus::Failed];
        assert_eq!(
            text(&query),
            "search=desi&product_type__in=1%2C2&release__in=3%2C4&official_product=false&status__in=0%2C9\
             &ordering=-created_at&page=2&page_size=25"
        );
    }

    #[test]
    fn orders_round_trip() {
        for text in ["display_name", "-display_name", "product_type", "-created_at"] {
            assert_eq!(
                ProductOrder::parse(text).map(ProductOrder::text).as_deref(),
                Some(text)
            );
        }
        assert_eq!(ProductOrder::parse("-"), None);
        assert_eq!(ProductOrder::parse("password"), None);
    }

    #[test]
    fn a_patch_sends_only_what_changes() {
        let patch = ProductPatch {
            description: Some(None),
            status: Some(ProductStatus::Published),
            ..Default::default()
        };
        assert_eq!(
            serde_json::to_string(&patch).unwrap(),
            r#"{"description":null,"status":1}"#
        );
    }
}
