//! Product types as the API lists them.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// A product type; its texts belong to the instance, its rules to [`crate::ProductType`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ProductType))]
pub struct ProductTypeView {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 2))]
    pub id: i64,
    /// Internal key.
    #[cfg_attr(feature = "openapi", schema(example = "training_set"))]
    pub name: String,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "Training Set"))]
    pub display_name: String,
    /// Position in lists.
    pub order: Option<i32>,
    /// What products of this type hold.
    pub description: Option<String>,
    /// When the type was created.
    pub created_at: Timestamp,
}
