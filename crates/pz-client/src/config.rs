//! What the instance says of itself.

use pz_model::api::{InstanceConfig, WhichEnvironment};

use crate::{Client, Result};

impl Client {
    /// The public configuration of the instance.
    pub async fn config(&self) -> Result<InstanceConfig> {
        self.get("/api/config/", &[]).await
    }

    /// Whether this is a test instance.
    pub async fn which_environment(&self) -> Result<WhichEnvironment> {
        self.get("/which_environment/", &[]).await
    }
}
