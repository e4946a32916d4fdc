//! The instance itself: API root, public configuration, environment, health.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use pz_model::api::{AuthMethods, InstanceConfig, InstanceLimits, InstanceLinks, WhichEnvironment};
use serde_json::json;

use crate::auth::{Caller, Public};
use crate::endpoints;
use crate::error::ApiResult;
use crate::openapi::VERSION;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

/// Environment names that mean "not for use".
const DEV_ENVIRONMENTS: [&str; 5] = ["Development", "development", "dev", "Staging", "Homolog"];

pub(crate) fn mount(router: &mut ApiRouter) {
    const fn path(name: &'static str) -> PathMeta {
        PathMeta {
            name,
            list: None,
            paged: false,
        }
    }
    endpoints!(router;
        path("Api Root") => [api_root],
        path("Config") => [get_config],
        path("Which Environment") => [which_environment],
        path("Live") => [live],
        path("Ready") => [ready],
    );
}

/// List the resources of the API; clients use it to check their token.
#[utoipa::path(get, path = "/api/", tag = "instance", responses(
    (status = 200, description = "Addresses of the resources", body = std::collections::BTreeMap<String, String>),
    (status = 401, description = "No or bad credentials"),
))]
async fn api_root(_: Caller, state: web::Data<AppState>) -> HttpResponse {
    let base = state
        .settings
        .public_url
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('/');
    let link = |name: &str| format!("{base}/api/{name}/");
    HttpResponse::Ok().json(json!({
        "users": link("users"),
        "releases": link("releases"),
        "product-types": link("product-types"),
        "products": link("products"),
        "product-contents": link("product-contents"),
        "product-files": link("product-files"),
        "pipelines": link("pipelines"),
    }))
}

/// Get the public configuration of the instance.
#[utoipa::path(get, path = "/api/config/", tag = "instance", responses(
    (status = 200, description = "The configuration", body = InstanceConfig),
))]
async fn get_config(_: Public, state: web::Data<AppState>) -> web::Json<InstanceConfig> {
    let settings = &state.settings;
    web::Json(InstanceConfig {
        instance_name: settings.instance_name.clone(),
        version: VERSION.to_owned(),
        environment_name: settings.environment.clone(),
        is_dev: DEV_ENVIRONMENTS.contains(&settings.environment.as_str()),
        auth: AuthMethods {
            password: settings.sessions_allowed(),
        },
        links: InstanceLinks {
            manual: settings.link_manual.clone(),
            issues: settings.link_issues.clone(),
            source_code: settings.link_source_code.clone(),
            contact_email: settings.contact_email.clone(),
            production: settings.link_production.clone(),
        },
        limits: InstanceLimits {
            upload_max_bytes: settings.upload_max_bytes,
        },
    })
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
