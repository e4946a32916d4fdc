//! Groups and who is in them.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::{Group, GroupInput, GroupMember, GroupMembers, GroupMembersPatch, Page};
use pz_model::limits::{GROUP_CHANGE_MAX, GROUP_NAME_MAX_CHARS};
use pz_model::{ErrorCode, Timestamp};
use pz_store::groups::{GroupDetail, GroupField, Member, MemberChange, UserKey};
use pz_store::user_admin::AccountField;
use serde_json::{Value, json};

use super::{refused, taken};
use crate::auth::{Admin, Caller};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::json_body::{self, Input, JsonBody};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<GroupField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(GroupField::Id),
        },
        Filter {
            name: "name",
            kind: FilterKind::Text(GroupField::Name),
        },
        Filter {
            name: "is_external",
            kind: FilterKind::Flag(GroupField::IsExternal),
        },
    ],
    describes_classes: true,
    search_names: &["name"],
    search_fields: &[GroupField::NameSearch],
    ordering: &[
        ("id", GroupField::Id),
        ("name", GroupField::Name),
        ("created_at", GroupField::CreatedAt),
    ],
    describes_ordering: true,
    default_order: &[(GroupField::Name, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

static MEMBERS: ListSpec<AccountField> = ListSpec {
    filters: &[Filter {
        name: "is_active",
        kind: FilterKind::Flag(AccountField::IsActive),
    }],
    describes_classes: true,
    search_names: &["username", "first_name", "last_name"],
    search_fields: &[AccountField::NameSearch],
    ordering: &[("id", AccountField::Id), ("username", AccountField::Username)],
    describes_ordering: true,
    default_order: &[(AccountField::Username, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Group List", &LIST) => [list_groups, create_group],
        PathMeta::instance("Group Instance", &LIST) => [get_group, rename_group, delete_group],
        PathMeta::list("Group Members", &MEMBERS) => [list_members, set_members, change_members],
    );
}

fn view(detail: GroupDetail) -> Group {
    Group {
        id: detail.group.id,
        name: detail.group.name,
        is_external: detail.group.is_external,
        created_at: Timestamp::from(detail.group.created_at),
        member_count: detail.member_count,
        release_count: detail.release_count,
    }
}

fn member_view(member: Member) -> GroupMember {
    GroupMember {
        id: member.id,
        username: member.username,
        display_name: member.display_name,
        is_active: member.is_active,
    }
}

async fn show(state: &AppState, id: i64) -> ApiResult<Group> {
    let detail = state
        .store
        .group_detail(id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(view(detail))
}

/// List groups, by name.
#[utoipa::path(get, path = "/api/admin/groups/", tag = "administration", responses(
    (status = 200, description = "A page of groups", body = Page<Group>),
))]
async fn list_groups(_: Admin, state: web::Data<AppState>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(async |query| state.store.list_groups(query).await, view)
        .await?;
    etag::json(&request, &page)
}

/// Make a group.
#[utoipa::path(post, path = "/api/admin/groups/", tag = "administration", request_body = GroupInput, responses(
    (status = 201, description = "The group, without members", body = Group),
))]
async fn create_group(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    body: JsonBody,
) -> ApiResult<HttpResponse> {
    let name = read_name(body.read().await?)?;
    let id = state
        .store
        .create_group(&name)
        .await
        .map_err(|error| taken(error, &["name"]))?;
    let mut entry = caller.audit("group.create", "group", id);
    entry.detail = Some(json!({"name": name}));
    state.store.audit(entry).await?;
    Ok(HttpResponse::Created().json(show(&state, id).await?))
}

/// Get a group.
#[utoipa::path(get, path = "/api/admin/groups/{id}/", tag = "administration", responses(
    (status = 200, description = "The group", body = Group),
))]
async fn get_group(_: Admin, state: web::Data<AppState>, id: IdPath) -> ApiResult<web::Json<Group>> {
    Ok(web::Json(show(&state, id.0).await?))
}

