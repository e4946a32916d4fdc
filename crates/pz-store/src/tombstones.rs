//! Deleting products: a tombstone at once, a time of grace in which they can be brought back, then their bytes
//! go. First the row says that they are gone, then the rows of files go, then the bytes: a crash in between
//! leaves work for the next sweep and never a row without its bytes. Ids and internal names stay taken.

use pz_model::{ProductStatus, Timestamp};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use crate::database::Store;
use crate::entities::{plots, product_contents, product_files, products};
use crate::error::StoreError;
use crate::process_steps::stop_process_of_product;
use crate::products::{ProductRow, select_rows};
use crate::visibility::Viewer;

/// Products whose bytes one sweep removes at most.
const PURGED_AT_ONCE: u64 = 1000;

impl Store {
    /// Deletes a product: it becomes a tombstone at once; its bytes are kept for the time of grace.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is deleted already.
    pub async fn delete_product(&self, id: i64, by_user: i64) -> Result<(), StoreError> {
        self.delete_product_because(id, by_user, None, None).await
    }

    /// The same, with a reason, and only if nothing has changed since the product had this "last changed". A
    /// process that would make the product is stopped.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is deleted already, or changed although it should not have been.
    pub async fn delete_product_because(
        &self,
        id: i64,
        by_user: i64,
        reason: Option<String>,
        unchanged_since: Option<DateTimeUtc>,
    ) -> Result<(), StoreError> {
        let missing = StoreError::Missing { what: "product", id };
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        let product = products::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?
            .filter(|product| product.status != ProductStatus::Deleted.code())
            .filter(|product| unchanged_since.is_none_or(|time| product.updated_at == time));
        let Some(product) = product else {
            return Err(missing);
        };
        let update = Query::update()
            .table("products")
            .value("status", ProductStatus::Deleted.code())
            .value("deleted_at", now)
            .value("deleted_by", by_user)
            .value("delete_reason", reason)
            .value("status_before_delete", product.status)
            .value("updated_at", now)
            .and_where(Expr::col("id").eq(id))
            .take();
        transaction.execute(&update).await?;
        stop_process_of_product(&transaction, id).await?;
        Ok(transaction.commit().await?)
    }

    /// A deleted product, for its owner and administrators.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deleted_product(&self, viewer: Viewer, id: i64) -> Result<Option<ProductRow>, StoreError> {
        let mut select = self.deleted_rows(viewer, id);
        if !viewer.is_admin {
            select.and_where(Expr::col(("products", "user_id")).eq(viewer.user_id));
        }
        self.row_of(&select).await
    }

    /// A deleted product, for whoever could see it when it was published; `None` when it never was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tombstone(&self, viewer: Viewer, id: i64) -> Result<Option<ProductRow>, StoreError> {
        let select = self
            .deleted_rows(viewer, id)
            .and_where(Expr::col(("products", "status_before_delete")).eq(ProductStatus::Published.code()))
            .cond_where(tombstone_condition(viewer, self))
            .take();
        self.row_of(&select).await
    }

    fn deleted_rows(&self, viewer: Viewer, id: i64) -> SelectStatement {
        select_rows(viewer, self.backend())
            .and_where(Expr::col(("products", "id")).eq(id))
            .and_where(Expr::col(("products", "status")).eq(ProductStatus::Deleted.code()))
            .take()
    }

    async fn row_of(&self, select: &SelectStatement) -> Result<Option<ProductRow>, StoreError> {
        Ok(ProductRow::find_by_statement(self.backend().build(select))
            .one(&self.db)
            .await?)
    }

    /// Brings a product back that was deleted after `deleted_after`. False when it is too late, or somebody
    /// was quicker.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn restore_product(
        &self,
        id: i64,
        status: ProductStatus,
        deleted_after: DateTimeUtc,
    ) -> Result<bool, StoreError> {
        let update = Query::update()
            .table("products")
            .value("status", status.code())
            .value("deleted_at", Option::<DateTimeUtc>::None)
            .value("deleted_by", Option::<i64>::None)
            .value("delete_reason", Option::<String>::None)
            .value("status_before_delete", Option::<i32>::None)
            .value("updated_at", Timestamp::now().to_utc())
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("status").eq(ProductStatus::Deleted.code()))
            .and_where(Expr::col("purged_at").is_null())
            .and_where(Expr::col("deleted_at").gt(deleted_after))
            .take();
        Ok(self.db.execute(&update).await?.rows_affected() > 0)
    }

    /// Marks products deleted before `deleted_before` as purged and removes the bytes of all that are marked.
    /// Says how many products lost theirs.
    ///
    /// # Errors
    /// When the database or the blob store fails; the next call goes on.
    pub async fn purge_deleted(&self, deleted_before: DateTimeUtc) -> Result<usize, StoreError> {
        let mark = Query::update()
            .table("products")
            .value("purged_at", Timestamp::now().to_utc())
            .and_where(Expr::col("status").eq(ProductStatus::Deleted.code()))
            .and_where(Expr::col("purged_at").is_null())
            .and_where(Expr::col("deleted_at").lte(deleted_before))
            .take();
        self.db.execute(&mark).await?;
        let has = |table: &'static str| {
            let parts = Query::select()
                .expr(Expr::val(1))
                .from(table)
                .and_where(Expr::col((table, "product_id")).equals(("products", "id")))
                .take();
            Expr::exists(parts)
        };
        let marked = Query::select()
            .column(("products", "id"))
            .from("products")
            .and_where(Expr::col(("products", "purged_at")).is_not_null())
            .cond_where(
                Cond::any()
                    .add(has("product_files"))
                    .add(has("product_contents"))
                    .add(has("plots")),
            )
            .order_by_expr(Expr::col(("products", "id")), Order::Asc)
            .limit(PURGED_AT_ONCE)
            .take();
        let ids = self.ids_of(&marked).await?;
        for id in &ids {
            for key in self.forget_parts_of_purged(*id).await? {
                self.blobs.remove(&key).await?;
            }
        }
        Ok(ids.len())
    }

    /// Removes the rows of a purged product's parts and gives the blobs that nothing points at any more.
    async fn forget_parts_of_purged(&self, id: i64) -> Result<Vec<String>, StoreError> {
        let transaction = self.begin_write().await?;
        let files = product_files::Entity::find()
            .filter(product_files::Column::ProductId.eq(id))
            .all(&transaction)
            .await?;
        product_files::Entity::delete_many()
            .filter(product_files::Column::ProductId.eq(id))
            .exec(&transaction)
            .await?;
        product_contents::Entity::delete_many()
            .filter(product_contents::Column::ProductId.eq(id))
            .exec(&transaction)
            .await?;
        plots::Entity::delete_many()
            .filter(plots::Column::ProductId.eq(id))
            .exec(&transaction)
            .await?;
        transaction.commit().await?;
        Ok(files
            .into_iter()
            .flat_map(|file| [Some(file.blob_key), file.deflated_blob_key])
            .flatten()
            .collect())
    }
}

/// Who could see a product while it was published, as a condition on `products`.
pub(crate) fn tombstone_condition(viewer: Viewer, store: &Store) -> Cond {
    if viewer.is_admin {
        return Cond::all();
    }
    Cond::any()
        .add(Expr::col(("products", "user_id")).eq(viewer.user_id))
        .add(viewer.release_of_product_condition("products", store.backend()))
}
