//! How processes go on: taken by a worker, stopped, ended. Each step is one transaction that changes process and
//! product together, so that nobody ever sees a successful process without its product, or a product that waits for
//! a process that is over. A step that comes too late changes nothing.

use pz_model::api::EventKind;
use pz_model::{ErrorCode, FileRole, ProcessPhase, ProcessStatus, ProductStatus, ProductType, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, Set,
};
use serde_json::json;

use crate::database::Store;
use crate::entities::{processes, product_contents, product_files, products};
use crate::error::StoreError;
use crate::events::{NewEvent, insert_event};

/// How a run ended, as its worker tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The product's files and columns are registered; it can be published.
    Successful,
    /// It did not work, for this reason, which people read.
    Failed(String),
}

impl Store {
    /// Asks a process to stop: one that waits stops at once and its product fails; one that runs is asked to; one
    /// that is over stays as it is. Gives the status afterwards.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such process.
    pub async fn stop_process(&self, id: i64) -> Result<ProcessStatus, StoreError> {
        let transaction = self.begin_write().await?;
        let process = locked(&transaction, id).await?;
        let status = stop(&transaction, process).await?;
        transaction.commit().await?;
        Ok(status)
    }

    /// Notes that a worker takes a process that waits; `path` is the name of its work directory. False when it
    /// no longer waits, and then the worker must leave it alone.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such process.
    pub async fn start_process(&self, id: i64, path: &str) -> Result<bool, StoreError> {
        let transaction = self.begin_write().await?;
        let process = locked(&transaction, id).await?;
        if !status_of(&process).may_become(ProcessStatus::Running) {
            return Ok(false);
        }
        let mut row = process.into_active_model();
        row.started_at = Set(Some(Timestamp::now().to_utc()));
        row.path = Set(Some(path.to_owned()));
        write(&transaction, row, ProcessStatus::Running, ProcessPhase::Running).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Notes that the output of a process that runs is being registered. False when it was asked to stop or is
    /// over, and then nothing may be registered.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such process.
    pub async fn begin_registering(&self, id: i64) -> Result<bool, StoreError> {
        let transaction = self.begin_write().await?;
        let process = locked(&transaction, id).await?;
        if status_of(&process) != ProcessStatus::Running {
            return Ok(false);
        }
        let row = process.into_active_model();
        write(
            &transaction,
            row,
            ProcessStatus::Running,
            ProcessPhase::Registering,
        )
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Ends a process. With success its product is published first, if it has what its type asks for; else both
    /// fail. One that was asked to stop is stopped, whatever it made, and what was made of a product that is
    /// deleted meanwhile is ignored. Gives the status afterwards.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such process.
    pub async fn finish_process(&self, id: i64, outcome: Outcome) -> Result<ProcessStatus, StoreError> {
        let transaction = self.begin_write().await?;
        let process = locked(&transaction, id).await?;
        let before = status_of(&process);
        if before.is_final() {
            return Ok(before);
        }
        let product = products::Entity::find_by_id(process.output_product_id)
            .lock_exclusive()
            .one(&transaction)
            .await?
            .filter(|product| product.status == ProductStatus::Processing.code());
        let (status, reason) = match (before, product, outcome) {
            (ProcessStatus::Stopping, _, _) => (ProcessStatus::Stopped, STOPPED.to_owned()),
            (_, None, _) => (
                ProcessStatus::Failed,
                "Its product was deleted meanwhile.".to_owned(),
            ),
            (_, Some(_), Outcome::Failed(reason)) => (ProcessStatus::Failed, reason),
            (_, Some(product), Outcome::Successful) => match unpublishable(&transaction, &product).await? {
                Some(reason) => (ProcessStatus::Failed, reason),
                None => (ProcessStatus::Successful, String::new()),
            },
        };
        if status == ProcessStatus::Successful {
            publish(&transaction, process.output_product_id).await?;
        } else {
            fail_product(&transaction, process.output_product_id, status, &reason).await?;
        }
        let note = process.comment.is_none() && status == ProcessStatus::Failed;
        let mut row = process.into_active_model();
        if note {
            row.comment = Set(Some(reason));
        }
        end(&transaction, row, status).await?;
        transaction.commit().await?;
        Ok(status)
    }
}

/// Why the product of a stopped process failed.
const STOPPED: &str = "The process was stopped.";

/// What happened to a process, for those who may see it.
pub(crate) fn process_event(process: &processes::Model, action: &str) -> NewEvent {
    let time = |time: Option<sea_orm::prelude::DateTimeUtc>| time.map(Timestamp::from);
    NewEvent {
        kind: EventKind::Process,
        product_id: Some(process.output_product_id),
        process_id: Some(process.id),
        user_id: None,
        payload: json!({
            "action": action,
            "status": process.status,
            "phase": process.phase,
            "started_at": time(process.started_at),
            "ended_at": time(process.ended_at),
        }),
    }
}

fn status_of(process: &processes::Model) -> ProcessStatus {
    ProcessStatus::from_word(&process.status).unwrap_or(ProcessStatus::Failed)
}

async fn locked(transaction: &DatabaseTransaction, id: i64) -> Result<processes::Model, StoreError> {
    processes::Entity::find_by_id(id)
        .lock_exclusive()
        .one(transaction)
        .await?
        .ok_or(StoreError::Missing { what: "process", id })
}

async fn write(
    transaction: &DatabaseTransaction,
    mut row: processes::ActiveModel,
    status: ProcessStatus,
    phase: ProcessPhase,
) -> Result<(), StoreError> {
    row.status = Set(status.as_str().to_owned());
    row.phase = Set(phase.as_str().to_owned());
    let process = row.update(transaction).await?;
    insert_event(transaction, process_event(&process, "process.change")).await
}

async fn end(
    transaction: &DatabaseTransaction,
    mut row: processes::ActiveModel,
    status: ProcessStatus,
) -> Result<(), StoreError> {
    row.ended_at = Set(Some(Timestamp::now().to_utc()));
    write(transaction, row, status, ProcessPhase::Done).await
}

/// Asks the process that makes this product to stop, if there is one that is not over: in the transaction that
/// deletes the product.
pub(crate) async fn stop_process_of_product(
    transaction: &DatabaseTransaction,
    product_id: i64,
) -> Result<(), StoreError> {
    let process = processes::Entity::find()
        .filter(processes::Column::OutputProductId.eq(product_id))
        .lock_exclusive()
        .one(transaction)
        .await?;
    if let Some(process) = process {
        stop(transaction, process).await?;
    }
    Ok(())
}

async fn stop(
    transaction: &DatabaseTransaction,
    process: processes::Model,
) -> Result<ProcessStatus, StoreError> {
    let before = status_of(&process);
    let next = before.when_stopped();
    if next == before {
        return Ok(before);
    }
    let phase = ProcessPhase::from_word(&process.phase).unwrap_or(ProcessPhase::Running);
    if next.is_final() {
        fail_product(transaction, process.output_product_id, next, STOPPED).await?;
        end(transaction, process.into_active_model(), next).await?;
    } else {
        write(transaction, process.into_active_model(), next, phase).await?;
    }
    Ok(next)
}

/// Why a product cannot be published; none when it can.
async fn unpublishable(
    transaction: &DatabaseTransaction,
    product: &products::Model,
) -> Result<Option<String>, StoreError> {
    let main_file = product_files::Entity::find()
        .filter(product_files::Column::ProductId.eq(product.id))
        .filter(product_files::Column::Role.eq(FileRole::Main.code()))
        .one(transaction)
        .await?;
    if main_file.is_none() {
        return Ok(Some("It made no file.".to_owned()));
    }
    if let Some(error) = &product.registry_error {
        return Ok(Some(format!("What it made could not be read: {error}")));
    }
    let aliases: Vec<Option<String>> = product_contents::Entity::find()
        .select_only()
        .column(product_contents::Column::Alias)
        .filter(product_contents::Column::ProductId.eq(product.id))
        .into_tuple()
        .all(transaction)
        .await?;
    let aliases = aliases.iter().filter_map(Option::as_deref);
    let missing: Vec<&str> = match ProductType::from_id(product.product_type_id) {
        Some(product_type) => product_type.missing_meanings(aliases),
        None => Vec::new(),
    }
    .into_iter()
    .map(|meaning| meaning.alias())
    .collect();
    if missing.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "What it made lacks columns: {}",
        missing.join(", ")
    )))
}

