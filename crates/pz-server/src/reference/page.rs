//! The reference as one HTML page, made from the document: no script, nothing from elsewhere.

use std::collections::BTreeMap;

use pz_model::ErrorCode;
use serde_json::{Map, Value};

use super::example;
use super::shape::{anchor, escape, inline_prose, limits_of, prose, type_of};

/// An operation with where it is.
struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    value: &'a Value,
}

impl Operation<'_> {
    fn text(&self, key: &str) -> &str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn anchor(&self) -> String {
        escape(self.text("operationId"))
    }
}

const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// The page.
pub(super) fn render(document: &Value) -> String {
    let by_tag = operations(document);
    let text = |pointer: &str| {
        document
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let title = escape(text("/info/title"));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to content</a>\n<header><p class=\"brand\">{title} \
         <span class=\"version\">{}</span></p></header>\n<div class=\"columns\">\n",
        escape(text("/info/version")),
    );
    contents(&by_tag, document, &mut html);
    html.push_str("<main id=\"main\">\n");
    html.push_str(&format!("<h1>{title}</h1>\n{}", prose(text("/info/description"))));
    html.push_str(
        "<p>The document itself: <a href=\"../schema/\">YAML</a>, <a href=\"../schema/?format=json\">JSON</a>. \
         Requests can be tried <a href=\"../swagger/\">in the browser</a>.</p>\n",
    );
    credentials(document, &mut html);
    for (tag, operations) in &by_tag {
        html.push_str(&format!(
            "<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n",
            tag_anchor(tag),
            escape(tag)
        ));
        for operation in operations {
            write_operation(document, operation, &mut html);
        }
        html.push_str("</section>\n");
    }
    objects(document, &mut html);
    error_codes(&mut html);
    html.push_str("</main>\n</div>\n</body>\n</html>\n");
    html
}

fn operations(document: &Value) -> BTreeMap<&str, Vec<Operation<'_>>> {
    let mut by_tag: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        for method in METHODS {
            if let Some(value) = item.get(method) {
                let tag = value
                    .pointer("/tags/0")
                    .and_then(Value::as_str)
                    .unwrap_or("other");
                by_tag
                    .entry(tag)
                    .or_default()
                    .push(Operation { path, method, value });
            }
        }
    }
    by_tag
}

fn tag_anchor(tag: &str) -> String {
    anchor(tag).replacen("object-", "part-", 1)
}

/// The table of contents: the parts folded, so that it is short on a small screen.
fn contents(by_tag: &BTreeMap<&str, Vec<Operation<'_>>>, document: &Value, html: &mut String) {
    html.push_str(
        "<nav aria-label=\"Contents\">\n<ul>\n<li><a class=\"part\" href=\"#credentials\">Credentials</a></li>\n",
    );
    for (tag, operations) in by_tag {
        let links = operations.iter().map(|operation| {
            let label = format!(
                "{} <span class=\"path\">{}</span>",
                badge(operation.method),
                breakable(operation.path)
            );
            (operation.anchor(), label)
        });
        folded(tag, &tag_anchor(tag), links, html);
    }
    let names = schemas(document).into_iter().flat_map(Map::keys);
    let links = names.map(|name| (anchor(name), escape(name)));
    folded("objects", "objects", links, html);
    html.push_str("<li><a class=\"part\" href=\"#errors\">Error codes</a></li>\n</ul>\n</nav>\n");
}

fn folded(title: &str, target: &str, links: impl Iterator<Item = (String, String)>, html: &mut String) {
    html.push_str(&format!(
        "<li><details><summary>{0}</summary>\n<ul>\n<li><a href=\"#{target}\">All of {0}</a></li>\n",
        escape(title)
    ));
    for (anchor, label) in links {
        html.push_str(&format!("<li><a href=\"#{anchor}\">{label}</a></li>\n"));
    }
    html.push_str("</ul></details></li>\n");
}

fn badge(method: &str) -> String {
    format!(
        "<span class=\"method {0}\">{1}</span>",
        escape(method),
        escape(&method.to_uppercase())
    )
}

/// A path that may be broken after its slashes.
fn breakable(path: &str) -> String {
    escape(path).replace('/', "/<wbr>")
}

