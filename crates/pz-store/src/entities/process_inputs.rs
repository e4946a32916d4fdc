//! A product that a process reads.

use sea_orm::entity::prelude::*;

/// A product that a process reads.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "process_inputs")]
pub struct Model {
    /// Id of the process.
    #[sea_orm(primary_key, auto_increment = false)]
    pub process_id: i64,
    /// Id of the product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: i64,
    /// Place in the order.
    pub position: i32,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
