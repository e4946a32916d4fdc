//! JSON values as YAML: blocks, with every text quoted that some reader might take for something else.

use serde_json::{Value, json};

/// An OpenAPI document as YAML, what it is about before its parts.
pub(super) fn document(document: &Value) -> String {
    let first = ["openapi", "info"];
    let Value::Object(parts) = document else {
        return write(document);
    };
    let others = parts
        .keys()
        .map(String::as_str)
        .filter(|key| !first.contains(key))
        .rev();
    first
        .into_iter()
        .chain(others)
        .filter_map(|key| Some(write(&json!({key: parts.get(key)?}))))
        .collect()
}

/// The value as YAML.
fn write(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(object) if !object.is_empty() => block(value, 0, &mut text),
        Value::Array(items) if !items.is_empty() => block(value, 0, &mut text),
        scalar => {
            text.push_str(&inline(scalar));
            text.push('\n');
        }
    }
    text
}

fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                text.extend(std::iter::repeat_n(' ', indent));
                text.push_str(&string(key));
                text.push(':');
                member(value, indent, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                text.extend(std::iter::repeat_n(' ', indent));
                text.push('-');
                member(item, indent, text);
            }
        }
        _ => {}
    }
}

fn member(value: &Value, indent: usize, text: &mut String) {
    if is_block(value) {
        text.push('\n');
        block(value, indent + 2, text);
    } else {
        text.push(' ');
        text.push_str(&inline(value));
        text.push('\n');
    }
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(object) => !object.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        // JSON's own form of numbers, null, true, false, [] and {} is YAML's, too.
        other => other.to_string(),
    }
}

/// A text: bare when it is a plain word, else quoted as JSON quotes it, which is YAML's double-quoted form.
fn string(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'));
    // What YAML 1.1 takes for truth, nothing or a number.
    let is_reserved = matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    if is_word && !is_reserved {
        text.to_owned()
    } else {
        // JSON allows these as they are; YAML takes the first for the end of a line.
        Value::from(text)
            .to_string()
            .replace('\u{85}', "\\u0085")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
            .replace('\u{feff}', "\\ufeff")
            .replace('\u{7f}', "\\u007f")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_words_and_quotes() {
        let value = json!({
            "openapi": "3.1.0",
            "no": "yes",
            "list": [1, -2.5e3, true, null, {"a": "b: c", "d": []}, ["x"]],
            "/api/{id}/": {},
            "text": "two\nlines \"quoted\" # not a comment",
        });
        let yaml = write(&value);
        for line in [
            "openapi: \"3.1.0\"",
            "\"no\": \"yes\"",
            "list:",
            "  - 1",
            "  - -2500.0",
            "  - true",
            "  - null",
            "    a: \"b: c\"",
            "    d: []",
            "    - x",
            "\"/api/{id}/\": {}",
            "text: \"two\\nlines \\\"quoted\\\" # not a comment\"",
        ] {
            assert!(yaml.lines().any(|written| written == line), "{line}\n{yaml}");
        }
        assert_eq!(write(&json!("x")), "x\n");
        let whole =
            document(&json!({"components": {}, "info": {"title": "T"}, "openapi": "3.1.0", "paths": {}}));
        assert_eq!(
            whole,
            "openapi: \"3.1.0\"\ninfo:\n  title: T\npaths: {}\ncomponents: {}\n"
        );
    }
}
