//! API tokens: a public key to find the row, and a hash of the secret half.

use std::time::Duration;

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Set,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::accounts::{Account, select_account};
use crate::blobs::hex;
use crate::database::Store;
use crate::entities::api_tokens;
use crate::error::StoreError;

/// "Last used" is written at most this often.
const LAST_USED_RESOLUTION: Duration = Duration::from_secs(60);

/// A token as its user made it.
#[derive(Clone)]
pub struct NewToken {
    /// Whose it is.
    pub user_id: i64,
    /// What the user calls it; a token of the same name is replaced.
    pub name: String,
    /// The public half.
    pub key: String,
    /// The secret half; only its hash is kept.
    pub secret: String,
    /// Comma list of `read`, `upload`, `run`, `admin`.
    pub scopes: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken")
            .field("name", &self.name)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A token that was found good, with its account.
#[derive(Debug, Clone)]
pub struct TokenAccount {
    /// The account.
    pub account: Account,
    /// Comma list of scopes.
    pub scopes: String,
}

#[derive(Debug, FromQueryResult)]
struct TokenRow {
    token_id: i64,
    secret_sha256: String,
    scopes: String,
    expires_at: Option<sea_orm::prelude::DateTimeUtc>,
    last_used_at: Option<sea_orm::prelude::DateTimeUtc>,
    #[sea_orm(nested)]
    account: Account,
}

impl Store {
    /// Keeps a new token in the place of the user's token of the same name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn replace_token(&self, token: NewToken) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        api_tokens::Entity::delete_many()
            .filter(api_tokens::Column::UserId.eq(token.user_id))
            .filter(api_tokens::Column::Name.eq(&*token.name))
            .exec(&transaction)
            .await?;
        api_tokens::ActiveModel {
            user_id: Set(token.user_id),
            name: Set(token.name),
            key: Set(token.key),
            secret_sha256: Set(hash_secret(&token.secret)),
            scopes: Set(token.scopes),
            created_at: Set(Timestamp::now().to_utc()),
            expires_at: Set(token.expires_at.map(Timestamp::to_utc)),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// The account of a token whose halves are right and which has not expired. The account may be
    /// inactive: the caller says so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_token(
        &self,
        key: &str,
        secret: &str,
    ) -> Result<Option<TokenAccount>, StoreError> {
        let select = select_account()
            .expr_as(Expr::col(("api_tokens", "id")), "token_id")
            .columns(["secret_sha256", "scopes", "expires_at", "last_used_at"].map(|c| ("api_tokens", c)))
            .inner_join(
                "api_tokens",
                Expr::col(("api_tokens", "user_id")).equals(("users", "id")),
            )
            .and_where(Expr::col(("api_tokens", "key")).eq(key))
            .take();
        let Some(row) = TokenRow::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?
        else {
            return Ok(None);
        };
        if !bool::from(row.secret_sha256.as_bytes().ct_eq(hash_secret(secret).as_bytes())) {
            return Ok(None);
        }
        let now = Timestamp::now().to_utc();
        if row.expires_at.is_some_and(|end| end <= now) {
            return Ok(None);
        }
        let stale = row
            .last_used_at
            .is_none_or(|used| (now - used).to_std().is_ok_and(|age| age >= LAST_USED_RESOLUTION));
        if stale {
            let update = Query::update()
                .table("api_tokens")
                .value("last_used_at", now)
                .and_where(Expr::col("id").eq(row.token_id))
                .take();
            self.db.execute(&update).await?;
        }
        Ok(Some(TokenAccount {
            account: row.account,
            scopes: row.scopes,
        }))
    }
}

fn hash_secret(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}
