//! Products: listing, reading, creating, changing, deleting.

use pz_model::{ProductStatus, Timestamp, internal_name::internal_name};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, FromQueryResult, Set};

use crate::database::Store;
use crate::entities::products;
use crate::error::StoreError;
use crate::list::ListQuery;
use crate::product_citation::CitationChanges;
pub use crate::product_rows::{ProductField, ProductRow};
pub(crate) use crate::product_rows::{join_main_file, join_named, join_process, list_condition, select_rows};
use crate::text::search_text;
use crate::visibility::Viewer;

/// A product to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProduct {
    /// Product type.
    pub product_type_id: i64,
    /// Release.
    pub release_id: Option<i64>,
    /// Owner.
    pub user_id: i64,
    /// Name for people.
    pub display_name: String,
    /// Published officially.
    pub official_product: bool,
    /// Algorithm or code.
    pub pz_code: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// First status.
    pub status: ProductStatus,
    /// Release year.
    pub release_year: Option<i32>,
}

/// What changes in a product; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProductChanges {
    /// Product type; the caller has checked that it may change.
    pub product_type_id: Option<i64>,
    /// Release.
    pub release_id: Option<Option<i64>>,
    /// Name for people; the internal name stays.
    pub display_name: Option<String>,
    /// Published officially.
    pub official_product: Option<bool>,
    /// Algorithm or code.
    pub pz_code: Option<Option<String>>,
    /// Description.
    pub description: Option<Option<String>>,
    /// Status.
    pub status: Option<ProductStatus>,
    /// Release year.
    pub release_year: Option<Option<i32>>,
    /// Metadata for citation.
    pub citation: CitationChanges,
    /// Only if nothing has changed since the product had this "last changed".
    pub unchanged_since: Option<DateTimeUtc>,
}

