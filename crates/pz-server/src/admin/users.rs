//! Accounts.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::{GroupOfUser, NewUserAccount, Page, SignOut, UserAccount, UserAccountPatch};
use pz_model::limits::{
    DISPLAY_NAME_MAX_CHARS, EMAIL_MAX_CHARS, GROUP_CHANGE_MAX, PERSON_NAME_MAX_CHARS, USERNAME_MAX_CHARS,
};
use pz_model::username::{USERNAME_RULE, is_username};
use pz_store::sessions::Ending;
use pz_store::user_admin::{AccountChanges, AccountDetail, AccountField, NewAccount};
use serde_json::json;

use super::{refused, taken};
use crate::auth::Admin;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::json_body::{Input, JsonBody};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<AccountField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(AccountField::Id),
        },
        Filter {
            name: "username",
            kind: FilterKind::Text(AccountField::Username),
        },
        Filter {
            name: "name",
            kind: FilterKind::Contains(&[AccountField::NameSearch]),
        },
        Filter {
            name: "email",
            kind: FilterKind::Contains(&[AccountField::EmailSearch]),
        },
        Filter {
            name: "is_active",
            kind: FilterKind::Flag(AccountField::IsActive),
        },
        Filter {
            name: "awaits_approval",
            kind: FilterKind::Flag(AccountField::AwaitsApproval),
        },
        Filter {
            name: "is_admin",
            kind: FilterKind::Flag(AccountField::IsAdmin),
        },
    ],
    describes_classes: true,
    search_names: &["username", "first_name", "last_name", "email"],
    search_fields: &[AccountField::NameSearch, AccountField::EmailSearch],
    ordering: &[
        ("id", AccountField::Id),
        ("username", AccountField::Username),
        ("first_name", AccountField::FirstName),
        ("last_name", AccountField::LastName),
        ("email", AccountField::Email),
        ("is_active", AccountField::IsActive),
        ("is_admin", AccountField::IsAdmin),
        ("created_at", AccountField::CreatedAt),
        ("last_login_at", AccountField::LastLoginAt),
    ],
    describes_ordering: true,
    default_order: &[(AccountField::Username, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Account List", &LIST) => [list_accounts, create_account],
        PathMeta::instance("Account Instance", &LIST) => [get_account, patch_account],
        PathMeta::instance("Sign Out", &LIST) => [sign_out_account],
    );
}

/// An account as administrators, and its owner, see it.
pub(crate) fn view(detail: AccountDetail) -> UserAccount {
    let AccountDetail {
        user,
        is_admin,
        used_bytes,
        groups,
    } = detail;
    UserAccount {
        id: user.id,
        username: user.username,
        first_name: user.first_name,
        last_name: user.last_name,
        display_name: user.display_name,
        email: user.email,
        is_active: user.is_active,
        awaits_approval: user.awaits_approval,
        is_admin,
        has_password: user.password_hash.is_some(),
        groups: groups
            .into_iter()
            .map(|group| GroupOfUser {
                id: group.id,
                name: group.name,
                is_external: group.is_external,
            })
            .collect(),
        created_at: Timestamp::from(user.created_at),
        last_login_at: user.last_login_at.map(Timestamp::from),
        quota_bytes: user.quota_bytes,
        used_bytes,
    }
}

async fn show(state: &AppState, id: i64) -> ApiResult<UserAccount> {
    let detail = state
        .store
        .account_detail(id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(view(detail))
}

/// List all accounts, by login name.
#[utoipa::path(get, path = "/api/admin/users/", tag = "administration", responses(
    (status = 200, description = "A page of accounts", body = Page<UserAccount>),
))]
async fn list_accounts(
    _: Admin,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(async |query| state.store.list_accounts(query).await, view)
        .await?;
    etag::json(&request, &page)
}

/// Make an account. It has no password.
#[utoipa::path(post, path = "/api/admin/users/", tag = "administration", request_body = NewUserAccount, responses(
    (status = 201, description = "The account", body = UserAccount),
    (status = 409, description = "One of the groups is kept by the identity provider"),
))]
async fn create_account(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    body: JsonBody,
) -> ApiResult<HttpResponse> {
    let account = read_new(body.read().await?)?;
    let id = state
        .store
        .create_account(account)
        .await
        .map_err(|error| taken(error, &["username"]))?
        .map_err(refused)?;
    state.store.audit(caller.audit("user.create", "user", id)).await?;
    Ok(HttpResponse::Created().json(show(&state, id).await?))
}

/// Get an account.
#[utoipa::path(get, path = "/api/admin/users/{id}/", tag = "administration", responses(
    (status = 200, description = "The account", body = UserAccount),
))]
async fn get_account(_: Admin, state: web::Data<AppState>, id: IdPath) -> ApiResult<web::Json<UserAccount>> {
    Ok(web::Json(show(&state, id.0).await?))
}

