//! Accounts of people whom an identity provider knows: made when they first come, found by issuer and subject, in
//! the groups that the provider names.
//!
//! An account that is here already is never taken over because its name or address is the same; and of groups only
//! those are touched that the provider keeps.

use std::collections::{BTreeMap, BTreeSet};

use pz_model::Timestamp;
use pz_model::limits::USERNAME_MAX_CHARS;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    QueryFilter, Set,
};

use crate::accounts::{ADMIN_GROUP, Account, select_account};
use crate::database::Store;
use crate::entities::{groups, identities, memberships, users};
use crate::error::StoreError;
use crate::text::{fold, search_text};

/// Two requests may see somebody for the first time at once; whoever comes second starts again.
const ATTEMPTS: usize = 3;
/// Further names tried when the wanted one is taken.
const SUFFIXES: usize = 10_000;

/// Somebody as an identity provider describes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalUser {
    /// The provider.
    pub issuer: String,
    /// Who they are there, for ever.
    pub subject: String,
    /// Login name of a new account; another is found when it is taken.
    pub username: String,
    /// First name of a new account.
    pub first_name: String,
    /// Last name of a new account.
    pub last_name: String,
    /// E-mail address of a new account.
    pub email: String,
    /// A new account waits for approval.
    pub awaits_approval: bool,
    /// Names of the access groups they are in.
    pub groups: BTreeSet<String>,
    /// The provider makes them an administrator.
    pub is_admin: bool,
}

/// Somebody who came from an identity provider.
#[derive(Debug, Clone)]
pub struct ExternalAccount {
    /// Their account.
    pub account: Account,
    /// It was made just now.
    pub is_new: bool,
    /// Groups they are in since just now.
    pub joined: Vec<String>,
    /// Groups they are no longer in.
    pub left: Vec<String>,
    /// Groups that are not the provider's to keep: nobody gets into them so.
    pub local: Vec<String>,
}

impl ExternalAccount {
    /// Something is another than before.
    pub fn has_changed(&self) -> bool {
        self.is_new || !self.joined.is_empty() || !self.left.is_empty()
    }
}

