//! Who a user is at an identity provider.

use sea_orm::entity::prelude::*;

/// Who a user is at an identity provider.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the user.
    pub user_id: i64,
    /// The provider.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// The user, as the provider names them for ever.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// When the user last signed in so.
    pub last_login_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
