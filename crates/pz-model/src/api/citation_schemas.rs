//! What the documentation says of texts in metadata for citation: DataCite's words, and texts of one line.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::citation::{IDENTIFIER_TYPES, RELATION_TYPES};
use crate::limits::NAME_MAX_CHARS;

/// A text of one line that is not blank.
pub struct Line;
/// One of DataCite's relation types.
pub struct RelationType;
/// One of DataCite's types of related identifiers.
pub struct IdentifierType;

impl PartialSchema for Line {
    fn schema() -> RefOr<Schema> {
        // Python and JavaScript count what Unicode calls white space alike but for a few separators.
        const PATTERN: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(NAME_MAX_CHARS))
            .pattern(Some(PATTERN))
            .into()
    }
}

impl PartialSchema for RelationType {
    fn schema() -> RefOr<Schema> {
        words("What the product is to it, in DataCite's words", RELATION_TYPES)
    }
}

impl PartialSchema for IdentifierType {
    fn schema() -> RefOr<Schema> {
        words("DataCite's type of an identifier", IDENTIFIER_TYPES)
    }
}

impl ToSchema for Line {}
impl ToSchema for RelationType {}
impl ToSchema for IdentifierType {}

fn words(description: &str, known: &[&str]) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(known.iter().copied()))
        .into()
}
