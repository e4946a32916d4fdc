//! Data of plots, counted once for the bytes of a file and kept. Must never grow without bound: whoever may see a
//! product may ask for any bins.

use pz_model::Timestamp;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde_json::Value;

use crate::database::Store;
use crate::entities::plots;
use crate::error::StoreError;

/// Plots kept of one product; the oldest go first.
const KEPT_OF_A_PRODUCT: u64 = 48;

impl Store {
    /// The data of a plot that was counted before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn plot(&self, product_id: i64, key: &str) -> Result<Option<Value>, StoreError> {
        let row = plots::Entity::find()
            .filter(plots::Column::ProductId.eq(product_id))
            .filter(plots::Column::Key.eq(key))
            .one(&self.db)
            .await?;
        Ok(row.map(|row| row.body))
    }

    /// Keeps the data of a plot. `file_sha256` is how `key` ends; plots of other bytes than these are forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_plot(
        &self,
        product_id: i64,
        key: &str,
        file_sha256: &str,
        body: Value,
    ) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        plots::Entity::delete_many()
            .filter(plots::Column::ProductId.eq(product_id))
            .filter(
                Condition::any().add(plots::Column::Key.eq(key)).add(
                    Condition::all()
                        .not()
                        .add(plots::Column::Key.ends_with(file_sha256)),
                ),
            )
            .exec(&transaction)
            .await?;
        let of_product = plots::Entity::find().filter(plots::Column::ProductId.eq(product_id));
        let kept = of_product.clone().count(&transaction).await?;
        if let Some(surplus) = (kept + 1)
            .checked_sub(KEPT_OF_A_PRODUCT)
            .filter(|surplus| *surplus > 0)
        {
            let oldest: Vec<i64> = of_product
                .select_only()
                .column(plots::Column::Id)
                .order_by_asc(plots::Column::Id)
                .limit(surplus)
                .into_tuple()
                .all(&transaction)
                .await?;
            plots::Entity::delete_many()
                .filter(plots::Column::Id.is_in(oldest))
                .exec(&transaction)
                .await?;
        }
        plots::ActiveModel {
            product_id: Set(product_id),
            key: Set(key.to_owned()),
            body: Set(body),
            created_at: Set(Timestamp::now().to_utc()),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}
