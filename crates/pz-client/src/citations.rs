//! Citing products, following their versions and where they come from.

use pz_model::api::{CitationFormat, Product, ProductVersions, Provenance};

use crate::transport::Method;
use crate::{Client, Result};

impl Client {
    /// The citation or the metadata of a product, as text in this format.
    pub async fn citation(&self, product: i64, format: CitationFormat) -> Result<String> {
        let query = [("format", format.as_str().to_owned())];
        let path = format!("/api/products/{product}/citation/");
        self.text(self.request(Method::Get, &path, &query)?).await
    }

    /// The versions of a product, newest first.
    pub async fn versions(&self, product: i64) -> Result<ProductVersions> {
        self.get(&format!("/api/products/{product}/versions/"), &[]).await
    }

    /// Begins a new version of a published product: a draft.
    pub async fn create_version(&self, product: i64) -> Result<Product> {
        self.post_empty(&format!("/api/products/{product}/versions/"))
            .await
    }

    /// Ancestors and descendants of a product over at most `depth` (1 to 4) processes each way.
    pub async fn provenance(&self, product: i64, depth: u32) -> Result<Provenance> {
        let query = [("depth", depth.to_string())];
        self.get(&format!("/api/products/{product}/provenance/"), &query)
            .await
    }
}
