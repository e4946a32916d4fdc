//! Columns of a product's table and their meanings.

use pz_model::ColumnMeaning;
use pz_model::api::ProductContent;
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

impl Client {
    /// Every column of the product, in file order.
    pub async fn product_contents(&self, product: i64) -> Result<Vec<ProductContent>> {
        let query = [("product", product.to_string()), ("ordering", "order".to_owned())];
        self.every("/api/product-contents/", &query).await
    }

    /// Changes the meaning of a column.
    pub async fn update_product_content(&self, content: i64, patch: &ContentPatch) -> Result<ProductContent> {
        self.send(Method::Patch, &format!("/api/product-contents/{content}/"), patch)
            .await
    }
}
