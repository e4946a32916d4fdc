//! The audit log: who did what, when. Never holds a secret.

use pz_model::Timestamp;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, QuerySelect, Set};

use crate::database::Store;
use crate::entities::audit_log;
use crate::error::StoreError;

/// Something that somebody did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditEntry {
    /// Who, when known.
    pub user_id: Option<i64>,
    /// Login name, kept when the account is gone.
    pub username: Option<String>,
    /// What: `product.publish`, `session.sign_in`, …
    pub action: &'static str,
    /// Kind of the object.
    pub object_type: Option<&'static str>,
    /// Id of the object.
    pub object_id: Option<i64>,
    /// Request that did it.
    pub request_id: Option<String>,
    /// Address it came from.
    pub remote_address: Option<String>,
    /// What changed.
    pub detail: Option<serde_json::Value>,
}

impl Store {
    /// Writes an entry.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        audit_log::ActiveModel {
            at: Set(Timestamp::now().to_utc()),
            user_id: Set(entry.user_id),
            username: Set(entry.username),
            action: Set(entry.action.to_owned()),
            object_type: Set(entry.object_type.map(str::to_owned)),
            object_id: Set(entry.object_id),
            request_id: Set(entry.request_id),
            remote_address: Set(entry.remote_address),
            detail: Set(entry.detail),
            ..Default::default()
        }
        .insert(&self.db)
        .await?;
        Ok(())
    }

    /// The newest entries.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn newest_audit_entries(&self, limit: u64) -> Result<Vec<audit_log::Model>, StoreError> {
        Ok(audit_log::Entity::find()
            .order_by_desc(audit_log::Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?)
    }
}