async fn publish(transaction: &DatabaseTransaction, product_id: i64) -> Result<(), StoreError> {
    let update = Query::update()
        .table("products")
        .value("status", ProductStatus::Published.code())
        .value("updated_at", Timestamp::now().to_utc())
        .and_where(Expr::col("id").eq(product_id))
        .take();
    transaction.execute(&update).await?;
    insert_event(transaction, NewEvent::product(product_id, "product.publish")).await
}

/// Only a product that still waits for its process: a deleted one stays deleted.
async fn fail_product(
    transaction: &DatabaseTransaction,
    product_id: i64,
    status: ProcessStatus,
    reason: &str,
) -> Result<(), StoreError> {
    let code = match status {
        ProcessStatus::Stopped => ErrorCode::ProcessStopped,
        _ => ErrorCode::ProcessFailed,
    };
    let update = Query::update()
        .table("products")
        .value("status", ProductStatus::Failed.code())
        .value("registry_error", reason)
        .value("registry_error_code", code.as_str())
        .value("updated_at", Timestamp::now().to_utc())
        .and_where(Expr::col("id").eq(product_id))
        .and_where(Expr::col("status").eq(ProductStatus::Processing.code()))
        .take();
    if transaction.execute(&update).await?.rows_affected() > 0 {
        insert_event(transaction, NewEvent::product(product_id, "product.fail")).await?;
    }
    Ok(())
}
