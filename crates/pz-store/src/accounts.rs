//! Users and groups.

use pz_model::Timestamp;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    PaginatorTrait, QueryFilter, QueryOrder, Set, TransactionTrait,
};

use crate::database::Store;
use crate::entities::{groups, memberships, users};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::password_resets::end_resets;
use crate::sessions::Ending;
use crate::text::search_text;

/// The group whose members are administrators.
pub const ADMIN_GROUP: &str = "Admin";

/// A user with what every request must know of them.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Account {
    /// Identifier.
    pub id: i64,
    /// Login name.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// May sign in: is active, and does not wait for approval.
    pub is_active: bool,
    /// Waits for an administrator's approval, and was not refused it.
    pub awaits_approval: bool,
    /// Is an administrator: by flag or by the group `Admin`.
    pub is_admin: bool,
    /// Argon2id hash, if the account has a password.
    pub password_hash: Option<String>,
}

/// A new account.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Login name, unique.
    pub username: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address; the part before `@` becomes the display name.
    pub email: String,
    /// Argon2id hash of the password.
    pub password_hash: Option<String>,
    /// Administrator by flag.
    pub is_superuser: bool,
}

/// Columns that lists of users can be ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserField {
    /// Login name.
    Username,
    /// First name.
    FirstName,
    /// Last name.
    LastName,
}

impl ListField for UserField {
    fn expr(self) -> Expr {
        Expr::col((
            "users",
            match self {
                Self::Username => "username",
                Self::FirstName => "first_name",
                Self::LastName => "last_name",
            },
        ))
    }
}

/// "The user is an administrator", as SQL over `users`.
pub(crate) fn is_admin_expr() -> Expr {
    let in_group = Query::select()
        .expr(Expr::val(1))
        .from("memberships")
        .inner_join(
            "groups",
            Expr::col(("groups", "id")).equals(("memberships", "group_id")),
        )
        .and_where(Expr::col(("memberships", "user_id")).equals(("users", "id")))
        .and_where(Expr::col(("groups", "name")).eq(ADMIN_GROUP))
        .take();
    Expr::col(("users", "is_superuser"))
        .eq(true)
        .or(Expr::exists(in_group))
}

/// "The user may sign in", as SQL over `users`.
pub(crate) fn may_sign_in_expr() -> Expr {
    Expr::col(("users", "is_active"))
        .eq(true)
        .and(Expr::col(("users", "awaits_approval")).eq(false))
}

fn waits_expr() -> Expr {
    let is_true = |column: &'static str| Expr::col(("users", column)).eq(true);
    is_true("is_active").and(is_true("awaits_approval"))
}

/// Selects the columns of [`Account`] from `users`.
pub(crate) fn select_account() -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .columns(["id", "username", "display_name", "password_hash"].map(|c| ("users", c)))
        .expr_as(is_admin_expr(), Alias::new("is_admin"))
        // A CASE, because SQLite has no booleans of its own.
        .expr_as(
            Expr::case(may_sign_in_expr(), true).finally(false),
            Alias::new("is_active"),
        )
        .expr_as(
            Expr::case(waits_expr(), true).finally(false),
            Alias::new("awaits_approval"),
        )
        .from("users")
        .take()
}

/// Sets a password and ends what the one before it opened; false when there is no such account.
pub(crate) async fn set_password(
    transaction: &DatabaseTransaction,
    user_id: i64,
    password_hash: &str,
    ending: Ending,
) -> Result<bool, StoreError> {
    let update = Query::update()
        .table("users")
        .value("password_hash", password_hash)
        .and_where(Expr::col("id").eq(user_id))
        .take();
    if transaction.execute(&update).await?.rows_affected() == 0 {
        return Ok(false);
    }
    transaction.execute(&ending.delete(user_id)).await?;
    end_resets(transaction, user_id).await?;
    Ok(true)
}

