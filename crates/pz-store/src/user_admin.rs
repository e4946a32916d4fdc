//! Accounts as administrators see and change them.
//!
//! Whatever is changed here, one active administrator is left: a change that would leave none is refused as a
//! whole.

use std::collections::HashMap;

use pz_model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    QueryFilter, QuerySelect, Set,
};

use crate::accounts::{ADMIN_GROUP, is_admin_expr};
use crate::database::Store;
use crate::entities::{groups, memberships, users};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::text::search_text;

/// Columns that administrators' lists of accounts can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountField {
    /// Identifier.
    Id,
    /// Login name.
    Username,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// E-mail address.
    Email,
    /// May sign in.
    IsActive,
    /// Is an administrator, by its mark or by its group.
    IsAdmin,
    /// When it was made.
    CreatedAt,
    /// When it last signed in.
    LastLoginAt,
    /// Searched text: login name, first and last name.
    NameSearch,
    /// The e-mail address in lower case.
    EmailSearch,
}

impl ListField for AccountField {
    fn expr(self) -> Expr {
        let column = |name: &'static str| Expr::col(("users", name));
        match self {
            Self::Id => column("id"),
            Self::Username => column("username"),
            Self::FirstName => column("first_name"),
            Self::LastName => column("last_name"),
            Self::Email => column("email"),
            Self::IsActive => column("is_active"),
            Self::IsAdmin => Expr::case(is_admin_expr(), true).finally(false).into(),
            Self::CreatedAt => column("created_at"),
            Self::LastLoginAt => column("last_login_at"),
            Self::NameSearch => column("name_search"),
            Self::EmailSearch => Func::lower(column("email")).into(),
        }
    }

    fn is_nullable(self) -> bool {
        self == Self::LastLoginAt
    }
}

/// An account with everything an administrator sees of it.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountDetail {
    /// The row.
    pub user: users::Model,
    /// Is an administrator: by its mark or by the group `Admin`.
    pub is_admin: bool,
    /// Bytes that files of its products take, also of deleted ones until they are purged.
    pub used_bytes: i64,
    /// The groups it is in, by name.
    pub groups: Vec<groups::Model>,
}

#[derive(FromQueryResult)]
struct AccountRow {
    #[sea_orm(nested)]
    user: users::Model,
    is_admin: bool,
    used_bytes: i64,
}

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
    /// Administrator; false also leaves the group `Admin`.
    pub is_admin: Option<bool>,
    /// Ids of the groups it shall be in, besides external ones.
    pub groups: Option<Vec<i64>>,
    /// Bytes its files may take.
    pub quota_bytes: Option<Option<i64>>,
}

/// Why a change of accounts or groups was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountRefusal {
    /// No active administrator would be left.
    LastAdmin,
    /// The identity provider keeps this group; its members are changed there.
    ExternalGroup(String),
    /// There is no group with this id.
    UnknownGroup(i64),
    /// This many releases are open to the group.
    GroupInUse(i64),
    /// There is nothing with this id.
    Missing,
}

/// What came of a change: done, or refused with nothing changed.
pub type Checked<T> = Result<T, AccountRefusal>;

impl Store {
    /// Accounts that match, active or not, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_accounts(
        &self,
        query: &ListQuery<AccountField>,
    ) -> Result<(u64, Vec<AccountDetail>), StoreError> {
        let count = self.count("users", query.condition(self.backend())).await?;
        if query.limit == 0 {
            return Ok((count, Vec::new()));
        }
        let mut select = select_details()
            .cond_where(query.condition(self.backend()))
            .take();
        query.order_and_page(&mut select, Expr::col(("users", "id")));
        let rows = AccountRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, self.with_user_groups(rows).await?))
    }

    /// An account, active or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_detail(&self, id: i64) -> Result<Option<AccountDetail>, StoreError> {
        let select = select_details()
            .and_where(Expr::col(("users", "id")).eq(id))
            .take();
        let row = AccountRow::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?;
        Ok(self.with_user_groups(row.into_iter().collect()).await?.pop())
    }

    async fn with_user_groups(&self, rows: Vec<AccountRow>) -> Result<Vec<AccountDetail>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let select = Query::select()
            .column(("memberships", "user_id"))
            .expr(Expr::cust("groups.*"))
            .from("memberships")
            .inner_join(
                "groups",
                Expr::col(("groups", "id")).equals(("memberships", "group_id")),
            )
            .and_where(Expr::col(("memberships", "user_id")).is_in(rows.iter().map(|row| row.user.id)))
            .order_by_expr(Expr::col(("groups", "name")), Order::Asc)
            .take();
        let pairs = UserGroupRow::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        let mut groups_of: HashMap<i64, Vec<groups::Model>> = HashMap::new();
        for pair in pairs {
            groups_of.entry(pair.user_id).or_default().push(pair.group);
        }
        Ok(rows
            .into_iter()
            .map(|row| AccountDetail {
                groups: groups_of.remove(&row.user.id).unwrap_or_default(),
                user: row.user,
                is_admin: row.is_admin,
                used_bytes: row.used_bytes,
            })
            .collect())
    }

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
            session_epoch: Set(0),
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
            end_tokens(&transaction, id).await?;
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
            is_superuser: Set(changes.is_admin.unwrap_or(row.is_superuser)),
            session_epoch: Set(row.session_epoch + i32::from(changes.is_active == Some(false))),
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

    /// Ends all sessions of an account and, if asked, all its tokens.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out_everywhere(&self, id: i64, tokens: bool) -> Result<Checked<()>, StoreError> {
        let transaction = self.begin_write().await?;
        let update = Query::update()
            .table("users")
            .value("session_epoch", Expr::col("session_epoch").add(1))
            .and_where(Expr::col("id").eq(id))
            .take();
        if transaction.execute(&update).await?.rows_affected() == 0 {
            return Ok(Err(AccountRefusal::Missing));
        }
        if tokens {
            end_tokens(&transaction, id).await?;
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

fn select_details() -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .expr(Expr::cust("users.*"))
        .expr_as(AccountField::IsAdmin.expr(), "is_admin")
        .expr_as(
            Expr::cust(
                "(SELECT CAST(COALESCE(SUM(product_files.size_bytes), 0) AS bigint) FROM product_files \
                 JOIN products ON products.id = product_files.product_id \
                 WHERE products.user_id = users.id AND products.purged_at IS NULL)",
            ),
            "used_bytes",
        )
        .from("users")
        .take()
}

