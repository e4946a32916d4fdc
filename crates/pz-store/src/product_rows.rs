//! A product as lists and details read it: its row with the names of what it refers to, the columns to filter by,
//! and the joins for both.

use pz_model::ProductStatus;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{DbBackend, FromQueryResult};

use crate::list::{ListCondition, ListField, ListQuery};
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
    /// Why it was deleted, as far as somebody said so.
    pub delete_reason: Option<String>,
    /// Number of the status that it had when it was deleted.
    pub status_before_delete: Option<i32>,
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
    const OWN: [&str; 26] = [
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
        "status_before_delete",
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