impl Store {
    /// The account with this login name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_username(&self, username: &str) -> Result<Option<Account>, StoreError> {
        let select = select_account()
            .and_where(Expr::col(("users", "username")).eq(username))
            .take();
        Ok(Account::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// The account with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn account_by_id(&self, id: i64) -> Result<Option<Account>, StoreError> {
        let select = select_account()
            .and_where(Expr::col(("users", "id")).eq(id))
            .take();
        Ok(Account::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the login name is taken.
    pub async fn add_user(&self, user: NewUser) -> Result<users::Model, StoreError> {
        let display_name = match user.email.split_once('@') {
            Some((before, _)) if !before.is_empty() => before.to_owned(),
            _ => user.username.clone(),
        };
        let name_search = search_text(&[&user.username, &user.first_name, &user.last_name]);
        let row = users::ActiveModel {
            username: Set(user.username),
            first_name: Set(user.first_name),
            last_name: Set(user.last_name),
            display_name: Set(display_name),
            email: Set(user.email),
            name_search: Set(name_search),
            password_hash: Set(user.password_hash),
            is_active: Set(true),
            is_superuser: Set(user.is_superuser),
            awaits_approval: Set(false),
            created_at: Set(Timestamp::now().to_utc()),
            ..Default::default()
        };
        Ok(row.insert(&self.db).await?)
    }

    /// Gives an account a new password hash and ends its sessions, and links to set a password.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such account.
    pub async fn set_password_hash(&self, user_id: i64, password_hash: &str) -> Result<(), StoreError> {
        self.change_password(user_id, password_hash, Ending::All).await
    }

    /// The same, with the choice of which sessions end.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such account.
    pub async fn change_password(
        &self,
        user_id: i64,
        password_hash: &str,
        ending: Ending,
    ) -> Result<(), StoreError> {
        let transaction = self.begin_write().await?;
        if !set_password(&transaction, user_id, password_hash, ending).await? {
            return Err(StoreError::Missing {
                what: "user",
                id: user_id,
            });
        }
        Ok(transaction.commit().await?)
    }

    /// Notes that somebody signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_sign_in(&self, user_id: i64) -> Result<(), StoreError> {
        let update = Query::update()
            .table("users")
            .value("last_login_at", Timestamp::now().to_utc())
            .and_where(Expr::col("id").eq(user_id))
            .take();
        self.db.execute(&update).await?;
        Ok(())
    }

    /// All accounts by login name, for administrators.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all_users(&self) -> Result<Vec<users::Model>, StoreError> {
        Ok(users::Entity::find()
            .order_by_asc(users::Column::Username)
            .all(&self.db)
            .await?)
    }

    /// Whether there is any account yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        Ok(users::Entity::find().count(&self.db).await? > 0)
    }

    /// Active accounts, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_users(
        &self,
        query: &ListQuery<UserField>,
    ) -> Result<(u64, Vec<users::Model>), StoreError> {
        let count = users::Entity::find()
            .filter(may_sign_in_expr())
            .count(&self.db)
            .await?;
        let mut select = Query::select()
            .expr(Expr::cust("users.*"))
            .from("users")
            .and_where(may_sign_in_expr())
            .take();
        query.order_and_page(&mut select, Expr::col(("users", "id")));
        let rows = users::Model::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, rows))
    }

    /// An active account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_user(&self, id: i64) -> Result<Option<users::Model>, StoreError> {
        Ok(users::Entity::find_by_id(id)
            .filter(may_sign_in_expr())
            .one(&self.db)
            .await?)
    }

    /// Which of these are active accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_user_ids(&self, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let select = Query::select()
            .column("id")
            .from("users")
            .and_where(Expr::col("id").is_in(ids.iter().copied()))
            .and_where(may_sign_in_expr())
            .take();
        self.ids_of(&select).await
    }

    /// The group with this name, made when it is not there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn group(&self, name: &str) -> Result<groups::Model, StoreError> {
        if let Some(group) = groups::Entity::find()
            .filter(groups::Column::Name.eq(name))
            .one(&self.db)
            .await?
        {
            return Ok(group);
        }
        let row = groups::ActiveModel {
            name: Set(name.to_owned()),
            is_external: Set(false),
            created_at: Set(Timestamp::now().to_utc()),
            ..Default::default()
        };
        Ok(row.insert(&self.db).await?)
    }

    /// Puts a user into a group; nothing happens when they are in it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn join_group(&self, user_id: i64, group_id: i64) -> Result<(), StoreError> {
        let transaction = self.db.begin().await?;
        if memberships::Entity::find_by_id((user_id, group_id))
            .one(&transaction)
            .await?
            .is_none()
        {
            memberships::ActiveModel {
                user_id: Set(user_id),
                group_id: Set(group_id),
                is_external: Set(false),
            }
            .insert(&transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }
}
