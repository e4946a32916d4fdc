//! Links to set a new password: good once, for a day. Of the secret only its SHA-256 is kept.

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    QueryFilter, Set,
};

use crate::accounts::{Account, select_account, set_password};
use crate::database::Store;
use crate::entities::password_resets;
use crate::error::StoreError;
use crate::sessions::Ending;
use crate::tokens::hash_secret;

/// A link that can be used, with the account it is for.
#[derive(Debug, Clone, FromQueryResult)]
pub struct OpenReset {
    /// Identifier.
    pub reset_id: i64,
    /// The account.
    #[sea_orm(nested)]
    pub account: Account,
}

/// Ends a user's links that were not used: what they were made for has happened, or must not.
pub(crate) async fn end_resets(transaction: &DatabaseTransaction, user_id: i64) -> Result<(), StoreError> {
    password_resets::Entity::delete_many()
        .filter(password_resets::Column::UserId.eq(user_id))
        .filter(password_resets::Column::UsedAt.is_null())
        .exec(transaction)
        .await?;
    Ok(())
}

impl Store {
    /// Keeps a new link for a user; the one before it ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_password_reset(
        &self,
        user_id: i64,
        secret: &str,
        created_by: Option<i64>,
        expires_at: Timestamp,
    ) -> Result<i64, StoreError> {
        let transaction = self.begin_write().await?;
        end_resets(&transaction, user_id).await?;
        let row = password_resets::ActiveModel {
            user_id: Set(user_id),
            secret_sha256: Set(hash_secret(secret)),
            created_by: Set(created_by),
            created_at: Set(Timestamp::now().to_utc()),
            expires_at: Set(expires_at.to_utc()),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        transaction.commit().await?;
        Ok(row.id)
    }

    /// The link with this secret, if it can be used: neither used nor expired, of an active account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_password_reset(&self, secret: &str) -> Result<Option<OpenReset>, StoreError> {
        let select = select_account()
            .expr_as(Expr::col(("password_resets", "id")), "reset_id")
            .inner_join(
                "password_resets",
                Expr::col(("password_resets", "user_id")).equals(("users", "id")),
            )
            .and_where(Expr::col(("password_resets", "secret_sha256")).eq(hash_secret(secret)))
            .and_where(Expr::col(("password_resets", "used_at")).is_null())
            .and_where(Expr::col(("password_resets", "expires_at")).gt(Timestamp::now().to_utc()))
            .and_where(Expr::col(("users", "is_active")).eq(true))
            .take();
        Ok(OpenReset::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// Uses a link: gives its account the password and ends all its sessions; false, and nothing is changed, when
    /// another request used it first or a newer one ended it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_password_reset(
        &self,
        reset: &OpenReset,
        password_hash: &str,
    ) -> Result<bool, StoreError> {
        let now = Timestamp::now().to_utc();
        let transaction = self.begin_write().await?;
        let update = Query::update()
            .table("password_resets")
            .value("used_at", now)
            .and_where(Expr::col("id").eq(reset.reset_id))
            .and_where(Expr::col("used_at").is_null())
            .and_where(Expr::col("expires_at").gt(now))
            .take();
        if transaction.execute(&update).await?.rows_affected() == 0 {
            return Ok(false);
        }
        if !set_password(&transaction, reset.account.id, password_hash, Ending::All).await? {
            return Ok(false);
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// Removes links that nobody can use any more; how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep_password_resets(&self) -> Result<u64, StoreError> {
        let deleted = password_resets::Entity::delete_many()
            .filter(password_resets::Column::ExpiresAt.lte(Timestamp::now().to_utc()))
            .exec(&self.db)
            .await?;
        Ok(deleted.rows_affected)
    }
}
