//! Files of a product.

use serde::{Deserialize, Serialize};

use crate::file_role::FileRole;
use crate::timestamp::Timestamp;

/// A file of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductFile {
    /// Identifier.
    pub id: i64,
    /// Id of the product.
    pub product: i64,
    /// Where the file can be downloaded, with the caller's credentials.
    #[cfg_attr(feature = "openapi", schema(example = "/api/product-files/1/download/"))]
    pub file: String,
    /// The caller may delete the file.
    pub can_delete: bool,
    /// `Main`, `Description` or `Auxiliary`.
    #[cfg_attr(feature = "openapi", schema(example = "Main"))]
    pub role_name: String,
    /// 0 main, 1 description, 2 auxiliary.
    #[cfg_attr(feature = "openapi", schema(value_type = i32, example = 0))]
    pub role: FileRole,
    /// Name as uploaded.
    #[cfg_attr(feature = "openapi", schema(example = "cat.csv"))]
    pub name: Option<String>,
    /// MIME type as sent.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(example = "text/csv"))]
    pub mime_type: Option<String>,
    /// Rows of the table, for a main file that has been read.
    pub n_rows: Option<i64>,
    /// Size in bytes.
    pub size: Option<i64>,
    /// Extension in lower case with its dot; empty if none.
    #[cfg_attr(feature = "openapi", schema(example = ".csv"))]
    pub extension: Option<String>,
    /// The file is a directory (a HATS catalog).
    pub is_directory: bool,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    #[serde(default)]
    pub sha256: Option<String>,
    /// When the file was uploaded.
    pub created: Timestamp,
    /// When the file or its role last changed.
    pub updated: Timestamp,
}
