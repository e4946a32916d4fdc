//! Where products come from: runs of pipelines between their inputs and their outputs. What a viewer may see of
//! them is said here, once per node; whoever shows the graph stops at nodes that they may not see.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use pz_model::ProductStatus;
use sea_orm::FromQueryResult;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Order, Query, SelectStatement};

use crate::database::Store;
use crate::entities::product_files;
use crate::error::StoreError;
use crate::tombstones::tombstone_condition;
use crate::visibility::Viewer;

/// Pairs of inputs and processes read per level at most.
const EDGES_PER_LEVEL: u64 = 2000;

/// What a viewer may know of a product or process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// Everything.
    Visible,
    /// That it was there and is deleted.
    Deleted,
    /// That there is something.
    Restricted,
    /// Nothing: somebody's draft or failure.
    Nothing,
}

/// A product of the graph.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProductNode {
    /// Identifier.
    pub id: i64,
    /// Internal name.
    pub internal_name: Option<String>,
    /// Name for people.
    pub display_name: String,
    /// Internal key of the product type.
    pub product_type: String,
    /// Number of the version.
    pub version_number: i32,
    /// Number of the status.
    pub status: i32,
    /// Login name of the owner.
    pub username: String,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// Registered identifier.
    pub doi: Option<String>,
    status_before_delete: Option<i32>,
    seen: bool,
    seen_as_tombstone: bool,
}

impl ProductNode {
    /// The status; rows hold only known numbers.
    pub fn status(&self) -> ProductStatus {
        ProductStatus::from_code(self.status).unwrap_or(ProductStatus::Failed)
    }

    /// What the viewer for whom it was read may know of it.
    pub fn knowledge(&self) -> Knowledge {
        if self.seen {
            return Knowledge::Visible;
        }
        let was_published = self.status_before_delete == Some(ProductStatus::Published.code());
        match self.status() {
            ProductStatus::Published => Knowledge::Restricted,
            ProductStatus::Deleted if was_published && self.seen_as_tombstone => Knowledge::Deleted,
            ProductStatus::Deleted if was_published => Knowledge::Restricted,
            _ => Knowledge::Nothing,
        }
    }
}

/// A process of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessNode {
    /// Identifier.
    pub id: i64,
    /// Name for people.
    pub display_name: String,
    /// Display name of the pipeline.
    pub pipeline_name: String,
    /// Version of the pipeline.
    pub pipeline_version: String,
    /// Configuration as it was handed to the executor.
    pub used_config: Option<serde_json::Value>,
    /// Status word.
    pub status: String,
    /// Owner.
    pub user_id: i64,
    /// Login name of the owner.
    pub username: String,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it began.
    pub started_at: Option<DateTimeUtc>,
    /// When it ended.
    pub ended_at: Option<DateTimeUtc>,
    /// The product it makes.
    pub output_id: i64,
    /// The products it reads, as far as they belong to the graph.
    pub input_ids: BTreeSet<i64>,
}

#[derive(Debug, FromQueryResult)]
struct EdgeRow {
    id: i64,
    display_name: String,
    pipeline_name: String,
    pipeline_version: String,
    used_config: Option<serde_json::Value>,
    status: String,
    user_id: i64,
    username: String,
    created_at: DateTimeUtc,
    started_at: Option<DateTimeUtc>,
    ended_at: Option<DateTimeUtc>,
    output_id: i64,
    input_id: Option<i64>,
}

/// Ancestors and descendants of a product as they are in the database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lineage {
    /// Products by id.
    pub products: BTreeMap<i64, ProductNode>,
    /// Processes by id.
    pub processes: BTreeMap<i64, ProcessNode>,
    /// There is more than was read.
    pub truncated: bool,
}

/// How the product of a pipeline came about.
#[derive(Debug, Clone, PartialEq)]
pub struct ProducingProcess {
    /// Identifier.
    pub id: i64,
    /// Configuration as it was handed to the executor.
    pub used_config: Option<serde_json::Value>,
    /// The file with translations of quality flags, if it is still there.
    pub flags_file: Option<product_files::Model>,
}

