//! Browsers that are signed in: one row each, so that each can be ended.
//!
//! What a browser holds is signed elsewhere and names a row and a generation; it is worth nothing once the row is
//! gone.

use std::time::Duration;

use pz_model::Timestamp;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::accounts::{Account, select_account};
use crate::database::Store;
use crate::entities::sessions;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};

/// Sessions a user may have; a further one ends those that were unused for longest.
pub const SESSIONS_PER_USER_MAX: u64 = 100;

/// Columns that lists of sessions can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionField {
    /// Identifier.
    Id,
    /// When it began.
    CreatedAt,
    /// When it was last seen.
    LastSeenAt,
}

impl ListField for SessionField {
    fn expr(self) -> Expr {
        Expr::col((
            "sessions",
            match self {
                Self::Id => "id",
                Self::CreatedAt => "created_at",
                Self::LastSeenAt => "last_seen_at",
            },
        ))
    }
}

/// What a browser tells of itself, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Browser {
    /// What it calls itself.
    pub user_agent: Option<String>,
    /// Its address.
    pub remote_address: Option<String>,
}

/// A session to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Whose.
    pub user_id: i64,
    /// How the user signed in.
    pub method: &'static str,
    /// The browser.
    pub browser: Browser,
    /// It ends this long after it was last used.
    pub unused: Duration,
    /// It ends this long after it began in any case.
    pub longest: Duration,
}

/// A session, with what every request must know of its user.
#[derive(Debug, Clone, FromQueryResult)]
pub struct LiveSession {
    /// Identifier.
    pub session_id: i64,
    /// Whose.
    pub user_id: i64,
    /// Counts up whenever the browser gets a new token.
    pub generation: i32,
    /// When it last did.
    pub rotated_at: DateTimeUtc,
    /// When it began.
    pub created_at: DateTimeUtc,
    /// When it was last seen.
    pub last_seen_at: DateTimeUtc,
    /// When it ends unless it is used.
    pub expires_at: DateTimeUtc,
    /// The user.
    #[sea_orm(nested)]
    pub account: Account,
}

impl LiveSession {
    /// The browser has used the token of this generation.
    pub fn was_used(&self) -> bool {
        self.last_seen_at > self.rotated_at
    }
}

/// Which sessions of a user end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All.
    All,
    /// All but this one, if there is one.
    AllBut(Option<i64>),
}

impl Ending {
    /// "These sessions of the user", as SQL over `sessions`.
    pub(crate) fn delete(self, user_id: i64) -> sea_orm::sea_query::DeleteStatement {
        let mut delete = Query::delete();
        delete
            .from_table("sessions")
            .and_where(Expr::col("user_id").eq(user_id));
        if let Self::AllBut(Some(id)) = self {
            delete.and_where(Expr::col("id").ne(id));
        }
        delete.take()
    }
}

/// When a session ends: so long after its last use, and so long after its beginning in any case.
fn end(begun: DateTimeUtc, now: DateTimeUtc, unused: Duration, longest: Duration) -> DateTimeUtc {
    let after = |from: DateTimeUtc, length: Duration| {
        chrono::TimeDelta::from_std(length)
            .ok()
            .and_then(|length| from.checked_add_signed(length))
            .unwrap_or(DateTimeUtc::MAX_UTC)
    };
    Ord::min(after(now, unused), after(begun, longest))
}

