//! Counters that move with every change, whoever makes it: what was read at a revision is still true at it.

use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::database::Store;
use crate::error::StoreError;

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Revisions {
    /// Moves with everything that lists and details show, and with who may see it.
    pub lists: i64,
    /// Moves with accounts, groups and tokens.
    pub accounts: i64,
}

impl Store {
    /// The counters now: one statement.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revisions(&self) -> Result<Revisions, StoreError> {
        const SQL: &str = "SELECT lists.value AS lists, accounts.value AS accounts FROM revisions AS lists, \
             revisions AS accounts WHERE lists.name = 'lists' AND accounts.name = 'accounts'";
        let row = self
            .db
            .query_one_raw(Statement::from_string(self.backend(), SQL))
            .await?
            .ok_or(StoreError::Missing {
                what: "revision",
                id: 0,
            })?;
        Ok(Revisions::from_query_result(&row, "")?)
    }
}
