//! The members of a main file that is a directory; they lie in one blob.

use sea_orm::entity::prelude::*;

/// The members of a main file that is a directory; they lie in one blob.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "file_containers")]
pub struct Model {
    /// Id of the file.
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_id: i64,
    /// Length of the blob in bytes.
    pub blob_bytes: i64,
    /// A list of `ContainerMember`, in the order of the blob.
    #[sea_orm(column_type = "Json")]
    pub members: Json,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
