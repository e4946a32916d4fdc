//! Routes, their policies and their documentation, said once.
//!
//! A handler's first argument is its policy: the type that says who may call it. [`ApiRouter::add`] takes
//! no handler without one. The same call adds the operation to the OpenAPI document, so router and
//! document cannot differ. Every path answers OPTIONS with its metadata, HEAD as GET, and other methods
//! with 405 and `Allow`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::dev::Handler;
use actix_web::http::header::ALLOW;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, HttpResponse, Resource, Responder, Route, guard, web};
use futures_util::future::LocalBoxFuture;
use pz_model::ErrorCode;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{HttpMethod, Operation};

use crate::auth::Caller;
use crate::documentation::{self, Access, Argument};
use crate::error::ApiError;
use crate::filters::ListMeta;
use crate::options;

/// Says who may call a handler; see `auth` for the policies there are.
pub trait Policy: FromRequest {
    /// What the documentation says of it.
    const ACCESS: Access;
}

/// Makes a type a policy: how to get it from a request, or the answer that refuses the caller; and what the
/// documentation says of it.
#[macro_export]
macro_rules! policy {
    ($policy:ty, $from_request:expr, $access:expr) => {
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

        impl $crate::routing::Policy for $policy {
            const ACCESS: $crate::documentation::Access = {
                use $crate::documentation::Access;
                $access
            };
        }
    };
}

/// Argument lists whose first argument is a policy.
pub trait Guarded {
    /// What the policy says of itself.
    const ACCESS: Access;

    /// Adds what follows from policy and arguments to the documentation.
    fn document(operation: &mut Operation);

    /// Whether the caller of this request may call the handler.
    fn allows(request: HttpRequest) -> LocalBoxFuture<'static, bool>;
}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<P: Policy + 'static, $($argument: Argument),*> Guarded for (P, $($argument,)*) {
            const ACCESS: Access = P::ACCESS;

            fn document(operation: &mut Operation) {
                P::ACCESS.document(operation);
                $($argument::document(operation);)*
            }

            fn allows(request: HttpRequest) -> LocalBoxFuture<'static, bool> {
                Box::pin(async move { P::extract(&request).await.is_ok() })
            }
        }
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
    /// GET on the path answers what matches in that list, so the query parameters of its filters are documented.
    pub filtered: bool,
    /// What OPTIONS says beside the name; usually nothing.
    pub description: &'static str,
    /// OPTIONS names multipart bodies first.
    pub multipart_first: bool,
}

impl PathMeta {
    /// An action or a single resource without a list.
    pub const fn action(name: &'static str) -> Self {
        Self {
            name,
            list: None,
            paged: false,
            filtered: false,
            description: "",
            multipart_first: false,
        }
    }

    /// The path of a list.
    pub const fn list(name: &'static str, list: &'static dyn ListMeta) -> Self {
        Self {
            list: Some(list),
            paged: true,
            ..Self::action(name)
        }
    }

    /// A path that sums up what matches in a list.
    pub const fn summary(name: &'static str, list: &'static dyn ListMeta) -> Self {
        Self {
            list: Some(list),
            filtered: true,
            ..Self::action(name)
        }
    }

    /// One object of a list, or an action on it: OPTIONS says the filters of the list there, too.
    pub const fn instance(name: &'static str, list: &'static dyn ListMeta) -> Self {
        Self {
            list: Some(list),
            ..Self::action(name)
        }
    }
}

/// What OPTIONS says of each path, made when it is first asked for.
pub(crate) struct Metadata(LazyLock<OptionsByPath>);

/// What OPTIONS says, by path.
pub(crate) type OptionsByPath = BTreeMap<String, OptionsOfPath>;

impl Metadata {
    pub(crate) const fn new(make: fn() -> OptionsByPath) -> Self {
        Self(LazyLock::new(make))
    }

    async fn of_path(&self, path: &str, request: &HttpRequest) -> Value {
        match self.0.get(path) {
            Some(options) => options.body(request).await,
            None => Value::Null,
        }
    }