fn credentials(document: &Value, html: &mut String) {
    html.push_str("<section aria-labelledby=\"credentials\">\n<h2 id=\"credentials\">Credentials</h2>\n<dl class=\"fields\">\n");
    let schemes = document
        .pointer("/components/securitySchemes")
        .and_then(Value::as_object);
    for (name, scheme) in schemes.into_iter().flatten() {
        let description = scheme
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        html.push_str(&format!(
            "<div><dt><code>{}</code></dt><dd>{}</dd></div>\n",
            escape(name),
            inline_prose(description)
        ));
    }
    html.push_str("</dl>\n</section>\n");
}

fn write_operation(document: &Value, operation: &Operation<'_>, html: &mut String) {
    html.push_str(&format!(
        "<article id=\"{0}\">\n<h3><a class=\"self\" href=\"#{0}\">{1} <span class=\"path\">{2}</span></a></h3>\n\
         <p class=\"summary\">{3}</p>\n",
        operation.anchor(),
        badge(operation.method),
        breakable(operation.path),
        inline_prose(operation.text("summary")),
    ));
    html.push_str(&prose_unless_empty(operation.text("description")));
    let is_public = operation
        .value
        .get("security")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty);
    if is_public {
        html.push_str("<p class=\"note\">No credentials needed.</p>\n");
    }
    parameters(document, operation.value, html);
    request_body(document, operation.value, html);
    responses(document, operation.value, html);
    html.push_str("</article>\n");
}

fn prose_unless_empty(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        prose(text)
    }
}

fn parameters(document: &Value, operation: &Value, html: &mut String) {
    let Some(parameters) = operation
        .get("parameters")
        .and_then(Value::as_array)
        .filter(|parameters| !parameters.is_empty())
    else {
        return;
    };
    html.push_str("<h4>Parameters</h4>\n<dl class=\"fields\">\n");
    for parameter in parameters {
        let parameter = example::resolve(document, parameter);
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let required = parameter
            .get("required")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        field(
            text("name"),
            text("in"),
            schema,
            required,
            text("description"),
            html,
        );
    }
    html.push_str("</dl>\n");
}

/// One name with its type, its limits and its meaning.
fn field(name: &str, place: &str, schema: &Value, required: bool, description: &str, html: &mut String) {
    let mut facts = vec![type_of(schema)];
    if !place.is_empty() {
        facts.push(format!("in {}", escape(place)));
    }
    if required {
        facts.push("<strong>required</strong>".to_owned());
    }
    let limits = limits_of(schema);
    if !limits.is_empty() {
        facts.push(limits);
    }
    html.push_str(&format!(
        "<div><dt><code>{}</code> <span class=\"facts\">{}</span></dt><dd>{}</dd></div>\n",
        escape(name),
        facts.join(" · "),
        inline_prose(description)
    ));
}

fn request_body(document: &Value, operation: &Value, html: &mut String) {
    let Some(body) = operation.get("requestBody") else {
        return;
    };
    html.push_str("<h4>Body</h4>\n");
    html.push_str(&prose_unless_empty(
        body.get("description")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    ));
    contents_of(document, body, html);
}

fn responses(document: &Value, operation: &Value, html: &mut String) {
    html.push_str("<h4>Answers</h4>\n<dl class=\"answers\">\n");
    let responses = operation.get("responses").and_then(Value::as_object);
    for (status, response) in responses.into_iter().flatten() {
        let class = if status.starts_with(['2', '3']) {
            "good"
        } else {
            "bad"
        };
        let description = response
            .get("description")
            .and_then(Value::as_str)
            .unwrap_or_default();
        html.push_str(&format!(
            "<div><dt><span class=\"status {class}\">{}</span></dt><dd>{}",
            escape(status),
            inline_prose(description)
        ));
        if class == "good" {
            contents_of(document, response, html);
        }
        html.push_str("</dd></div>\n");
    }
    html.push_str("</dl>\n");
}

