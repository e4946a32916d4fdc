//! Events: what happened, for open pages, kept for a day. They say that something changed and never hold what
//! only some may read: who may see an event is decided when it is delivered.

use chrono::Duration;
use pz_model::Timestamp;
use pz_model::api::EventKind;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use serde_json::{Value, json};

use crate::database::Store;
use crate::entities::events;
use crate::error::StoreError;
use crate::visibility::Viewer;

/// Hours that events are kept.
const KEPT_HOURS: i64 = 24;
/// Old events are removed each time that this many have been written.
const REMOVE_EVERY: i64 = 256;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// What it is about.
    pub kind: EventKind,
    /// The product.
    pub product_id: Option<i64>,
    /// The process.
    pub process_id: Option<i64>,
    /// The only user whom it concerns.
    pub user_id: Option<i64>,
    /// What happened, and what is so now.
    pub payload: Value,
}

impl NewEvent {
    /// Something happened to a product: `product.change`, `file.upload`, … in the words of the audit log.
    pub fn product(id: i64, action: &str) -> Self {
        Self {
            kind: EventKind::Product,
            product_id: Some(id),
            process_id: None,
            user_id: None,
            payload: json!({ "action": action }),
        }
    }
}

#[derive(FromQueryResult)]
struct NumberRow {
    number: i64,
}

impl Store {
    /// Keeps an event for those who listen.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_event(&self, event: NewEvent) -> Result<(), StoreError> {
        insert_event(&self.db, event).await
    }

    /// Number of the newest event; 0 when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_event_id(&self) -> Result<i64, StoreError> {
        let newest = events::Entity::find()
            .select_only()
            .column(events::Column::Id)
            .order_by_desc(events::Column::Id)
            .into_tuple::<i64>()
            .one(&self.db)
            .await?;
        Ok(newest.unwrap_or(0))
    }

    /// Events with numbers above `id` up to `last`, and those in `missing`, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events_after(
        &self,
        id: i64,
        last: i64,
        missing: &[i64],
        limit: u64,
    ) -> Result<Vec<events::Model>, StoreError> {
        let new = events::Column::Id.gt(id).and(events::Column::Id.lte(last));
        let wanted = if missing.is_empty() {
            new
        } else {
            new.or(events::Column::Id.is_in(missing.iter().copied()))
        };
        Ok(events::Entity::find()
            .filter(wanted)
            .order_by_asc(events::Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?)
    }

    /// Which of these products the viewer may hear of: those that they may see, and their own that are deleted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audible_product_ids(&self, viewer: Viewer, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let select = Query::select()
            .column(("products", "id"))
            .from("products")
            .and_where(Expr::col(("products", "id")).is_in(ids.iter().copied()))
            .cond_where(viewer.product_condition(true, self.backend()))
            .take();
        self.ids_of(&select).await
    }

    /// A number that grows whenever accounts, tokens or memberships change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accounts_revision(&self) -> Result<i64, StoreError> {
        let select = Query::select()
            .expr_as(Expr::col("value"), "number")
            .from("revisions")
            .and_where(Expr::col("name").eq("accounts"))
            .take();
        let row = NumberRow::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?;
        Ok(row.map_or(0, |row| row.number))
    }

    /// Removes events older than a day.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_old_events(&self) -> Result<(), StoreError> {
        remove_old_events(&self.db).await
    }
}

/// Keeps an event, maybe within a transaction that changes what it is about.
pub(crate) async fn insert_event(db: &impl ConnectionTrait, event: NewEvent) -> Result<(), StoreError> {
    let row = events::ActiveModel {
        at: Set(Timestamp::now().to_utc()),
        kind: Set(event.kind.as_str().to_owned()),
        product_id: Set(event.product_id),
        process_id: Set(event.process_id),
        user_id: Set(event.user_id),
        payload: Set(Some(event.payload)),
        ..Default::default()
    }
    .insert(db)
    .await?;
    if row.id % REMOVE_EVERY == 0 {
        remove_old_events(db).await?;
    }
    Ok(())
}

async fn remove_old_events(db: &impl ConnectionTrait) -> Result<(), StoreError> {
    let limit = Timestamp::now().to_utc() - Duration::hours(KEPT_HOURS);
    events::Entity::delete_many()
        .filter(events::Column::At.lt(limit))
        .exec(db)
        .await?;
    Ok(())
}
