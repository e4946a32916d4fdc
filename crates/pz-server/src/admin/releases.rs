//! Releases: all of them, with where their data sets are.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{AdminRelease, NewRelease, Page, ReleasePatch};
use pz_store::Viewer;
use pz_store::list::{ListCondition, ListQuery};
use pz_store::releases::{ReleaseChanges, ReleaseField, ReleaseRemoval, ReleaseWithGroups};
use serde_json::json;

use super::{release_input, taken};
use crate::auth::Admin;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::json_body::JsonBody;
use crate::releases::{LIST, view as public_view};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Release List", &LIST) => [list_all_releases, create_release],
        PathMeta::instance("Release Instance", &LIST) => [get_any_release, patch_release, delete_release],
    );
}

fn view((row, product_count): (ReleaseWithGroups, i64)) -> AdminRelease {
    AdminRelease {
        datasets_location: row.release.datasets_location.clone(),
        product_count,
        release: public_view(row),
    }
}

async fn show(state: &AppState, viewer: Viewer, id: i64) -> ApiResult<AdminRelease> {
    let query = ListQuery {
        conditions: vec![ListCondition::NumberIn(ReleaseField::Id, vec![id])],
        ..ListQuery::default()
    };
    let (_, mut rows) = state.store.list_releases_with_use(viewer, &query).await?;
    rows.pop().map(view).ok_or_else(ApiError::not_found)
}

/// List all releases, newest first.
#[utoipa::path(get, path = "/api/admin/releases/", tag = "administration", responses(
    (status = 200, description = "A page of releases", body = Page<AdminRelease>),
))]
async fn list_all_releases(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(
            async |query| state.store.list_releases_with_use(caller.viewer(), query).await,
            view,
        )
        .await?;
    etag::json(&request, &page)
}

/// Make a release.
#[utoipa::path(post, path = "/api/admin/releases/", tag = "administration", request_body = NewRelease, responses(
    (status = 201, description = "The release", body = AdminRelease),
))]
async fn create_release(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    body: JsonBody,
) -> ApiResult<HttpResponse> {
    let release = release_input::read_new(&state, body.read().await?).await?;
    let detail =
        json!({"name": release.name, "is_public": release.is_public, "access_groups": release.access_groups});
    let id = state
        .store
        .add_release(release)
        .await
        .map_err(|error| taken(error, &["display_name", "name"]))?
        .id;
    let mut entry = caller.audit("release.create", "release", id);
    entry.detail = Some(detail);
    state.store.audit(entry).await?;
    Ok(HttpResponse::Created().json(show(&state, caller.viewer(), id).await?))
}

/// Get a release with where its data sets are.
#[utoipa::path(get, path = "/api/admin/releases/{id}/", tag = "administration", responses(
    (status = 200, description = "The release", body = AdminRelease),
))]
async fn get_any_release(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
) -> ApiResult<web::Json<AdminRelease>> {
    Ok(web::Json(show(&state, caller.viewer(), id.0).await?))
}

/// Change a release.
#[utoipa::path(patch, path = "/api/admin/releases/{id}/", tag = "administration", request_body = ReleasePatch,
    responses(
    (status = 200, description = "The release", body = AdminRelease),
))]
async fn patch_release(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<AdminRelease>> {
    let changes = release_input::read_changes(&state, body.read().await?).await?;
    if changes != ReleaseChanges::default() {
        let detail = json!({"is_public": changes.is_public, "access_groups": changes.access_groups});
        let changed = state
            .store
            .change_release(id.0, changes)
            .await
            .map_err(|error| taken(error, &["display_name", "name"]))?;
        if !changed {
            return Err(ApiError::not_found());
        }
        let mut entry = caller.audit("release.change", "release", id.0);
        entry.detail = Some(detail);
        state.store.audit(entry).await?;
    }
    Ok(web::Json(show(&state, caller.viewer(), id.0).await?))
}

/// Remove a release that no product and no process names.
#[utoipa::path(delete, path = "/api/admin/releases/{id}/", tag = "administration", responses(
    (status = 204, description = "Removed"),
    (status = 409, description = "Products or processes name it"),
))]
async fn delete_release(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
) -> ApiResult<HttpResponse> {
    match state.store.delete_release(id.0).await? {
        ReleaseRemoval::Removed => {}
        ReleaseRemoval::Missing => return Err(ApiError::not_found()),
        ReleaseRemoval::InUse(uses) => {
            return Err(ApiError::detail(
                StatusCode::CONFLICT,
                ErrorCode::StillInUse,
                format!(
                    "{uses} product(s) or process(es) name this release, deleted ones included; it has to stay."
                ),
            ));
        }
    }
    state
        .store
        .audit(caller.audit("release.delete", "release", id.0))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
