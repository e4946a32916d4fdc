//! What a schema allows, in words, as HTML.

use serde_json::Value;

use super::example::kind;

/// Text with everything escaped that HTML could take for its own.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text for people: escaped, what is between backticks as code, blank lines as new paragraphs.
pub(super) fn prose(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| format!("<p>{}</p>", inline_prose(paragraph)))
        .collect()
}

/// The same for one line.
pub(super) fn inline_prose(text: &str) -> String {
    let mut html = String::new();
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            html.push_str(&format!("<code>{}</code>", escape(part)));
        } else {
            html.push_str(&escape(part));
        }
    }
    html
}

/// The anchor of an object.
pub(super) fn anchor(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    format!("object-{safe}")
}

/// The name of the object that a schema refers to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref").and_then(Value::as_str)?.rsplit('/').next()
}

/// The type in words; objects are links to where they are described.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = referred(schema) {
        return format!("<a href=\"#{}\">{}</a>", anchor(name), escape(name));
    }
    for (key, between) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " with ")] {
        if let Some(parts) = schema.get(key).and_then(Value::as_array) {
            let parts: Vec<String> = parts.iter().map(type_of).collect();
            return parts.join(between);
        }
    }
    let mut text = match kind(schema) {
        "array" => format!(
            "list of {}",
            schema.get("items").map_or_else(|| "anything".to_owned(), type_of)
        ),
        "integer" => "integer".to_owned(),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        "string" if schema["format"] == "binary" => "bytes".to_owned(),
        "" => "anything".to_owned(),
        other => escape(other),
    };
    if schema
        .get("type")
        .and_then(Value::as_array)
        .is_some_and(|kinds| kinds.len() > 1 && kinds.iter().any(|kind| kind == "null"))
    {
        text.push_str(" or null");
    }
    text
}

/// Bounds, choices, default and pattern in words; empty when there are none.
pub(super) fn limits_of(schema: &Value) -> String {
    let mut limits = Vec::new();
    let value = |key: &str| schema.get(key).map(|value| escape(&plain(value)));
    let mut range = |from: &str, to: &str, what: &str| match (value(from), value(to)) {
        (Some(from), Some(to)) => limits.push(format!("{from} to {to}{what}")),
        (Some(from), None) => limits.push(format!("at least {from}{what}")),
        (None, Some(to)) => limits.push(format!("at most {to}{what}")),
        (None, None) => {}
    };
    range("minLength", "maxLength", " characters");
    range("minItems", "maxItems", " items");
    range("minimum", "maximum", "");
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        let choices: Vec<String> = choices
            .iter()
            .map(|choice| format!("<code>{}</code>", escape(&plain(choice))))
            .collect();
        limits.push(format!("one of {}", choices.join(", ")));
    }
    if let Some(pattern) = value("pattern") {
        limits.push(format!("pattern <code>{pattern}</code>"));
    }
    if let Some(default) = value("default") {
        limits.push(format!("<code>{default}</code> when absent"));
    }
    limits.join("; ")
}

/// A value without the quotes of a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_of_the_document_becomes_markup() {
        assert_eq!(
            prose("a <b> & `<i>`\n\n\"c\" 'd'"),
            "<p>a &lt;b&gt; &amp; <code>&lt;i&gt;</code></p><p>&quot;c&quot; &#39;d&#39;</p>"
        );
        assert_eq!(anchor("Page_<x>"), "object-Page--x-");
        let hostile = json!({"$ref": "#/components/schemas/<script>"});
        assert!(!type_of(&hostile).contains("<script>"));
        assert!(
            !limits_of(&json!({"enum": ["<script>"], "default": "<script>", "pattern": "<script>"}))
                .contains("<script>")
        );
    }

    #[test]
    fn types_and_limits_in_words() {
        let schema =
            json!({"type": ["array", "null"], "items": {"$ref": "#/components/schemas/A"}, "maxItems": 3});
        assert_eq!(type_of(&schema), "list of <a href=\"#object-A\">A</a> or null");
        assert_eq!(limits_of(&schema), "at most 3 items");
        assert_eq!(
            limits_of(&json!({"minLength": 1, "maxLength": 9, "default": "x"})),
            "1 to 9 characters; <code>x</code> when absent"
        );
    }
}
