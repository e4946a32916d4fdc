//! How many bytes the files of a user's products may take, and how many are left.
//!
//! Counted are the files of every product whose bytes are still there, and the declared lengths of uploads
//! under way to the user's products. Whoever is about to add bytes asks within its transaction, after it
//! locked the user's row: two uploads at once cannot pass together.

use sea_orm::sea_query::{Expr, ExprTrait, LockType, Query, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use crate::database::Store;
use crate::entities::users;
use crate::error::StoreError;
use crate::uploads::is_unfinished;

use pz_model::{FileRole, Timestamp};

/// What is about to take bytes, so that it is not counted twice.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Owner of the product.
    pub owner_id: i64,
    /// The product.
    pub product_id: i64,
    /// A main file takes the place of the one before it, and its bytes.
    pub role: FileRole,
    /// The upload whose declared length becomes a file.
    pub upload_id: Option<&'a str>,
    /// Quota of users that have none of their own; 0 is no quota.
    pub default_bytes: u64,
}

#[derive(FromQueryResult)]
struct SumRow {
    bytes: i64,
}

impl Store {
    /// Bytes that this claim may take; `None` without a quota.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn quota_left(&self, claim: Claim<'_>) -> Result<Option<u64>, StoreError> {
        left(&self.db, claim, false).await
    }
}

/// The same within a transaction, with the owner's row locked until its end. Lock the product first.
pub(crate) async fn left_locked(
    transaction: &sea_orm::DatabaseTransaction,
    claim: Claim<'_>,
) -> Result<Option<u64>, StoreError> {
    left(transaction, claim, true).await
}

async fn left(
    connection: &impl ConnectionTrait,
    claim: Claim<'_>,
    locked: bool,
) -> Result<Option<u64>, StoreError> {
    let mut owner = users::Entity::find()
        .select_only()
        .column(users::Column::QuotaBytes)
        .filter(users::Column::Id.eq(claim.owner_id));
    if locked {
        // Rows that refer to the user can still be written.
        owner = owner.lock(LockType::NoKeyUpdate);
    }
    let own: Option<i64> = owner.into_tuple::<Option<i64>>().one(connection).await?.flatten();
    let quota = own.map_or(claim.default_bytes, |own| u64::try_from(own).unwrap_or(0));
    if quota == 0 {
        return Ok(None);
    }
    let mut used = 0;
    for select in [files(claim), uploads(claim)] {
        let row = SumRow::find_by_statement(connection.get_database_backend().build(&select))
            .one(connection)
            .await?;
        used += row.map_or(0, |row| u64::try_from(row.bytes).unwrap_or(0));
    }
    Ok(Some(quota.saturating_sub(used)))
}

/// Waits for others that are about to add something of this user, and makes them wait until the transaction ends.
pub(crate) async fn lock_user(
    transaction: &sea_orm::DatabaseTransaction,
    user_id: i64,
) -> Result<(), StoreError> {
    users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(users::Column::Id.eq(user_id))
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<i64>()
        .one(transaction)
        .await?;
    Ok(())
}

fn sum(table: &'static str, column: &'static str, owner_id: i64) -> SelectStatement {
    Query::select()
        // PostgreSQL makes a decimal number of a sum.
        .expr_as(
            Expr::cust(format!("CAST(COALESCE(SUM({table}.{column}), 0) AS BIGINT)")),
            "bytes",
        )
        .from(table)
        .inner_join(
            "products",
            Expr::col(("products", "id")).equals((table, "product_id")),
        )
        .and_where(Expr::col(("products", "user_id")).eq(owner_id))
        .take()
}

fn files(claim: Claim<'_>) -> SelectStatement {
    let mut select = sum("product_files", "size_bytes", claim.owner_id);
    select.and_where(Expr::col(("products", "purged_at")).is_null());
    if claim.role == FileRole::Main {
        let replaced = Expr::col(("product_files", "product_id"))
            .eq(claim.product_id)
            .and(Expr::col(("product_files", "role")).eq(FileRole::Main.code()));
        select.and_where(replaced.not());
    }
    select.take()
}

fn uploads(claim: Claim<'_>) -> SelectStatement {
    let mut select = sum("uploads", "length_bytes", claim.owner_id);
    select.cond_where(is_unfinished(Timestamp::now()));
    if let Some(id) = claim.upload_id {
        select.and_where(Expr::col(("uploads", "id")).ne(id));
    }
    select.take()
}
