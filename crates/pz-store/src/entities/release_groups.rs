//! A group that may see a release.

use sea_orm::entity::prelude::*;

/// A group that may see a release.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "release_groups")]
pub struct Model {
    /// Id of the release.
    #[sea_orm(primary_key, auto_increment = false)]
    pub release_id: i64,
    /// Id of the group.
    #[sea_orm(primary_key, auto_increment = false)]
    pub group_id: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