impl Store {
    /// Begins a session. Those of the user that have expired go, and, beyond what one may have, those unused for
    /// longest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_session(&self, new: NewSession) -> Result<sessions::Model, StoreError> {
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        let kept: Vec<i64> = sessions::Entity::find()
            .select_only()
            .column(sessions::Column::Id)
            .filter(sessions::Column::UserId.eq(new.user_id))
            .filter(sessions::Column::ExpiresAt.gt(now))
            .order_by_desc(sessions::Column::LastSeenAt)
            .order_by_desc(sessions::Column::Id)
            .limit(SESSIONS_PER_USER_MAX - 1)
            .into_tuple()
            .all(&transaction)
            .await?;
        sessions::Entity::delete_many()
            .filter(sessions::Column::UserId.eq(new.user_id))
            .filter(sessions::Column::Id.is_not_in(kept))
            .exec(&transaction)
            .await?;
        let row = sessions::ActiveModel {
            user_id: Set(new.user_id),
            method: Set(new.method.to_owned()),
            generation: Set(0),
            rotated_at: Set(now),
            user_agent: Set(new.browser.user_agent),
            remote_address: Set(new.browser.remote_address),
            created_at: Set(now),
            last_seen_at: Set(now),
            expires_at: Set(end(now, now, new.unused, new.longest)),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// A session with its user; expired or not, the user active or not: the caller looks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_session(&self, id: i64) -> Result<Option<LiveSession>, StoreError> {
        let select = select_account()
            .expr_as(Expr::col(("sessions", "id")), "session_id")
            .columns(
                [
                    "user_id",
                    "generation",
                    "rotated_at",
                    "created_at",
                    "last_seen_at",
                    "expires_at",
                ]
                .map(|column| ("sessions", column)),
            )
            .inner_join(
                "sessions",
                Expr::col(("sessions", "user_id")).equals(("users", "id")),
            )
            .and_where(Expr::col(("sessions", "id")).eq(id))
            .take();
        Ok(LiveSession::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// Counts the generation up, from `generation`, and notes when and where the browser was seen; false when another
    /// request did so first, or the session has ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_session(
        &self,
        session: &LiveSession,
        browser: Browser,
        unused: Duration,
        longest: Duration,
    ) -> Result<bool, StoreError> {
        let now = Timestamp::now().to_utc();
        let update = Query::update()
            .table("sessions")
            .value("generation", session.generation.saturating_add(1))
            .value("rotated_at", now)
            .value("last_seen_at", now)
            .value("user_agent", browser.user_agent)
            .value("remote_address", browser.remote_address)
            .value("expires_at", end(session.created_at, now, unused, longest))
            .and_where(Expr::col("id").eq(session.session_id))
            .and_where(Expr::col("generation").eq(session.generation))
            .take();
        Ok(self.db.execute(&update).await?.rows_affected() == 1)
    }

    /// Notes that the browser has the token of the newest generation: it used it. The time noted, later than that of
    /// the rotation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_session_used(&self, session: &LiveSession) -> Result<DateTimeUtc, StoreError> {
        let later = session.rotated_at + chrono::TimeDelta::microseconds(1);
        let now = Ord::max(Timestamp::now().to_utc(), later);
        let update = Query::update()
            .table("sessions")
            .value("last_seen_at", now)
            .and_where(Expr::col("id").eq(session.session_id))
            .and_where(Expr::col("generation").eq(session.generation))
            .take();
        self.db.execute(&update).await?;
        Ok(now)
    }

    /// A user's sessions that have not expired, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_sessions(
        &self,
        user_id: i64,
        query: &ListQuery<SessionField>,
    ) -> Result<(u64, Vec<sessions::Model>), StoreError> {
        let condition = query
            .condition(self.backend())
            .add(Expr::col(("sessions", "user_id")).eq(user_id))
            .add(Expr::col(("sessions", "expires_at")).gt(Timestamp::now().to_utc()));
        // Not counted once and remembered: they expire without a change.
        let mut select = Query::select()
            .expr(Expr::cust("sessions.*"))
            .from("sessions")
            .cond_where(condition)
            .take();
        query.order(&mut select, Expr::col(("sessions", "id")));
        let rows = sessions::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        let count = rows.len() as u64;
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        Ok((count, rows.into_iter().skip(offset).take(limit).collect()))
    }

    /// Whether a user has this session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_session(&self, user_id: i64, id: i64) -> Result<bool, StoreError> {
        Ok(sessions::Entity::find_by_id(id)
            .filter(sessions::Column::UserId.eq(user_id))
            .filter(sessions::Column::ExpiresAt.gt(Timestamp::now().to_utc()))
            .one(&self.db)
            .await?
            .is_some())
    }

    /// Ends a session; false when it had ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_session(&self, id: i64) -> Result<bool, StoreError> {
        let deleted = sessions::Entity::delete_by_id(id).exec(&self.db).await?;
        Ok(deleted.rows_affected > 0)
    }

    /// Removes sessions that have expired; how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_sessions(&self) -> Result<u64, StoreError> {
        let deleted = sessions::Entity::delete_many()
            .filter(sessions::Column::ExpiresAt.lte(Timestamp::now().to_utc()))
            .exec(&self.db)
            .await?;
        Ok(deleted.rows_affected)
    }
}
