//! Uploads that may be continued: rows here, bytes in the blob store's directory of unfinished uploads.
//!
//! A row says at most as many bytes as are durable. It is unfinished as long as it has a staging key; then
//! its file is a file of the product, and the row is only there to say so until it expires.

use std::collections::HashSet;

use pz_model::{FileRole, ProductStatus, Timestamp};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set,
};

use crate::blobs::fresh_key;
use crate::database::Store;
use crate::entities::{products, uploads};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::partials::Partial;
use crate::quota::{self, Claim};

/// Columns that the list of uploads can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadField {
    /// When it was begun.
    CreatedAt,
    /// Product.
    ProductId,
}

impl ListField for UploadField {
    fn expr(self) -> Expr {
        Expr::col((
            "uploads",
            match self {
                Self::CreatedAt => "created_at",
                Self::ProductId => "product_id",
            },
        ))
    }
}

/// An upload about to begin.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Random identifier.
    pub id: String,
    /// Who uploads.
    pub user_id: i64,
    /// Product.
    pub product_id: i64,
    /// What the file is to the product.
    pub role: FileRole,
    /// Base name as the user calls it.
    pub name: String,
    /// MIME type as sent.
    pub mime_type: Option<String>,
    /// Length of the whole file.
    pub length_bytes: u64,
    /// When it ends unless bytes arrive.
    pub expires_at: DateTimeUtc,
    /// Quota of users that have none of their own; 0 is no quota.
    pub default_quota_bytes: u64,
    /// Unfinished uploads that the user may have, this one among them; 0 is no limit.
    pub max_unfinished: u64,
}

/// What became of a new upload.
#[derive(Debug, Clone, PartialEq)]
pub enum BegunUpload {
    /// Bytes may come.
    Begun(uploads::Model),
    /// The product's owner has only so many bytes left.
    QuotaExceeded {
        /// Bytes left.
        left_bytes: u64,
    },
    /// The user has as many unfinished ones as they may have.
    TooMany,
    /// The product is deleted meanwhile.
    ProductGone,
}

/// An upload that a request wants to work on.
#[derive(Debug)]
pub enum OpenedUpload {
    /// Nothing unfinished or finished is left of it.
    Gone,
    /// Another request works on it.
    Locked,
    /// Its file is kept.
    Complete(uploads::Model),
    /// It is this request's as long as the bytes are held.
    Open(uploads::Model, Box<Partial>),
}

/// What a sweep of uploads removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweptUploads {
    /// Uploads that expired.
    pub expired: usize,
    /// Files that belonged to no upload.
    pub dead_files: usize,
}

impl uploads::Model {
    /// Its file is kept.
    pub fn is_complete(&self) -> bool {
        self.staging_key.is_empty()
    }

    /// Length of the whole file.
    pub fn length(&self) -> u64 {
        u64::try_from(self.length_bytes).unwrap_or(0)
    }

    /// Where to go on, when this many bytes are there. All bytes having arrived is said only once the file is
    /// kept: until then the last one is asked for again, so that whoever continues ends it.
    pub fn offset(&self, bytes_there: u64) -> u64 {
        if self.is_complete() {
            return self.length();
        }
        let recorded = u64::try_from(self.offset_bytes).unwrap_or(0);
        Ord::min(Ord::min(recorded, bytes_there), self.length().saturating_sub(1))
    }
}

/// The condition of uploads under way, at this moment.
pub(crate) fn is_unfinished(now: Timestamp) -> Cond {
    Cond::all()
        .add(Expr::col(("uploads", "staging_key")).ne(""))
        .add(Expr::col(("uploads", "expires_at")).gt(now.to_utc()))
}

async fn unfinished_of(transaction: &DatabaseTransaction, user_id: i64) -> Result<u64, StoreError> {
    Ok(uploads::Entity::find()
        .filter(uploads::Column::UserId.eq(user_id))
        .filter(is_unfinished(Timestamp::now()))
        .count(transaction)
        .await?)
}

