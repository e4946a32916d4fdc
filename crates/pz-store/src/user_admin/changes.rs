//! Making and changing accounts, and ending what they opened.

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect, Set};

use super::memberships::{admin_left, leave_admin_group, set_groups_of};
use super::{AccountRefusal, Checked};
use crate::database::Store;
use crate::entities::users;
use crate::error::StoreError;
use crate::password_resets::end_resets;
use crate::sessions::Ending;
use crate::text::search_text;

/// An account to be made.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// Login name, unique.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// Administrator by its own mark.
    pub is_admin: bool,
    /// Ids of groups to put it into.
    pub groups: Vec<i64>,
    /// Bytes its files may take; the instance's default when absent.
    pub quota_bytes: Option<i64>,
}

/// What to change of an account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountChanges {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Name to show.
    pub display_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// May sign in; false ends its sessions and tokens.
    pub is_active: Option<bool>,
    /// False lets an account that waits for approval sign in.
    pub awaits_approval: Option<bool>,
    /// Administrator; false also leaves the group `Admin`.
    pub is_admin: Option<bool>,
    /// Ids of the groups it shall be in, besides external ones.
    pub groups: Option<Vec<i64>>,
    /// Bytes its files may take.
    pub quota_bytes: Option<Option<i64>>,
}

/// What signing an account out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignOut {
    /// Which sessions.
    pub sessions: Ending,
    /// Its API tokens, too.
    pub tokens: bool,
    /// Of the tokens not this one.
    pub but_token: Option<i64>,
}

/// What signing an account out ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignedOut {
    /// Sessions.
    pub sessions: u64,
    /// API tokens.
    pub tokens: u64,
}

impl Store {
    /// Makes an account without a password.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the login name is taken.
    pub async fn create_account(&self, account: NewAccount) -> Result<Checked<i64>, StoreError> {
        let transaction = self.begin_write().await?;
        let display_name = match account.email.split_once('@') {
            Some((before, _)) if !before.is_empty() => before.to_owned(),
            _ => account.username.clone(),
        };
        let row = users::ActiveModel {
            name_search: Set(search_text(&[
                &account.username,
                &account.first_name,
                &account.last_name,
            ])),
            username: Set(account.username),
            first_name: Set(account.first_name),
            last_name: Set(account.last_name),
            display_name: Set(display_name),
            email: Set(account.email),
            password_hash: Set(None),
            is_active: Set(true),
            is_superuser: Set(account.is_admin),
            awaits_approval: Set(false),
            created_at: Set(Timestamp::now().to_utc()),
            quota_bytes: Set(account.quota_bytes),
            ..Default::default()
        }
        .insert(&transaction)
        .await?;
        if let Err(refusal) = set_groups_of(&transaction, row.id, &account.groups).await? {
            return Ok(Err(refusal));
        }
        transaction.commit().await?;
        Ok(Ok(row.id))
    }

    /// Changes an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_account(&self, id: i64, changes: AccountChanges) -> Result<Checked<()>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(row) = users::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?
        else {
            return Ok(Err(AccountRefusal::Missing));
        };
        if let Some(groups) = &changes.groups
            && let Err(refusal) = set_groups_of(&transaction, id, groups).await?
        {
            return Ok(Err(refusal));
        }
        if changes.is_admin == Some(false)
            && let Err(refusal) = leave_admin_group(&transaction, id).await?
        {
            return Ok(Err(refusal));
        }
        if changes.is_active == Some(false) {
            transaction.execute(&Ending::All.delete(id)).await?;
            end_tokens(&transaction, id, None).await?;
            end_resets(&transaction, id).await?;
        }
        let first_name = changes.first_name.unwrap_or(row.first_name);
        let last_name = changes.last_name.unwrap_or(row.last_name);
        let update = users::ActiveModel {
            id: Set(id),
            name_search: Set(search_text(&[&row.username, &first_name, &last_name])),
            first_name: Set(first_name),
            last_name: Set(last_name),
            display_name: Set(changes.display_name.unwrap_or(row.display_name)),
            email: Set(changes.email.unwrap_or(row.email)),
            is_active: Set(changes.is_active.unwrap_or(row.is_active)),
            awaits_approval: Set(changes.awaits_approval.unwrap_or(row.awaits_approval)),
            is_superuser: Set(changes.is_admin.unwrap_or(row.is_superuser)),
            quota_bytes: Set(changes.quota_bytes.unwrap_or(row.quota_bytes)),
            ..Default::default()
        };
        update.update(&transaction).await?;
        if let Err(refusal) = admin_left(&transaction).await? {
            return Ok(Err(refusal));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Ends sessions of an account and, if asked, its tokens; how many of each.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, id: i64, what: SignOut) -> Result<Checked<SignedOut>, StoreError> {
        let transaction = self.begin_write().await?;
        if users::Entity::find_by_id(id).one(&transaction).await?.is_none() {
            return Ok(Err(AccountRefusal::Missing));
        }
        let ended = transaction.execute(&what.sessions.delete(id)).await?;
        let mut done = SignedOut {
            sessions: ended.rows_affected(),
            tokens: 0,
        };
        if what.tokens {
            done.tokens = end_tokens(&transaction, id, what.but_token).await?;
        }
        transaction.commit().await?;
        Ok(Ok(done))
    }
}

/// The tokens stay, so that their use is told from a wrong one, but are over even when the account is
/// active again; how many.
async fn end_tokens(
    transaction: &DatabaseTransaction,
    user_id: i64,
    but: Option<i64>,
) -> Result<u64, StoreError> {
    let now = Timestamp::now().to_utc();
    let mut update = Query::update();
    update
        .table("api_tokens")
        .value("expires_at", now)
        .and_where(Expr::col("user_id").eq(user_id))
        .and_where(
            Expr::col("expires_at")
                .is_null()
                .or(Expr::col("expires_at").gt(now)),
        );
    if let Some(id) = but {
        update.and_where(Expr::col("id").ne(id));
    }
    Ok(transaction.execute(&update.take()).await?.rows_affected())
}