impl Store {
    /// The account of somebody whom an identity provider describes, made when it is not there, and in the groups
    /// that the provider names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn external_account(&self, user: &ExternalUser) -> Result<ExternalAccount, StoreError> {
        let mut attempt = 1;
        loop {
            match self.try_external_account(user).await {
                Err(StoreError::AlreadyExists(_)) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn try_external_account(&self, user: &ExternalUser) -> Result<ExternalAccount, StoreError> {
        let transaction = self.begin_write().await?;
        let now = Timestamp::now().to_utc();
        let identity = identities::Entity::find()
            .filter(identities::Column::Issuer.eq(&user.issuer))
            .filter(identities::Column::Subject.eq(&user.subject))
            .one(&transaction)
            .await?;
        let (user_id, is_new) = match identity {
            Some(identity) => {
                let seen = identities::ActiveModel {
                    id: Set(identity.id),
                    last_login_at: Set(Some(now)),
                    ..Default::default()
                };
                seen.update(&transaction).await?;
                (identity.user_id, false)
            }
            None => (add(&transaction, user).await?, true),
        };
        let change = sync_groups(&transaction, user_id, user).await?;
        let select = select_account()
            .and_where(Expr::col(("users", "id")).eq(user_id))
            .take();
        let account = Account::find_by_statement(self.backend().build(&select))
            .one(&transaction)
            .await?
            .ok_or(StoreError::Missing {
                what: "user",
                id: user_id,
            })?;
        transaction.commit().await?;
        Ok(ExternalAccount {
            account,
            is_new,
            joined: change.joined,
            left: change.left,
            local: change.local,
        })
    }

    /// Makes groups that the identity provider keeps, so that releases can be opened to them before anybody comes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_external_groups(&self, names: &[&str]) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        for name in names {
            external_group(&transaction, name).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Makes account and identity.
async fn add(transaction: &DatabaseTransaction, user: &ExternalUser) -> Result<i64, StoreError> {
    let now = Timestamp::now().to_utc();
    let username = free_username(transaction, &user.username).await?;
    let display_name = match user.email.split_once('@') {
        Some((before, _)) if !before.is_empty() => before.to_owned(),
        _ => username.clone(),
    };
    let row = users::ActiveModel {
        name_search: Set(search_text(&[&username, &user.first_name, &user.last_name])),
        username: Set(username),
        first_name: Set(user.first_name.clone()),
        last_name: Set(user.last_name.clone()),
        display_name: Set(display_name),
        email: Set(user.email.clone()),
        password_hash: Set(None),
        is_active: Set(true),
        is_superuser: Set(false),
        awaits_approval: Set(user.awaits_approval),
        created_at: Set(now),
        ..Default::default()
    }
    .insert(transaction)
    .await?;
    identities::ActiveModel {
        user_id: Set(row.id),
        issuer: Set(user.issuer.clone()),
        subject: Set(user.subject.clone()),
        created_at: Set(now),
        last_login_at: Set(Some(now)),
        ..Default::default()
    }
    .insert(transaction)
    .await?;
    Ok(row.id)
}

/// The wanted login name, or with a number behind it: one that nobody has, whatever its case.
async fn free_username(transaction: &DatabaseTransaction, wanted: &str) -> Result<String, StoreError> {
    for number in 1..=SUFFIXES {
        let candidate = numbered(wanted, number);
        // SQLite folds only ASCII.
        let same = Expr::expr(Func::lower(Expr::col("username")))
            .eq(fold(&candidate))
            .or(Expr::col("username").eq(candidate.as_str()));
        let taken = Query::select()
            .column("id")
            .from("users")
            .and_where(same)
            .limit(1)
            .take();
        if transaction.query_one(&taken).await?.is_none() {
            return Ok(candidate);
        }
    }
    Err(StoreError::AlreadyExists("username".to_owned()))
}

/// `alice`, `alice-2`, `alice-3`, … and never too long.
fn numbered(name: &str, number: usize) -> String {
    let suffix = if number == 1 {
        String::new()
    } else {
        format!("-{number}")
    };
    let kept: String = name.chars().take(USERNAME_MAX_CHARS - suffix.len()).collect();
    kept + &suffix
}

#[derive(Default)]
struct GroupChange {
    joined: Vec<String>,
    left: Vec<String>,
    local: Vec<String>,
}

#[derive(FromQueryResult)]
struct MembershipRow {
    group_id: i64,
    name: String,
    is_external: bool,
}

/// Puts the user into exactly the provider's groups, of those that the provider keeps.
async fn sync_groups(
    transaction: &DatabaseTransaction,
    user_id: i64,
    user: &ExternalUser,
) -> Result<GroupChange, StoreError> {
    let mut change = GroupChange::default();
    let mut wanted: BTreeMap<i64, String> = BTreeMap::new();
    for name in user.groups.iter().filter(|name| *name != ADMIN_GROUP) {
        match external_group(transaction, name).await? {
            Some(id) => {
                wanted.insert(id, name.clone());
            }
            None => change.local.push(name.clone()),
        }
    }
    if user.is_admin {
        wanted.insert(admin_group(transaction).await?, ADMIN_GROUP.to_owned());
    }
    let select = Query::select()
        .columns([("memberships", "group_id"), ("memberships", "is_external")])
        .column(("groups", "name"))
        .from("memberships")
        .inner_join(
            "groups",
            Expr::col(("groups", "id")).equals(("memberships", "group_id")),
        )
        .and_where(Expr::col(("memberships", "user_id")).eq(user_id))
        .take();
    let statement = transaction.get_database_backend().build(&select);
    for row in MembershipRow::find_by_statement(statement)
        .all(transaction)
        .await?
    {
        if wanted.remove(&row.group_id).is_none() && row.is_external {
            memberships::Entity::delete_by_id((user_id, row.group_id))
                .exec(transaction)
                .await?;
            change.left.push(row.name);
        }
    }
    for (group_id, name) in wanted {
        memberships::ActiveModel {
            user_id: Set(user_id),
            group_id: Set(group_id),
            is_external: Set(true),
        }
        .insert(transaction)
        .await?;
        change.joined.push(name);
    }
    Ok(change)
}

/// The group of this name that the provider keeps, made when there is none; none when the name is a local group's.
async fn external_group(transaction: &DatabaseTransaction, name: &str) -> Result<Option<i64>, StoreError> {
    match group_named(transaction, name).await? {
        Some(group) => Ok(group.is_external.then_some(group.id)),
        None => add_group(transaction, name, true).await.map(Some),
    }
}

/// The administrators' group is local; only memberships in it may be the provider's.
async fn admin_group(transaction: &DatabaseTransaction) -> Result<i64, StoreError> {
    match group_named(transaction, ADMIN_GROUP).await? {
        Some(group) => Ok(group.id),
        None => add_group(transaction, ADMIN_GROUP, false).await,
    }
}

async fn group_named(
    transaction: &DatabaseTransaction,
    name: &str,
) -> Result<Option<groups::Model>, StoreError> {
    Ok(groups::Entity::find()
        .filter(groups::Column::Name.eq(name))
        .one(transaction)
        .await?)
}

async fn add_group(
    transaction: &DatabaseTransaction,
    name: &str,
    is_external: bool,
) -> Result<i64, StoreError> {
    let row = groups::ActiveModel {
        name: Set(name.to_owned()),
        is_external: Set(is_external),
        created_at: Set(Timestamp::now().to_utc()),
        ..Default::default()
    };
    Ok(row.insert(transaction).await?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fit_behind_a_name() {
        assert_eq!(numbered("alice", 1), "alice");
        assert_eq!(numbered("alice", 12), "alice-12");
        let long = "é".repeat(USERNAME_MAX_CHARS);
        assert_eq!(numbered(&long, 1), long);
        let second = numbered(&long, 2);
        assert!(second.ends_with("é-2") && second.chars().count() == USERNAME_MAX_CHARS);
    }
}
