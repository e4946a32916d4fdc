//! Data releases and who may see them.

use std::collections::HashMap;

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, Set};

use crate::database::Store;
use crate::entities::{release_groups, releases};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::text::search_text;
use crate::visibility::Viewer;

/// Columns that lists of releases can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseField {
    /// Identifier.
    Id,
    /// Unique name.
    Name,
    /// Name for people.
    DisplayName,
    /// When it was added.
    CreatedAt,
    /// Searched text: display name and description.
    TextSearch,
}

impl ListField for ReleaseField {
    fn expr(self) -> Expr {
        Expr::col((
            "releases",
            match self {
                Self::Id => "id",
                Self::Name => "name",
                Self::DisplayName => "display_name",
                Self::CreatedAt => "created_at",
                Self::TextSearch => "text_search",
            },
        ))
    }
}

/// A release with the groups that may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseWithGroups {
    /// The release.
    pub release: releases::Model,
    /// Ids of its access groups, ascending.
    pub access_groups: Vec<i64>,
}

/// A new release.
#[derive(Debug, Clone, Default)]
pub struct NewRelease {
    /// Unique name.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Description.
    pub description: Option<String>,
    /// Object identifier column of the photometric tables.
    pub indexing_column: String,
    /// A magnitude catalog exists.
    pub has_mag_hats: bool,
    /// A flux catalog exists.
    pub has_flux_hats: bool,
    /// Dereddenings offered: a list of `{name, display_name, selected?, disabled?}`.
    pub dereddening: Option<serde_json::Value>,
    /// Kinds of flux offered, the same form.
    pub fluxes: Option<serde_json::Value>,
    /// Magnitude zero point.
    pub mag_zero_point: Option<f64>,
    /// Visible to everybody.
    pub is_public: bool,
    /// Groups that may see it.
    pub access_groups: Vec<i64>,
}

impl Store {
    /// Releases that the viewer may see and that match, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_releases(
        &self,
        viewer: Viewer,
        query: &ListQuery<ReleaseField>,
    ) -> Result<(u64, Vec<ReleaseWithGroups>), StoreError> {
        let condition = query.condition(self.backend()).add(viewer.release_condition());
        let count = self.count("releases", condition.clone()).await?;
        let mut select = Query::select()
            .expr(Expr::cust("releases.*"))
            .from("releases")
            .cond_where(condition)
            .take();
        query.order_and_page(&mut select, Expr::col(("releases", "id")));
        let rows = releases::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, self.with_groups(rows).await?))
    }

    /// A release, when the viewer may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, viewer: Viewer, id: i64) -> Result<Option<ReleaseWithGroups>, StoreError> {
        let select = Query::select()
            .expr(Expr::cust("releases.*"))
            .from("releases")
            .and_where(Expr::col(("releases", "id")).eq(id))
            .cond_where(viewer.release_condition())
            .take();
        let row = releases::Model::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?;
        Ok(self.with_groups(row.into_iter().collect()).await?.pop())
    }

    /// Which of these releases the viewer may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible_release_ids(&self, viewer: Viewer, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let select = viewer
            .visible_releases()
            .and_where(Expr::col(("releases", "id")).is_in(ids.iter().copied()))
            .take();
        self.ids_of(&select).await
    }

    /// The id of the release with this name, whoever may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release_id_by_name(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let row = releases::Entity::find()
            .filter(releases::Column::Name.eq(name))
            .one(&self.db)
            .await?;
        Ok(row.map(|release| release.id))
    }

    /// Adds a release.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the name is taken.
    pub async fn add_release(&self, release: NewRelease) -> Result<releases::Model, StoreError> {
        let transaction = self.begin_write().await?;
        let description = release.description.clone().unwrap_or_default();
        let row = releases::ActiveModel {
            name_search: Set(search_text(&[&release.display_name, &release.name])),
            text_search: Set(search_text(&[&release.display_name, &description])),
            name: Set(release.name),
            display_name: Set(release.display_name),
            description: Set(release.description),
            created_at: Set(Timestamp::now().to_utc()),
            indexing_column: Set(release.indexing_column),
            has_mag_hats: Set(release.has_mag_hats),
            has_flux_hats: Set(release.has_flux_hats),
            dereddening: Set(release.dereddening),
            fluxes: Set(release.fluxes),
            mag_zero_point: Set(release.mag_zero_point),
            is_public: Set(release.is_public),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        for group_id in release.access_groups {
            release_groups::ActiveModel {
                release_id: Set(row.id),
                group_id: Set(group_id),
            }
            .insert(&transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(row)
    }

    async fn with_groups(&self, rows: Vec<releases::Model>) -> Result<Vec<ReleaseWithGroups>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut groups: HashMap<i64, Vec<i64>> = HashMap::new();
        let pairs = release_groups::Entity::find()
            .filter(release_groups::Column::ReleaseId.is_in(rows.iter().map(|row| row.id)))
            .order_by_asc(release_groups::Column::GroupId)
            .all(&self.db)
            .await?;
        for pair in pairs {
            groups.entry(pair.release_id).or_default().push(pair.group_id);
        }
        Ok(rows
            .into_iter()
            .map(|release| {
                let access_groups = groups.remove(&release.id).unwrap_or_default();
                ReleaseWithGroups {
                    release,
                    access_groups,
                }
            })
            .collect())
    }
}