/// The kinds of content of a body or an answer, with an example of the first JSON among them.
fn contents_of(document: &Value, owner: &Value, html: &mut String) {
    let Some(contents) = owner.get("content").and_then(Value::as_object) else {
        return;
    };
    let kinds: Vec<String> = contents
        .iter()
        .map(|(name, content)| {
            let schema = content.get("schema").unwrap_or(&Value::Null);
            format!("<code>{}</code>: {}", escape(name), type_of(schema))
        })
        .collect();
    html.push_str(&format!("<p class=\"content\">{}</p>\n", kinds.join("<br>")));
    if let Some(content) = contents.get("application/json") {
        let value = match content.get("example") {
            Some(example) => example.clone(),
            None => example::of(document, content.get("schema").unwrap_or(&Value::Null)),
        };
        if let Ok(json) = serde_json::to_string_pretty(&value) {
            html.push_str(&format!(
                "<details class=\"example\"><summary>Example</summary><pre tabindex=\"0\"><code>{}</code></pre></details>\n",
                escape(&json)
            ));
        }
    }
}

fn schemas(document: &Value) -> Option<&Map<String, Value>> {
    document.pointer("/components/schemas").and_then(Value::as_object)
}

fn objects(document: &Value, html: &mut String) {
    html.push_str("<section aria-labelledby=\"objects\">\n<h2 id=\"objects\">Objects</h2>\n");
    for (name, schema) in schemas(document).into_iter().flatten() {
        html.push_str(&format!(
            "<article id=\"{0}\">\n<h3><a class=\"self\" href=\"#{0}\">{1}</a></h3>\n",
            anchor(name),
            escape(name)
        ));
        html.push_str(&prose_unless_empty(
            schema
                .get("description")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        ));
        match schema.get("allOf").and_then(Value::as_array) {
            Some(parts) => {
                for part in parts {
                    if part.get("$ref").is_some() {
                        html.push_str(&format!("<p>All of {} and</p>\n", type_of(part)));
                    } else {
                        properties(document, part, html);
                    }
                }
            }
            None => properties(document, schema, html),
        }
        html.push_str("</article>\n");
    }
    html.push_str("</section>\n");
}

fn properties(document: &Value, schema: &Value, html: &mut String) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        let limits = limits_of(schema);
        let between = if limits.is_empty() { "" } else { " · " };
        html.push_str(&format!(
            "<p class=\"facts\">{}{between}{limits}</p>\n",
            type_of(schema)
        ));
        return;
    };
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    html.push_str("<dl class=\"fields\">\n");
    for (name, property) in properties {
        let description = property
            .get("description")
            .or_else(|| example::resolve(document, property).get("description"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        field(
            name,
            "",
            property,
            required.contains(&name.as_str()),
            description,
            html,
        );
    }
    html.push_str("</dl>\n");
}

fn error_codes(html: &mut String) {
    html.push_str(
        "<section aria-labelledby=\"errors\">\n<h2 id=\"errors\">Error codes</h2>\n<p>Every error has one of these in \
         the header <code>X-Error-Code</code>; they do not change.</p>\n<dl class=\"fields\">\n",
    );
    for code in ErrorCode::ALL {
        html.push_str(&format!(
            "<div><dt><code>{}</code></dt><dd>{}</dd></div>\n",
            escape(code.as_str()),
            inline_prose(code.description().trim())
        ));
    }
    html.push_str("</dl>\n</section>\n");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let evil = "</code><script>alert(1)</script>\"'";
        let document = json!({
            "info": {"title": evil, "version": evil, "description": evil},
            "paths": {"/api/<script>/": {"get": {
                "tags": [evil], "operationId": evil, "summary": evil, "description": evil, "security": [],
                "parameters": [{"name": evil, "in": evil, "required": true, "description": evil, "schema": {"type": evil}}],
                "requestBody": {"description": evil, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/<script>"}}}},
                "responses": {"200": {"description": evil, "content": {"application/json": {"schema": {"example": evil}}}}},
            }}},
            "components": {
                "schemas": {"<script>": {"description": evil, "type": "object", "required": [evil], "properties": {evil: {"description": evil, "enum": [evil]}}}},
                "securitySchemes": {evil: {"description": evil}},
            },
        });
        let html = render(&document);
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains(evil));
        assert!(html.contains("&lt;script&gt;"));
    }
}
