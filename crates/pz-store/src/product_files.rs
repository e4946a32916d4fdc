//! Files of products: rows here, bytes in the blob store. A row is written only when its bytes are
//! durable, and bytes are removed only when their row is gone.

use std::collections::HashSet;
use std::time::Duration;

use pz_model::{FileRole, ProductStatus, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, IntoActiveModel,
    ModelTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::blobs::StoredBlob;
use crate::database::Store;
use crate::entities::{product_files, products};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::products::touch_product;
use crate::quota::{self, Claim};
use crate::uploads::{self, live_product};
use crate::visibility::Viewer;

/// Columns that lists of files can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductFileField {
    /// Identifier.
    Id,
    /// Product.
    ProductId,
    /// Number of the role.
    Role,
}

impl ListField for ProductFileField {
    fn expr(self) -> Expr {
        Expr::col((
            "product_files",
            match self {
                Self::Id => "id",
                Self::ProductId => "product_id",
                Self::Role => "role",
            },
        ))
    }
}

/// A file with the owner of its product.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct ProductFileRow {
    /// The file.
    #[sea_orm(nested)]
    pub file: product_files::Model,
    /// Owner of the product.
    pub owner_id: i64,
}

/// A file whose bytes are durable.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Product.
    pub product_id: i64,
    /// What it is to the product.
    pub role: FileRole,
    /// Base name as the user calls it.
    pub name: String,
    /// MIME type as sent.
    pub mime_type: Option<String>,
    /// Extension in lower case with its dot.
    pub extension: String,
    /// The bytes.
    pub blob: StoredBlob,
}

/// What became of a new file.
#[derive(Debug, Clone, PartialEq)]
pub enum AddedFile {
    /// It is kept.
    Added(product_files::Model),
    /// It is kept in the place of the main file before it; that one's bytes are to be removed.
    Replaced {
        /// The new file.
        file: product_files::Model,
        /// Blob of the old one.
        old_blob_key: String,
    },
    /// The product is published and has a main file already.
    MainFileExists,
    /// The product is deleted meanwhile.
    ProductGone,
    /// The product's owner has only so many bytes left.
    QuotaExceeded {
        /// Bytes left.
        left_bytes: u64,
    },
    /// The resumable upload that the bytes came with is no more.
    UploadGone,
}

/// What must hold when a file that a user sent is kept.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// Quota of users that have none of their own; 0 is no quota.
    pub default_quota_bytes: u64,
    /// The resumable upload that becomes the file.
    pub upload_id: Option<String>,
}

