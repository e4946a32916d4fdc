//! A column of a product's main table.

use sea_orm::entity::prelude::*;

/// A column of a product's main table.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "product_contents")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the product.
    pub product_id: i64,
    /// Column name.
    #[sea_orm(column_type = "Text")]
    pub column_name: String,
    /// Place in the order.
    pub position: i32,
    /// Ucd.
    #[sea_orm(column_type = "Text", nullable)]
    pub ucd: Option<String>,
    /// Alias.
    #[sea_orm(column_type = "Text", nullable)]
    pub alias: Option<String>,
    /// Dtype.
    #[sea_orm(column_type = "Text", nullable)]
    pub dtype: Option<String>,
    /// Shape of one cell, a list of numbers; none for scalars.
    #[sea_orm(column_type = "Json", nullable)]
    pub shape: Option<Json>,
    /// Unit.
    #[sea_orm(column_type = "Text", nullable)]
    pub unit: Option<String>,
    /// Description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Column statistics of `pz-tables`.
    #[sea_orm(column_type = "Json", nullable)]
    pub statistics: Option<Json>,
    /// First values that are not missing, at most three.
    #[sea_orm(column_type = "Json", nullable)]
    pub samples: Option<Json>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
