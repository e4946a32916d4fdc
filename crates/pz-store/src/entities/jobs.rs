//! Work to be done in the background.

use sea_orm::entity::prelude::*;

/// Work to be done in the background.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Kind.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
    /// Payload.
    #[sea_orm(column_type = "Json", nullable)]
    pub payload: Option<Json>,
    /// State.
    #[sea_orm(column_type = "Text")]
    pub state: String,
    /// Priority.
    pub priority: i32,
    /// Attempts.
    pub attempts: i32,
    /// Max attempts.
    pub max_attempts: i32,
    /// Deduplication key.
    #[sea_orm(column_type = "Text", nullable)]
    pub deduplication_key: Option<String>,
    /// Run at.
    pub run_at: DateTimeUtc,
    /// Lease owner.
    #[sea_orm(column_type = "Text", nullable)]
    pub lease_owner: Option<String>,
    /// Lease until.
    pub lease_until: Option<DateTimeUtc>,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Finished at.
    pub finished_at: Option<DateTimeUtc>,
    /// Error.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
