//! Where a product comes from and what was made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// Kind of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ProvenanceKind {
    /// A product.
    Product,
    /// A run of a pipeline.
    Process,
}

/// What the caller may know of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ProvenanceState {
    /// It is there, and the caller may see it.
    Visible,
    /// The product was deleted; its tombstone has an address.
    Deleted,
    /// The caller may know only that there is something.
    Restricted,
}

/// A product or a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProvenanceNode {
    /// What edges call it.
    #[cfg_attr(feature = "openapi", schema(example = "product-16"))]
    pub key: String,
    /// Product or process.
    pub kind: ProvenanceKind,
    /// What the caller may know of it; nothing below is there for a restricted one.
    pub state: ProvenanceState,
    /// Id of the product or process.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub id: Option<i64>,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "My Redshift Cat"))]
    pub display_name: Option<String>,
    /// Products: permanent public key.
    #[cfg_attr(feature = "openapi", schema(example = "16_my_redshift_cat"))]
    pub internal_name: Option<String>,
    /// Products: internal key of the type.
    #[cfg_attr(feature = "openapi", schema(example = "redshift_catalog"))]
    pub product_type: Option<String>,
    /// Products: number of the version.
    pub version_number: Option<i32>,
    /// Label of the product's status, or status of the process.
    #[cfg_attr(feature = "openapi", schema(example = "Published"))]
    pub status: Option<String>,
    /// Username of the owner.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub owner: Option<String>,
    /// Processes: display name of the pipeline.
    pub pipeline: Option<String>,
    /// Processes: version of the pipeline.
    pub pipeline_version: Option<String>,
    /// Processes: parameters of the run.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub parameters: Option<serde_json::Value>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// Processes: when it began.
    pub started_at: Option<Timestamp>,
    /// Processes: when it ended.
    pub ended_at: Option<Timestamp>,
}

/// What two nodes have to do with each other; along the arrow data flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProvenanceEdge {
    /// Key of a product that a process reads, or of the process.
    #[cfg_attr(feature = "openapi", schema(example = "product-16"))]
    pub from: String,
    /// Key of the process, or of the product that it made.
    #[cfg_attr(feature = "openapi", schema(example = "process-7"))]
    pub to: String,
}

/// Ancestors and descendants of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Provenance {
    /// Key of the product that was asked for.
    #[cfg_attr(feature = "openapi", schema(example = "product-16"))]
    pub root: String,
    /// Processes between it and the farthest nodes.
    #[cfg_attr(feature = "openapi", schema(example = 2))]
    pub depth: u32,
    /// There is more than an answer holds.
    pub truncated: bool,
    /// Products and processes, each once.
    pub nodes: Vec<ProvenanceNode>,
    /// Inputs to processes, processes to outputs.
    pub edges: Vec<ProvenanceEdge>,
}

/// The same as PROV-JSON: kinds of statements, by name, each by the name of what it is about.
pub type ProvDocument = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// How a product made by a pipeline was configured; both absent for uploads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProcessConfig {
    /// Parameters of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Option<Object>, example = json!({"combine_type": "concatenate"}))
    )]
    pub config: Option<serde_json::Value>,
    /// The file with translations of quality flags that came with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(value_type = Option<Object>, example = json!({"translation_rules": {}}))
    )]
    pub flag_translation: Option<serde_json::Value>,
    /// Why that file cannot be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag_translation_error: Option<String>,
}
