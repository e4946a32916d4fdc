//! The groups of one account, and that somebody is left to administer.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult,
    QueryFilter, Set,
};

use super::{AccountRefusal, Checked};
use crate::accounts::{ADMIN_GROUP, is_admin_expr, may_sign_in_expr};
use crate::entities::{groups, memberships};
use crate::error::StoreError;

pub(super) async fn leave_admin_group(
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
pub(super) async fn set_groups_of(
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
        .and_where(may_sign_in_expr())
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
