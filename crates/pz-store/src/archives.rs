//! What archives of products say beside the files: who made them, of what; and the checksums of whole
//! archives, which are known only once somebody has read them through.

use pz_model::{ProductStatus, Timestamp};
use sea_orm::prelude::{DateTimeUtc, Json};
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Set};

use crate::database::Store;
use crate::entities::download_archives;
use crate::error::StoreError;

/// What is cited of a product.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Authorship {
    /// Name of the owner for people.
    pub owner_name: String,
    /// SPDX id of the licence.
    pub license: Option<String>,
    /// Who made it: a list.
    pub creators: Option<Json>,
    /// Registered identifier.
    pub doi: Option<String>,
    /// Number of the version, from 1.
    pub version_number: i32,
}

/// The run that made a product.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Making {
    /// Id of the process.
    pub id: i64,
    /// Its name for people.
    pub display_name: String,
    /// Status word of the API.
    pub status: String,
    /// Version of the pipeline that ran.
    pub pipeline_version: String,
    /// Key of the pipeline.
    pub pipeline_name: String,
    /// Name of the pipeline for people.
    pub pipeline_display_name: String,
    /// What the pipeline does.
    pub pipeline_description: Option<String>,
    /// Name of whoever started it.
    pub user_name: String,
    /// When it began to run.
    pub started_at: Option<DateTimeUtc>,
    /// When it ended.
    pub ended_at: Option<DateTimeUtc>,
}

/// A product that was read to make another one.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct Source {
    /// Id.
    pub id: i64,
    /// `<id>_<slug>`.
    pub internal_name: Option<String>,
    /// Name for people.
    pub display_name: String,
    /// Description.
    pub description: Option<String>,
    /// Registered identifier.
    pub doi: Option<String>,
}

impl Store {
    /// Who made a product, and under which terms.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such product; when the database fails.
    pub async fn authorship(&self, product_id: i64) -> Result<Authorship, StoreError> {
        let select = Query::select()
            .expr_as(Expr::col(("users", "display_name")), "owner_name")
            .columns(["license", "creators", "doi", "version_number"].map(|column| ("products", column)))
            .from("products")
            .inner_join(
                "users",
                Expr::col(("users", "id")).equals(("products", "user_id")),
            )
            .and_where(Expr::col(("products", "id")).eq(product_id))
            .take();
        Authorship::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?
            .ok_or(StoreError::Missing {
                what: "product",
                id: product_id,
            })
    }

    /// The run that made a product, when a run did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn making(&self, product_id: i64) -> Result<Option<Making>, StoreError> {
        let select = Query::select()
            .columns(
                [
                    "id",
                    "display_name",
                    "status",
                    "pipeline_version",
                    "started_at",
                    "ended_at",
                ]
                .map(|column| ("processes", column)),
            )
            .expr_as(Expr::col(("pipelines", "name")), "pipeline_name")
            .expr_as(Expr::col(("pipelines", "display_name")), "pipeline_display_name")
            .expr_as(Expr::col(("pipelines", "description")), "pipeline_description")
            .expr_as(Expr::col(("users", "display_name")), "user_name")
            .from("processes")
            .inner_join(
                "pipelines",
                Expr::col(("pipelines", "id")).equals(("processes", "pipeline_id")),
            )
            .inner_join(
                "users",
                Expr::col(("users", "id")).equals(("processes", "user_id")),
            )
            .and_where(Expr::col(("processes", "output_product_id")).eq(product_id))
            .order_by(("processes", "id"), sea_orm::Order::Asc)
            .limit(1)
            .take();
        Ok(Making::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// What a run read, in its order: only published products that everybody sees who sees products of this
    /// release, because an archive is the same for all who may have it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_sources(
        &self,
        process_id: i64,
        release_id: Option<i64>,
    ) -> Result<Vec<Source>, StoreError> {
        let groups = Query::select()
            .expr(Expr::val(1))
            .from("release_groups")
            .and_where(Expr::col(("release_groups", "release_id")).equals(("products", "release_id")))
            .take();
        let public = Query::select()
            .column(("releases", "id"))
            .from("releases")
            .and_where(Expr::col(("releases", "is_public")).eq(true))
            .take();
        let mut open = Cond::any()
            .add(Expr::col(("products", "release_id")).is_null())
            .add(Expr::col(("products", "release_id")).in_subquery(public))
            .add(Expr::exists(groups).not());
        if let Some(release_id) = release_id {
            open = open.add(Expr::col(("products", "release_id")).eq(release_id));
        }
        let select = Query::select()
            .columns(
                ["id", "internal_name", "display_name", "description", "doi"]
                    .map(|column| ("products", column)),
            )
            .from("process_inputs")
            .inner_join(
                "products",
                Expr::col(("products", "id")).equals(("process_inputs", "product_id")),
            )
            .and_where(Expr::col(("process_inputs", "process_id")).eq(process_id))
            .and_where(Expr::col(("products", "status")).eq(ProductStatus::Published.code()))
            .cond_where(open)
            .order_by(("process_inputs", "position"), sea_orm::Order::Asc)
            .order_by(("products", "id"), sea_orm::Order::Asc)
            .take();
        Ok(Source::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    /// SHA-256 of an archive of a product, where somebody has read this very content through.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn archive_checksum(
        &self,
        product_id: i64,
        kind: &str,
        source_signature: &str,
    ) -> Result<Option<String>, StoreError> {
        Ok(download_archives::Entity::find()
            .select_only()
            .column(download_archives::Column::Sha256)
            .filter(download_archives::Column::ProductId.eq(product_id))
            .filter(download_archives::Column::Kind.eq(kind))
            .filter(download_archives::Column::SourceSignature.eq(source_signature))
            .into_tuple::<Option<String>>()
            .one(&self.db)
            .await?
            .flatten())
    }

    /// Keeps the SHA-256 of an archive and forgets those of its older content.
    ///
    /// # Errors
    /// When the database fails, or the product is gone.
    pub async fn keep_archive_checksum(
        &self,
        product_id: i64,
        kind: &str,
        source_signature: &str,
        size_bytes: u64,
        sha256: &str,
    ) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        download_archives::Entity::delete_many()
            .filter(download_archives::Column::ProductId.eq(product_id))
            .filter(download_archives::Column::Kind.eq(kind))
            .exec(&transaction)
            .await?;
        download_archives::ActiveModel {
            product_id: Set(product_id),
            kind: Set(kind.to_owned()),
            source_signature: Set(source_signature.to_owned()),
            size_bytes: Set(i64::try_from(size_bytes).unwrap_or(i64::MAX)),
            sha256: Set(Some(sha256.to_owned())),
            created_at: Set(Timestamp::now().to_utc()),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
