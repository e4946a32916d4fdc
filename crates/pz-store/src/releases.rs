//! Data releases and who may see them.

use std::collections::HashMap;

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::database::Store;
use crate::entities::{processes, products, release_groups, releases};
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
    /// Pattern of flux column names.
    pub flux_pattern: Option<String>,
    /// Pattern of flux error column names.
    pub flux_err_pattern: Option<String>,
    /// Pattern of magnitude column names.
    pub mag_pattern: Option<String>,
    /// Pattern of magnitude error column names.
    pub mag_err_pattern: Option<String>,
    /// Directory or object-store address of the photometric catalogs.
    pub datasets_location: Option<String>,
    /// Visible to everybody.
    pub is_public: bool,
    /// Groups that may see it.
    pub access_groups: Vec<i64>,
}

/// What to change of a release; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReleaseChanges {
    /// Unique name.
    pub name: Option<String>,
    /// Name for people.
    pub display_name: Option<String>,
    /// Description.
    pub description: Option<Option<String>>,
    /// Object identifier column of the photometric tables.
    pub indexing_column: Option<String>,
    /// A magnitude catalog exists.
    pub has_mag_hats: Option<bool>,
    /// A flux catalog exists.
    pub has_flux_hats: Option<bool>,
    /// Dereddenings offered.
    pub dereddening: Option<Option<serde_json::Value>>,
    /// Kinds of flux offered.
    pub fluxes: Option<Option<serde_json::Value>>,
    /// Magnitude zero point.
    pub mag_zero_point: Option<Option<f64>>,
    /// Pattern of flux column names.
    pub flux_pattern: Option<Option<String>>,
    /// Pattern of flux error column names.
    pub flux_err_pattern: Option<Option<String>>,
    /// Pattern of magnitude column names.
    pub mag_pattern: Option<Option<String>>,
    /// Pattern of magnitude error column names.
    pub mag_err_pattern: Option<Option<String>>,
    /// Directory or object-store address of the photometric catalogs.
    pub datasets_location: Option<Option<String>>,
    /// Visible to everybody.
    pub is_public: Option<bool>,
    /// Groups that may see it.
    pub access_groups: Option<Vec<i64>>,
}

/// What came of removing a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseRemoval {
    /// It is gone.
    Removed,
    /// There is none.
    Missing,
    /// So many products and processes name it, deleted ones included.
    InUse(u64),
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
            flux_pattern: Set(release.flux_pattern),
            flux_err_pattern: Set(release.flux_err_pattern),
            mag_pattern: Set(release.mag_pattern),
            mag_err_pattern: Set(release.mag_err_pattern),
            datasets_location: Set(release.datasets_location),
            is_public: Set(release.is_public),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        insert_groups(&transaction, row.id, &release.access_groups).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Changes a release; false when there is none with this id.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when a name is taken.
    pub async fn change_release(&self, id: i64, changes: ReleaseChanges) -> Result<bool, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(row) = releases::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?
        else {
            return Ok(false);
        };
        let name = changes.name.unwrap_or(row.name);
        let display_name = changes.display_name.unwrap_or(row.display_name);
        let description = changes.description.unwrap_or(row.description);
        let update = releases::ActiveModel {
            id: Set(id),
            name_search: Set(search_text(&[&display_name, &name])),
            text_search: Set(search_text(&[
                &display_name,
                description.as_deref().unwrap_or_default(),
            ])),
            name: Set(name),
            display_name: Set(display_name),
            description: Set(description),
            indexing_column: Set(changes.indexing_column.unwrap_or(row.indexing_column)),
            has_mag_hats: Set(changes.has_mag_hats.unwrap_or(row.has_mag_hats)),
            has_flux_hats: Set(changes.has_flux_hats.unwrap_or(row.has_flux_hats)),
            dereddening: Set(changes.dereddening.unwrap_or(row.dereddening)),
            fluxes: Set(changes.fluxes.unwrap_or(row.fluxes)),
            mag_zero_point: Set(changes.mag_zero_point.unwrap_or(row.mag_zero_point)),
            flux_pattern: Set(changes.flux_pattern.unwrap_or(row.flux_pattern)),
            flux_err_pattern: Set(changes.flux_err_pattern.unwrap_or(row.flux_err_pattern)),
            mag_pattern: Set(changes.mag_pattern.unwrap_or(row.mag_pattern)),
            mag_err_pattern: Set(changes.mag_err_pattern.unwrap_or(row.mag_err_pattern)),
            datasets_location: Set(changes.datasets_location.unwrap_or(row.datasets_location)),
            is_public: Set(changes.is_public.unwrap_or(row.is_public)),
            ..Default::default()
        };
        update.update(&transaction).await?;
        if let Some(access_groups) = changes.access_groups {
            release_groups::Entity::delete_many()
                .filter(release_groups::Column::ReleaseId.eq(id))
                .exec(&transaction)
                .await?;
            insert_groups(&transaction, id, &access_groups).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Removes a release that no product and no process names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_release(&self, id: i64) -> Result<ReleaseRemoval, StoreError> {
        let transaction = self.begin_write().await?;
        let uses = products::Entity::find()
            .filter(products::Column::ReleaseId.eq(id))
            .count(&transaction)
            .await?
            + processes::Entity::find()
                .filter(processes::Column::ReleaseId.eq(id))
                .count(&transaction)
                .await?;
        if uses > 0 {
            return Ok(ReleaseRemoval::InUse(uses));
        }
        release_groups::Entity::delete_many()
            .filter(release_groups::Column::ReleaseId.eq(id))
            .exec(&transaction)
            .await?;
        let deleted = releases::Entity::delete_by_id(id).exec(&transaction).await?;
        if deleted.rows_affected == 0 {
            return Ok(ReleaseRemoval::Missing);
        }
        transaction.commit().await?;
        Ok(ReleaseRemoval::Removed)
    }

    /// The same list with how many products name each release, deleted ones included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_releases_with_use(
        &self,
        viewer: Viewer,
        query: &ListQuery<ReleaseField>,
    ) -> Result<(u64, Vec<(ReleaseWithGroups, i64)>), StoreError> {
        let condition = query.condition(self.backend()).add(viewer.release_condition());
        let count = self.count("releases", condition.clone()).await?;
        if query.limit == 0 {
            return Ok((count, Vec::new()));
        }
        let mut select = Query::select()
            .expr(Expr::cust("releases.*"))
            .expr_as(
                Expr::cust("(SELECT count(*) FROM products WHERE products.release_id = releases.id)"),
                "product_count",
            )
            .from("releases")
            .cond_where(condition)
            .take();
        query.order_and_page(&mut select, Expr::col(("releases", "id")));
        let rows = UseRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        let (releases, uses): (Vec<releases::Model>, Vec<i64>) = rows
            .into_iter()
            .map(|row| (row.release, row.product_count))
            .unzip();
        let releases = self.with_groups(releases).await?;
        Ok((count, releases.into_iter().zip(uses).collect()))
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

#[derive(FromQueryResult)]
struct UseRow {
    #[sea_orm(nested)]
    release: releases::Model,
    product_count: i64,
}

async fn insert_groups(
    transaction: &DatabaseTransaction,
    release_id: i64,
    access_groups: &[i64],
) -> Result<(), StoreError> {
    let mut ids = access_groups.to_vec();
    ids.sort_unstable();
    ids.dedup();
    for group_id in ids {
        release_groups::ActiveModel {
            release_id: Set(release_id),
            group_id: Set(group_id),
        }
        .insert(transaction)
        .await?;
    }
    Ok(())
}
