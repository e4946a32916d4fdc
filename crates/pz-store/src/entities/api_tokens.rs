//! A key for programs; only a hash of its secret is kept.

use sea_orm::entity::prelude::*;

/// A key for programs; only a hash of its secret is kept.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the user.
    pub user_id: i64,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Public half of the token, to find the row.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// SHA-256 of the secret half, lower-case hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub secret_sha256: String,
    /// Comma list of `read`, `upload`, `run`, `admin`.
    #[sea_orm(column_type = "Text")]
    pub scopes: String,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Expires at.
    pub expires_at: Option<DateTimeUtc>,
    /// Last used at.
    pub last_used_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
