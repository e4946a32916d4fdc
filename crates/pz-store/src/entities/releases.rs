//! A data release.

use sea_orm::entity::prelude::*;

/// A data release.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "releases")]
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
    /// Description.
    #[sea_orm(column_type = "Text", nullable)]
    pub description: Option<String>,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub name_search: String,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub text_search: String,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Indexing column.
    #[sea_orm(column_type = "Text")]
    pub indexing_column: String,
    /// Has mag hats.
    pub has_mag_hats: bool,
    /// Has flux hats.
    pub has_flux_hats: bool,
    /// Dereddening.
    #[sea_orm(column_type = "Json", nullable)]
    pub dereddening: Option<Json>,
    /// Fluxes.
    #[sea_orm(column_type = "Json", nullable)]
    pub fluxes: Option<Json>,
    /// Magnitude zero point; 31.4 turns nanojansky into AB.
    #[sea_orm(column_type = "Double", nullable)]
    pub mag_zero_point: Option<f64>,
    /// Flux pattern.
    #[sea_orm(column_type = "Text", nullable)]
    pub flux_pattern: Option<String>,
    /// Flux err pattern.
    #[sea_orm(column_type = "Text", nullable)]
    pub flux_err_pattern: Option<String>,
    /// Mag pattern.
    #[sea_orm(column_type = "Text", nullable)]
    pub mag_pattern: Option<String>,
    /// Mag err pattern.
    #[sea_orm(column_type = "Text", nullable)]
    pub mag_err_pattern: Option<String>,
    /// Datasets location.
    #[sea_orm(column_type = "Text", nullable)]
    pub datasets_location: Option<String>,
    /// Is public.
    pub is_public: bool,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
