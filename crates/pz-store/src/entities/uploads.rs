//! An upload that can be continued after an interruption.

use sea_orm::entity::prelude::*;

/// An upload that can be continued after an interruption.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "uploads")]
pub struct Model {
    /// Random identifier.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// Id of the user.
    pub user_id: i64,
    /// Id of the product.
    pub product_id: i64,
    /// Number of the file role.
    pub role: i32,
    /// Name of the file.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Mime type.
    #[sea_orm(column_type = "Text", nullable)]
    pub mime_type: Option<String>,
    /// Length of the whole file.
    pub length_bytes: i64,
    /// Bytes received so far.
    pub offset_bytes: i64,
    /// Where the bytes so far are.
    #[sea_orm(column_type = "Text")]
    pub staging_key: String,
    /// Id of the file that came of it.
    pub file_id: Option<i64>,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Updated at.
    pub updated_at: DateTimeUtc,
    /// Expires at.
    pub expires_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
