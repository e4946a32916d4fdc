//! What registering a main file keeps: how to read it, its columns, and, when it came in an archive, the
//! bytes that were in there. All in one transaction; until it commits, everything is as it was.

use std::collections::HashMap;

use pz_model::{FileRole, Timestamp};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, Set,
};
use serde::{Deserialize, Serialize};

use crate::blobs::StoredBlob;
use crate::database::Store;
use crate::entities::{file_containers, product_contents, product_files, products};
use crate::error::StoreError;
use crate::roles::sum_up;

/// Rows inserted by one statement: SQLite allows 32,766 values, and a column has eleven.
const INSERT_CHUNK: usize = 1000;

/// A column as the reader of the file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContent {
    /// Name.
    pub column_name: String,
    /// Type as stored.
    pub dtype: Option<String>,
    /// Shape of one cell; empty for scalars.
    pub shape: Vec<u64>,
    /// Unit as the file gives it.
    pub unit: Option<String>,
    /// UCD as the file gives it.
    pub ucd: Option<String>,
    /// Description as the file gives it.
    pub description: Option<String>,
    /// Column statistics.
    pub statistics: Option<serde_json::Value>,
    /// The first values, each as JSON text.
    pub samples: Vec<String>,
}

/// A file of a directory, within the blob of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerMember {
    /// Path relative to the directory, `/` between components.
    pub name: String,
    /// Where its bytes start in the blob.
    pub offset: u64,
    /// How many there are.
    pub bytes: u64,
    /// CRC-32 of them (IEEE 802.3, as zip stores it).
    pub crc32: u32,
    /// SHA-256 of them, lower-case hexadecimal.
    pub sha256: String,
}

/// A directory that lies in one blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Length of the blob in bytes.
    pub blob_bytes: u64,
    /// Its members, in the order of the blob.
    pub members: Vec<ContainerMember>,
}

/// What was in the archive that a main file was uploaded as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnwrappedFile {
    /// Path in the archive.
    pub name: String,
    /// Extension in lower case with its dot; empty for a directory.
    pub extension: String,
    /// Bytes; of a directory the sum over its members.
    pub size_bytes: u64,
    /// The bytes.
    pub blob: StoredBlob,
    /// Of a directory: its members.
    pub members: Option<Vec<ContainerMember>>,
}

/// What reading a main file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Registration {
    /// The file that was read.
    pub file_id: i64,
    /// The blob that was read.
    pub blob_key: String,
    /// What takes the place of the archive that it was.
    pub unwrapped: Option<UnwrappedFile>,
    /// Rows, when it is a table.
    pub n_rows: Option<i64>,
    /// Name of the format.
    pub table_format: Option<String>,
    /// How to read it again without scanning.
    pub table_layout: Option<serde_json::Value>,
    /// Its columns in file order.
    pub contents: Vec<NewContent>,
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// It is kept.
    Kept {
        /// Blob of the archive whose content took its place; its bytes are to be removed.
        old_blob_key: Option<String>,
    },
    /// Nothing is kept: the file that was read is no longer the main file, or has other bytes by now.
    Superseded,
}

