//! API tokens: a public key to find the row, and a hash of the secret half.

use std::time::Duration;

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    PaginatorTrait, QueryFilter, QueryOrder, Set,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::accounts::{Account, select_account};
use crate::blobs::hex;
use crate::database::Store;
use crate::entities::api_tokens;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};

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
    /// Id of the token.
    pub token_id: i64,
    /// Comma list of scopes.
    pub scopes: String,
    /// When the token ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// Columns that lists of tokens can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenField {
    /// Identifier.
    Id,
    /// What its owner calls it.
    Name,
    /// When it was made.
    CreatedAt,
    /// When it ends by itself.
    ExpiresAt,
    /// When it was last used.
    LastUsedAt,
}

impl ListField for TokenField {
    fn expr(self) -> Expr {
        Expr::col((
            "api_tokens",
            match self {
                Self::Id => "id",
                Self::Name => "name",
                Self::CreatedAt => "created_at",
                Self::ExpiresAt => "expires_at",
                Self::LastUsedAt => "last_used_at",
            },
        ))
    }

    fn is_nullable(self) -> bool {
        matches!(self, Self::ExpiresAt | Self::LastUsedAt)
    }
}

/// What came of adding a token.
#[derive(Debug, Clone, PartialEq)]
pub enum TokenAdded {
    /// The row.
    Added(api_tokens::Model),
    /// The user has as many as one may have.
    TooMany,
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
        insert(&transaction, token).await?;
        Ok(transaction.commit().await?)
    }

    /// Keeps a new token beside the user's others, of which there may be `most` with it; tokens that have ended
    /// make room.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the user has one of this name.
    pub async fn add_token(&self, token: NewToken, most: u64) -> Result<TokenAdded, StoreError> {
        let transaction = self.begin_write().await?;
        delete_ended(&transaction, token.user_id).await?;
        let there = api_tokens::Entity::find()
            .filter(api_tokens::Column::UserId.eq(token.user_id))
            .count(&transaction)
            .await?;
        if there >= most {
            return Ok(TokenAdded::TooMany);
        }
        let row = insert(&transaction, token).await?;
        transaction.commit().await?;
        Ok(TokenAdded::Added(row))
    }

    /// Keeps a new token; of the user's tokens whose names begin so, only the newest `most` stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_token_of_series(
        &self,
        token: NewToken,
        series: &str,
        most: usize,
    ) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        let old: Vec<i64> = api_tokens::Entity::find()
            .filter(api_tokens::Column::UserId.eq(token.user_id))
            .order_by_desc(api_tokens::Column::Id)
            .all(&transaction)
            .await?
            .into_iter()
            .filter(|row| row.name.starts_with(series))
            .skip(most.saturating_sub(1))
            .map(|row| row.id)
            .collect();
        api_tokens::Entity::delete_many()
            .filter(api_tokens::Column::Id.is_in(old))
            .exec(&transaction)
            .await?;
        insert(&transaction, token).await?;
        Ok(transaction.commit().await?)
    }

    /// A user's tokens, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_tokens(
        &self,
        user_id: i64,
        query: &ListQuery<TokenField>,
    ) -> Result<(u64, Vec<api_tokens::Model>), StoreError> {
        let condition = query
            .condition(self.backend())
            .add(Expr::col(("api_tokens", "user_id")).eq(user_id));
        let count = self.count("api_tokens", condition.clone()).await?;
        let mut select = Query::select()
            .expr(Expr::cust("api_tokens.*"))
            .from("api_tokens")
            .cond_where(condition)
            .take();
        query.order_and_page(&mut select, Expr::col(("api_tokens", "id")));
        let rows = api_tokens::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, rows))
    }

    /// A token of a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_of(&self, user_id: i64, id: i64) -> Result<Option<api_tokens::Model>, StoreError> {
        Ok(api_tokens::Entity::find_by_id(id)
            .filter(api_tokens::Column::UserId.eq(user_id))
            .one(&self.db)
            .await?)
    }

    /// Ends a token of a user; false when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_token(&self, user_id: i64, id: i64) -> Result<bool, StoreError> {
        let deleted = api_tokens::Entity::delete_many()
            .filter(api_tokens::Column::Id.eq(id))
            .filter(api_tokens::Column::UserId.eq(user_id))
            .exec(&self.db)
            .await?;
        Ok(deleted.rows_affected > 0)
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
        // Tokens of an account that was deactivated have ended, too; the account says more.
        if row.account.is_active && row.expires_at.is_some_and(|end| end <= now) {
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
            token_id: row.token_id,
            scopes: row.scopes,
            expires_at: row.expires_at.map(Timestamp::from),
        }))
    }
}

async fn insert(transaction: &DatabaseTransaction, token: NewToken) -> Result<api_tokens::Model, StoreError> {
    let row = api_tokens::ActiveModel {
        user_id: Set(token.user_id),
        name: Set(token.name),
        key: Set(token.key),
        secret_sha256: Set(hash_secret(&token.secret)),
        scopes: Set(token.scopes),
        created_at: Set(Timestamp::now().to_utc()),
        expires_at: Set(token.expires_at.map(Timestamp::to_utc)),
        ..Default::default()
    };
    Ok(row.insert(transaction).await?)
}

async fn delete_ended(transaction: &DatabaseTransaction, user_id: i64) -> Result<(), StoreError> {
    api_tokens::Entity::delete_many()
        .filter(api_tokens::Column::UserId.eq(user_id))
        .filter(api_tokens::Column::ExpiresAt.lte(Timestamp::now().to_utc()))
        .exec(transaction)
        .await?;
    Ok(())
}

/// What is kept of a secret of 128 random bits or more.
pub(crate) fn hash_secret(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}