impl Store {
    /// Begins an upload.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_upload(&self, new: NewUpload) -> Result<BegunUpload, StoreError> {
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        let Some(product) = live_product(&transaction, new.product_id).await? else {
            return Ok(BegunUpload::ProductGone);
        };
        let claim = Claim {
            owner_id: product.user_id,
            product_id: product.id,
            role: new.role,
            upload_id: None,
            default_bytes: new.default_quota_bytes,
        };
        if let Some(left_bytes) = quota::left_locked(&transaction, claim).await?
            && new.length_bytes > left_bytes
        {
            return Ok(BegunUpload::QuotaExceeded { left_bytes });
        }
        // Whoever uploads to their own product holds their row by now; an administrator who uploads to others' may
        // get past the limit by as many as come at once, and never waits crosswise.
        if new.max_unfinished > 0 && unfinished_of(&transaction, new.user_id).await? >= new.max_unfinished {
            return Ok(BegunUpload::TooMany);
        }
        let row = uploads::ActiveModel {
            id: Set(new.id),
            user_id: Set(new.user_id),
            product_id: Set(new.product_id),
            role: Set(new.role.code()),
            name: Set(new.name),
            mime_type: Set(new.mime_type),
            length_bytes: Set(i64::try_from(new.length_bytes).unwrap_or(i64::MAX)),
            offset_bytes: Set(0),
            staging_key: Set(fresh_key()),
            file_id: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
            expires_at: Set(new.expires_at),
        }
        .insert(&transaction)
        .await?;
        transaction.commit().await?;
        Ok(BegunUpload::Begun(row))
    }

    /// An upload of this user that has not expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn upload(&self, user_id: i64, id: &str) -> Result<Option<uploads::Model>, StoreError> {
        Ok(uploads::Entity::find_by_id(id)
            .filter(uploads::Column::UserId.eq(user_id))
            .filter(uploads::Column::ExpiresAt.gt(Timestamp::now().to_utc()))
            .one(&self.db)
            .await?)
    }

    /// Unfinished uploads of this user, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_uploads(
        &self,
        user_id: i64,
        query: &ListQuery<UploadField>,
    ) -> Result<(u64, Vec<uploads::Model>), StoreError> {
        let mut select = Query::select()
            .from("uploads")
            .and_where(Expr::col(("uploads", "user_id")).eq(user_id))
            .cond_where(is_unfinished(Timestamp::now()))
            .cond_where(query.condition(self.backend()))
            .take();
        let mut count = select.clone();
        count.expr_as(Expr::val(1).count(), "count");
        let total = self.count_of(&count).await?;
        if query.limit == 0 {
            return Ok((total, Vec::new()));
        }
        select.expr(Expr::cust("uploads.*"));
        query.order_and_page(&mut select, Expr::col(("uploads", "id")));
        let rows = uploads::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((total, rows))
    }

    /// Takes an upload of this user to work on it.
    ///
    /// # Errors
    /// When the database or the blob store fails.
    pub async fn open_upload(&self, user_id: i64, id: &str) -> Result<OpenedUpload, StoreError> {
        let Some(row) = self.upload(user_id, id).await? else {
            return Ok(OpenedUpload::Gone);
        };
        if row.is_complete() {
            return Ok(OpenedUpload::Complete(row));
        }
        let Some(mut partial) = self.blobs.open_partial(&row.staging_key).await? else {
            return Ok(OpenedUpload::Locked);
        };
        if partial.is_named() {
            return self.take_back(row, partial).await;
        }
        // Whoever held it meanwhile may have got further, or to the end.
        match self.upload(user_id, id).await? {
            Some(row) if !row.is_complete() => {
                partial.cut(row.offset(partial.size_bytes())).await?;
                Ok(OpenedUpload::Open(row, Box::new(partial)))
            }
            now => {
                partial.remove().await?;
                Ok(now.map_or(OpenedUpload::Gone, OpenedUpload::Complete))
            }
        }
    }

    /// A file with its final name, and an upload that is unfinished as far as was seen: a crash came between,
    /// or the row is committed by now. In a transaction, so that a commit under way comes first.
    async fn take_back(&self, row: uploads::Model, mut partial: Partial) -> Result<OpenedUpload, StoreError> {
        let transaction = self.begin_write().await?;
        let row = uploads::Entity::find_by_id(row.id)
            .lock_exclusive()
            .one(&transaction)
            .await?;
        let Some(row) = row else {
            return Ok(OpenedUpload::Gone);
        };
        if row.is_complete() {
            return Ok(OpenedUpload::Complete(row));
        }
        partial.take_back().await?;
        partial.cut(row.offset(partial.size_bytes())).await?;
        transaction.commit().await?;
        Ok(OpenedUpload::Open(row, Box::new(partial)))
    }

    /// Remembers that this many bytes of an upload are durable. False when the upload is gone or finished.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn record_upload(
        &self,
        id: &str,
        offset_bytes: u64,
        expires_at: DateTimeUtc,
    ) -> Result<bool, StoreError> {
        let update = Query::update()
            .table("uploads")
            .value("offset_bytes", i64::try_from(offset_bytes).unwrap_or(i64::MAX))
            .value("updated_at", Timestamp::now().to_utc())
            .value("expires_at", expires_at)
            .and_where(Expr::col("id").eq(id))
            .and_where(Expr::col("staging_key").ne(""))
            .take();
        Ok(self.db.execute(&update).await?.rows_affected() > 0)
    }

    /// Forgets an upload that was opened, then its bytes. The file that came of one stays.
    ///
    /// # Errors
    /// When the database or the blob store fails.
    pub async fn delete_upload(&self, id: &str, partial: Option<Box<Partial>>) -> Result<(), StoreError> {
        uploads::Entity::delete_by_id(id).exec(&self.db).await?;
        match partial {
            Some(partial) => partial.remove().await,
            None => Ok(()),
        }
    }

    /// Removes uploads that expired, with their bytes, and bytes of uploads that are no more. One that a
    /// request works on is left alone.
    ///
    /// # Errors
    /// When the database or the blob store fails.
    pub async fn sweep_uploads(&self) -> Result<SweptUploads, StoreError> {
        let mut swept = SweptUploads::default();
        let expired = uploads::Entity::find()
            .filter(uploads::Column::ExpiresAt.lte(Timestamp::now().to_utc()))
            .all(&self.db)
            .await?;
        for row in expired {
            if row.is_complete() {
                self.delete_upload(&row.id, None).await?;
                continue;
            }
            let Some(partial) = self.blobs.open_partial(&row.staging_key).await? else {
                continue;
            };
            if self.delete_expired(&row.id).await? {
                partial.remove().await?;
                swept.expired += 1;
            }
        }
        // The files first: one that comes after has its row already.
        let keys = self.blobs.partial_keys().await?;
        let live = self.staging_keys(&keys).await?;
        for key in keys.iter().filter(|key| !live.contains(*key)) {
            if let Some(partial) = self.blobs.open_partial(key).await?
                && !partial.is_named()
            {
                partial.remove().await?;
                swept.dead_files += 1;
            }
        }
        Ok(swept)
    }

    /// False when bytes arrived meanwhile, or it is finished.
    async fn delete_expired(&self, id: &str) -> Result<bool, StoreError> {
        let deleted = uploads::Entity::delete_many()
            .filter(uploads::Column::Id.eq(id))
            .filter(uploads::Column::StagingKey.ne(""))
            .filter(uploads::Column::ExpiresAt.lte(Timestamp::now().to_utc()))
            .exec(&self.db)
            .await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Which of these keys belong to unfinished uploads.
    pub(crate) async fn staging_keys(&self, keys: &[String]) -> Result<HashSet<String>, StoreError> {
        let mut known = HashSet::new();
        for keys in keys.chunks(500) {
            let found = uploads::Entity::find()
                .select_only()
                .column(uploads::Column::StagingKey)
                .filter(uploads::Column::StagingKey.is_in(keys.iter().map(String::as_str)))
                .into_tuple::<String>()
                .all(&self.db)
                .await?;
            known.extend(found);
        }
        Ok(known)
    }
}

/// The product, locked until the end of the transaction, unless it is deleted.
pub(crate) async fn live_product(
    transaction: &DatabaseTransaction,
    id: i64,
) -> Result<Option<products::Model>, StoreError> {
    Ok(products::Entity::find_by_id(id)
        .lock_exclusive()
        .one(transaction)
        .await?
        .filter(|product| product.status != ProductStatus::Deleted.code()))
}

/// Says within the transaction of the file that an upload became it. False when it is gone or finished.
pub(crate) async fn complete(
    transaction: &DatabaseTransaction,
    id: &str,
    file_id: i64,
) -> Result<bool, StoreError> {
    let row = uploads::Entity::find_by_id(id)
        .lock_exclusive()
        .one(transaction)
        .await?
        .filter(|row| !row.is_complete());
    let Some(row) = row else {
        return Ok(false);
    };
    let length_bytes = row.length_bytes;
    let mut row = row.into_active_model();
    row.file_id = Set(Some(file_id));
    row.offset_bytes = Set(length_bytes);
    row.staging_key = Set(String::new());
    row.updated_at = Set(Timestamp::now().to_utc());
    row.update(transaction).await?;
    Ok(true)
}
