//! Downloads.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// A download that can be fetched: the whole product as a zip, or its main file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Archive {
    /// Id of the product.
    pub id: i64,
    /// Always null: nothing is built in the background.
    pub task_id: Option<String>,
    /// Always `ready`.
    #[cfg_attr(feature = "openapi", schema(example = "ready"))]
    pub status: String,
    /// Name of the file to be downloaded.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "16_my_redshift_cat_5f0c1c6c8a5b4a3f9d0e7a6b2c1d0e9f.zip")
    )]
    pub filename: String,
    /// Size in bytes.
    pub size: Option<i64>,
    /// SHA-256 of the bytes, lower-case hexadecimal. Null for a zip that nobody has asked for yet in this
    /// form: it is read through in the background, and a later answer says it.
    pub checksum: Option<String>,
    /// Changes whenever the bytes to be downloaded change; 64 hexadecimal digits.
    pub source_signature: String,
    /// When the product was created.
    pub created_at: Timestamp,
    /// When the product or one of its parts last changed.
    pub updated_at: Timestamp,
    /// Where to fetch it; signed, valid for some minutes, relative to the server's root.
    pub download_url: String,
    /// When the archive may be removed: null, never.
    pub expired_time: Option<Timestamp>,
}
