//! Pipelines as the API lists them.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// A pipeline that makes products from products.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Pipeline {
    /// Identifier.
    pub id: i64,
    /// Unique name.
    #[cfg_attr(feature = "openapi", schema(example = "training_set_maker"))]
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Version of the pipeline.
    pub version: String,
    /// Description.
    pub description: Option<String>,
    /// When the pipeline was added.
    pub created_at: Timestamp,
    /// Default configuration; holds the object `param`, which users edit and send back.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub system_config: serde_json::Value,
    /// Id of the product type it makes.
    pub output_product_type: i64,
    /// Ids of the product types it takes.
    pub product_types_accepted: Vec<i64>,
}

/// A pipeline as administrators see it in the list of what this server can run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServicePipeline {
    /// Name for people.
    pub display_name: String,
    /// Version.
    #[cfg_attr(feature = "openapi", schema(example = "0.1.0"))]
    pub version: String,
    /// Processes that wait.
    pub pending: u64,
    /// Processes that a worker is at.
    pub running: u64,
}

/// What this server can run, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServicePipelines {
    /// The pipelines by their unique names.
    pub pipelines: std::collections::BTreeMap<String, ServicePipeline>,
}

/// Directories of this server, for administrators.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemInfo {
    /// Where pipelines are installed; null: they are part of this program.
    pub pipelines_dir: Option<String>,
    /// Where processes work.
    #[cfg_attr(feature = "openapi", schema(example = "/var/lib/pz-server/processes"))]
    pub processing_dir: String,
    /// Where the photometry of releases is; null: nowhere yet.
    pub datasets_dir: Option<String>,
}
