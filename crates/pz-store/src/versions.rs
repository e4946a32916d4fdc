//! Versions: products of one concept, each with its own id, internal name and address for ever.
//!
//! The latest is the newest that is published and that the viewer may see; while none is published, the newest
//! of all. Others' drafts and restricted versions are never named to anybody who may not see them.

use pz_model::{ProductStatus, Timestamp, internal_name::internal_name};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement, SubQueryStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::database::Store;
use crate::entities::products;
use crate::error::StoreError;
use crate::product_contents::Content;
use crate::products::ProductRow;
use crate::text::search_text;
use crate::visibility::Viewer;

/// One version.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct VersionRow {
    /// Id of the product.
    pub id: i64,
    /// Internal name.
    pub internal_name: Option<String>,
    /// Name for people.
    pub display_name: String,
    /// Number, from 1.
    pub version_number: i32,
    /// Number of the status.
    pub status: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// Registered identifier.
    pub doi: Option<String>,
}

impl VersionRow {
    /// The status; rows hold only known numbers.
    pub fn status(&self) -> ProductStatus {
        ProductStatus::from_code(self.status).unwrap_or(ProductStatus::Failed)
    }
}

/// A column of the latest version of the concept of `products`, in a query over `products`.
fn latest(column: &'static str, viewer: Viewer, backend: DbBackend) -> SelectStatement {
    let other = |name: &'static str| Expr::col(("other_version", name));
    Query::select()
        .expr(other(column))
        .from_as("products", "other_version")
        .and_where(other("concept_id").equals(("products", "concept_id")))
        .cond_where(viewer.product_condition_on("other_version", false, backend))
        .order_by_expr(other("status").eq(ProductStatus::Published.code()), Order::Desc)
        .order_by_expr(other("version_number"), Order::Desc)
        .order_by_expr(other("id"), Order::Desc)
        .limit(1)
        .take()
}

pub(crate) fn latest_version(column: &'static str, viewer: Viewer, backend: DbBackend) -> Expr {
    let select = latest(column, viewer, backend);
    Expr::SubQuery(None, Box::new(SubQueryStatement::SelectStatement(select)))
}

/// Products that are, or are not, the latest version for this viewer.
pub(crate) fn latest_condition(flags: &[bool], viewer: Viewer, backend: DbBackend) -> Cond {
    let id = || Expr::col(("products", "id"));
    flags.iter().fold(Cond::any(), |any, is_latest| {
        let latest = latest("id", viewer, backend);
        any.add(if *is_latest {
            id().in_subquery(latest)
        } else {
            id().not_in_subquery(latest)
        })
    })
}

/// No published version is newer, whoever may see it: what there is to say without a viewer.
pub(crate) fn newest_published() -> Expr {
    let newer = Query::select()
        .expr(Expr::val(1))
        .from_as("products", "newer_version")
        .and_where(Expr::col(("newer_version", "concept_id")).equals(("products", "concept_id")))
        .and_where(
            Expr::col(("newer_version", "version_number")).gt(Expr::col(("products", "version_number"))),
        )
        .and_where(Expr::col(("newer_version", "status")).eq(ProductStatus::Published.code()))
        .take();
    Expr::exists(newer).not()
}

impl Store {
    /// The versions of a concept that the viewer may see, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn versions_of(&self, viewer: Viewer, concept_id: i64) -> Result<Vec<VersionRow>, StoreError> {
        let column = |name: &'static str| Expr::col(("products", name));
        let select = Query::select()
            .columns(
                [
                    "id",
                    "internal_name",
                    "display_name",
                    "version_number",
                    "status",
                    "created_at",
                    "doi",
                ]
                .map(|name| ("products", name)),
            )
            .from("products")
            .and_where(column("concept_id").eq(concept_id))
            .cond_where(viewer.product_condition(false, self.backend()))
            .order_by_expr(column("version_number"), Order::Desc)
            .order_by_expr(column("id"), Order::Desc)
            .take();
        Ok(VersionRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    /// Begins a new version of a published product: a draft of the same owner with the same metadata and the
    /// next number of the concept, which no version ever had. Neither the official mark nor the DOI are taken
    /// over: they are of one version. `None` when the product is not published (any more).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_version(&self, of: &ProductRow) -> Result<Option<i64>, StoreError> {
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        let concept_id = of.concept_id.unwrap_or(of.id);
        // Locked first: two new versions at once get different numbers.
        products::Entity::find_by_id(concept_id)
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let source = products::Entity::find_by_id(of.id)
            .filter(products::Column::Status.eq(ProductStatus::Published.code()))
            .one(&transaction)
            .await?;
        let Some(source) = source else {
            return Ok(None);
        };
        let newest = products::Entity::find()
            .filter(products::Column::ConceptId.eq(concept_id))
            .order_by_desc(products::Column::VersionNumber)
            .one(&transaction)
            .await?;
        let number = newest.map_or(source.version_number, |row| row.version_number);
        let row = products::ActiveModel {
            product_type_id: Set(source.product_type_id),
            release_id: Set(source.release_id),
            user_id: Set(source.user_id),
            name_search: Set(search_text(&[&source.display_name])),
            display_name: Set(source.display_name),
            official_product: Set(false),
            pz_code: Set(source.pz_code),
            description: Set(source.description),
            status: Set(ProductStatus::Registering.code()),
            release_year: Set(source.release_year),
            license: Set(source.license),
            creators: Set(source.creators),
            related_identifiers: Set(source.related_identifiers),
            subjects: Set(source.subjects),
            funding: Set(source.funding),
            concept_id: Set(Some(concept_id)),
            version_number: Set(number.saturating_add(1)),
            created_at: Set(now),
            updated_at: Set(now),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        let name = internal_name(row.id, &row.display_name);
        let update = Query::update()
            .table("products")
            .value("internal_name", name)
            .and_where(Expr::col("id").eq(row.id))
            .take();
        transaction.execute(&update).await?;
        transaction.commit().await?;
        Ok(Some(row.id))
    }
}

/// Columns of the version before this one, whose meanings a first registration takes over by name.
pub(crate) async fn contents_of_previous(
    transaction: &DatabaseTransaction,
    product: &products::Model,
) -> Result<Vec<Content>, StoreError> {
    let Some(concept_id) = product.concept_id.filter(|_| product.version_number > 1) else {
        return Ok(Vec::new());
    };
    let previous = products::Entity::find()
        .filter(products::Column::ConceptId.eq(concept_id))
        .filter(products::Column::VersionNumber.lt(product.version_number))
        .filter(products::Column::Status.eq(ProductStatus::Published.code()))
        .order_by_desc(products::Column::VersionNumber)
        .one(transaction)
        .await?;
    let Some(previous) = previous else {
        return Ok(Vec::new());
    };
    Ok(crate::product_contents::of_product(previous.id)
        .into_model::<Content>()
        .all(transaction)
        .await?)
}
