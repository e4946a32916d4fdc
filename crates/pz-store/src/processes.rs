//! Processes: listing, reading, changing. How they begin is in [`crate::process_submission`], how they go on in
//! [`crate::process_steps`].

use pz_model::{ProcessPhase, ProcessStatus};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, FromQueryResult};
use serde_json::Value;

use crate::database::Store;
use crate::entities::processes;
use crate::error::StoreError;
use crate::events::insert_event;
use crate::list::{ListField, ListQuery};
use crate::process_steps::process_event;
use crate::products::ProductRow;
use crate::visibility::Viewer;

/// A process with the names that its representation needs.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProcessRow {
    /// Identifier.
    pub id: i64,
    /// Name for people.
    pub display_name: String,
    /// Pipeline.
    pub pipeline_id: i64,
    /// Unique name of the pipeline.
    pub pipeline_name: String,
    /// Version of the pipeline when the process was submitted.
    pub pipeline_version: String,
    /// Owner.
    pub user_id: i64,
    /// Login name of the owner.
    pub username: String,
    /// Release.
    pub release_id: Option<i64>,
    /// Display name of the release.
    pub release_name: Option<String>,
    /// Product that it makes.
    pub output_product_id: i64,
    /// Configuration.
    pub used_config: Option<Value>,
    /// Word of the status.
    pub status: String,
    /// Word of the phase.
    pub phase: String,
    /// When it was submitted.
    pub created_at: DateTimeUtc,
    /// When a worker took it.
    pub started_at: Option<DateTimeUtc>,
    /// When it ended.
    pub ended_at: Option<DateTimeUtc>,
    /// Name of its work directory.
    pub path: Option<String>,
    /// Note of the owner.
    pub comment: Option<String>,
    /// Place in the queue, from 1, while it waits there.
    pub queue_position: Option<i64>,
}

impl ProcessRow {
    /// The status; rows hold only known words.
    pub fn status(&self) -> ProcessStatus {
        ProcessStatus::from_word(&self.status).unwrap_or(ProcessStatus::Failed)
    }

    /// The phase; rows hold only known words.
    pub fn phase(&self) -> ProcessPhase {
        ProcessPhase::from_word(&self.phase).unwrap_or(ProcessPhase::Done)
    }
}

/// A product that a process reads.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProcessInput {
    /// The process.
    pub input_of: i64,
    /// Place in the order.
    pub input_position: i32,
    /// The product.
    #[sea_orm(nested)]
    pub product: ProductRow,
}

/// A process with its inputs, as far as the viewer may see them.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessWithInputs {
    /// The process.
    pub process: ProcessRow,
    /// Its visible inputs in their order.
    pub inputs: Vec<ProductRow>,
}

/// Columns that lists of processes can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessField {
    /// Identifier.
    Id,
    /// When it was submitted.
    CreatedAt,
    /// Word of the status.
    Status,
    /// Release.
    ReleaseId,
    /// Product that it makes.
    OutputProductId,
    /// Owner.
    UserId,
    /// Searched text of the pipeline: display name and name.
    PipelineSearch,
    /// Searched text of the release: display name and name.
    ReleaseSearch,
    /// Searched text of the product: its display name.
    ProductSearch,
    /// Searched text of the owner: login, first and last name.
    OwnerSearch,
}

impl ListField for ProcessField {
    fn expr(self) -> Expr {
        Expr::col(match self {
            Self::Id => ("processes", "id"),
            Self::CreatedAt => ("processes", "created_at"),
            Self::Status => ("processes", "status"),
            Self::ReleaseId => ("processes", "release_id"),
            Self::OutputProductId => ("processes", "output_product_id"),
            Self::UserId => ("processes", "user_id"),
            Self::PipelineSearch => ("pipelines", "name_search"),
            Self::ReleaseSearch => ("releases", "name_search"),
            Self::ProductSearch => ("products", "name_search"),
            Self::OwnerSearch => ("users", "name_search"),
        })
    }

    fn is_nullable(self) -> bool {
        self == Self::ReleaseId
    }
}

