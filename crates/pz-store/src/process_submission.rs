//! How processes begin: with the product that they make, in one transaction.

use pz_model::{FileRole, ProcessPhase, ProcessStatus, ProductStatus, Timestamp};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter,
    QuerySelect, Set,
};
use serde_json::Value;

use crate::blobs::StoredBlob;
use crate::database::Store;
use crate::entities::{process_inputs, processes, product_files, products};
use crate::error::StoreError;
use crate::events::{NewEvent, insert_event};
use crate::process_steps::process_event;
use crate::product_citation::CitationChanges;
use crate::products::{NewProduct, insert_product};
use crate::quota;

/// A file with translations of quality flags whose bytes are durable.
#[derive(Debug, Clone)]
pub struct FlagsFile {
    /// Base name as the user calls it.
    pub name: String,
    /// Extension in lower case with its dot.
    pub extension: String,
    /// The bytes.
    pub blob: StoredBlob,
}

/// A process to be created together with the product that it makes. Everything in it has been checked.
#[derive(Debug, Clone)]
pub struct NewProcess {
    /// Pipeline.
    pub pipeline_id: i64,
    /// Version of the pipeline.
    pub pipeline_version: String,
    /// Configuration.
    pub used_config: Value,
    /// Products that it reads, each once.
    pub inputs: Vec<i64>,
    /// The product: owner, release and name are those of the process, too.
    pub product: NewProduct,
    /// File kept with the product.
    pub flags_file: Option<FlagsFile>,
    /// Processes of the owner that may wait or run, this one among them; 0 is no limit.
    pub max_at_once: u64,
}

/// What became of a new process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreatedProcess {
    /// It waits in the queue.
    Created(i64),
    /// Nothing was created: this input is no longer published.
    InputGone(i64),
    /// Nothing was created: the owner has as many that wait or run as they may have.
    TooMany,
}

impl Store {
    /// Creates the product (in Processing), its file, and the process, which waits in the queue from then on:
    /// all of it or nothing.
    ///
    /// # Errors
    /// When the database fails. The blob of the file must stay then, as with every upload.
    pub async fn create_process(&self, new: NewProcess) -> Result<CreatedProcess, StoreError> {
        let transaction = self.begin_write().await?;
        let published: Vec<i64> = products::Entity::find()
            .select_only()
            .column(products::Column::Id)
            .filter(products::Column::Id.is_in(new.inputs.iter().copied()))
            .filter(products::Column::Status.eq(ProductStatus::Published.code()))
            .lock_shared()
            .into_tuple()
            .all(&transaction)
            .await?;
        if let Some(gone) = new.inputs.iter().find(|id| !published.contains(id)) {
            return Ok(CreatedProcess::InputGone(*gone));
        }
        let (user_id, release_id) = (new.product.user_id, new.product.release_id);
        if new.max_at_once > 0 {
            quota::lock_user(&transaction, user_id).await?;
            if under_way(&transaction, user_id).await? >= new.max_at_once {
                return Ok(CreatedProcess::TooMany);
            }
        }
        let display_name = new.product.display_name.clone();
        let product = NewProduct {
            status: ProductStatus::Processing,
            ..new.product
        };
        let product_id = insert_product(&transaction, product, CitationChanges::default()).await?;
        let flags_file_id = match new.flags_file {
            Some(file) => Some(insert_flags_file(&transaction, product_id, file).await?),
            None => None,
        };
        let process = processes::ActiveModel {
            display_name: Set(display_name),
            pipeline_id: Set(new.pipeline_id),
            pipeline_version: Set(new.pipeline_version),
            user_id: Set(user_id),
            release_id: Set(release_id),
            output_product_id: Set(product_id),
            used_config: Set(Some(new.used_config)),
            status: Set(ProcessStatus::Pending.as_str().to_owned()),
            phase: Set(ProcessPhase::Queued.as_str().to_owned()),
            created_at: Set(Timestamp::now().to_utc()),
            flags_file_id: Set(flags_file_id),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        let inputs = (0..)
            .zip(new.inputs)
            .map(|(position, product_id)| process_inputs::ActiveModel {
                process_id: Set(process.id),
                product_id: Set(product_id),
                position: Set(position),
            });
        process_inputs::Entity::insert_many(inputs)
            .exec_without_returning(&transaction)
            .await?;
        insert_event(&transaction, NewEvent::product(product_id, "product.create")).await?;
        insert_event(&transaction, process_event(&process, "process.create")).await?;
        transaction.commit().await?;
        Ok(CreatedProcess::Created(process.id))
    }
}

async fn under_way(transaction: &DatabaseTransaction, user_id: i64) -> Result<u64, StoreError> {
    Ok(processes::Entity::find()
        .filter(processes::Column::UserId.eq(user_id))
        .filter(processes::Column::Phase.ne(ProcessPhase::Done.as_str()))
        .count(transaction)
        .await?)
}

async fn insert_flags_file(
    transaction: &DatabaseTransaction,
    product_id: i64,
    file: FlagsFile,
) -> Result<i64, StoreError> {
    let now = Timestamp::now().to_utc();
    let row = product_files::ActiveModel {
        product_id: Set(product_id),
        role: Set(FileRole::Auxiliary.code()),
        name: Set(file.name),
        mime_type: Set(Some("application/yaml".to_owned())),
        extension: Set(file.extension),
        size_bytes: Set(i64::try_from(file.blob.size_bytes).unwrap_or(i64::MAX)),
        is_directory: Set(false),
        blob_key: Set(file.blob.key),
        sha256: Set(file.blob.sha256),
        crc32: Set(i64::from(file.blob.crc32)),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    }
    .insert(transaction)
    .await?;
    Ok(row.id)
}
