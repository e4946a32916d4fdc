//! Data releases that the caller may see.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::{NamedOption, Page, Release};
use pz_store::releases::{ReleaseField, ReleaseWithGroups};
use serde_json::Value;

use crate::auth::Caller;
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::routing::{ApiRouter, IdPath, Metadata, PathMeta};
use crate::state::AppState;

/// What lists of releases can be asked.
pub(crate) static LIST: ListSpec<ReleaseField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(ReleaseField::Id),
        },
        Filter {
            name: "name",
            kind: FilterKind::Text(ReleaseField::Name),
        },
    ],
    describes_classes: false,
    search_names: &["display_name", "description"],
    search_fields: &[ReleaseField::TextSearch],
    ordering: &[
        ("id", ReleaseField::Id),
        ("name", ReleaseField::Name),
        ("display_name", ReleaseField::DisplayName),
        ("created_at", ReleaseField::CreatedAt),
    ],
    describes_ordering: false,
    default_order: &[(ReleaseField::CreatedAt, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Release List", &LIST) => [list_releases],
        PathMeta::instance("Release Instance", &LIST) => [get_release],
        PathMeta::instance("Api Schema", &LIST) => [release_api_schema],
    );
}

fn options(value: Option<Value>) -> Option<Vec<NamedOption>> {
    value.and_then(|value| serde_json::from_value(value).ok())
}

/// A release as everybody who may see it sees it.
pub(crate) fn view(row: ReleaseWithGroups) -> Release {
    let ReleaseWithGroups {
        release,
        access_groups,
    } = row;
    Release {
        id: release.id,
        name: release.name,
        display_name: release.display_name,
        description: release.description,
        created_at: Timestamp::from(release.created_at),
        indexing_column: release.indexing_column,
        has_mag_hats: release.has_mag_hats,
        has_flux_hats: release.has_flux_hats,
        dereddening: options(release.dereddening),
        fluxes: options(release.fluxes),
        mag_zero_point: release.mag_zero_point,
        flux_pattern: release.flux_pattern,
        flux_err_pattern: release.flux_err_pattern,
        mag_pattern: release.mag_pattern,
        mag_err_pattern: release.mag_err_pattern,
        is_public: release.is_public,
        access_groups,
    }
}

/// List the releases that the caller may see, newest first.
#[utoipa::path(get, path = "/api/releases/", tag = "releases", responses(
    (status = 200, description = "A page of releases", body = Page<Release>),
))]
async fn list_releases(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, Some(caller.viewer()), &request, async || {
        let asked = LIST.read(&request)?;
        asked
            .fetch(
                async |query| state.store.list_releases(caller.viewer(), query).await,
                view,
            )
            .await
    })
    .await
}

/// Get a release that the caller may see.
#[utoipa::path(get, path = "/api/releases/{id}/", tag = "releases", responses(
    (status = 200, description = "The release", body = Release),
))]
async fn get_release(
    caller: Caller,
    state: web::Data<AppState>,
    id: IdPath,
) -> ApiResult<web::Json<Release>> {
    let row = state
        .store
        .release(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(row)))
}

/// Get what OPTIONS says of the release.
#[utoipa::path(get, path = "/api/releases/{id}/api_schema/", tag = "releases", responses(
    (status = 200, description = "Name, encodings, filters and fields", body = Object),
))]
async fn release_api_schema(
    caller: Caller,
    state: web::Data<AppState>,
    id: IdPath,
    metadata: web::Data<Metadata>,
    request: HttpRequest,
) -> ApiResult<web::Json<Value>> {
    state
        .store
        .release(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(metadata.of_instance(&request).await))
}
