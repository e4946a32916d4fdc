//! Pipelines the instance offers.

use pz_model::api::{Pipeline, ServicePipelines, SystemInfo};

use crate::{Client, Result};

impl Client {
    /// Every pipeline.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>> {
        self.every("/api/pipelines/", &[]).await
    }

    /// One pipeline.
    pub async fn pipeline(&self, id: i64) -> Result<Pipeline> {
        self.get(&format!("/api/pipelines/{id}/"), &[]).await
    }

    /// Where the server works; for administrators.
    pub async fn system_info(&self) -> Result<SystemInfo> {
        self.get("/api/sysinfo/", &[]).await
    }

    /// What the server can run, and how busy it is; for administrators.
    pub async fn service_pipelines(&self) -> Result<ServicePipelines> {
        self.get("/api/orch_pipelines/", &[]).await
    }
}
