//! Products: listing, reading, creating, changing, deleting.

use pz_model::{ProductStatus, Timestamp, internal_name::internal_name};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbBackend, FromQueryResult, Set};

use crate::database::Store;
use crate::entities::products;
use crate::error::StoreError;
use crate::list::{ListCondition, ListField, ListQuery};
use crate::product_citation::CitationChanges;
use crate::text::search_text;
use crate::versions::{latest_version, newest_published};
use crate::visibility::Viewer;

/// A product with the names that its representation needs.
#[derive(Debug, Clone, Default, PartialEq, FromQueryResult)]
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
    /// First name of the owner.
    pub owner_first_name: String,
    /// Last name of the owner.
    pub owner_last_name: String,
    /// SPDX id of the licence.
    pub license: Option<String>,
    /// Who made it, a list.
    pub creators: Option<serde_json::Value>,
    /// What it is related to, a list.
    pub related_identifiers: Option<serde_json::Value>,
    /// Subjects, a list.
    pub subjects: Option<serde_json::Value>,
    /// Who paid for it, a list.
    pub funding: Option<serde_json::Value>,
    /// Registered identifier.
    pub doi: Option<String>,
    /// Id of the first version.
    pub concept_id: Option<i64>,
    /// Number of the version, from 1.
    pub version_number: i32,
    /// Internal name of the latest version that the viewer may see.
    pub latest_version: Option<String>,
    /// When it was deleted.
    pub deleted_at: Option<DateTimeUtc>,
    /// When its bytes were given up.
    pub purged_at: Option<DateTimeUtc>,
    /// What the deletion noted; see `tombstones`.
    pub delete_reason: Option<String>,
}

impl ProductRow {
    /// The status; rows hold only known numbers.
    pub fn status(&self) -> ProductStatus {
        ProductStatus::from_code(self.status).unwrap_or(ProductStatus::Failed)
    }

    /// It is the latest version that the viewer may see.
    pub fn is_latest_version(&self) -> bool {
        self.latest_version.is_some() && self.latest_version == self.internal_name
    }

    /// The owner's name, as people write it.
    pub fn owner_name(&self) -> String {
        let name = format!("{} {}", self.owner_first_name, self.owner_last_name);
        match name.trim() {
            "" => self.username.clone(),
            name => name.to_owned(),
        }
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
    /// Login name of the owner.
    OwnerName,
    /// Release year.
    ReleaseYear,
    /// Meanings that columns have, between commas.
    Roles,
    /// Smallest redshift.
    ZMin,
    /// Largest redshift.
    ZMax,
    /// Format of the main table.
    Format,
    /// Rows of the main table.
    Rows,
    /// Name of the pipeline that made it.
    Pipeline,
    /// It is the latest version; lists of products answer it for their viewer.
    Latest,
}

impl ProductField {
    pub(crate) fn table(self) -> &'static str {
        match self {
            Self::OwnerSearch | Self::OwnerName => "users",
            Self::Format | Self::Rows => "product_files",
            Self::Pipeline => "pipelines",
            Self::TypeSearch => "product_types",
            Self::ReleaseSearch => "releases",
            _ => "products",
        }
    }
}

impl ListField for ProductField {
    fn expr(self) -> Expr {
        if self == Self::Latest {
            return newest_published();
        }
        Expr::col((
            self.table(),
            match self {
                Self::Id | Self::Latest => "id",
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
                Self::OwnerName => "username",
                Self::ReleaseYear => "release_year",
                Self::Roles => "roles",
                Self::ZMin => "z_min",
                Self::ZMax => "z_max",
                Self::Format => "table_format",
                Self::Rows => "n_rows",
                Self::Pipeline => "name",
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
    /// Metadata for citation.
    pub citation: CitationChanges,
    /// Only if nothing has changed since the product had this "last changed".
    pub unchanged_since: Option<DateTimeUtc>,
}

/// Joins the tables of fields that conditions look at.
pub(crate) fn join_named(select: &mut SelectStatement, tables: &[&str]) {
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
    if tables.contains(&"product_files") {
        join_main_file(select);
    }
    if tables.contains(&"pipelines") {
        join_process(select);
        select.left_join(
            "pipelines",
            Expr::col(("pipelines", "id")).equals(("processes", "pipeline_id")),
        );
    }
}

/// Joins the main file, where there is one.
pub(crate) fn join_main_file(select: &mut SelectStatement) {
    select.left_join(
        "product_files",
        Cond::all()
            .add(Expr::col(("product_files", "product_id")).equals(("products", "id")))
            .add(Expr::cust("product_files.role = 0")),
    );
}

/// Joins the process that made the product, where one did.
pub(crate) fn join_process(select: &mut SelectStatement) {
    select.left_join(
        "processes",
        Expr::col(("processes", "output_product_id")).equals(("products", "id")),
    );
}

/// Products with the names of what they belong to, and of their latest version as far as the viewer may see it.
pub(crate) fn select_rows(viewer: Viewer, backend: DbBackend) -> SelectStatement {
    const OWN: [&str; 25] = [
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
        "delete_reason",
        "license",
        "creators",
        "related_identifiers",
        "subjects",
        "funding",
        "doi",
        "concept_id",
        "version_number",
    ];
    let mut select = Query::select();
    select
        .columns(OWN.map(|column| ("products", column)))
        .expr_as(Expr::col(("product_types", "display_name")), "product_type_name")
        .expr_as(Expr::col(("product_types", "name")), "product_type_internal_name")
        .expr_as(Expr::col(("releases", "display_name")), "release_name")
        .column(("users", "username"))
        .expr_as(Expr::col(("users", "first_name")), "owner_first_name")
        .expr_as(Expr::col(("users", "last_name")), "owner_last_name")
        .expr_as(latest_version("internal_name", viewer, backend), "latest_version")
        .expr_as(Expr::col(("processes", "id")), "process_id")
        .expr_as(Expr::col(("processes", "status")), "process_status")
        .expr_as(Expr::col(("pipelines", "display_name")), "pipeline_name")
        .columns([("product_files", "n_rows"), ("product_files", "size_bytes")])
        .expr_as(
            Expr::cust("(SELECT value FROM revisions WHERE name = 'lists')"),
            "lists_revision",
        )
        .from("products");
    join_named(
        &mut select,
        &["users", "product_types", "releases", "product_files", "pipelines"],
    );
    select
}

/// What a list of products asks for, as one condition. Which version is the latest depends on the viewer.
pub(crate) fn list_condition(
    viewer: Viewer,
    query: &ListQuery<ProductField>,
    with_deleted: bool,
    backend: DbBackend,
) -> Cond {
    let (of_latest, others): (Vec<_>, Vec<_>) = query
        .conditions
        .iter()
        .cloned()
        .partition(|condition| matches!(condition, ListCondition::FlagIn(ProductField::Latest, _)));
    let others = ListQuery {
        conditions: others,
        ..ListQuery::default()
    };
    let mut all = others
        .condition(backend)
        .add(viewer.product_condition(with_deleted, backend));
    for condition in of_latest {
        if let ListCondition::FlagIn(_, flags) = condition {
            all = all.add(crate::versions::latest_condition(&flags, viewer, backend));
        }
    }
    all
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
