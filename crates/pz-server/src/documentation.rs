//! What an operation's documentation says because of the types of its handler: who may call, what a body may
//! be, which errors follow from that and what they look like. Said here, so that no handler repeats it.

pub(crate) mod bodies;

/// How a rate is told, by names that other services use, too.
const RATE_HEADERS: [(&str, &str); 3] = [
    ("X-RateLimit-Limit", "What may be done at once after a long rest"),
    ("X-RateLimit-Remaining", "How much of that is left"),
    ("X-RateLimit-Reset", "Seconds until all of it is"),
];

use actix_web::{HttpRequest, web};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, Ref, RefOr, Required, Response, ResponseBuilder};

use crate::body::Body;
use crate::routing::IdPath;

/// Who may call a handler, for its documentation; the policy's code decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// Anybody signed in.
    Caller,
    /// Anybody signed in whose token has this scope.
    Scope(&'static str),
    /// Administrators.
    Admin,
    /// Whoever may see the object; its name for people, such as `product`.
    Visible(&'static str),
    /// The owner of the object and administrators; its name for people.
    Writable(&'static str),
}

/// A kind of argument of handlers: what it adds to the documentation of an operation.
pub trait Argument {
    /// Adds what follows from taking this argument.
    fn document(_: &mut Operation) {}
}

impl<T> Argument for web::Data<T> {}
impl<T> Argument for web::Path<T> {}
impl Argument for HttpRequest {}
impl Argument for web::Payload {}

impl Argument for IdPath {
    fn document(operation: &mut Operation) {
        add_response(
            operation,
            404,
            "Nothing has this id, or the caller may not see it",
        );
    }
}

impl Argument for Body {
    fn document(operation: &mut Operation) {
        add_response(
            operation,
            400,
            "The body is not what its content type says, or a field is wrong; the answer names it",
        );
        add_response(operation, 408, "The body did not come in time");
        add_response(operation, 413, "The body is too large");
        add_response(operation, 415, "The body is neither JSON nor a form");
        // What is read from JSON is read from forms, too.
        if let Some(RefOr::T(body)) = &mut operation.request_body
            && let Some(json) = body.content.get_mut("application/json")
        {
            not_null(json);
            let json = json.clone();
            for form in ["application/x-www-form-urlencoded", "multipart/form-data"] {
                body.content
                    .entry(form.to_owned())
                    .or_insert_with(|| json.clone());
            }
        }
    }
}

/// A body that may be absent may still not be `null`.
fn not_null(content: &mut RefOr<Content>) {
    let RefOr::T(content) = content else { return };
    let Some(RefOr::T(Schema::OneOf(choice))) = &content.schema else {
        return;
    };
    let is_null = |item: &RefOr<Schema>| {
        serde_json::to_value(item).is_ok_and(|item| item.get("type").is_some_and(|kind| kind == "null"))
    };
    let mut others = choice.items.iter().filter(|item| !is_null(item));
    if let (2, Some(only), None) = (choice.items.len(), others.next(), others.next()) {
        content.schema = Some(only.clone());
    }
}

impl Access {
    /// Adds credentials and refusals.
    pub(crate) fn document(self, operation: &mut Operation) {
        if self == Self::Public {
            operation.security = Some(Vec::new());
            return;
        }
        let scheme = |name: &str| SecurityRequirement::new(name, std::iter::empty::<String>());
        operation.security = Some(["token", "bearer", "basic", "session"].map(scheme).to_vec());
        add_response(operation, 401, "No or bad credentials");
        let forbidden = match self {
            Self::Public | Self::Caller | Self::Visible(_) => {
                "The token lacks the scope `read`, or the session's CSRF header is missing".to_owned()
            }
            Self::Scope(scope) => {
                format!("The token lacks the scope `{scope}`, or the session's CSRF header is missing")
            }
            Self::Admin => "The caller is no administrator".to_owned(),
            Self::Writable(what) => {
                format!("The caller sees the {what}, but is neither its owner nor an administrator")
            }
        };
        add_response(operation, 403, forbidden);
        if let Self::Visible(what) | Self::Writable(what) = self {
            add_response(operation, 404, format!("No such {what}, or not for the caller"));
        }
    }

    /// What the path parameter `id` is.
    pub(crate) fn id_of(self) -> String {
        match self {
            Self::Visible(what) | Self::Writable(what) => format!("Id of the {what}"),
            _ => "Id".to_owned(),
        }
    }
}

/// Adds a response unless the handler describes that status itself.
pub(crate) fn add_response(operation: &mut Operation, status: u16, description: impl Into<String>) {
    operation
        .responses
        .responses
        .entry(status.to_string())
        .or_insert_with(|| ResponseBuilder::new().description(description).build().into());
}

/// Gives every error of the operation its body and the header with its code.
pub(crate) fn complete_errors(operation: &mut Operation) {
    let is_query = |parameter: &RefOr<Parameter>| matches!(parameter, RefOr::T(known) if known.parameter_in == ParameterIn::Query);
    if operation.parameters.iter().flatten().any(is_query) {
        add_response(operation, 414, "The query string is too long");
    }
    add_response(
        operation,
        429,
        "The caller asked too often; `Retry-After` says when to go on",
    );
    add_response(
        operation,
        503,
        "The service cannot answer right now; `Retry-After` says when to try again",
    );
    for (status, response) in &mut operation.responses.responses {
        let Ok(status) = status.parse::<u16>() else {
            continue;
        };
        let RefOr::T(response) = response else { continue };
        if status >= 400 {
            complete_error(status, response);
        }
    }
}

fn complete_error(status: u16, response: &mut Response) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let header = |description: &str| -> RefOr<utoipa::openapi::Header> {
        HeaderBuilder::new()
            .schema(Some(text()))
            .description(Some(description))
            .build()
            .into()
    };
    response
        .headers
        .entry("X-Error-Code".to_owned())
        .or_insert_with(|| header("Stable code of what went wrong"));
    match status {
        401 => {
            response
                .headers
                .entry("WWW-Authenticate".to_owned())
                .or_insert_with(|| header("How to authenticate"));
        }
        429 | 503 => {
            response
                .headers
                .entry("Retry-After".to_owned())
                .or_insert_with(|| header("Seconds to wait"));
            if status == 429 {
                for (name, what) in RATE_HEADERS {
                    let headers = &mut response.headers;
                    headers.entry(name.to_owned()).or_insert_with(|| header(what));
                }
            }
        }
        _ => {}
    }
    // A bare string is JSON, too.
    if let Some(text) = response.content.shift_remove("text/plain") {
        response.content.insert("application/json".to_owned(), text);
    }
    if response.content.is_empty() {
        response
            .content
            .insert("application/json".to_owned(), error_content(status).into());
    }
}

fn error_content(status: u16) -> Content {
    let schema = |name: &str| Ref::from_schema_name(name);
    let builder = ContentBuilder::new();
    match status {
        400 => builder.schema(Some(
            AnyOfBuilder::new()
                // First the one that can be told: fields may have any name.
                .item(schema("ErrorDetail"))
                .item(schema("FieldErrors")),
        )),
        403 | 409 => builder.schema(Some(
            AnyOfBuilder::new()
                .item(schema("ErrorDetail"))
                .item(schema("ErrorMessage")),
        )),
        422 => builder.schema(Some(schema("ErrorMessage"))),
        _ => builder.schema(Some(schema("ErrorDetail"))),
    }
    .build()
}

/// Describes the variables of a path that the handler does not describe itself; `id` is a number.
pub(crate) fn add_path_parameters(operation: &mut Operation, path: &str, access: Access) {
    let parameters = operation.parameters.get_or_insert_default();
    let variables = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    for (number, name) in variables.enumerate() {
        let known = parameters
            .iter()
            .any(|parameter| matches!(parameter, RefOr::T(known) if known.name == name));
        if !known {
            parameters.insert(number, RefOr::T(path_parameter(name, access)));
        }
    }
}

fn path_parameter(name: &str, access: Access) -> Parameter {
    let builder = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True);
    if name == "id" {
        return builder
            .description(Some(access.id_of()))
            .schema(Some(id_schema()))
            .build();
    }
    builder
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// Says that no parameter of the query is null: absent is absent.
pub(crate) fn complete_parameters(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(RefOr::T(Schema::Object(object))) = &mut parameter.schema
        {
            object.schema_type = bodies::without_null(object.schema_type.clone());
        }
    }
}

/// A 64-bit identifier.
pub(crate) fn id_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(i64::MAX))
}
