//! What somebody did.

use sea_orm::entity::prelude::*;

/// What somebody did.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// At.
    pub at: DateTimeUtc,
    /// Id of the user.
    pub user_id: Option<i64>,
    /// Login name, unique.
    #[sea_orm(column_type = "Text", nullable)]
    pub username: Option<String>,
    /// Action.
    #[sea_orm(column_type = "Text")]
    pub action: String,
    /// Object type.
    #[sea_orm(column_type = "Text", nullable)]
    pub object_type: Option<String>,
    /// Id of the object.
    pub object_id: Option<i64>,
    /// Id of the request.
    #[sea_orm(column_type = "Text", nullable)]
    pub request_id: Option<String>,
    /// Remote address.
    #[sea_orm(column_type = "Text", nullable)]
    pub remote_address: Option<String>,
    /// Detail.
    #[sea_orm(column_type = "Json", nullable)]
    pub detail: Option<Json>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