impl Store {
    /// Products that the viewer may see and that match, and how many there are: two statements at most,
    /// whatever the page; one when they have been counted since the last change. Deleted ones only `with_deleted`, and then only the viewer's own (all, for
    /// administrators).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_products(
        &self,
        viewer: Viewer,
        query: &ListQuery<ProductField>,
        with_deleted: bool,
    ) -> Result<(u64, Vec<ProductRow>), StoreError> {
        let condition = list_condition(viewer, query, with_deleted, self.backend());
        let mut count = Query::select()
            .expr_as(Expr::val(1).count(), "count")
            .from("products")
            .take();
        let tables: Vec<&str> = query
            .conditions
            .iter()
            .flat_map(|condition| condition.fields())
            .map(ProductField::table)
            .collect();
        join_named(&mut count, &tables);
        count.cond_where(condition.clone());
        if query.limit == 0 {
            return Ok((self.count_of(&count).await?, Vec::new()));
        }
        // The ids of the page come from an index alone; only its rows are then read and joined.
        let id = || Expr::col(("products", "id"));
        let mut page = Query::select().column(("products", "id")).from("products").take();
        join_named(&mut page, &tables);
        page.cond_where(condition);
        query.order_and_page(&mut page, id());
        let page = Query::select().column("id").from_subquery(page, "page").take();
        let mut select = select_rows(viewer, self.backend());
        select.and_where(id().in_subquery(page));
        query.order(&mut select, id());
        let rows = ProductRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        let total = match rows.first() {
            Some(row) => self.count_at_revision(row.lists_revision, &count).await?,
            None => self.count_of(&count).await?,
        };
        Ok((total, rows))
    }

    /// A product that is not deleted, when the viewer may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn product(&self, viewer: Viewer, id: i64) -> Result<Option<ProductRow>, StoreError> {
        let select = select_rows(viewer, self.backend())
            .and_where(Expr::col(("products", "id")).eq(id))
            .cond_where(viewer.product_condition(false, self.backend()))
            .take();
        Ok(ProductRow::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// Drafts that the viewer has begun to upload, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drafts_of(&self, viewer: Viewer, limit: u64) -> Result<Vec<ProductRow>, StoreError> {
        let product = |name: &'static str| Expr::col(("products", name));
        let select = select_rows(viewer, self.backend())
            .and_where(product("user_id").eq(viewer.user_id))
            .and_where(product("status").eq(ProductStatus::Registering.code()))
            .and_where(Expr::col(("processes", "id")).is_null())
            .order_by_expr(product("created_at"), Order::Desc)
            .order_by_expr(product("id"), Order::Desc)
            .limit(limit)
            .take();
        Ok(ProductRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    /// Which of these products the viewer may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible_product_ids(&self, viewer: Viewer, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let select = Query::select()
            .column(("products", "id"))
            .from("products")
            .and_where(Expr::col(("products", "id")).is_in(ids.iter().copied()))
            .cond_where(viewer.product_condition(false, self.backend()))
            .take();
        self.ids_of(&select).await
    }

    /// Creates a product; id and internal name are assigned in one transaction. Returns the id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_product(&self, product: NewProduct) -> Result<i64, StoreError> {
        self.create_product_with(product, CitationChanges::default())
            .await
    }

    /// Creates a product with metadata for citation; without a licence it gets the usual one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_product_with(
        &self,
        product: NewProduct,
        citation: CitationChanges,
    ) -> Result<i64, StoreError> {
        let transaction = self.begin_write().await?;
        let id = insert_product(&transaction, product, citation).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Changes a product that is not deleted.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is deleted meanwhile, or changed although it should not have been.
    pub async fn change_product(&self, id: i64, changes: ProductChanges) -> Result<(), StoreError> {
        let mut update = Query::update();
        update
            .table("products")
            .value("updated_at", Timestamp::now().to_utc());
        if let Some(product_type_id) = changes.product_type_id {
            update.value("product_type_id", product_type_id);
        }
        if let Some(release_id) = changes.release_id {
            update.value("release_id", release_id);
        }
        if let Some(display_name) = changes.display_name {
            update.value("name_search", search_text(&[&display_name]));
            update.value("display_name", display_name);
        }
        if let Some(official) = changes.official_product {
            update.value("official_product", official);
        }
        if let Some(pz_code) = changes.pz_code {
            update.value("pz_code", pz_code);
        }
        if let Some(description) = changes.description {
            update.value("description", description);
        }
        if let Some(status) = changes.status {
            update.value("status", status.code());
        }
        if let Some(year) = changes.release_year {
            update.value("release_year", year);
        }
        changes.citation.set_in(&mut update)?;
        if let Some(time) = changes.unchanged_since {
            update.and_where(Expr::col("updated_at").eq(time));
        }
        update
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("status").ne(ProductStatus::Deleted.code()));
        if self.db.execute(&update).await?.rows_affected() == 0 {
            return Err(StoreError::Missing { what: "product", id });
        }
        Ok(())
    }

    /// Notes why the main file of a product could not be registered; status and columns stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_registry_error(&self, id: i64, message: &str, code: &str) -> Result<(), StoreError> {
        let update = Query::update()
            .table("products")
            .value("registry_error", message)
            .value("registry_error_code", code)
            .value("updated_at", Timestamp::now().to_utc())
            .and_where(Expr::col("id").eq(id))
            .take();
        self.db.execute(&update).await?;
        Ok(())
    }

    /// Whether there is any product yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_products(&self) -> Result<bool, StoreError> {
        Ok(self.count("products", Cond::all()).await? > 0)
    }
}

/// Inserts a product within a transaction that may insert more; id and internal name are assigned.
pub(crate) async fn insert_product(
    transaction: &DatabaseTransaction,
    product: NewProduct,
    citation: CitationChanges,
) -> Result<i64, StoreError> {
    let now = Timestamp::now().to_utc();
    let mut row = products::ActiveModel {
        product_type_id: Set(product.product_type_id),
        release_id: Set(product.release_id),
        user_id: Set(product.user_id),
        name_search: Set(search_text(&[&product.display_name])),
        display_name: Set(product.display_name),
        official_product: Set(product.official_product),
        pz_code: Set(product.pz_code),
        description: Set(product.description),
        status: Set(product.status.code()),
        release_year: Set(product.release_year),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    citation.set_in_new(&mut row)?;
    let row = row.insert(transaction).await?;
    let name = internal_name(row.id, &row.display_name);
    let update = Query::update()
        .table("products")
        .value("internal_name", name)
        .value("concept_id", row.id)
        .and_where(Expr::col("id").eq(row.id))
        .take();
    transaction.execute(&update).await?;
    Ok(row.id)
}

/// Moves the product's "last changed" to now, inside a transaction that changes one of its parts.
pub(crate) async fn touch_product(transaction: &DatabaseTransaction, id: i64) -> Result<(), StoreError> {
    let update = Query::update()
        .table("products")
        .value("updated_at", Timestamp::now().to_utc())
        .and_where(Expr::col("id").eq(id))
        .take();
    transaction.execute(&update).await?;
    Ok(())
}
