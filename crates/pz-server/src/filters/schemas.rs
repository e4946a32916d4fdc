//! What the values of list parameters may be, for the OpenAPI document.

use pz_model::limits::PAGE_SIZE_MAX;
use utoipa::openapi::schema::{AnyOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use super::values::VALUE_MAX_CHARS;
use crate::documentation::bodies::NO_NUL;

/// Whatever is sent.
pub(super) fn any_text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// A text to compare with.
pub(super) fn text() -> Schema {
    pattern(NO_NUL)
}

/// A 64-bit integer.
pub(super) fn number() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(i64::MIN))
        .maximum(Some(i64::MAX))
        .into()
}

/// A comma list of integers, each short enough for 64 bits.
pub(super) fn numbers() -> Schema {
    pattern("^ *([+-]?[0-9]{1,18})?( *, *([+-]?[0-9]{1,18})?)* *$")
}

/// True or false; anything else is ignored.
pub(super) fn flag() -> Schema {
    AnyOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Boolean))
        .item(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(VALUE_MAX_CHARS))
                .pattern(Some(NO_NUL)),
        )
        .into()
}

/// A comma list of ids and `none`.
pub(super) fn ids_or_none() -> Schema {
    pattern("^ *([+-]?[0-9]{1,18}|none)?( *, *([+-]?[0-9]{1,18}|none)?)* *$")
}

/// A comma list of small numbers and `none`.
pub(super) fn numbers_or_none() -> Schema {
    pattern("^((-?[0-9]{1,9}|none)(,(-?[0-9]{1,9}|none))*)?$")
}

/// Two decimal numbers with `..` between them; either may be absent.
pub(super) fn span() -> Schema {
    const NUMBER: &str = r"(-?[0-9]{1,9}(\.[0-9]{1,9})?)?";
    pattern(&format!(r"^({NUMBER}\.\.{NUMBER})?$"))
}

/// A comma list of these words.
pub(super) fn words(words: &[&str]) -> Schema {
    let word = format!("({})", words.join("|"));
    pattern(&format!("^({word}(,{word})*)?$"))
}

/// A comma list of true and false.
pub(super) fn flags() -> Schema {
    pattern("^ *(true|True|1|false|False|0)?( *, *(true|True|1|false|False|0)?)* *$")
}

/// One of these numbers.
pub(super) fn choice(choices: &[(i64, &str)]) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .enum_values(Some(choices.iter().map(|(number, _)| *number)))
        .into()
}

/// A page number, or the last page.
pub(super) fn page() -> Schema {
    AnyOfBuilder::new()
        .item(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)))
        .item(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(["last"])),
        )
        .into()
}

/// A number of rows; what is none counts as absent.
pub(super) fn page_size() -> Schema {
    AnyOfBuilder::new()
        .item(
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(PAGE_SIZE_MAX)),
        )
        .item(ObjectBuilder::new().schema_type(Type::String))
        .into()
}

/// A text of this form.
pub(super) fn pattern(pattern: &str) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(VALUE_MAX_CHARS))
        .pattern(Some(pattern))
        .into()
}
