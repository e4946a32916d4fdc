//! Reference data: product types, releases, users, and everything else that is only read.

use pz_model::api::{ApiRoot, Page, ProductTypeView, Release, User, UserAccount};

use crate::{Client, Result};

impl Client {
    /// Every product type, in display order.
    pub async fn product_types(&self) -> Result<Vec<ProductTypeView>> {
        self.every("/api/product-types/", &[("ordering", "order".to_owned())])
            .await
    }

    /// Every release the caller may see, newest first.
    pub async fn releases(&self) -> Result<Vec<Release>> {
        self.every("/api/releases/", &[]).await
    }

    /// One page of the users, by username.
    pub async fn users(&self, page: u64) -> Result<Page<User>> {
        self.get("/api/users/", &[("page", page.to_string())]).await
    }

    /// Addresses of the resources; also tells whether the credentials are good.
    pub async fn root(&self) -> Result<ApiRoot> {
        self.get("/api/", &[]).await
    }

    /// The caller's own account.
    pub async fn account(&self) -> Result<UserAccount> {
        self.get("/api/account/", &[]).await
    }

    /// The OpenAPI document.
    pub async fn schema(&self) -> Result<serde_json::Value> {
        self.get("/api/schema/", &[("format", "json".to_owned())]).await
    }
}
