//! Compressed copies of files: the same bytes as raw deflate, for archives. A copy belongs to a blob, under the
//! blob's name with a suffix, so that whoever removes the blob removes the copy; a row says that it is
//! complete. Must never be pointed at for other bytes than those it was made of.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::blobs::{BlobStore, BlobWriter, StoredBlob};
use crate::database::Store;
use crate::entities::product_files;
use crate::error::StoreError;

/// What the copy of a blob is called.
pub(crate) fn copy_key(blob_key: &str) -> String {
    format!("{blob_key}.deflate")
}

impl product_files::Model {
    /// Where the bytes lie compressed, and how many they are then.
    pub fn compressed_copy(&self) -> Option<(&str, u64)> {
        let key = self.deflated_blob_key.as_deref()?;
        Some((key, u64::try_from(self.deflated_bytes?).ok()?))
    }
}

impl BlobStore {
    /// Starts the compressed copy of a blob.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub async fn copy_writer(&self, blob_key: &str) -> Result<BlobWriter, StoreError> {
        self.writer_as(copy_key(blob_key)).await
    }
}

impl Store {
    /// A file that nobody has tried to compress yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn untried_file(&self, id: i64) -> Result<Option<product_files::Model>, StoreError> {
        Ok(product_files::Entity::find_by_id(id)
            .filter(product_files::Column::DeflatedBytes.is_null())
            .one(&self.db)
            .await?)
    }

    /// Ids of files that nobody has tried to compress yet, ascending, from the one after `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn untried_files(&self, after: i64, limit: u64) -> Result<Vec<i64>, StoreError> {
        Ok(product_files::Entity::find()
            .select_only()
            .column(product_files::Column::Id)
            .filter(product_files::Column::DeflatedBytes.is_null())
            .filter(product_files::Column::Id.gt(after))
            .order_by_asc(product_files::Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?)
    }

    /// Notes the copy of a file's bytes, or that none is worth its room. False when the file is gone, has
    /// other bytes by now or a copy already; a copy that no row needs is removed then.
    ///
    /// # Errors
    /// When the database or the blob store fails.
    pub async fn note_compression(
        &self,
        file: &product_files::Model,
        copy: Option<&StoredBlob>,
    ) -> Result<bool, StoreError> {
        let bytes = copy.map_or(file.size_bytes, |copy| {
            i64::try_from(copy.size_bytes).unwrap_or(i64::MAX)
        });
        let update = Query::update()
            .table("product_files")
            .value("deflated_blob_key", copy.map(|copy| copy.key.clone()))
            .value("deflated_bytes", bytes)
            .and_where(Expr::col("id").eq(file.id))
            .and_where(Expr::col("blob_key").eq(file.blob_key.as_str()))
            .and_where(Expr::col("deflated_bytes").is_null())
            .take();
        if self.db.execute(&update).await?.rows_affected() > 0 {
            return Ok(true);
        }
        if let Some(copy) = copy
            && self
                .copies_among(std::slice::from_ref(&copy.key))
                .await?
                .is_empty()
        {
            self.blobs.remove_one(&copy.key).await?;
        }
        Ok(false)
    }

    /// Which of these blobs are copies that a row points at.
    pub(crate) async fn copies_among(&self, keys: &[String]) -> Result<HashSet<String>, StoreError> {
        Ok(product_files::Entity::find()
            .select_only()
            .column(product_files::Column::DeflatedBlobKey)
            .filter(product_files::Column::DeflatedBlobKey.is_in(keys.iter().map(String::as_str)))
            .into_tuple::<Option<String>>()
            .all(&self.db)
            .await?
            .into_iter()
            .flatten()
            .collect())
    }
}