impl Store {
    /// Ancestors and descendants of a product over at most `depth` processes each way and `max_nodes`
    /// nodes: a statement per level and one for the products.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lineage(
        &self,
        viewer: Viewer,
        product_id: i64,
        depth: u32,
        max_nodes: usize,
    ) -> Result<Lineage, StoreError> {
        let mut lineage = Lineage::default();
        let mut known = HashSet::from([product_id]);
        let (mut up, mut down) = (HashSet::from([product_id]), HashSet::from([product_id]));
        for _ in 0..depth {
            if up.is_empty() && down.is_empty() {
                break;
            }
            let rows = self.edges(&up, &down).await?;
            lineage.truncated |= rows.len() as u64 >= EDGES_PER_LEVEL;
            let (mut next_up, mut next_down) = (HashSet::new(), HashSet::new());
            for row in rows {
                let made_here = up.contains(&row.output_id);
                let read_here = row.input_id.is_some_and(|id| down.contains(&id));
                let input = row.input_id.filter(|_| made_here || read_here);
                if !made_here && !read_here {
                    continue;
                }
                let new: Vec<i64> = input
                    .into_iter()
                    .chain([row.output_id])
                    .filter(|id| !known.contains(id))
                    .collect();
                // One more for the process.
                if known.len() + lineage.processes.len() + new.len() + 1 > max_nodes {
                    lineage.truncated = true;
                    continue;
                }
                known.extend(&new);
                if made_here {
                    next_up.extend(input.filter(|id| new.contains(id)));
                } else {
                    next_down.extend(new.iter().filter(|id| **id == row.output_id));
                }
                lineage.add(row, input);
            }
            (up, down) = (next_up, next_down);
        }
        let ids: Vec<i64> = known.into_iter().collect();
        for node in self.product_nodes(viewer, &ids).await? {
            lineage.products.insert(node.id, node);
        }
        Ok(lineage)
    }

    /// Processes that made one of `outputs` or read one of `inputs`, with their inputs.
    async fn edges(&self, outputs: &HashSet<i64>, inputs: &HashSet<i64>) -> Result<Vec<EdgeRow>, StoreError> {
        let process = |name: &'static str| Expr::col(("processes", name));
        let readers = Query::select()
            .column("process_id")
            .from("process_inputs")
            .and_where(Expr::col("product_id").is_in(inputs.iter().copied()))
            .take();
        let select = Query::select()
            .columns(
                [
                    "id",
                    "display_name",
                    "pipeline_version",
                    "used_config",
                    "status",
                    "user_id",
                    "created_at",
                    "started_at",
                    "ended_at",
                ]
                .map(|name| ("processes", name)),
            )
            .expr_as(process("output_product_id"), "output_id")
            .expr_as(Expr::col(("pipelines", "display_name")), "pipeline_name")
            .column(("users", "username"))
            .expr_as(Expr::col(("process_inputs", "product_id")), "input_id")
            .from("processes")
            .inner_join(
                "pipelines",
                Expr::col(("pipelines", "id")).equals(("processes", "pipeline_id")),
            )
            .inner_join(
                "users",
                Expr::col(("users", "id")).equals(("processes", "user_id")),
            )
            .left_join(
                "process_inputs",
                Expr::col(("process_inputs", "process_id")).equals(("processes", "id")),
            )
            .cond_where(
                Cond::any()
                    .add(process("output_product_id").is_in(outputs.iter().copied()))
                    .add(process("id").in_subquery(readers)),
            )
            .order_by_expr(process("id"), Order::Asc)
            .order_by_expr(Expr::col(("process_inputs", "position")), Order::Asc)
            .order_by_expr(Expr::col(("process_inputs", "product_id")), Order::Asc)
            .limit(EDGES_PER_LEVEL)
            .take();
        Ok(EdgeRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    async fn product_nodes(&self, viewer: Viewer, ids: &[i64]) -> Result<Vec<ProductNode>, StoreError> {
        let select = self
            .select_product_nodes(viewer)
            .and_where(Expr::col(("products", "id")).is_in(ids.iter().copied()))
            .take();
        Ok(ProductNode::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    fn select_product_nodes(&self, viewer: Viewer) -> SelectStatement {
        let backend = self.backend();
        // As numbers the databases disagree on conditions, as CASE they agree.
        let flag = |condition: Cond| Expr::case(condition, Expr::val(true)).finally(Expr::val(false));
        Query::select()
            .columns(
                [
                    "id",
                    "internal_name",
                    "display_name",
                    "version_number",
                    "status",
                    "created_at",
                    "doi",
                    "status_before_delete",
                ]
                .map(|name| ("products", name)),
            )
            .expr_as(Expr::col(("product_types", "name")), "product_type")
            .column(("users", "username"))
            .expr_as(flag(viewer.product_condition(false, backend)), "seen")
            .expr_as(flag(tombstone_condition(viewer, self)), "seen_as_tombstone")
            .from("products")
            .inner_join(
                "users",
                Expr::col(("users", "id")).equals(("products", "user_id")),
            )
            .inner_join(
                "product_types",
                Expr::col(("product_types", "id")).equals(("products", "product_type_id")),
            )
            .take()
    }

    /// The products that a product was made of, in their order, as far as the viewer may know them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn inputs_of(&self, viewer: Viewer, product_id: i64) -> Result<Vec<ProductNode>, StoreError> {
        let select = self
            .select_product_nodes(viewer)
            .inner_join(
                "process_inputs",
                Expr::col(("process_inputs", "product_id")).equals(("products", "id")),
            )
            .inner_join(
                "processes",
                Expr::col(("processes", "id")).equals(("process_inputs", "process_id")),
            )
            .and_where(Expr::col(("processes", "output_product_id")).eq(product_id))
            .order_by_expr(Expr::col(("process_inputs", "position")), Order::Asc)
            .order_by_expr(Expr::col(("products", "id")), Order::Asc)
            .take();
        let nodes = ProductNode::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok(nodes
            .into_iter()
            .filter(|node| matches!(node.knowledge(), Knowledge::Visible | Knowledge::Deleted))
            .collect())
    }

    /// The process that made a product; `None` for uploads.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn producing_process(&self, product_id: i64) -> Result<Option<ProducingProcess>, StoreError> {
        use crate::entities::processes;
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

        let process = processes::Entity::find()
            .filter(processes::Column::OutputProductId.eq(product_id))
            .one(&self.db)
            .await?;
        let Some(process) = process else {
            return Ok(None);
        };
        let flags_file = match process.flags_file_id {
            Some(id) => {
                product_files::Entity::find_by_id(id)
                    .filter(product_files::Column::ProductId.eq(product_id))
                    .one(&self.db)
                    .await?
            }
            None => None,
        };
        Ok(Some(ProducingProcess {
            id: process.id,
            used_config: process.used_config,
            flags_file,
        }))
    }
}

impl Lineage {
    fn add(&mut self, row: EdgeRow, input: Option<i64>) {
        let process = self.processes.entry(row.id).or_insert_with(|| ProcessNode {
            id: row.id,
            display_name: row.display_name,
            pipeline_name: row.pipeline_name,
            pipeline_version: row.pipeline_version,
            used_config: row.used_config,
            status: row.status,
            user_id: row.user_id,
            username: row.username,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            output_id: row.output_id,
            input_ids: BTreeSet::new(),
        });
        process.input_ids.extend(input);
    }
}
