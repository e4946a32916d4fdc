//! A link to set a new password, good once.

use sea_orm::entity::prelude::*;

/// A link to set a new password, good once.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "password_resets")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the user.
    pub user_id: i64,
    /// SHA-256 of the secret in the link, lower-case hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub secret_sha256: String,
    /// Id of the administrator who made it; none when a command did.
    pub created_by: Option<i64>,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Expires at.
    pub expires_at: DateTimeUtc,
    /// When it was used.
    pub used_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