impl Store {
    /// Keeps what reading the main file gave: its bytes when they came in an archive, rows, layout, and
    /// columns in the place of the old ones. A column of the same name keeps its meaning, also from the version
    /// before; otherwise a UCD from the file is taken over.
    ///
    /// # Errors
    /// When the database fails. The new blob must stay then: the commit may have been made all the same, and
    /// otherwise the collection of orphans removes it.
    pub async fn register(
        &self,
        product_id: i64,
        registration: Registration,
    ) -> Result<Registered, StoreError> {
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        // Locked first, so that two registrations of one product wait for each other.
        let product = products::Entity::find_by_id(product_id)
            .lock_exclusive()
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing {
                what: "product",
                id: product_id,
            })?;
        let file = product_files::Entity::find_by_id(registration.file_id)
            .one(&transaction)
            .await?
            .filter(|file| file.role == FileRole::Main.code() && file.blob_key == registration.blob_key);
        let Some(file) = file else {
            return Ok(Registered::Superseded);
        };
        let mut file = file.into_active_model();
        let mut old_blob_key = None;
        if let Some(unwrapped) = registration.unwrapped {
            old_blob_key = Some(registration.blob_key);
            if let Some(members) = &unwrapped.members {
                keep_container(&transaction, registration.file_id, &unwrapped.blob, members).await?;
            }
            file.name = Set(unwrapped.name);
            file.extension = Set(unwrapped.extension);
            file.size_bytes = Set(i64::try_from(unwrapped.size_bytes).unwrap_or(i64::MAX));
            file.is_directory = Set(unwrapped.members.is_some());
            file.blob_key = Set(unwrapped.blob.key);
            file.sha256 = Set(unwrapped.blob.sha256);
            file.crc32 = Set(i64::from(unwrapped.blob.crc32));
            file.deflated_blob_key = Set(None);
            file.deflated_bytes = Set(None);
        }
        file.n_rows = Set(registration.n_rows);
        file.table_format = Set(registration.table_format);
        file.table_layout = Set(registration.table_layout);
        file.updated_at = Set(now);
        file.update(&transaction).await?;
        replace_contents(&transaction, &product, registration.contents).await?;
        sum_up(&transaction, product_id).await?;
        let mut product = product.into_active_model();
        product.registry_error = Set(None);
        product.registry_error_code = Set(None);
        product.updated_at = Set(now);
        product.update(&transaction).await?;
        transaction.commit().await?;
        Ok(Registered::Kept { old_blob_key })
    }

    /// The members of a main file that is a directory.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is none; when the database fails.
    pub async fn container(&self, file_id: i64) -> Result<Container, StoreError> {
        let row = file_containers::Entity::find_by_id(file_id)
            .one(&self.db)
            .await?
            .ok_or(StoreError::Missing {
                what: "directory",
                id: file_id,
            })?;
        let members = serde_json::from_value(row.members)
            .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
        Ok(Container {
            blob_bytes: u64::try_from(row.blob_bytes).unwrap_or(0),
            members,
        })
    }
}

async fn keep_container(
    transaction: &DatabaseTransaction,
    file_id: i64,
    blob: &StoredBlob,
    members: &[ContainerMember],
) -> Result<(), StoreError> {
    let members = serde_json::to_value(members)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))?;
    file_containers::Entity::delete_by_id(file_id)
        .exec(transaction)
        .await?;
    let row = file_containers::ActiveModel {
        file_id: Set(file_id),
        blob_bytes: Set(i64::try_from(blob.size_bytes).unwrap_or(i64::MAX)),
        members: Set(members),
    };
    row.insert(transaction).await?;
    Ok(())
}

async fn replace_contents(
    transaction: &DatabaseTransaction,
    product: &products::Model,
    contents: Vec<NewContent>,
) -> Result<(), StoreError> {
    let product_id = product.id;
    let mut old = super::product_contents::of_product(product_id)
        .into_model::<super::product_contents::Content>()
        .all(transaction)
        .await?;
    if old.is_empty() {
        old = super::versions::contents_of_previous(transaction, product).await?;
    }
    let meanings: HashMap<String, (Option<String>, Option<String>)> = old
        .into_iter()
        .map(|column| (column.column_name, (column.ucd, column.alias)))
        .collect();
    product_contents::Entity::delete_many()
        .filter(product_contents::Column::ProductId.eq(product_id))
        .exec(transaction)
        .await?;
    let rows: Vec<product_contents::ActiveModel> = contents
        .into_iter()
        .enumerate()
        .map(|(position, column)| {
            let (ucd, alias) = meanings.get(&column.column_name).cloned().unwrap_or((None, None));
            product_contents::ActiveModel {
                product_id: Set(product_id),
                column_name: Set(column.column_name),
                position: Set(i32::try_from(position).unwrap_or(i32::MAX)),
                // An empty text is what a user leaves who clears a meaning: it stays cleared.
                ucd: Set(ucd.or(column.ucd)),
                alias: Set(alias),
                dtype: Set(column.dtype),
                shape: Set(shape_value(&column.shape)),
                unit: Set(column.unit),
                description: Set(column.description),
                statistics: Set(column.statistics),
                samples: Set(Some(serde_json::json!(column.samples))),
                ..Default::default()
            }
        })
        .collect();
    for chunk in rows.chunks(INSERT_CHUNK) {
        product_contents::Entity::insert_many(chunk.to_vec())
            .exec(transaction)
            .await?;
    }
    Ok(())
}

/// Scalars, nearly all columns, have no shape.
fn shape_value(shape: &[u64]) -> Option<serde_json::Value> {
    (!shape.is_empty()).then(|| serde_json::json!(shape))
}