    /// What OPTIONS says of an object, to the caller of this request to its `api_schema/`.
    pub(crate) async fn of_instance(&self, request: &HttpRequest) -> Value {
        let pattern = request.match_pattern().unwrap_or_default();
        self.of_path(pattern.trim_end_matches("api_schema/"), request)
            .await
    }
}

/// What OPTIONS says of one path.
pub(crate) struct OptionsOfPath {
    body: Map<String, Value>,
    /// Who sees the fields of which method.
    actions: Vec<(Method, Allows, Map<String, Value>)>,
}

impl OptionsOfPath {
    async fn body(&self, request: &HttpRequest) -> Value {
        let mut body = self.body.clone();
        let mut actions = Map::new();
        for (method, allows, fields) in &self.actions {
            if allows(request.clone()).await {
                actions.insert(method.to_string(), Value::Object(fields.clone()));
            }
        }
        if !actions.is_empty() {
            body.insert("actions".into(), Value::Object(actions));
        }
        Value::Object(body)
    }
}

struct Endpoint {
    meta: PathMeta,
    routes: Vec<(Method, Route)>,
    /// Who may POST to a list or PUT an object: OPTIONS shows them the fields.
    writers: Vec<(Method, Allows)>,
}

type Allows = fn(HttpRequest) -> LocalBoxFuture<'static, bool>;

/// Collects endpoints for actix-web and, when it was begun with one, for the OpenAPI document.
pub struct ApiRouter {
    endpoints: BTreeMap<String, Endpoint>,
    openapi: Option<OpenApi>,
}

impl ApiRouter {
    /// For routes only: each worker has its own, and the document is large.
    pub(crate) fn new() -> Self {
        Self {
            endpoints: BTreeMap::new(),
            openapi: None,
        }
    }

    /// For the document as well; starts from its frame.
    pub(crate) fn documented(frame: OpenApi) -> Self {
        Self {
            endpoints: BTreeMap::new(),
            openapi: Some(frame),
        }
    }

    /// Adds a handler; method, path and documentation come from its `#[utoipa::path]`. Use `endpoints!`.
    pub fn add<P, F, Args>(&mut self, meta: PathMeta, handler: &F)
    where
        P: utoipa::Path + utoipa::__dev::SchemaReferences + utoipa::__dev::Tags<'static>,
        F: Handler<Args>,
        Args: FromRequest + Guarded + 'static,
        F::Output: Responder + 'static,
    {
        let path = P::path();
        let methods = P::methods();
        let endpoint = self.endpoints.entry(path.clone()).or_insert_with(|| Endpoint {
            meta,
            routes: Vec::new(),
            writers: Vec::new(),
        });
        for method in &methods {
            let method = http_method(method);
            endpoint.routes.push((method.clone(), web::to(handler.clone())));
            if method == Method::POST || method == Method::PUT {
                endpoint.writers.push((method, Args::allows));
            }
        }
        let Some(openapi) = &mut self.openapi else {
            return;
        };
        let mut operation = P::operation();
        operation.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
        Args::document(&mut operation);
        documentation::add_path_parameters(&mut operation, &path, Args::ACCESS);
        if (meta.paged || meta.filtered)
            && methods.contains(&HttpMethod::Get)
            && let Some(list) = meta.list
        {
            let parameters = if meta.paged {
                list.parameters()
            } else {
                list.filter_parameters()
            };
            operation
                .parameters
                .get_or_insert_default()
                .extend(parameters.into_iter().map(utoipa::openapi::RefOr::T));
            let refused = "A filter has a value that it cannot have; the answer names it";
            documentation::add_response(&mut operation, 400, refused);
            if meta.paged {
                documentation::add_response(&mut operation, 404, "No such page");
                documentation::add_response(&mut operation, 304, "Not changed since the ETag given");
            }
        }
        documentation::complete_parameters(&mut operation);
        if !path.starts_with("/health/") {
            documentation::complete_errors(&mut operation);
        }
        openapi.paths.add_path_operation(path, methods, operation);
        let mut schemas = Vec::new();
        P::schemas(&mut schemas);
        let components = openapi.components.get_or_insert_default();
        components.schemas.extend(schemas);
    }

