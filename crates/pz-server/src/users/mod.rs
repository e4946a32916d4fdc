//! Users as other users see them: names of active accounts, nothing else.

use actix_web::{HttpRequest, web};
use pz_model::api::{Page, User};
use pz_store::accounts::UserField;
use pz_store::entities::users;

use crate::auth::Caller;
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
        PathMeta { name: "User List", list: Some(&LIST), paged: true } => [list_users],
        PathMeta { name: "User Instance", list: Some(&LIST), paged: false } => [get_user],
    );
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
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such page"),
))]
async fn list_users(
    _: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Page<User>>> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(async |query| state.store.list_users(query).await, view)
        .await?;
    Ok(web::Json(page))
}

/// Get an active user.
#[utoipa::path(get, path = "/api/users/{id}/", tag = "users", params(("id" = i64, Path, description = "Id of the user")), responses(
    (status = 200, description = "The user", body = User),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such user"),
))]
async fn get_user(_: Caller, state: web::Data<AppState>, id: IdPath) -> ApiResult<web::Json<User>> {
    let user = state
        .store
        .active_user(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(user)))
}
