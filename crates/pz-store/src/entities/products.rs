//! A data product.

use sea_orm::entity::prelude::*;

/// A data product.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "products")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Id of the product type.
    pub product_type_id: i64,
    /// Id of the release.
    pub release_id: Option<i64>,
    /// Id of the user.
    pub user_id: i64,
    /// Internal name.
    #[sea_orm(column_type = "Text", nullable)]
    pub internal_name: Option<String>,
    /// Display name.
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub name_search: String,
    /// Official product.
    pub official_product: bool,
    /// Pz code.
    #[sea_orm(column_type = "Text", nullable)]
    pub pz_code: Option<String>,
    /// Description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Number of the status.
    pub status: i32,
    /// Release year.
    pub release_year: Option<i32>,
    /// Why the main file could not be registered.
    #[sea_orm(column_type = "Text", nullable)]
    pub registry_error: Option<String>,
    /// Registry error code.
    #[sea_orm(column_type = "Text", nullable)]
    pub registry_error_code: Option<String>,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Updated at.
    pub updated_at: DateTimeUtc,
    /// Deleted at.
    pub deleted_at: Option<DateTimeUtc>,
    /// Deleted by.
    pub deleted_by: Option<i64>,
    /// Delete reason.
    #[sea_orm(column_type = "Text", nullable)]
    pub delete_reason: Option<String>,
    /// Number of the status that it had when it was deleted.
    pub status_before_delete: Option<i32>,
    /// Purged at.
    pub purged_at: Option<DateTimeUtc>,
    /// Id of the first version.
    pub concept_id: Option<i64>,
    /// Number of the version, from 1.
    pub version_number: i32,
    /// SPDX id of the licence.
    #[sea_orm(column_type = "Text", nullable)]
    pub license: Option<String>,
    /// Who made it.
    #[sea_orm(column_type = "Json", nullable)]
    pub creators: Option<Json>,
    /// What it is related to.
    #[sea_orm(column_type = "Json", nullable)]
    pub related_identifiers: Option<Json>,
    /// Subjects.
    #[sea_orm(column_type = "Json", nullable)]
    pub subjects: Option<Json>,
    /// Who paid for it.
    #[sea_orm(column_type = "Json", nullable)]
    pub funding: Option<Json>,
    /// Registered identifier.
    #[sea_orm(column_type = "Text", nullable)]
    pub doi: Option<String>,
    /// Smallest value of the column with the meaning redshift.
    #[sea_orm(column_type = "Double", nullable)]
    pub z_min: Option<f64>,
    /// Largest value of the column with the meaning redshift.
    #[sea_orm(column_type = "Double", nullable)]
    pub z_max: Option<f64>,
    /// Comma list of the meanings that columns have.
    #[sea_orm(column_type = "Text", nullable)]
    pub roles: Option<String>,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
