//! A product type that a pipeline takes.

use sea_orm::entity::prelude::*;

/// A product type that a pipeline takes.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "pipeline_accepted_types")]
pub struct Model {
    /// Id of the pipeline.
    #[sea_orm(primary_key, auto_increment = false)]
    pub pipeline_id: i64,
    /// Id of the product type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_type_id: i64,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
