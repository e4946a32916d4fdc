//! A browser that is signed in.

use sea_orm::entity::prelude::*;

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the user.
    pub user_id: i64,
    /// How the user signed in: `password` or `oidc`.
    #[sea_orm(column_type = "Text")]
    pub method: String,
    /// Counts up whenever the browser gets a new token.
    pub generation: i32,
    /// When it last did; the token before is good for a moment longer.
    pub rotated_at: DateTimeUtc,
    /// What the browser calls itself.
    #[sea_orm(column_type = "Text", nullable)]
    pub user_agent: Option<String>,
    /// Address that it was last seen at.
    #[sea_orm(column_type = "Text", nullable)]
    pub remote_address: Option<String>,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// When it was last seen, to some minutes.
    pub last_seen_at: DateTimeUtc,
    /// When it ends unless it is used.
    pub expires_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
