//! What is said of bodies once for all operations: what no text may hold, what forms can say of a body that is
//! described as JSON, and that bytes are bytes. Forms have no null, no nested objects, and types of their own, so that
//! generated clients tell which encoding is meant.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::path::Operation;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{
    Array, ArrayItems, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Content, OpenApi, PathItem, Ref, RefOr, Required, Response};

/// Text without null characters.
pub(crate) const NO_NUL: &str = r"^[^\u0000]*$";
/// Such text with a character that is no white space, whichever dialect of patterns says what that is.
const NOT_BLANK: &str = r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085\ufeff][^\u0000]*$";

const JSON: &str = "application/json";
const ANY: &str = "*/*";
/// Forms, and what the names of their schemas end in.
const FORMS: [(&str, &str); 2] = [
    ("application/x-www-form-urlencoded", "Form"),
    ("multipart/form-data", "Multipart"),
];

/// Completes the bodies of all operations.
pub(crate) fn complete(openapi: &mut OpenApi) {
    let components = openapi.components.get_or_insert_default();
    name_rows(&mut components.schemas);
    say_any_once(&mut components.schemas);
    let mut forms = BTreeMap::new();
    for item in openapi.paths.paths.values_mut() {
        for operation in operations(item) {
            describe_bytes(operation);
        }
        for body in bodies(item) {
            let has_json = body.content.contains_key(JSON);
            for (media_type, ending) in [(JSON, "")].into_iter().chain(FORMS) {
                let Some(RefOr::T(content)) = body.content.get_mut(media_type) else {
                    continue;
                };
                let Some(RefOr::Ref(reference)) = &content.schema else {
                    continue;
                };
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                let Some(RefOr::T(schema)) = components.schemas.get_mut(name) else {
                    continue;
                };
                limit_texts(schema);
                if needs_nothing(schema) {
                    body.required = Some(Required::False);
                }
                if media_type == JSON {
                    continue;
                }
                if has_json {
                    let form = format!("{name}{ending}");
                    content.schema = Some(Ref::from_schema_name(&form).into());
                    forms.insert(form, RefOr::T(as_form(schema.clone())));
                } else {
                    *schema = as_form(schema.clone());
                }
            }
        }
    }
    components.schemas.extend(forms);
}

/// Rows of pages by their own name: generics are described to the last field instead.
fn name_rows(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let names: BTreeSet<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        if let Some(row) = name.strip_prefix("Page_").filter(|row| names.contains(*row))
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(results))) = page.properties.get_mut("results")
        {
            results.items = Ref::from_schema_name(row).into();
        }
    }
}

