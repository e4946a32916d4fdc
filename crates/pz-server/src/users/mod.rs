//! Users as other users see them: names of active accounts, nothing else; and one's own account.

mod password;

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::{Page, User, UserAccount};
use pz_store::accounts::UserField;
use pz_store::entities::users;

use crate::admin::account_view;
use crate::auth::Caller;
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::{DEFAULT_PAGE_SIZE, ListSpec};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

/// OPTIONS names no filters here, as existing clients expect.
static LIST: ListSpec<UserField> = ListSpec {
    filters: &[],
    describes_classes: false,
    search_names: &[],
    search_fields: &[],
    ordering: &[
        ("username", UserField::Username),
        ("first_name", UserField::FirstName),
        ("last_name", UserField::LastName),
    ],
    describes_ordering: false,
    default_order: &[(UserField::Username, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("User List", &LIST) => [list_users],
        PathMeta::instance("User Instance", &LIST) => [get_user],
        PathMeta::action("Own Account") => [own_account],
    );
    password::mount(router);
}

fn view(user: users::Model) -> User {
    User {
        username: user.username,
        first_name: user.first_name,
        last_name: user.last_name,
        display_name: Some(user.display_name),
    }
}

/// List active users.
#[utoipa::path(get, path = "/api/users/", tag = "users", responses(
    (status = 200, description = "A page of users", body = Page<User>),
))]
async fn list_users(_: Caller, state: web::Data<AppState>, request: HttpRequest) -> ApiResult<HttpResponse> {
    cache::answer(&state, None, &request, async || {
        let asked = LIST.read(&request)?;
        asked
            .fetch(async |query| state.store.list_users(query).await, view)
            .await
    })
    .await
}

/// Get an active user.
#[utoipa::path(get, path = "/api/users/{id}/", tag = "users", responses(
    (status = 200, description = "The user", body = User),
))]
async fn get_user(_: Caller, state: web::Data<AppState>, id: IdPath) -> ApiResult<web::Json<User>> {
    let user = state
        .store
        .active_user(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(user)))
}

/// Get the caller's own account: names, groups, quota and use.
#[utoipa::path(get, path = "/api/account/", tag = "users", responses(
    (status = 200, description = "The account", body = UserAccount),
))]
async fn own_account(caller: Caller, state: web::Data<AppState>) -> ApiResult<web::Json<UserAccount>> {
    let detail = state
        .store
        .account_detail(caller.account.id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(account_view(detail)))
}
