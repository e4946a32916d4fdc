//! The audit log: who did what, when. Never holds a secret.

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set,
};

use crate::database::Store;
use crate::entities::audit_log;
use crate::error::StoreError;
use crate::events::NewEvent;
use crate::list::{ListField, ListQuery};

/// Columns that the audit log can be filtered and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditField {
    /// Identifier: the order in which things were done.
    Id,
    /// Who.
    UserId,
    /// Login name of who.
    Username,
    /// What.
    Action,
    /// Kind of the object.
    ObjectType,
    /// Id of the object.
    ObjectId,
    /// Request that did it.
    RequestId,
}

impl ListField for AuditField {
    fn expr(self) -> Expr {
        Expr::col((
            "audit_log",
            match self {
                Self::Id => "id",
                Self::UserId => "user_id",
                Self::Username => "username",
                Self::Action => "action",
                Self::ObjectType => "object_type",
                Self::ObjectId => "object_id",
                Self::RequestId => "request_id",
            },
        ))
    }
}

/// A span of time, both ends included; open where absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
}

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

/// What is written when somebody showed who they are.
const SIGN_INS: [&str; 3] = ["session.sign_in", "token.obtain", "password.sign_in"];

impl Store {
    /// Whether this user signed in from this address since then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn signed_in_from(
        &self,
        user_id: i64,
        address: &str,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let found: Option<i64> = audit_log::Entity::find()
            .select_only()
            .column(audit_log::Column::Id)
            .filter(audit_log::Column::UserId.eq(user_id))
            .filter(audit_log::Column::RemoteAddress.eq(address))
            .filter(audit_log::Column::Action.is_in(SIGN_INS))
            .filter(audit_log::Column::At.gte(since.to_utc()))
            .limit(1)
            .into_tuple()
            .one(&self.db)
            .await?;
        Ok(found.is_some())
    }

    /// Writes an entry. What is done to a product is told to those who listen, too.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, entry: AuditEntry) -> Result<(), StoreError> {
        let event = match (entry.object_type, entry.object_id) {
            (Some("product"), Some(id)) => Some(NewEvent::product(id, entry.action)),
            _ => None,
        };
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
        match event {
            Some(event) => self.add_event(event).await,
            None => Ok(()),
        }
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

    /// Entries of a span of time that match, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_audit(
        &self,
        period: Period,
        query: &ListQuery<AuditField>,
    ) -> Result<(u64, Vec<audit_log::Model>), StoreError> {
        let at = || Expr::col(("audit_log", "at"));
        let mut condition = query.condition(self.backend());
        if let Some(since) = period.since {
            condition = condition.add(at().gte(since.to_utc()));
        }
        if let Some(until) = period.until {
            condition = condition.add(at().lte(until.to_utc()));
        }
        let count = self.count("audit_log", condition.clone()).await?;
        let mut select = Query::select()
            .expr(Expr::cust("audit_log.*"))
            .from("audit_log")
            .cond_where(condition)
            .take();
        query.order_and_page(&mut select, Expr::col(("audit_log", "id")));
        let rows = audit_log::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, rows))
    }
}
