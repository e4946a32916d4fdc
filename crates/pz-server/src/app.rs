//! The application, put together: routes, middleware, fallbacks.

use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, ResponseError, web};
use utoipa::openapi::OpenApi;

use crate::around::Around;
use crate::auth;
use crate::error::ApiError;
use crate::routing::{ApiRouter, Metadata};
use crate::state::AppState;
use crate::web_app::WebApp;
use crate::{
    admin, downloads, events, instance, openapi, pipelines, processes, product_contents, product_files,
    product_types, products, reference, releases, uploads, users, views,
};

/// Made once for all workers.
static METADATA: LazyLock<web::Data<Metadata>> = LazyLock::new(|| {
    web::Data::new(Metadata::new(|| {
        let document = serde_json::to_value(document()).unwrap_or_default();
        mount(ApiRouter::new()).options(&document)
    }))
});

/// The OpenAPI document of all endpoints.
pub fn document() -> OpenApi {
    let mut openapi = mount(ApiRouter::documented(openapi::frame())).into_openapi();
    crate::documentation::bodies::complete(&mut openapi);
    openapi
}

fn mount(mut router: ApiRouter) -> ApiRouter {
    instance::mount(&mut router);
    auth::routes::mount(&mut router);
    users::mount(&mut router);
    product_types::mount(&mut router);
    releases::mount(&mut router);
    products::mount(&mut router);
    product_files::mount(&mut router);
    uploads::mount(&mut router);
    product_contents::mount(&mut router);
    downloads::mount(&mut router);
    views::mount(&mut router);
    pipelines::mount(&mut router);
    processes::mount(&mut router);
    events::mount(&mut router);
    admin::mount(&mut router);
    reference::mount(&mut router);
    router
}

/// The application over this state; with the web app, unless headless.
pub fn build(
    state: AppState,
    web_app: Option<WebApp>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let around = Around::new(&state);
    App::new()
        .app_data(web::Data::new(state))
        .app_data(web::Data::new(web_app))
        .configure(|config| mount(ApiRouter::new()).configure(METADATA.clone(), config))
        .default_service(web::to(fallback))
        .wrap(from_fn(move |request, next| {
            around.clone().request(request, next)
        }))
}

/// What no endpoint takes: JSON 404 below `/api/`, the web app elsewhere.
async fn fallback(request: HttpRequest, web_app: web::Data<Option<WebApp>>) -> HttpResponse {
    let path = request.path();
    let is_api = path == "/api" || path.starts_with("/api/") || path.starts_with("/health");
    match web_app.as_ref() {
        Some(web_app) if !is_api => web_app.answer(&request),
        _ => ApiError::not_found().error_response(),
    }
}
