//! An example value of a schema, from the examples of its parts.

use serde_json::{Map, Value, json};

/// How deep objects are followed: schemas may name themselves.
const MAX_DEPTH: usize = 6;

/// The schema itself, or the one it refers to.
pub(super) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(schema)
}

/// A value that this schema allows.
pub(super) fn of(document: &Value, schema: &Value) -> Value {
    build(document, schema, 0)
}

fn build(document: &Value, schema: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    let schema = resolve(document, schema);
    let given = schema
        .get("example")
        .or_else(|| schema.get("examples").and_then(|examples| examples.get(0)))
        .or_else(|| schema.get("const"))
        .or_else(|| schema.get("enum").and_then(|values| values.get(0)))
        .or_else(|| schema.get("default"));
    if let Some(given) = given {
        return given.clone();
    }
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some(parts) = list("allOf") {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(members) = build(document, part, depth) {
                whole.extend(members);
            }
        }
        return whole.into();
    }
    if let Some(choices) = list("oneOf").or_else(|| list("anyOf")) {
        let choice = choices.iter().find(|choice| choice["type"] != "null");
        return choice.map_or(Value::Null, |choice| build(document, choice, depth + 1));
    }
    match kind(schema) {
        "object" => object(document, schema, depth),
        "array" => match schema.get("items") {
            Some(items) => json!([build(document, items, depth + 1)]),
            None => json!([]),
        },
        "integer" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "number" => json!(1.5),
        "boolean" => json!(false),
        "string" if schema["format"] == "date-time" => json!("2026-11-20T09:31:47Z"),
        "string" => json!("…"),
        _ => Value::Null,
    }
}

fn object(document: &Value, schema: &Value, depth: usize) -> Value {
    let mut members = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        members.insert(name.clone(), build(document, property, depth + 1));
    }
    if let Some(values) = schema
        .get("additionalProperties")
        .filter(|values| values.is_object())
    {
        members.insert("…".to_owned(), build(document, values, depth + 1));
    }
    members.into()
}

/// The type of a schema, the one beside null where there are two.
pub(super) fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_come_from_the_fields() {
        let document = json!({"components": {"schemas": {
            "A": {"type": "object", "properties": {"id": {"type": "integer", "example": 7}, "next": {"$ref": "#/components/schemas/A"}}},
        }}});
        let schema = json!({"allOf": [
            {"$ref": "#/components/schemas/A"},
            {"type": "object", "properties": {"list": {"type": "array", "items": {"type": ["string", "null"], "enum": ["x"]}}}},
        ]});
        let example = of(&document, &schema);
        assert_eq!(example["id"], 7);
        assert_eq!(example["list"], json!(["x"]));
        assert_eq!(example["next"]["next"]["id"], 7);
        assert!(example.to_string().len() < 500, "ends somewhere: {example}");
        assert_eq!(
            of(
                &document,
                &json!({"oneOf": [{"type": "null"}, {"type": "number"}]})
            ),
            json!(1.5)
        );
    }
}
