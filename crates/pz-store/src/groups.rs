//! Groups of users, as administrators see and change them.

use std::collections::HashSet;

use pz_model::Timestamp;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Func, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QuerySelect,
    Set,
};

use crate::database::Store;
use crate::entities::{groups, memberships, release_groups};
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::user_admin::{AccountField, AccountRefusal, Checked, admin_left};

/// Members inserted by one statement.
const INSERT_AT_ONCE: usize = 500;

/// Columns that lists of groups can be filtered, searched and ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupField {
    /// Identifier.
    Id,
    /// Unique name.
    Name,
    /// Kept by the identity provider.
    IsExternal,
    /// When it was made.
    CreatedAt,
    /// The name in lower case.
    NameSearch,
}

impl ListField for GroupField {
    fn expr(self) -> Expr {
        let column = |name: &'static str| Expr::col(("groups", name));
        match self {
            Self::Id => column("id"),
            Self::Name => column("name"),
            Self::IsExternal => column("is_external"),
            Self::CreatedAt => column("created_at"),
            Self::NameSearch => Func::lower(column("name")).into(),
        }
    }
}

/// A group with how it is used.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct GroupDetail {
    /// The group.
    #[sea_orm(nested)]
    pub group: groups::Model,
    /// Members.
    pub member_count: i64,
    /// Releases open to it.
    pub release_count: i64,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Member {
    /// Id of the user.
    pub id: i64,
    /// Login name.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// May sign in.
    pub is_active: bool,
}

/// A user named by id or by login name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserKey {
    /// Id.
    Id(i64),
    /// Login name.
    Username(String),
}

/// How the members of a group change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    /// These and nobody else.
    Replace(Vec<i64>),
    /// Some join, some leave; who does both leaves.
    AddRemove {
        /// Ids of users who join.
        add: Vec<i64>,
        /// Ids of users who leave.
        remove: Vec<i64>,
    },
}

#[derive(FromQueryResult)]
struct KeyRow {
    id: i64,
    username: String,
}

