//! A set of users that releases can be opened to.

use sea_orm::entity::prelude::*;

/// A set of users that releases can be opened to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "groups")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Is external.
    pub is_external: bool,
    /// Created at.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
