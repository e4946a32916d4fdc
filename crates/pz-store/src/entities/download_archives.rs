//! What is known of an archive's bytes beyond its layout.

use sea_orm::entity::prelude::*;

/// What is known of an archive's bytes beyond its layout.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "download_archives")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the product.
    pub product_id: i64,
    /// Kind.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Source signature.
    #[sea_orm(column_type = "Text")]
    pub source_signature: String,
    /// Size in bytes.
    pub size_bytes: i64,
    /// SHA-256 of the bytes, lower-case hexadecimal.
    #[sea_orm(column_type = "Text", nullable)]
    pub sha256: Option<String>,
    /// Created at.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
