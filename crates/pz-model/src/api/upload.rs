//! Uploads that can be continued after an interruption.

use serde::{Deserialize, Serialize};

use crate::file_role::FileRole;
use crate::timestamp::Timestamp;

/// An upload that can be continued after an interruption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadRecord {
    /// Random identifier.
    #[cfg_attr(feature = "openapi", schema(example = "5d0f6f8c2f0a4b6c9a4f0f6e1c2b3a49"))]
    pub id: String,
    /// Where its bytes go.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "/api/uploads/5d0f6f8c2f0a4b6c9a4f0f6e1c2b3a49/")
    )]
    pub url: String,
    /// Id of the product.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub product: i64,
    /// 0 main, 1 description, 2 auxiliary.
    #[cfg_attr(feature = "openapi", schema(value_type = i32, example = 0))]
    pub role: FileRole,
    /// Name of the file.
    #[cfg_attr(feature = "openapi", schema(example = "cat.csv"))]
    pub name: String,
    /// MIME type as sent.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(example = "text/csv"))]
    pub mime_type: Option<String>,
    /// Length of the whole file in bytes.
    #[cfg_attr(feature = "openapi", schema(example = 52_428_800))]
    pub size: u64,
    /// Bytes that are kept: where to go on. It reaches `size` when the file is kept.
    #[cfg_attr(feature = "openapi", schema(example = 20_971_520))]
    pub offset: u64,
    /// The file is kept.
    pub complete: bool,
    /// Id of the file that came of it; null as long as it is not complete, and again when that file is removed.
    pub file: Option<i64>,
    /// When the upload was begun.
    pub created: Timestamp,
    /// When bytes last arrived.
    pub updated: Timestamp,
    /// When what arrived is removed unless more does.
    pub expires: Timestamp,
}