#[derive(FromQueryResult)]
struct UserGroupRow {
    user_id: i64,
    #[sea_orm(nested)]
    group: groups::Model,
}

/// The tokens stay, so that their use is told from a wrong one, but are over even when the account is
/// active again.
async fn end_tokens(transaction: &DatabaseTransaction, user_id: i64) -> Result<(), StoreError> {
    let now = Timestamp::now().to_utc();
    let update = Query::update()
        .table("api_tokens")
        .value("expires_at", now)
        .and_where(Expr::col("user_id").eq(user_id))
        .and_where(
            Expr::col("expires_at")
                .is_null()
                .or(Expr::col("expires_at").gt(now)),
        )
        .take();
    transaction.execute(&update).await?;
    Ok(())
}

async fn leave_admin_group(
    transaction: &DatabaseTransaction,
    user_id: i64,
) -> Result<Checked<()>, StoreError> {
    let group = groups::Entity::find()
        .filter(groups::Column::Name.eq(ADMIN_GROUP))
        .one(transaction)
        .await?;
    let Some(group) = group else {
        return Ok(Ok(()));
    };
    let membership = memberships::Entity::find_by_id((user_id, group.id))
        .one(transaction)
        .await?;
    if membership.is_some() {
        if group.is_external {
            return Ok(Err(AccountRefusal::ExternalGroup(group.name)));
        }
        memberships::Entity::delete_by_id((user_id, group.id))
            .exec(transaction)
            .await?;
    }
    Ok(Ok(()))
}

/// Puts a user into exactly these groups; memberships of external groups stay, and cannot be made here.
async fn set_groups_of(
    transaction: &DatabaseTransaction,
    user_id: i64,
    wanted: &[i64],
) -> Result<Checked<()>, StoreError> {
    let known: HashMap<i64, groups::Model> = groups::Entity::find()
        .all(transaction)
        .await?
        .into_iter()
        .map(|group| (group.id, group))
        .collect();
    let current: Vec<i64> = memberships::Entity::find()
        .filter(memberships::Column::UserId.eq(user_id))
        .all(transaction)
        .await?
        .into_iter()
        .map(|membership| membership.group_id)
        .collect();
    let mut joining: Vec<i64> = Vec::new();
    for id in wanted {
        let Some(group) = known.get(id) else {
            return Ok(Err(AccountRefusal::UnknownGroup(*id)));
        };
        if current.contains(id) || joining.contains(id) {
            continue;
        }
        if group.is_external {
            return Ok(Err(AccountRefusal::ExternalGroup(group.name.clone())));
        }
        joining.push(*id);
    }
    let leaving: Vec<i64> = current
        .into_iter()
        .filter(|id| !wanted.contains(id))
        .filter(|id| known.get(id).is_none_or(|group| !group.is_external))
        .collect();
    if !leaving.is_empty() {
        memberships::Entity::delete_many()
            .filter(memberships::Column::UserId.eq(user_id))
            .filter(memberships::Column::GroupId.is_in(leaving))
            .exec(transaction)
            .await?;
    }
    for group_id in joining {
        memberships::ActiveModel {
            user_id: Set(user_id),
            group_id: Set(group_id),
            is_external: Set(false),
        }
        .insert(transaction)
        .await?;
    }
    Ok(Ok(()))
}

#[derive(FromQueryResult)]
struct CountRow {
    count: i64,
}

/// Whether an active administrator is left. Changes of accounts and memberships move a revision, whose row
/// serialises two administrators who take each other's rights away.
pub(crate) async fn admin_left(transaction: &DatabaseTransaction) -> Result<Checked<()>, StoreError> {
    let select = Query::select()
        .expr_as(Expr::val(1).count(), "count")
        .from("users")
        .and_where(Expr::col(("users", "is_active")).eq(true))
        .and_where(is_admin_expr())
        .take();
    let row = CountRow::find_by_statement(transaction.get_database_backend().build(&select))
        .one(transaction)
        .await?;
    if row.is_some_and(|row| row.count > 0) {
        Ok(Ok(()))
    } else {
        Ok(Err(AccountRefusal::LastAdmin))
    }
}
