//! Users as other users see them.

use serde::{Deserialize, Serialize};

/// A user of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// Login name.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub username: String,
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Name to show.
    pub display_name: Option<String>,
}
