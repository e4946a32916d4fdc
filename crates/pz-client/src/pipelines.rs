//! Pipelines the instance offers.

use pz_model::api::{Page, Pipeline};

use crate::{Client, Result};

impl Client {
    /// Every pipeline.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>> {
        let page: Page<Pipeline> = self.get("/api/pipelines/", &[]).await?;
        Ok(page.results)
    }
}
