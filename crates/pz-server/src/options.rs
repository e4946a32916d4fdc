//! What OPTIONS says of a path: its name, its filters and, to those who may write, the fields; all taken from
//! what the router and the OpenAPI document already know.

use serde_json::{Map, Value, json};

use crate::routing::PathMeta;

/// The answer without fields.
pub(crate) fn body(meta: &PathMeta) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("name".into(), meta.name.into());
    body.insert("description".into(), meta.description.into());
    body.insert("renders".into(), json!(["application/json", "text/html"]));
    let mut parses = vec![
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ];
    if meta.multipart_first {
        parses.rotate_right(1);
    }
    body.insert("parses".into(), json!(parses));
    if let Some(list) = meta.list {
        list.describe(&mut body);
    }
    body
}

/// The fields that a method reads and answers, as the document describes them; none without a JSON object.
pub(crate) fn fields(document: &Value, path: &str, method: &str) -> Option<Map<String, Value>> {
    let operation = document.get("paths")?.get(path)?.get(method)?;
    let content = operation.pointer("/requestBody/content")?;
    let request = ["application/json", "multipart/form-data"]
        .iter()
        .find_map(|kind| content.get(*kind))?;
    let request = resolve(document, request.get("schema")?)?;
    let answer = ["201", "200"]
        .iter()
        .find_map(|status| {
            operation.pointer(&format!("/responses/{status}/content/application~1json/schema"))
        })
        .and_then(|schema| resolve(document, schema));
    let required: Vec<&str> = request
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let mut fields = Map::new();
    let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
    let writable = properties(request).unwrap_or_default();
    for (name, schema) in answer.and_then(properties).unwrap_or_default() {
        if !writable.contains_key(&name) {
            fields.insert(name.clone(), field(document, &name, &schema, false, true));
        }
    }
    for (name, schema) in &writable {
        let is_required = required.contains(&name.as_str());
        fields.insert(name.clone(), field(document, name, schema, is_required, false));
    }
    Some(fields)
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.trim_start_matches('#')),
        None => Some(schema),
    }
}

fn field(document: &Value, name: &str, schema: &Value, required: bool, read_only: bool) -> Value {
    let mut field = json!({
        "type": kind(resolve(document, schema).unwrap_or(schema)),
        "required": required,
        "read_only": read_only,
        "label": label(name),
    });
    for (from, to) in [
        ("maxLength", "max_length"),
        ("minimum", "min_value"),
        ("maximum", "max_value"),
        ("description", "help_text"),
    ] {
        if let Some(value) = schema.get(from) {
            field[to] = value.clone();
        }
    }
    field
}

/// The names of kinds that readers of this metadata know.
fn kind(schema: &Value) -> &'static str {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    match types.iter().find(|name| **name != "null") {
        Some(&"integer") => "integer",
        Some(&"boolean") => "boolean",
        Some(&"string") if format == "date-time" => "datetime",
        Some(&"string") if format == "binary" => "file upload",
        Some(&"string") => "string",
        Some(&"object") => "nested object",
        _ => "field",
    }
}

/// `display_name` → `Display name`, `id` → `ID`.
fn label(name: &str) -> String {
    if name == "id" {
        return "ID".to_owned();
    }
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_kinds() {
        assert_eq!(label("id"), "ID");
        assert_eq!(label("display_name"), "Display name");
        assert_eq!(
            kind(&json!({"type": ["string", "null"], "format": "date-time"})),
            "datetime"
        );
        assert_eq!(kind(&json!({"type": ["integer", "null"]})), "integer");
        assert_eq!(kind(&json!({"$ref": "#/x"})), "field");
    }
}
