//! Versions of a product, and what remains of a deleted one.

use serde::{Deserialize, Serialize};

use crate::product_status::ProductStatus;
use crate::timestamp::Timestamp;

/// One version of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductVersion {
    /// Id of the product.
    #[cfg_attr(feature = "openapi", schema(example = 31))]
    pub id: i64,
    /// Permanent public key of this version.
    #[cfg_attr(feature = "openapi", schema(example = "31_my_redshift_cat"))]
    pub internal_name: String,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "My Redshift Cat"))]
    pub display_name: String,
    /// Number of the version, from 1.
    #[cfg_attr(feature = "openapi", schema(example = 2))]
    pub version_number: i32,
    /// 0 Registering, 1 Published, 3 Processing, 9 Failed.
    #[cfg_attr(feature = "openapi", schema(value_type = i32, example = 1))]
    pub status: ProductStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// The newest one that is published, or the newest of all while none is.
    pub is_latest: bool,
}

/// The versions of a product that the caller may see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductVersions {
    /// Internal name of the latest.
    #[cfg_attr(feature = "openapi", schema(example = "31_my_redshift_cat"))]
    pub latest: Option<String>,
    /// Newest first.
    pub results: Vec<ProductVersion>,
}

/// What remains of a product that was published and is deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tombstone {
    /// Identifier, never used again.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub id: i64,
    /// Internal name, never used again.
    #[cfg_attr(feature = "openapi", schema(example = "16_my_redshift_cat"))]
    pub internal_name: String,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "My Redshift Cat"))]
    pub display_name: String,
    /// Username of the owner.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub owner: String,
    /// When the product was created.
    pub created_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Why, as far as somebody said so.
    pub reason: Option<String>,
    /// How it is cited.
    pub citation: String,
    /// The caller may bring it back.
    pub can_restore: bool,
    /// Until when its owner or an administrator may bring it back; null when the time is over.
    pub restorable_until: Option<Timestamp>,
}

/// Drafts that the caller has begun to upload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PendingPublication {
    /// The newest of them.
    pub product: Option<super::Product>,
    /// All of them, newest first.
    pub drafts: Vec<super::Product>,
}
