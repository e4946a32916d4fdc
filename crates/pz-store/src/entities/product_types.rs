//! A product type's texts.

use sea_orm::entity::prelude::*;

/// A product type's texts.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "product_types")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Display name.
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// Place in the order.
    pub position: Option<i32>,
    /// Description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub name_search: String,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub text_search: String,
    /// Created at.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
