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
    /// Default configuration; holds the object `param`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub system_config: serde_json::Value,
    /// Id of the product type it makes.
    pub output_product_type: i64,
    /// Ids of the product types it takes.
    pub product_types_accepted: Vec<i64>,
}