impl Store {
    /// Files of products that the viewer may see, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_files(
        &self,
        viewer: Viewer,
        query: &ListQuery<ProductFileField>,
    ) -> Result<(u64, Vec<ProductFileRow>), StoreError> {
        self.list_parts(viewer, "product_files", "product_files.*", query)
            .await
    }

    /// A file, when the viewer may see its product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn file(&self, viewer: Viewer, id: i64) -> Result<Option<ProductFileRow>, StoreError> {
        self.part(viewer, "product_files", "product_files.*", id).await
    }

    /// All files of a product by role, then name, then id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn files_of(&self, product_id: i64) -> Result<Vec<product_files::Model>, StoreError> {
        Ok(product_files::Entity::find()
            .filter(product_files::Column::ProductId.eq(product_id))
            .order_by_asc(product_files::Column::Role)
            .order_by_asc(product_files::Column::Name)
            .order_by_asc(product_files::Column::Id)
            .all(&self.db)
            .await?)
    }

    /// The main file of a product.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn main_file(&self, product_id: i64) -> Result<Option<product_files::Model>, StoreError> {
        Ok(product_files::Entity::find()
            .filter(product_files::Column::ProductId.eq(product_id))
            .filter(product_files::Column::Role.eq(FileRole::Main.code()))
            .one(&self.db)
            .await?)
    }

    /// Keeps a file that the service made. A main file takes the place of the one before it while the product
    /// is not published.
    ///
    /// # Errors
    /// When the database fails. The blob must stay then: the commit may have been made all the same, and
    /// otherwise the collection of orphans removes it.
    pub async fn add_file(&self, new: NewFile) -> Result<AddedFile, StoreError> {
        self.keep_file(new, None).await
    }

    /// Keeps a file that a user sent, within the quota of the product's owner.
    ///
    /// # Errors
    /// As [`Store::add_file`].
    pub async fn add_uploaded_file(
        &self,
        new: NewFile,
        admission: &Admission,
    ) -> Result<AddedFile, StoreError> {
        self.keep_file(new, Some(admission)).await
    }

    async fn keep_file(&self, new: NewFile, admission: Option<&Admission>) -> Result<AddedFile, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(product) = live_product(&transaction, new.product_id).await? else {
            return Ok(AddedFile::ProductGone);
        };
        if let Some(admission) = admission
            && let Some(left_bytes) = quota_left(&transaction, &product, &new, admission).await?
            && new.blob.size_bytes > left_bytes
        {
            return Ok(AddedFile::QuotaExceeded { left_bytes });
        }
        let mut old_blob_key = None;
        if new.role == FileRole::Main {
            let old = product_files::Entity::find()
                .filter(product_files::Column::ProductId.eq(new.product_id))
                .filter(product_files::Column::Role.eq(FileRole::Main.code()))
                .one(&transaction)
                .await?;
            if let Some(old) = old {
                if product.status == ProductStatus::Published.code() {
                    return Ok(AddedFile::MainFileExists);
                }
                old_blob_key = Some(old.blob_key.clone());
                old.delete(&transaction).await?;
            }
            let mut product = product.into_active_model();
            product.registry_error = Set(None);
            product.registry_error_code = Set(None);
            product.update(&transaction).await?;
        }
        let product_id = new.product_id;
        let file = insert_file(&transaction, new).await?;
        if let Some(upload_id) = admission.and_then(|admission| admission.upload_id.as_deref())
            && !uploads::complete(&transaction, upload_id, file.id).await?
        {
            return Ok(AddedFile::UploadGone);
        }
        touch_product(&transaction, product_id).await?;
        transaction.commit().await?;
        Ok(match old_blob_key {
            Some(old_blob_key) => AddedFile::Replaced { file, old_blob_key },
            None => AddedFile::Added(file),
        })
    }

    /// Changes the role of a file.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is gone.
    pub async fn set_file_role(&self, id: i64, role: FileRole) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let file = product_files::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing { what: "file", id })?;
        let product_id = file.product_id;
        let mut file = file.into_active_model();
        file.role = Set(role.code());
        file.updated_at = Set(Timestamp::now().to_utc());
        file.update(&transaction).await?;
        touch_product(&transaction, product_id).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets a file and returns its blob, which the caller then removes.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when it is gone already.
    pub async fn delete_file(&self, id: i64) -> Result<String, StoreError> {
        let transaction = self.begin_write().await?;
        let file = product_files::Entity::find_by_id(id)
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing { what: "file", id })?;
        let (product_id, blob_key) = (file.product_id, file.blob_key.clone());
        file.delete(&transaction).await?;
        touch_product(&transaction, product_id).await?;
        transaction.commit().await?;
        Ok(blob_key)
    }

    /// Removes blobs older than `older_than` that no row points at, neither of a file nor of an upload: what a crash between "bytes durable"
    /// and "row committed" (or between "row gone" and "bytes gone") leaves. Says how many.
    ///
    /// # Errors
    /// When the database or the blob store fails.
    pub async fn collect_orphan_blobs(&self, older_than: Duration) -> Result<usize, StoreError> {
        let old: Vec<String> = self
            .blobs
            .list()
            .await?
            .into_iter()
            .filter(|(_, age)| *age >= older_than)
            .map(|(key, _)| key)
            .collect();
        let mut removed = 0;
        for keys in old.chunks(500) {
            // Before the files: an upload that becomes one has its row there by then.
            let staged = self.staging_keys(keys).await?;
            let mut known: HashSet<String> = product_files::Entity::find()
                .select_only()
                .column(product_files::Column::BlobKey)
                .filter(product_files::Column::BlobKey.is_in(keys.iter().map(String::as_str)))
                .into_tuple::<String>()
                .all(&self.db)
                .await?
                .into_iter()
                .collect();
            known.extend(staged);
            known.extend(self.copies_among(keys).await?);
            for key in keys.iter().filter(|key| !known.contains(*key)) {
                self.blobs.remove(key).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

async fn insert_file(
    transaction: &DatabaseTransaction,
    new: NewFile,
) -> Result<product_files::Model, StoreError> {
    let now = Timestamp::now().to_utc();
    let file = product_files::ActiveModel {
        product_id: Set(new.product_id),
        role: Set(new.role.code()),
        name: Set(new.name),
        mime_type: Set(new.mime_type),
        extension: Set(new.extension),
        size_bytes: Set(i64::try_from(new.blob.size_bytes).unwrap_or(i64::MAX)),
        is_directory: Set(false),
        blob_key: Set(new.blob.key),
        sha256: Set(new.blob.sha256),
        crc32: Set(i64::from(new.blob.crc32)),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    Ok(file.insert(transaction).await?)
}

async fn quota_left(
    transaction: &DatabaseTransaction,
    product: &products::Model,
    new: &NewFile,
    admission: &Admission,
) -> Result<Option<u64>, StoreError> {
    let claim = Claim {
        owner_id: product.user_id,
        product_id: product.id,
        role: new.role,
        upload_id: admission.upload_id.as_deref(),
        default_bytes: admission.default_quota_bytes,
    };
    quota::left_locked(transaction, claim).await
}
