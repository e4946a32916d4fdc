//! The instance itself: API root, public configuration, environment, health.

mod config;
mod file;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::{ApiRoot, InstanceConfig, WhichEnvironment};
use serde_json::json;

use crate::auth::{Caller, Public};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::reference::fixed::Fixed;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

pub(crate) use file::InstanceTexts;

/// Environment names that mean "not for use".
const DEV_ENVIRONMENTS: [&str; 5] = ["Development", "development", "dev", "Staging", "Homolog"];

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Api Root") => [api_root],
        PathMeta::action("Config") => [get_config],
        PathMeta::action("Logo") => [get_logo],
        PathMeta::action("Which Environment") => [which_environment],
        PathMeta::action("Live") => [live],
        PathMeta::action("Ready") => [ready],
    );
}

/// List the resources of the API; clients use it to check their token.
#[utoipa::path(get, path = "/api/", tag = "instance", responses(
    (status = 200, description = "Addresses of the resources", body = ApiRoot),
))]
async fn api_root(_: Caller, state: web::Data<AppState>) -> web::Json<ApiRoot> {
    let base = state
        .settings
        .public_url
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('/');
    let link = |name: &str| format!("{base}/api/{name}/");
    web::Json(ApiRoot {
        users: link("users"),
        releases: link("releases"),
        product_types: link("product-types"),
        products: link("products"),
        products_specz: link("products-specz"),
        product_contents: link("product-contents"),
        product_files: link("product-files"),
        pipelines: link("pipelines"),
        processes: link("processes"),
    })
}

/// Get the public configuration of the instance.
#[utoipa::path(get, path = "/api/config/", tag = "instance", responses(
    (status = 200, description = "The configuration; it has an ETag and stays the same while the service runs", body = InstanceConfig),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_config(_: Public, state: web::Data<AppState>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let body = serde_json::to_vec(&config::public(&state)).map_err(ApiError::internal)?;
    Ok(Fixed::new("application/json", body).answer(&request))
}

/// Get the logo of a partner.
#[utoipa::path(get, path = "/api/config/logos/{id}/", tag = "instance", responses(
    (status = 200, description = "The image", content_type = "image/svg+xml", body = Vec<u8>),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_logo(
    _: Public,
    state: web::Data<AppState>,
    id: IdPath,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let logo = usize::try_from(id.0)
        .ok()
        .and_then(|number| state.instance.logos.get(number.checked_sub(1)?))
        .ok_or_else(ApiError::not_found)?;
    let mut response = Fixed::new(logo.content_type, logo.bytes.to_vec()).answer(&request);
    // An image, whatever is written in it: opened by itself it runs nothing.
    response.headers_mut().insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    );
    Ok(response)
}

/// Tell whether this is a test instance.
#[utoipa::path(get, path = "/which_environment/", tag = "instance", responses(
    (status = 200, description = "The environment", body = WhichEnvironment),
))]
async fn which_environment(_: Public, state: web::Data<AppState>) -> web::Json<WhichEnvironment> {
    let name = state.settings.environment.clone();
    web::Json(WhichEnvironment {
        is_dev: DEV_ENVIRONMENTS.contains(&name.as_str()),
        enviroment_name: name,
    })
}

/// Tell that the process runs.
#[utoipa::path(get, path = "/health/live", tag = "instance", responses(
    (status = 200, description = "It runs"),
))]
async fn live(_: Public) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({"status": "ok"}))
}

/// Tell whether requests can be answered: the database answers and the blob directory is there.
#[utoipa::path(get, path = "/health/ready", tag = "instance", responses(
    (status = 200, description = "Ready"),
    (status = 503, description = "Not ready; the log says why"),
))]
async fn ready(_: Public, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let database = state.store.ping().await;
    let blobs = fs_err::metadata(state.settings.blob_dir());
    let mut response = match (&database, &blobs) {
        (Ok(()), Ok(_)) => HttpResponse::Ok(),
        _ => {
            tracing::error!(?database, ?blobs, "not ready");
            HttpResponse::ServiceUnavailable()
        }
    };
    let word = |good: bool| if good { "ok" } else { "failed" };
    Ok(response
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(json!({"database": word(database.is_ok()), "blobs": word(blobs.is_ok())})))
}