/// What changes in a process; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessChanges {
    /// Name for people.
    pub display_name: Option<String>,
    /// Note of the owner.
    pub comment: Option<Option<String>>,
}

/// A column with what it is called in the product.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct ColumnAlias {
    /// Product.
    pub product_id: i64,
    /// Name.
    pub column_name: String,
    /// Alias of the meaning.
    pub alias: Option<String>,
}

/// How many processes of a pipeline wait and run.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct PipelineLoad {
    /// Unique name of the pipeline.
    pub name: String,
    /// Word of the status; none without such processes.
    pub status: Option<String>,
    /// Processes with this status.
    pub processes: i64,
}

impl Viewer {
    /// The condition on `processes`, joined with the product that they make: their owner's, and those whose
    /// product the viewer may see.
    pub(crate) fn process_condition(self, backend: DbBackend) -> Cond {
        if self.is_admin {
            return Cond::all();
        }
        Cond::any()
            .add(Expr::col(("processes", "user_id")).eq(self.user_id))
            .add(self.product_condition(false, backend))
    }
}

fn join_named(select: &mut SelectStatement) {
    let by_id = |table: &'static str, key: &'static str| Expr::col((table, "id")).equals(("processes", key));
    select
        .inner_join("products", by_id("products", "output_product_id"))
        .inner_join("pipelines", by_id("pipelines", "pipeline_id"))
        .inner_join("users", by_id("users", "user_id"))
        .left_join("releases", by_id("releases", "release_id"));
}

fn select_rows() -> SelectStatement {
    const OWN: [&str; 14] = [
        "id",
        "display_name",
        "pipeline_id",
        "pipeline_version",
        "user_id",
        "release_id",
        "output_product_id",
        "used_config",
        "status",
        "phase",
        "created_at",
        "started_at",
        "ended_at",
        "path",
    ];
    let mut select = Query::select();
    select
        .columns(OWN.map(|column| ("processes", column)))
        .column(("processes", "comment"))
        .expr_as(Expr::col(("pipelines", "name")), "pipeline_name")
        .expr_as(Expr::col(("releases", "display_name")), "release_name")
        .column(("users", "username"))
        .expr_as(
            Expr::cust(
                "CASE WHEN processes.phase = 'queued' THEN (SELECT count(*) FROM processes AS earlier \
                 WHERE earlier.status = 'Pending' AND earlier.phase = 'queued' AND earlier.id <= processes.id) END",
            ),
            "queue_position",
        )
        .from("processes");
    join_named(&mut select);
    select
}

