//! A person with an account.

use sea_orm::entity::prelude::*;

/// A person with an account.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    /// Identifier.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Login name, unique.
    #[sea_orm(column_type = "Text")]
    pub username: String,
    /// First name.
    #[sea_orm(column_type = "Text")]
    pub first_name: String,
    /// Last name.
    #[sea_orm(column_type = "Text")]
    pub last_name: String,
    /// Display name.
    #[sea_orm(column_type = "Text")]
    pub display_name: String,
    /// Email.
    #[sea_orm(column_type = "Text")]
    pub email: String,
    /// Searched text in lower case (see `text`).
    #[sea_orm(column_type = "Text")]
    pub name_search: String,
    /// Argon2id hash in PHC form; none for accounts without a password.
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    /// Is active.
    pub is_active: bool,
    /// Is superuser.
    pub is_superuser: bool,
    /// Created at.
    pub created_at: DateTimeUtc,
    /// Last login at.
    pub last_login_at: Option<DateTimeUtc>,
    /// Bytes that files of the user's products may take; the instance's default when absent.
    pub quota_bytes: Option<i64>,
    /// Made by an identity provider, and not approved by an administrator yet: cannot sign in.
    pub awaits_approval: bool,
}

/// Joins are written where they are used.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
