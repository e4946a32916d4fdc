//! Routes, their policies and their documentation, said once.
//!
//! A handler's first argument is its policy: the type that says who may call it. [`ApiRouter::add`] takes
//! no handler without one. The same call adds the operation to the OpenAPI document, so router and
//! document cannot differ. Every path answers OPTIONS with its metadata, HEAD as GET, and other methods
//! with 405 and `Allow`.

use std::collections::BTreeMap;

use actix_web::dev::Handler;
use actix_web::http::header::ALLOW;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, Route, guard, web};
use pz_model::ErrorCode;
use serde_json::{Map, Value, json};
use utoipa::openapi::path::HttpMethod;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::filters::ListMeta;

/// Says who may call a handler; see `auth` for the policies there are.
pub trait Policy: FromRequest {}

/// Makes a type a policy: how to get it from a request, or the answer that refuses the caller.
#[macro_export]
macro_rules! policy {
    ($policy:ty, $from_request:expr) => {
        impl actix_web::FromRequest for $policy {
            type Error = $crate::error::ApiError;
            type Future = futures_util::future::LocalBoxFuture<'static, $crate::error::ApiResult<Self>>;

            fn from_request(
                request: &actix_web::HttpRequest,
                _: &mut actix_web::dev::Payload,
            ) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { $from_request(&request).await })
            }
        }

        impl $crate::routing::Policy for $policy {}
    };
}

/// Argument lists whose first argument is a policy.
pub trait Guarded {}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<P: Policy, $($argument),*> Guarded for (P, $($argument,)*) {}
    };
}
guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);
guarded!(A B C D);
guarded!(A B C D E);

/// What OPTIONS says of a path besides its filters.
#[derive(Clone, Copy)]
pub struct PathMeta {
    /// `Product List`, `Product Instance`, or an action's title.
    pub name: &'static str,
    /// The list whose filters, search and order apply.
    pub list: Option<&'static dyn ListMeta>,
    /// GET on the path answers a page of that list, so its query parameters are documented.
    pub paged: bool,
}

struct Endpoint {
    meta: PathMeta,
    routes: Vec<(Method, Route)>,
}

/// Collects endpoints for actix-web and for the OpenAPI document.
pub struct ApiRouter {
    endpoints: BTreeMap<String, Endpoint>,
    /// The document so far.
    pub openapi: utoipa::openapi::OpenApi,
}

impl ApiRouter {
    /// Starts from the document's frame.
    pub fn new(openapi: utoipa::openapi::OpenApi) -> Self {
        Self {
            endpoints: BTreeMap::new(),
            openapi,
        }
    }

    /// Adds a handler; method, path and documentation come from its `#[utoipa::path]`. Use `endpoints!`.
    pub fn add<P, F, Args>(&mut self, meta: PathMeta, handler: &F)
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences,
        F: Handler<Args>,
        Args: FromRequest + Guarded + 'static,
        F::Output: Responder + 'static,
    {
        let path = P::path();
        let methods = P::methods();
        let endpoint = self.endpoints.entry(path.clone()).or_insert_with(|| Endpoint {
            meta,
            routes: Vec::new(),
        });
        for method in &methods {
            endpoint
                .routes
                .push((http_method(method), web::to(handler.clone())));
        }
        let mut operation = P::operation();
        if meta.paged
            && methods.contains(&HttpMethod::Get)
            && let Some(list) = meta.list
        {
            operation
                .parameters
                .get_or_insert_default()
                .extend(list.parameters().into_iter().map(utoipa::openapi::RefOr::T));
        }
        self.openapi.paths.add_path_operation(path, methods, operation);
        let mut schemas = Vec::new();
        P::schemas(&mut schemas);
        let components = self.openapi.components.get_or_insert_default();
        components.schemas.extend(schemas);
    }

    /// Hands the endpoints to actix-web.
    pub fn configure(self, config: &mut web::ServiceConfig) {
        for (path, endpoint) in self.endpoints {
            let mut allowed: Vec<Method> = endpoint.routes.iter().map(|(method, _)| method.clone()).collect();
            if allowed.contains(&Method::GET) {
                allowed.push(Method::HEAD);
            }
            allowed.push(Method::OPTIONS);
            let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
            let mut resource = web::resource(path);
            for (method, route) in endpoint.routes {
                let route = if method == Method::GET {
                    route.guard(guard::Any(guard::Get()).or(guard::Head()))
                } else {
                    route.method(method)
                };
                resource = resource.route(route);
            }
            let meta = endpoint.meta;
            let options_allow = allow.clone();
            resource = resource.route(web::route().method(Method::OPTIONS).to(move |caller: Caller| {
                let allow = options_allow.clone();
                async move {
                    let _ = caller;
                    HttpResponse::Ok()
                        .insert_header((ALLOW, allow))
                        .json(options_body(&meta))
                }
            }));
            config.service(resource.default_service(web::to(move |_: HttpRequest| {
                let allow = allow.clone();
                async move {
                    let error = ApiError::detail(
                        StatusCode::METHOD_NOT_ALLOWED,
                        ErrorCode::MethodNotAllowed,
                        format!("This method is not offered here; {allow} are."),
                    );
                    let mut response = actix_web::ResponseError::error_response(&error);
                    if let Ok(value) = allow.parse() {
                        response.headers_mut().insert(ALLOW, value);
                    }
                    response
                }
            })));
        }
    }
}

/// Adds handlers to a router, each with what OPTIONS says of its path.
#[macro_export]
macro_rules! endpoints {
    ($router:expr; $($meta:expr => [$($handler:ident),+ $(,)?]),+ $(,)?) => {
        $($($crate::routing::pastey::paste! {
            $router.add::<[<__path_ $handler>], _, _>($meta, &$handler);
        })+)+
    };
}
pub use pastey;

fn http_method(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

fn options_body(meta: &PathMeta) -> Value {
    let mut body = Map::new();
    body.insert("name".into(), meta.name.into());
    body.insert("description".into(), "".into());
    body.insert("renders".into(), json!(["application/json", "text/html"]));
    body.insert(
        "parses".into(),
        json!([
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data"
        ]),
    );
    if let Some(list) = meta.list {
        list.describe(&mut body);
    }
    Value::Object(body)
}

/// The `{id}` of a path; what is no 64-bit integer names nothing and is 404.
#[derive(Debug, Clone, Copy)]
pub struct IdPath(pub i64);

impl IdPath {
    /// The id in the path of a request.
    ///
    /// # Errors
    /// 404.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let text = request.match_info().get("id").unwrap_or_default();
        // Digits only: `+7` and ` 7` are other paths.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ApiError::not_found());
        }
        text.parse().map(Self).map_err(|_| ApiError::not_found())
    }
}

impl FromRequest for IdPath {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}