impl Store {
    /// Processes that the viewer may see and that match, with their inputs, and how many there are: three
    /// statements, whatever the page.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_processes(
        &self,
        viewer: Viewer,
        query: &ListQuery<ProcessField>,
    ) -> Result<(u64, Vec<ProcessWithInputs>), StoreError> {
        let condition = query
            .condition(self.backend())
            .add(viewer.process_condition(self.backend()));
        let mut count = Query::select()
            .expr_as(Expr::val(1).count(), "count")
            .from("processes")
            .take();
        join_named(&mut count);
        count.cond_where(condition.clone());
        let total = self.count_of(&count).await?;
        if query.limit == 0 || total == 0 {
            return Ok((total, Vec::new()));
        }
        let mut select = select_rows();
        select.cond_where(condition);
        query.order_and_page(&mut select, Expr::col(("processes", "id")));
        let rows = ProcessRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((total, self.with_inputs(viewer, rows).await?))
    }

    /// A process, when the viewer may see it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn process(&self, viewer: Viewer, id: i64) -> Result<Option<ProcessRow>, StoreError> {
        let select = select_rows()
            .and_where(Expr::col(("processes", "id")).eq(id))
            .cond_where(viewer.process_condition(self.backend()))
            .take();
        Ok(ProcessRow::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// Adds their inputs to processes, as far as the viewer may see them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_inputs(
        &self,
        viewer: Viewer,
        rows: Vec<ProcessRow>,
    ) -> Result<Vec<ProcessWithInputs>, StoreError> {
        let mut with_inputs: Vec<ProcessWithInputs> = rows
            .into_iter()
            .map(|process| ProcessWithInputs {
                process,
                inputs: Vec::new(),
            })
            .collect();
        if with_inputs.is_empty() {
            return Ok(with_inputs);
        }
        let ids = with_inputs.iter().map(|row| row.process.id);
        let select = crate::products::select_rows(viewer, self.backend())
            .expr_as(Expr::col(("process_inputs", "process_id")), "input_of")
            .expr_as(Expr::col(("process_inputs", "position")), "input_position")
            .inner_join(
                "process_inputs",
                Expr::col(("process_inputs", "product_id")).equals(("products", "id")),
            )
            .and_where(Expr::col(("process_inputs", "process_id")).is_in(ids))
            .cond_where(viewer.product_condition(false, self.backend()))
            .take();
        let mut inputs = ProcessInput::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        inputs.sort_by_key(|input| (input.input_of, input.input_position));
        for row in &mut with_inputs {
            let of_this = |input: &ProcessInput| input.input_of == row.process.id;
            let start = inputs.partition_point(|input| input.input_of < row.process.id);
            row.inputs = inputs[start..]
                .iter()
                .take_while(|input| of_this(input))
                .map(|input| input.product.clone())
                .collect();
        }
        Ok(with_inputs)
    }

    /// Those of these products that the viewer may see, in no order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible_products(&self, viewer: Viewer, ids: &[i64]) -> Result<Vec<ProductRow>, StoreError> {
        let select = crate::products::select_rows(viewer, self.backend())
            .and_where(Expr::col(("products", "id")).is_in(ids.iter().copied()))
            .cond_where(viewer.product_condition(false, self.backend()))
            .take();
        Ok(ProductRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    /// Names and aliases of the columns of these products, in file order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn column_aliases(&self, products: &[i64]) -> Result<Vec<ColumnAlias>, StoreError> {
        let select = Query::select()
            .columns(["product_id", "column_name", "alias"])
            .from("product_contents")
            .and_where(Expr::col("product_id").is_in(products.iter().copied()))
            .order_by("product_id", Order::Asc)
            .order_by("position", Order::Asc)
            .take();
        Ok(ColumnAlias::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    /// Which of these processes the viewer may see.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visible_process_ids(&self, viewer: Viewer, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let select = Query::select()
            .column(("processes", "id"))
            .from("processes")
            .inner_join(
                "products",
                Expr::col(("products", "id")).equals(("processes", "output_product_id")),
            )
            .and_where(Expr::col(("processes", "id")).is_in(ids.iter().copied()))
            .cond_where(viewer.process_condition(self.backend()))
            .take();
        self.ids_of(&select).await
    }

    /// Changes a process.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is gone.
    pub async fn change_process(&self, id: i64, changes: ProcessChanges) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let mut update = Query::update();
        update.table("processes").and_where(Expr::col("id").eq(id));
        if let Some(display_name) = changes.display_name {
            update.value("display_name", display_name);
        }
        if let Some(comment) = changes.comment {
            update.value("comment", comment);
        }
        if !update.get_values().is_empty() {
            transaction.execute(&update).await?;
        }
        let process = processes::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing { what: "process", id })?;
        insert_event(&transaction, process_event(&process, "process.change")).await?;
        Ok(transaction.commit().await?)
    }

    /// How many processes of each pipeline wait and run.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pipeline_load(&self) -> Result<Vec<PipelineLoad>, StoreError> {
        let live = [
            ProcessStatus::Pending,
            ProcessStatus::Running,
            ProcessStatus::Stopping,
        ];
        let select = Query::select()
            .column(("pipelines", "name"))
            .column(("processes", "status"))
            .expr_as(Expr::col(("processes", "id")).count(), "processes")
            .from("pipelines")
            .left_join(
                "processes",
                Cond::all()
                    .add(Expr::col(("processes", "pipeline_id")).equals(("pipelines", "id")))
                    .add(Expr::col(("processes", "status")).is_in(live.map(ProcessStatus::as_str))),
            )
            .group_by_columns([("pipelines", "name"), ("processes", "status")])
            .take();
        Ok(PipelineLoad::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }
}
