//! Data of a plot, counted once.

use sea_orm::entity::prelude::*;

/// Data of a plot, counted once.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "plots")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the product.
    pub product_id: i64,
    /// Kind, parameters and the file's digest.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// The data.
    #[sea_orm(column_type = "Json")]
    pub body: Json,
    /// Created at.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