impl Store {
    /// Groups that match, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_groups(
        &self,
        query: &ListQuery<GroupField>,
    ) -> Result<(u64, Vec<GroupDetail>), StoreError> {
        let count = self.count("groups", query.condition(self.backend())).await?;
        let mut select = select_details()
            .cond_where(query.condition(self.backend()))
            .take();
        query.order_and_page(&mut select, Expr::col(("groups", "id")));
        let rows = GroupDetail::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, rows))
    }

    /// A group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn group_detail(&self, id: i64) -> Result<Option<GroupDetail>, StoreError> {
        let select = select_details()
            .and_where(Expr::col(("groups", "id")).eq(id))
            .take();
        Ok(GroupDetail::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }

    /// Makes a group without members.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the name is taken.
    pub async fn create_group(&self, name: &str) -> Result<i64, StoreError> {
        let row = groups::ActiveModel {
            name: Set(name.to_owned()),
            is_external: Set(false),
            created_at: Set(Timestamp::now().to_utc()),
            ..Default::default()
        };
        Ok(row.insert(&self.db).await?.id)
    }

    /// Gives a group another name.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] when the name is taken.
    pub async fn rename_group(&self, id: i64, name: &str) -> Result<Checked<()>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(group) = groups::Entity::find_by_id(id)
            .lock_exclusive()
            .one(&transaction)
            .await?
        else {
            return Ok(Err(AccountRefusal::Missing));
        };
        if group.name == name {
            return Ok(Ok(()));
        }
        if group.is_external {
            return Ok(Err(AccountRefusal::ExternalGroup(group.name)));
        }
        let update = groups::ActiveModel {
            id: Set(id),
            name: Set(name.to_owned()),
            ..Default::default()
        };
        update.update(&transaction).await?;
        if let Err(refusal) = admin_left(&transaction).await? {
            return Ok(Err(refusal));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Removes a group, unless releases are open to it: without it they might be open to everybody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_group(&self, id: i64) -> Result<Checked<()>, StoreError> {
        let transaction = self.begin_write().await?;
        let releases = release_groups::Entity::find()
            .filter(release_groups::Column::GroupId.eq(id))
            .count(&transaction)
            .await?;
        if releases > 0 {
            let releases = i64::try_from(releases).unwrap_or(i64::MAX);
            return Ok(Err(AccountRefusal::GroupInUse(releases)));
        }
        memberships::Entity::delete_many()
            .filter(memberships::Column::GroupId.eq(id))
            .exec(&transaction)
            .await?;
        let deleted = groups::Entity::delete_by_id(id).exec(&transaction).await?;
        if deleted.rows_affected == 0 {
            return Ok(Err(AccountRefusal::Missing));
        }
        if let Err(refusal) = admin_left(&transaction).await? {
            return Ok(Err(refusal));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Members of a group that match, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list_members(
        &self,
        group_id: i64,
        query: &ListQuery<AccountField>,
    ) -> Result<(u64, Vec<Member>), StoreError> {
        let in_group = Query::select()
            .column("user_id")
            .from("memberships")
            .and_where(Expr::col("group_id").eq(group_id))
            .take();
        let condition: Cond = query
            .condition(self.backend())
            .add(Expr::col(("users", "id")).in_subquery(in_group));
        let count = self.count("users", condition.clone()).await?;
        let mut select = Query::select()
            .columns(["id", "username", "display_name", "is_active"].map(|name| ("users", name)))
            .from("users")
            .cond_where(condition)
            .take();
        query.order_and_page(&mut select, Expr::col(("users", "id")));
        let rows = Member::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((count, rows))
    }

    /// The ids of these users, or the first that does not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn resolve_users(&self, keys: &[UserKey]) -> Result<Result<Vec<i64>, UserKey>, StoreError> {
        let mut known: HashSet<UserKey> = HashSet::new();
        let mut ids = Vec::new();
        // Few variables per statement: databases have a limit.
        for chunk in keys.chunks(INSERT_AT_ONCE) {
            let condition = chunk.iter().fold(Cond::any(), |any, key| match key {
                UserKey::Id(id) => any.add(Expr::col("id").eq(*id)),
                UserKey::Username(name) => any.add(Expr::col("username").eq(name.as_str())),
            });
            let select = Query::select()
                .columns(["id", "username"])
                .from("users")
                .cond_where(condition)
                .take();
            let rows = KeyRow::find_by_statement(self.backend().build(&select))
                .all(&self.db)
                .await?;
            for row in rows {
                ids.push(row.id);
                known.insert(UserKey::Id(row.id));
                known.insert(UserKey::Username(row.username));
            }
        }
        if let Some(unknown) = keys.iter().find(|key| !known.contains(*key)) {
            return Ok(Err(unknown.clone()));
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(Ok(ids))
    }

    /// Changes who is in a group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_members(
        &self,
        group_id: i64,
        change: MemberChange,
    ) -> Result<Checked<()>, StoreError> {
        let transaction = self.begin_write().await?;
        let Some(group) = groups::Entity::find_by_id(group_id)
            .lock_exclusive()
            .one(&transaction)
            .await?
        else {
            return Ok(Err(AccountRefusal::Missing));
        };
        if group.is_external {
            return Ok(Err(AccountRefusal::ExternalGroup(group.name)));
        }
        let current: HashSet<i64> = memberships::Entity::find()
            .filter(memberships::Column::GroupId.eq(group_id))
            .all(&transaction)
            .await?
            .into_iter()
            .map(|membership| membership.user_id)
            .collect();
        let (joining, leaving): (Vec<i64>, Vec<i64>) = match change {
            MemberChange::Replace(wanted) => {
                let wanted: HashSet<i64> = wanted.into_iter().collect();
                (
                    wanted.difference(&current).copied().collect(),
                    current.difference(&wanted).copied().collect(),
                )
            }
            MemberChange::AddRemove { add, remove } => {
                let remove: HashSet<i64> = remove.into_iter().collect();
                let add: HashSet<i64> = add.into_iter().filter(|id| !remove.contains(id)).collect();
                (
                    add.difference(&current).copied().collect(),
                    remove.intersection(&current).copied().collect(),
                )
            }
        };
        for chunk in leaving.chunks(INSERT_AT_ONCE) {
            memberships::Entity::delete_many()
                .filter(memberships::Column::GroupId.eq(group_id))
                .filter(memberships::Column::UserId.is_in(chunk.iter().copied()))
                .exec(&transaction)
                .await?;
        }
        for chunk in joining.chunks(INSERT_AT_ONCE) {
            let rows = chunk.iter().map(|user_id| memberships::ActiveModel {
                user_id: Set(*user_id),
                group_id: Set(group_id),
                is_external: Set(false),
            });
            memberships::Entity::insert_many(rows).exec(&transaction).await?;
        }
        if let Err(refusal) = admin_left(&transaction).await? {
            return Ok(Err(refusal));
        }
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Which of these are groups.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn known_group_ids(&self, ids: &[i64]) -> Result<Vec<i64>, StoreError> {
        let select = Query::select()
            .column("id")
            .from("groups")
            .and_where(Expr::col("id").is_in(ids.iter().copied()))
            .take();
        self.ids_of(&select).await
    }
}

fn select_details() -> sea_orm::sea_query::SelectStatement {
    let count_of = |table: &str| {
        Expr::cust(format!(
            "(SELECT count(*) FROM {table} WHERE {table}.group_id = groups.id)"
        ))
    };
    Query::select()
        .expr(Expr::cust("groups.*"))
        .expr_as(count_of("memberships"), "member_count")
        .expr_as(count_of("release_groups"), "release_count")
        .from("groups")
        .take()
}
