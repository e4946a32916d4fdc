//! The audit log as administrators read it.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// Something that somebody did. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditRecord {
    /// Identifier; later entries have larger ones.
    #[cfg_attr(feature = "openapi", schema(example = 371))]
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Id of who did it; null when unknown or gone.
    #[cfg_attr(feature = "openapi", schema(example = 12))]
    pub user: Option<i64>,
    /// Login name of who did it, kept when the account is gone.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub username: Option<String>,
    /// What was done.
    #[cfg_attr(feature = "openapi", schema(example = "product.create"))]
    pub action: String,
    /// Kind of the object.
    #[cfg_attr(feature = "openapi", schema(example = "product"))]
    pub object_type: Option<String>,
    /// Id of the object.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub object_id: Option<i64>,
    /// Id of the request that did it, as in the header `X-Request-Id`.
    pub request_id: Option<String>,
    /// Address it came from.
    #[cfg_attr(feature = "openapi", schema(example = "192.0.2.7"))]
    pub remote_address: Option<String>,
    /// What changed.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub detail: Option<serde_json::Value>,
}
