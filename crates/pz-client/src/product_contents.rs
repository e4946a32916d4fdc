//! Columns of a product's table and their meanings.

use pz_model::ColumnMeaning;
use pz_model::api::{Page, ProductContent};
use serde::Serialize;

use crate::transport::Method;
use crate::{Client, Result};

/// A change of a column's meaning; both parts are always sent, null clears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContentPatch {
    /// UCD of the meaning.
    pub ucd: Option<String>,
    /// Alias of the meaning.
    pub alias: Option<String>,
}

impl ContentPatch {
    /// Gives the column a standard meaning.
    pub fn meaning(meaning: ColumnMeaning) -> Self {
        Self {
            ucd: Some(meaning.ucd().to_owned()),
            alias: Some(meaning.alias().to_owned()),
        }
    }

    /// Takes the column's meaning away.
    pub fn clear() -> Self {
        Self {
            ucd: None,
            alias: None,
        }
    }
}

/// Columns asked for at once: the most the API gives.
const PAGE_SIZE: u64 = 1000;

impl Client {
    /// Every column of the product, in file order.
    pub async fn product_contents(&self, product: i64) -> Result<Vec<ProductContent>> {
        let mut columns = Vec::new();
        for page in 1.. {
            let query = [
                ("product", product.to_string()),
                ("ordering", "order".to_owned()),
                ("page", page.to_string()),
                ("page_size", PAGE_SIZE.to_string()),
            ];
            let found: Page<ProductContent> = self.get("/api/product-contents/", &query).await?;
            let done = found.results.is_empty();
            columns.extend(found.results);
            if done || columns.len() as u64 >= found.count {
                break;
            }
        }
        Ok(columns)
    }

    /// Changes the meaning of a column.
    pub async fn update_product_content(&self, content: i64, patch: &ContentPatch) -> Result<ProductContent> {
        self.send(Method::Patch, &format!("/api/product-contents/{content}/"), patch)
            .await
    }
}
