//! The application, put together: routes, middleware, fallbacks.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::{Next, NormalizePath, TrailingSlash, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, ResponseError, web};

use crate::auth;
use crate::error::ApiError;
use crate::logging::request_log;
use crate::routing::ApiRouter;
use crate::state::AppState;
use crate::web_app::WebApp;
use crate::{
    admin, cache, downloads, events, instance, openapi, pipelines, processes, product_contents,
    product_files, product_types, products, reference, releases, uploads, users, views,
};

/// All endpoints of the service.
pub fn router() -> ApiRouter {
    let mut router = ApiRouter::new(openapi::frame());
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
    crate::documentation::bodies::complete(&mut router.openapi);
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
    let content_security_policy = content_security_policy(state.settings.view_origin.as_deref());
    App::new()
        .app_data(web::Data::new(state))
        .app_data(web::Data::new(web_app))
        .configure(|config| router().configure(config))
        .default_service(web::to(fallback))
        // From the inside out: the last one wrapped sees the request first.
        .wrap(from_fn(move |request, next| security_headers(content_security_policy.clone(), request, next)))
        .wrap(from_fn(cache::forget_after_changes))
        .wrap(from_fn(request_log))
        // The Python library asks for `/api//products/`; slashes at the end stay as they are.
        .wrap(NormalizePath::new(TrailingSlash::MergeOnly))
}

/// No inline scripts or styles, nothing from elsewhere, never inside a frame; frames only of files that are
/// shown, which may come from an origin of their own.
fn content_security_policy(view_origin: Option<&str>) -> HeaderValue {
    const BEFORE_FRAMES: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
        style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; frame-src 'self'";
    const AFTER_FRAMES: &str = "frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
    let view_origin = view_origin.map(|origin| format!(" {origin}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{BEFORE_FRAMES}{view_origin}; {AFTER_FRAMES}"))
        // Settings are checked before; a policy that cannot be sent forbids everything.
        .unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

async fn security_headers<B: MessageBody>(
    content_security_policy: HeaderValue,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let is_api = request.path().starts_with("/api/");
    let is_upload = request.path().starts_with(uploads::PATH);
    let method = request.method().clone();
    let max_bytes = request
        .app_data::<web::Data<AppState>>()
        .map_or(0, |state| state.settings.upload_max_bytes);
    let mut response = next.call(request).await?;
    if is_upload {
        uploads::announce(&method, response.status(), max_bytes, response.headers_mut());
    }
    let headers = response.headers_mut();
    // The older header for what `frame-ancestors` says: an answer that says it itself may be framed.
    let names_ancestors = headers
        .get(header::CONTENT_SECURITY_POLICY)
        .is_some_and(|policy| policy.to_str().is_ok_and(|text| text.contains("frame-ancestors")));
    if !names_ancestors {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    let mut set = |name, value| {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    set(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    set(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    set(header::CONTENT_SECURITY_POLICY, content_security_policy);
    if is_api {
        // Answers depend on who asks.
        set(
            header::VARY,
            HeaderValue::from_static("Accept, Authorization, Cookie, Origin"),
        );
        set(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
    }
    Ok(response)
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
