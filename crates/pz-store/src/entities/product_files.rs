//! A file of a product; its bytes are in the blob store.

use sea_orm::entity::prelude::*;

/// A file of a product; its bytes are in the blob store.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "product_files")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the product.
    pub product_id: i64,
    /// Number of the file role.
    pub role: i32,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Mime type.
    #[sea_orm(column_type = "Text", nullable)]
    pub mime_type: Option<String>,
    /// Extension.
    #[sea_orm(column_type = "Text")]
    pub extension: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// Is directory.
    pub is_directory: bool,
    /// Where the bytes are in the blob store.
    #[sea_orm(column_type = "Text")]
    pub blob_key: String,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub sha256: String,
    /// CRC-32 of the bytes (IEEE), as zip stores it.
    pub crc32: i64,
    /// N rows.
    pub n_rows: Option<i64>,
    /// Table format.
    #[sea_orm(column_type = "Text", nullable)]
    pub table_format: Option<String>,
    /// How `pz-tables` reads the file again without scanning it.
    #[sea_orm(column_type = "Json", nullable)]
    pub table_layout: Option<Json>,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Updated at.
    pub updated_at: DateTimeUtc,
    /// Where the same bytes lie compressed (raw deflate), for archives.
    #[sea_orm(column_type = "Text", nullable)]
    pub deflated_blob_key: Option<String>,
    /// Length of the compressed bytes.
    pub deflated_bytes: Option<i64>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
