//! One run of a pipeline.

use sea_orm::entity::prelude::*;

/// One run of a pipeline.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "processes")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Display name.
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// Id of the pipeline.
    pub pipeline_id: i64,
    /// Pipeline version.
    #[sea_orm(column_type = "Text")]
    pub pipeline_version: String,
    /// Id of the user.
    pub user_id: i64,
    /// Id of the release.
    pub release_id: Option<i64>,
    /// Id of the output product.
    pub output_product_id: i64,
    /// Used config.
    #[sea_orm(column_type = "Json", nullable)]
    pub used_config: Option<Json>,
    /// Status word of the API.
    #[sea_orm(column_type = "Text")]
    pub status: String,
    /// Phase.
    #[sea_orm(column_type = "Text")]
    pub phase: String,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Started at.
    pub started_at: Option<DateTimeUtc>,
    /// Ended at.
    pub ended_at: Option<DateTimeUtc>,
    /// Path.
    #[sea_orm(column_type = "Text", nullable)]
    pub path: Option<String>,
    /// Comment.
    #[sea_orm(column_type = "Text", nullable)]
    pub comment: Option<String>,
    /// Id of the orchestration process.
    pub orchestration_process_id: Option<i64>,
    /// Id of the file with translations of quality flags that the user sent along.
    pub flags_file_id: Option<i64>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