/// Change an account; deactivating it ends its sessions and tokens.
///
/// An account that waits for approval is approved by `awaits_approval: false`, and refused by `is_active: false`.
#[utoipa::path(patch, path = "/api/admin/users/{id}/", tag = "administration", request_body = UserAccountPatch,
    responses(
    (status = 200, description = "The account", body = UserAccount),
    (status = 409, description = "No active administrator would be left, or the identity provider keeps a group"),
))]
async fn patch_account(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<UserAccount>> {
    let changes = read_changes(body.read().await?)?;
    if changes != AccountChanges::default() {
        let approves = changes.awaits_approval == Some(false);
        let action = if approves { "user.approve" } else { "user.change" };
        let mut entry = caller.audit(action, "user", id.0);
        entry.detail = Some(told(&changes));
        state
            .store
            .change_account(id.0, changes)
            .await?
            .map_err(refused)?;
        state.store.audit(entry).await?;
    }
    Ok(web::Json(show(&state, id.0).await?))
}

/// Sign an account out everywhere: its sessions end and, if asked, its tokens.
#[utoipa::path(post, path = "/api/admin/users/{id}/sign_out/", tag = "administration", request_body = SignOut,
    responses(
    (status = 200, description = "The account", body = UserAccount),
))]
async fn sign_out_account(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<UserAccount>> {
    let mut input = body.read().await?;
    let tokens = input.flag("tokens").unwrap_or(false);
    input.check()?;
    let what = pz_store::user_admin::SignOut {
        sessions: Ending::All,
        tokens,
        but_token: None,
    };
    state.store.sign_out(id.0, what).await?.map_err(refused)?;
    let mut entry = caller.audit("user.sign_out", "user", id.0);
    entry.detail = Some(json!({"tokens": tokens}));
    state.store.audit(entry).await?;
    Ok(web::Json(show(&state, id.0).await?))
}

fn read_new(mut input: Input) -> ApiResult<NewAccount> {
    let username = input.text("username", 1, USERNAME_MAX_CHARS);
    let username = input.require("username", username).unwrap_or_default();
    if !username.is_empty() && !is_username(&username) {
        input.refuse("username", format!("{USERNAME_RULE}."));
    }
    let account = NewAccount {
        username,
        first_name: input
            .text("first_name", 0, PERSON_NAME_MAX_CHARS)
            .unwrap_or_default(),
        last_name: input
            .text("last_name", 0, PERSON_NAME_MAX_CHARS)
            .unwrap_or_default(),
        email: read_email(&mut input).unwrap_or_default(),
        is_admin: input.flag("is_admin").unwrap_or(false),
        groups: input.ids("groups", GROUP_CHANGE_MAX).unwrap_or_default(),
        quota_bytes: input.nullable_integer("quota_bytes", 0..=i64::MAX).flatten(),
    };
    input.check()?;
    Ok(account)
}

fn read_changes(mut input: Input) -> ApiResult<AccountChanges> {
    let changes = AccountChanges {
        first_name: input.text("first_name", 0, PERSON_NAME_MAX_CHARS),
        last_name: input.text("last_name", 0, PERSON_NAME_MAX_CHARS),
        display_name: input.text("display_name", 1, DISPLAY_NAME_MAX_CHARS),
        email: read_email(&mut input),
        is_active: input.flag("is_active"),
        awaits_approval: input.flag("awaits_approval"),
        is_admin: input.flag("is_admin"),
        groups: input.ids("groups", GROUP_CHANGE_MAX),
        quota_bytes: input.nullable_integer("quota_bytes", 0..=i64::MAX),
    };
    input.check()?;
    Ok(changes)
}

/// Empty, or visible ASCII with one `@` inside: what every mail server takes, and nothing that could break a
/// header.
fn read_email(input: &mut Input) -> Option<String> {
    let email = input.text("email", 0, EMAIL_MAX_CHARS)?;
    let good = email.is_empty()
        || (email.bytes().all(|byte| byte.is_ascii_graphic())
            && email
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@')));
    if !good {
        input.refuse(
            "email",
            "This is no e-mail address; leave it empty or give one such as name@example.org.",
        );
        return None;
    }
    Some(email)
}

/// What the audit log says of a change: the rights as they are then, of personal data only that they changed.
fn told(changes: &AccountChanges) -> serde_json::Value {
    let mut personal = Vec::new();
    for (name, value) in [
        ("first_name", &changes.first_name),
        ("last_name", &changes.last_name),
        ("display_name", &changes.display_name),
        ("email", &changes.email),
    ] {
        if value.is_some() {
            personal.push(name);
        }
    }
    let mut told = serde_json::Map::new();
    if !personal.is_empty() {
        told.insert("changed".into(), personal.into());
    }
    for (name, value) in [
        ("is_active", changes.is_active.map(Into::into)),
        ("awaits_approval", changes.awaits_approval.map(Into::into)),
        ("is_admin", changes.is_admin.map(Into::into)),
        ("groups", changes.groups.clone().map(Into::into)),
        ("quota_bytes", changes.quota_bytes.map(|bytes| json!(bytes))),
    ] {
        if let Some(value) = value {
            told.insert(name.into(), value);
        }
    }
    told.into()
}
