//! Accounts as administrators see and change them.
//!
//! Whatever is changed here, one active administrator is left: a change that would leave none is refused as a
//! whole.

mod changes;
mod memberships;

use std::collections::HashMap;

use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query};

use crate::accounts::is_admin_expr;
use crate::database::Store;
use crate::entities::{groups, users};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};

pub use changes::{AccountChanges, NewAccount, SignOut, SignedOut};
pub(crate) use memberships::admin_left;

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
    /// Waits for an administrator's approval.
    AwaitsApproval,
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
            Self::AwaitsApproval => column("awaits_approval"),
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
