//! Products: listing, reading, creating, changing, deleting.

use pz_model::{ProductStatus, Timestamp, internal_name::internal_name};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, FromQueryResult, Set};

use crate::database::Store;
use crate::entities::products;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::text::search_text;
use crate::visibility::Viewer;

/// A product with the names that its representation needs.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProductRow {
    /// Identifier.
    pub id: i64,
    /// Product type.
    pub product_type_id: i64,
    /// Display name of the product type.
    pub product_type_name: String,
    /// Internal key of the product type.
    pub product_type_internal_name: String,
    /// Release.
    pub release_id: Option<i64>,
    /// Display name of the release.
    pub release_name: Option<String>,
    /// Owner.
    pub user_id: i64,
    /// Login name of the owner.
    pub username: String,
    /// `<id>_<slug>`.
    pub internal_name: Option<String>,
    /// Name for people.
    pub display_name: String,
    /// Published officially.
    pub official_product: bool,
    /// Algorithm or code.
    pub pz_code: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Number of the status.
    pub status: i32,
    /// Release year.
    pub release_year: Option<i32>,
    /// Why the main file could not be registered.
    pub registry_error: Option<String>,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it or one of its parts last changed.
    pub updated_at: DateTimeUtc,
    /// Process that made it.
    pub process_id: Option<i64>,
    /// Status of that process.
    pub process_status: Option<String>,
    /// Display name of the pipeline that made it.
    pub pipeline_name: Option<String>,
    /// Rows of the main file.
    pub n_rows: Option<i64>,
    /// Size of the main file in bytes.
    pub size_bytes: Option<i64>,
    /// Revision of the lists when the row was read.
    pub lists_revision: i64,
}

impl ProductRow {
    /// The status; rows hold only known numbers.
    pub fn status(&self) -> ProductStatus {
        ProductStatus::from_code(self.status).unwrap_or(ProductStatus::Failed)
    }
}

/// Columns that lists of products can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductField {
    /// Identifier.
    Id,
    /// `<id>_<slug>`.
    InternalName,
    /// Name for people.
    DisplayName,
    /// Release.
    ReleaseId,
    /// Product type.
    ProductTypeId,
    /// Published officially.
    OfficialProduct,
    /// Number of the status.
    Status,
    /// Owner.
    UserId,
    /// When it was created.
    CreatedAt,
    /// Searched text: the display name. Also what "by name" orders by: code points of the lower-case name.
    NameSearch,
    /// Searched text of the owner: login, first and last name.
    OwnerSearch,
    /// Searched text of the product type: display and internal name.
    TypeSearch,
    /// Searched text of the release: display and internal name.
    ReleaseSearch,
}

impl ProductField {
    fn table(self) -> &'static str {
        match self {
            Self::OwnerSearch => "users",
            Self::TypeSearch => "product_types",
            Self::ReleaseSearch => "releases",
            _ => "products",
        }
    }
}

impl ListField for ProductField {
    fn expr(self) -> Expr {
        Expr::col((
            self.table(),
            match self {
                Self::Id => "id",
                Self::InternalName => "internal_name",
                Self::DisplayName => "display_name",
                Self::ReleaseId => "release_id",
                Self::ProductTypeId => "product_type_id",
                Self::OfficialProduct => "official_product",
                Self::Status => "status",
                Self::UserId => "user_id",
                Self::CreatedAt => "created_at",
                Self::NameSearch | Self::OwnerSearch | Self::TypeSearch | Self::ReleaseSearch => {
                    "name_search"
                }
            },
        ))
    }

    fn is_nullable(self) -> bool {
        self == Self::ReleaseId
    }

    fn is_coarse(self) -> bool {
        matches!(
            self,
            Self::ReleaseId | Self::ProductTypeId | Self::OfficialProduct | Self::Status | Self::UserId
        )
    }
}

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
}

fn join_named(select: &mut SelectStatement, tables: &[&str]) {
    if tables.contains(&"users") {
        select.inner_join(
            "users",
            Expr::col(("users", "id")).equals(("products", "user_id")),
        );
    }
    if tables.contains(&"product_types") {
        select.inner_join(
            "product_types",
            Expr::col(("product_types", "id")).equals(("products", "product_type_id")),
        );
    }
    if tables.contains(&"releases") {
        select.left_join(
            "releases",
            Expr::col(("releases", "id")).equals(("products", "release_id")),
        );
    }
}

fn select_rows() -> SelectStatement {
    const OWN: [&str; 16] = [
        "id",
        "product_type_id",
        "release_id",
        "user_id",
        "internal_name",
        "display_name",
        "official_product",
        "pz_code",
        "description",
        "status",
        "release_year",
        "registry_error",
        "created_at",
        "updated_at",
        "deleted_at",
        "purged_at",
    ];
    let mut select = Query::select();
    select
        .columns(OWN.map(|column| ("products", column)))
        .expr_as(Expr::col(("product_types", "display_name")), "product_type_name")
        .expr_as(Expr::col(("product_types", "name")), "product_type_internal_name")
        .expr_as(Expr::col(("releases", "display_name")), "release_name")
        .column(("users", "username"))
        .expr_as(Expr::col(("processes", "id")), "process_id")
        .expr_as(Expr::col(("processes", "status")), "process_status")
        .expr_as(Expr::col(("pipelines", "display_name")), "pipeline_name")
        .columns([("product_files", "n_rows"), ("product_files", "size_bytes")])
        .expr_as(
            Expr::cust("(SELECT value FROM revisions WHERE name = 'lists')"),
            "lists_revision",
        )
        .from("products");
    join_named(&mut select, &["users", "product_types", "releases"]);
    select
        .left_join(
            "processes",
            Expr::col(("processes", "output_product_id")).equals(("products", "id")),
        )
        .left_join(
            "pipelines",
            Expr::col(("pipelines", "id")).equals(("processes", "pipeline_id")),
        )
        .left_join(
            "product_files",
            Cond::all()
                .add(Expr::col(("product_files", "product_id")).equals(("products", "id")))
                .add(Expr::cust("product_files.role = 0")),
        );
    select
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
        let condition = query
            .condition(self.backend())
            .add(viewer.product_condition(with_deleted, self.backend()));
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
        let mut select = select_rows();
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
        let select = select_rows()
            .and_where(Expr::col(("products", "id")).eq(id))
            .cond_where(viewer.product_condition(false, self.backend()))
            .take();
        Ok(ProductRow::find_by_statement(self.backend().build(&select))
            .one(&self.db)
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
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        let row = products::ActiveModel {
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
        Ok(row.id)
    }

    /// Changes a product that is not deleted.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is deleted meanwhile.
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
        update
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("status").ne(ProductStatus::Deleted.code()));
        if self.db.execute(&update).await?.rows_affected() == 0 {
            return Err(StoreError::Missing { what: "product", id });
        }
        Ok(())
    }

    /// Deletes a product: it becomes a tombstone at once; its bytes are kept for the time of grace.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is deleted already.
    pub async fn delete_product(&self, id: i64, by_user: i64) -> Result<(), StoreError> {
        let now = Timestamp::now().to_utc();
        let update = Query::update()
            .table("products")
            .value("status", ProductStatus::Deleted.code())
            .value("deleted_at", now)
            .value("deleted_by", by_user)
            .value("updated_at", now)
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("status").ne(ProductStatus::Deleted.code()))
            .take();
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