    /// The document; without operations unless the router was begun for it.
    pub(crate) fn into_openapi(self) -> OpenApi {
        self.openapi.unwrap_or_default()
    }

    /// What OPTIONS says of each path, by this document.
    pub(crate) fn options(&self, document: &Value) -> OptionsByPath {
        let of_path = |(path, endpoint): (&String, &Endpoint)| {
            let action = |(method, allows): &(Method, Allows)| {
                let fields = options::fields(document, path, &method.as_str().to_lowercase())?;
                Some((method.clone(), *allows, fields))
            };
            let options = OptionsOfPath {
                body: options::body(&endpoint.meta),
                actions: endpoint.writers.iter().filter_map(action).collect(),
            };
            (path.clone(), options)
        };
        self.endpoints.iter().map(of_path).collect()
    }

    /// Hands the endpoints to actix-web, those below one resource together: finding one takes a few comparisons of
    /// names, not one attempt per path.
    pub(crate) fn configure(self, metadata: web::Data<Metadata>, config: &mut web::ServiceConfig) {
        let mut scopes: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
        for (path, endpoint) in self.endpoints {
            let (scope, rest) = split_scope(&path);
            let resource = resource(&path, rest, endpoint);
            scopes.entry(scope.to_owned()).or_default().push(resource);
        }
        for (scope, resources) in scopes {
            if scope.is_empty() {
                for resource in resources {
                    config.service(resource);
                }
            } else {
                let services = resources
                    .into_iter()
                    .fold(web::scope(&scope), |scope, resource| scope.service(resource));
                config.service(services);
            }
        }
        config.app_data(metadata);
    }
}

/// `/api/products/{id}/` → (`/api/products`, `/{id}/`); what has no second name stays whole.
fn split_scope(path: &str) -> (&str, &str) {
    let second = path.match_indices('/').nth(2).map(|(at, _)| at);
    match second {
        Some(at) if !path[..at].contains('{') => path.split_at(at),
        _ => ("", path),
    }
}

/// A path with its methods: HEAD as GET, OPTIONS with the metadata, 405 for the rest. `rest` is the path within its
/// scope.
fn resource(path: &str, rest: &str, endpoint: Endpoint) -> Resource {
    let mut allowed: Vec<Method> = endpoint.routes.iter().map(|(method, _)| method.clone()).collect();
    if allowed.contains(&Method::GET) {
        allowed.push(Method::HEAD);
    }
    allowed.push(Method::OPTIONS);
    let allow = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let mut resource = web::resource(rest);
    for (method, route) in endpoint.routes {
        let route = if method == Method::GET {
            route.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            route.method(method)
        };
        resource = resource.route(route);
    }
    let (path, options_allow) = (path.to_owned(), allow.clone());
    let answer = move |_: Caller, metadata: web::Data<Metadata>, request: HttpRequest| {
        let (allow, path) = (options_allow.clone(), path.clone());
        async move {
            HttpResponse::Ok()
                .insert_header((ALLOW, allow))
                .json(metadata.of_path(&path, &request).await)
        }
    };
    resource
        .route(web::route().method(Method::OPTIONS).to(answer))
        .default_service(web::to(move |_: HttpRequest| {
            let allow = allow.clone();
            async move { not_allowed(&allow) }
        }))
}

fn not_allowed(allow: &str) -> HttpResponse {
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

#[cfg(test)]
mod tests {
    use super::split_scope;

    #[test]
    fn paths_are_grouped_by_resource() {
        assert_eq!(
            split_scope("/api/products/{id}/stats/"),
            ("/api/products", "/{id}/stats/")
        );
        assert_eq!(split_scope("/api/products/"), ("/api/products", "/"));
        assert_eq!(split_scope("/api/"), ("", "/api/"));
        assert_eq!(split_scope("/health/live"), ("", "/health/live"));
        assert_eq!(split_scope("/which_environment/"), ("", "/which_environment/"));
    }
}