/// Give a group another name.
#[utoipa::path(patch, path = "/api/admin/groups/{id}/", tag = "administration", request_body = GroupInput, responses(
    (status = 200, description = "The group", body = Group),
    (status = 409, description = "The identity provider keeps it, or no active administrator would be left"),
))]
async fn rename_group(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<Group>> {
    let name = read_name(body.read().await?)?;
    state
        .store
        .rename_group(id.0, &name)
        .await
        .map_err(|error| taken(error, &["name"]))?
        .map_err(refused)?;
    let mut entry = caller.audit("group.rename", "group", id.0);
    entry.detail = Some(json!({"name": name}));
    state.store.audit(entry).await?;
    Ok(web::Json(show(&state, id.0).await?))
}

/// Remove a group that opens no release.
#[utoipa::path(delete, path = "/api/admin/groups/{id}/", tag = "administration", responses(
    (status = 204, description = "Removed"),
    (status = 409, description = "It opens releases, or no active administrator would be left"),
))]
async fn delete_group(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
) -> ApiResult<HttpResponse> {
    state.store.delete_group(id.0).await?.map_err(refused)?;
    state
        .store
        .audit(caller.audit("group.delete", "group", id.0))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List the members of a group, by login name.
#[utoipa::path(get, path = "/api/admin/groups/{id}/members/", tag = "administration", responses(
    (status = 200, description = "A page of members", body = Page<GroupMember>),
))]
async fn list_members(
    _: Admin,
    state: web::Data<AppState>,
    id: IdPath,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    show(&state, id.0).await?;
    let asked = MEMBERS.read(&request)?;
    let page = asked
        .fetch(
            async |query| state.store.list_members(id.0, query).await,
            member_view,
        )
        .await?;
    etag::json(&request, &page)
}

/// Say who is in a group: these and nobody else.
#[utoipa::path(put, path = "/api/admin/groups/{id}/members/", tag = "administration", request_body = GroupMembers,
    responses(
    (status = 200, description = "The group", body = Group),
    (status = 409, description = "The identity provider keeps it, or no active administrator would be left"),
))]
async fn set_members(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<Group>> {
    let mut input = body.read().await?;
    let members = read_users(&mut input, "members");
    let members = input.require("members", members).unwrap_or_default();
    input.check()?;
    let members = resolve(&state, "members", &members).await?;
    change(&state, &caller, id, MemberChange::Replace(members)).await
}

/// Let users join and leave a group.
#[utoipa::path(patch, path = "/api/admin/groups/{id}/members/", tag = "administration",
    request_body = GroupMembersPatch, responses(
    (status = 200, description = "The group", body = Group),
    (status = 409, description = "The identity provider keeps it, or no active administrator would be left"),
))]
async fn change_members(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<Group>> {
    let mut input = body.read().await?;
    let add = read_users(&mut input, "add").unwrap_or_default();
    let remove = read_users(&mut input, "remove").unwrap_or_default();
    input.check()?;
    let add = resolve(&state, "add", &add).await?;
    let remove = resolve(&state, "remove", &remove).await?;
    change(&state, &caller, id, MemberChange::AddRemove { add, remove }).await
}

async fn change(
    state: &AppState,
    caller: &Caller,
    id: IdPath,
    change: MemberChange,
) -> ApiResult<web::Json<Group>> {
    let mut entry = caller.audit("group.change_members", "group", id.0);
    entry.detail = Some(match &change {
        MemberChange::Replace(members) => json!({"members": members}),
        MemberChange::AddRemove { add, remove } => json!({"add": add, "remove": remove}),
    });
    state.store.change_members(id.0, change).await?.map_err(refused)?;
    state.store.audit(entry).await?;
    Ok(web::Json(show(state, id.0).await?))
}

fn read_name(mut input: Input) -> ApiResult<String> {
    let name = input.text("name", 1, GROUP_NAME_MAX_CHARS);
    let name = input.require("name", name).unwrap_or_default();
    if name.chars().any(char::is_control) {
        input.refuse("name", "Control characters are not allowed.");
    }
    input.check()?;
    Ok(name)
}

fn read_users(input: &mut Input, field: &str) -> Option<Vec<UserKey>> {
    let items = input.list(field, GROUP_CHANGE_MAX)?;
    let mut keys = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::String(username) => keys.push(UserKey::Username(username.trim().to_owned())),
            other => {
                let Some(id) = json_body::integer(&other) else {
                    input.refuse(field, format!("{other} is no user: give ids and login names."));
                    return None;
                };
                keys.push(UserKey::Id(id));
            }
        }
    }
    Some(keys)
}

async fn resolve(state: &AppState, field: &str, keys: &[UserKey]) -> ApiResult<Vec<i64>> {
    state.store.resolve_users(keys).await?.map_err(|unknown| {
        let shown = match unknown {
            UserKey::Id(id) => id.to_string(),
            UserKey::Username(name) => format!("'{}'", name.chars().take(150).collect::<String>()),
        };
        ApiError::field(
            field,
            ErrorCode::ValidationFailed,
            format!("There is no user {shown}."),
        )
    })
}
