//! The document of the API for programs, and two pages that show it to people: one to read, without any script,
//! and one to try requests. All of it is public and comes from this server alone.

mod assets;
mod example;
pub(crate) mod fixed;
mod page;
mod shape;
mod yaml;

use std::sync::LazyLock;

use actix_web::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use crate::app;
use crate::auth::Public;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::routing::{ApiRouter, PathMeta};
use fixed::Fixed;

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Schema") => [get_schema],
        PathMeta::action("Swagger") => [get_swagger],
        PathMeta::action("Swagger File") => [get_swagger_file],
        PathMeta::action("Reference") => [get_reference],
        PathMeta::action("Reference Style") => [get_reference_style],
    );
}

/// The document in its forms, made when it is first asked for.
struct Forms {
    json: Fixed,
    yaml: Fixed,
    page: Fixed,
}

static FORMS: LazyLock<Forms> = LazyLock::new(|| {
    let openapi = app::document();
    let document = serde_json::to_value(&openapi).unwrap_or(Value::Null);
    Forms {
        json: Fixed::compressed("application/json", openapi.to_json().unwrap_or_default()),
        yaml: Fixed::compressed(YAML, yaml::document(&document)),
        page: Fixed::compressed("text/html; charset=utf-8", page::render(&document)),
    }
});

const YAML: &str = "application/vnd.oai.openapi";

/// Only what this page brings: no script at all.
const REFERENCE_POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Only from this server, and requests only to it; icons within the style sheet are data.
const SWAGGER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Get the OpenAPI document of this API.
///
/// YAML, unless `format=json` or an `Accept` header with `application/json` asks for JSON.
#[utoipa::path(get, path = "/api/schema/", tag = "instance", params(
    ("format" = inline(Option<SchemaFormat>), Query, description = "Form of the document"),
), responses(
    (status = 200, description = "The document", content(
        (String = "application/vnd.oai.openapi"),
        (Object = "application/json"),
    )),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 400, description = "`format` is neither `yaml` nor `json`"),
))]
async fn get_schema(_: Public, request: HttpRequest) -> ApiResult<HttpResponse> {
    let format = match given_format(request.query_string()).as_deref() {
        None if accepts_json(request.headers()) => SchemaFormat::Json,
        None | Some("yaml") => SchemaFormat::Yaml,
        Some("json") => SchemaFormat::Json,
        Some(_) => return Err(ApiError::parameter("format", "Give yaml or json.")),
    };
    let (fixed, name) = match format {
        SchemaFormat::Json => (&FORMS.json, "inline; filename=\"photo-z-server-api.json\""),
        SchemaFormat::Yaml => (&FORMS.yaml, "inline; filename=\"photo-z-server-api.yaml\""),
    };
    let mut response = fixed.answer(&request);
    response
        .headers_mut()
        .insert(CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// Form of the document.
#[derive(Debug, Clone, Copy, utoipa::ToSchema)]
#[schema(rename_all = "lowercase")]
enum SchemaFormat {
    Yaml,
    Json,
}

fn given_format(query: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    pairs
        .into_iter()
        .rev()
        .find(|(name, _)| name == "format")
        .map(|(_, value)| value)
}

/// JSON is asked for by its name; `*/*` leaves the choice to us.
fn accepts_json(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut names = accept.split(',').map(|item| {
        item.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    names.any(|name| name == "application/json" || name == "application/vnd.oai.openapi+json")
}

fn with_policy(mut response: HttpResponse, policy: &'static str) -> HttpResponse {
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// Show the document as a page from which requests can be tried.
#[utoipa::path(get, path = "/api/swagger/", tag = "instance", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_swagger(_: Public, request: HttpRequest) -> HttpResponse {
    with_policy(assets::PAGE.answer(&request), SWAGGER_POLICY)
}

/// Get a file of that page.
#[utoipa::path(get, path = "/api/swagger/{file}", tag = "instance", params(
    ("file" = String, Path, description = "Name of the file", example = "start.js"),
), responses(
    (status = 200, description = "The file", content(
        (String = "text/javascript"), (String = "text/css"), (Vec<u8> = "image/png"),
    )),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 404, description = "There is no such file"),
))]
async fn get_swagger_file(
    _: Public,
    file: web::Path<String>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asset = assets::ASSETS
        .get(file.as_str())
        .ok_or_else(ApiError::not_found)?;
    Ok(with_policy(asset.answer(&request), SWAGGER_POLICY))
}

/// Show the document as a page to read: every operation, parameter, body, answer and object.
#[utoipa::path(get, path = "/api/redoc/", tag = "instance", responses(
    (status = 200, description = "The page", content_type = "text/html", body = String),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_reference(_: Public, request: HttpRequest) -> HttpResponse {
    with_policy(FORMS.page.answer(&request), REFERENCE_POLICY)
}

/// Get the style sheet of that page.
#[utoipa::path(get, path = "/api/redoc/style.css", tag = "instance", responses(
    (status = 200, description = "The style sheet", content_type = "text/css", body = String),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_reference_style(_: Public, request: HttpRequest) -> HttpResponse {
    static STYLE: LazyLock<Fixed> =
        LazyLock::new(|| Fixed::compressed("text/css; charset=utf-8", include_str!("style.css")));
    with_policy(STYLE.answer(&request), REFERENCE_POLICY)
}
