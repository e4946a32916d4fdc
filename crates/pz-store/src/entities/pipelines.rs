//! A pipeline that makes products from products.

use sea_orm::entity::prelude::*;

/// A pipeline that makes products from products.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pipelines")]
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
    /// Version.
    #[sea_orm(column_type = "Text")]
    pub version: String,
    /// Description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub name_search: String,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub text_search: String,
    /// System config.
    #[sea_orm(column_type = "Json", nullable)]
    pub system_config: Option<Json>,
    /// Id of the output product type.
    pub output_product_type_id: i64,
    /// Created at.
    pub created_at: DateTimeUtc,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
