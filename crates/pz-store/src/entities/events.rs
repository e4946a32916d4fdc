//! Something that happened and that open pages want to know.

use sea_orm::entity::prelude::*;

/// Something that happened and that open pages want to know.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// At.
    pub at: DateTimeUtc,
    /// Kind.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Id of the product.
    pub product_id: Option<i64>,
    /// Id of the process.
    pub process_id: Option<i64>,
    /// The only user whom it concerns.
    pub user_id: Option<i64>,
    /// What it says.
    #[sea_orm(column_type = "Json", nullable)]
    pub payload: Option<Json>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