/// What may be anything may be null without saying so: two ways to be null are none.
fn say_any_once(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let anything: BTreeSet<String> = schemas
        .iter()
        .filter(|(_, schema)| {
            matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::AnyValue)
        })
        .map(|(name, _)| Ref::from_schema_name(name).ref_location)
        .collect();
    for schema in schemas.values_mut() {
        let RefOr::T(Schema::Object(object)) = schema else {
            continue;
        };
        for property in object.properties.values_mut() {
            if let RefOr::T(Schema::OneOf(choice)) = property
                && let Some(any) = choice.items.iter().find(
                    |item| matches!(item, RefOr::Ref(reference) if anything.contains(&reference.ref_location)),
                )
            {
                *property = any.clone();
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .flatten()
}

fn bodies(item: &mut PathItem) -> impl Iterator<Item = &mut RequestBody> {
    operations(item).filter_map(|operation| match &mut operation.request_body {
        Some(RefOr::T(body)) => Some(body),
        _ => None,
    })
}

/// Bytes are described to Rust as a list of numbers. What may have any media type is bytes to a client; its schema
/// says nothing, as it may be JSON, too. A part of something has the media type of the whole.
fn describe_bytes(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    let Some(RefOr::T(whole)) = responses.get_mut("200") else {
        return;
    };
    describe_whole(whole);
    let content = whole.content.clone();
    if let Some(RefOr::T(part)) = responses.get_mut("206") {
        part.content = content;
    }
}

fn describe_whole(response: &mut Response) {
    let is_list = |content: &RefOr<Content>| {
        matches!(
            content,
            RefOr::T(Content {
                schema: Some(RefOr::T(Schema::Array(_))),
                ..
            })
        )
    };
    let bytes = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
    let bytes = Content::new(Some(Schema::from(bytes)));
    for (media_type, content) in &mut response.content {
        if media_type != JSON && is_list(content) {
            *content = if media_type == ANY {
                Content::default()
            } else {
                bytes.clone()
            }
            .into();
        }
    }
    if response.content.contains_key(ANY) {
        response
            .content
            .entry("application/octet-stream".to_owned())
            .or_insert_with(|| bytes.into());
    }
}

/// Whether a body may be left out: none of its fields is needed.
fn needs_nothing(schema: &Schema) -> bool {
    matches!(schema, Schema::Object(object) if !object.properties.is_empty() && object.required.is_empty())
}

/// Says of every text without a pattern that it holds no null characters, and of those that must not be empty that
/// they are not blank.
fn limit_texts(schema: &mut Schema) {
    let Schema::Object(object) = schema else { return };
    for property in object.properties.values_mut() {
        let RefOr::T(Schema::Object(text)) = property else {
            continue;
        };
        let is_text = match &text.schema_type {
            SchemaType::Type(one) => *one == Type::String,
            SchemaType::Array(several) => several.contains(&Type::String),
            SchemaType::AnyValue => false,
        };
        if is_text && text.pattern.is_none() && text.format.is_none() && text.enum_values.is_none() {
            let pattern = if text.min_length > Some(0) {
                NOT_BLANK
            } else {
                NO_NUL
            };
            text.pattern = Some(pattern.to_owned());
        }
    }
}

/// The same body as a form.
fn as_form(mut schema: Schema) -> Schema {
    if let Schema::Object(object) = &mut schema {
        for property in object.properties.values_mut() {
            *property = form_field(property.clone());
        }
    }
    schema
}

fn form_field(field: RefOr<Schema>) -> RefOr<Schema> {
    match field {
        RefOr::T(Schema::Object(mut object)) => {
            object.schema_type = without_null(object.schema_type);
            if object.schema_type == SchemaType::Type(Type::Object) {
                let json = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .description(object.description)
                    .content_media_type(JSON);
                return RefOr::T(json.into());
            }
            object.into()
        }
        RefOr::T(Schema::Array(mut array)) if is_list_of_ids(&array) => {
            array.schema_type = without_null(array.schema_type);
            RefOr::T(Schema::Array(array))
        }
        RefOr::T(Schema::Array(array)) => {
            let json = ObjectBuilder::new()
                .schema_type(Type::String)
                .description(array.description)
                .content_media_type(JSON);
            RefOr::T(json.into())
        }
        RefOr::T(Schema::OneOf(mut choice)) => {
            choice.items.retain(|item| !is_null(item));
            match <[RefOr<Schema>; 1]>::try_from(choice.items.clone()) {
                Ok([only]) => only,
                Err(_) => RefOr::T(Schema::OneOf(choice)),
            }
        }
        other => other,
    }
}

/// Lists of ids are repeated fields; other lists are sent as JSON text.
fn is_list_of_ids(array: &Array) -> bool {
    matches!(
        &array.items,
        ArrayItems::RefOrSchema(items)
            if matches!(&**items, RefOr::T(Schema::Object(item)) if item.schema_type == SchemaType::Type(Type::Integer))
    )
}

/// The type without null: of several types, only the others.
pub(crate) fn without_null(schema_type: SchemaType) -> SchemaType {
    match schema_type {
        SchemaType::Array(types) => {
            let rest: Vec<Type> = types.into_iter().filter(|one| *one != Type::Null).collect();
            match <[Type; 1]>::try_from(rest) {
                Ok([only]) => SchemaType::Type(only),
                Err(rest) => SchemaType::Array(rest),
            }
        }
        other => other,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
