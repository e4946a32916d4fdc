use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::app::{Answer, TestApp};

/// What the document promises is complete: every operation says what it does and what it answers.
#[test]
fn every_operation_is_described() {
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            assert!(
                !operation["summary"].as_str().unwrap_or_default().is_empty(),
                "{name}"
            );
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{name}"
            );
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(
                    !response["description"].as_str().unwrap_or_default().is_empty(),
                    "{name} {status}"
                );
            }
            for variable in path
                .split('{')
                .skip(1)
                .map(|rest| rest.split('}').next().unwrap())
            {
                let parameters = operation["parameters"].as_array().unwrap();
                assert!(
                    parameters.iter().any(|parameter| parameter["name"] == variable),
                    "{name}: {variable}"
                );
            }
        }
    }
    assert!(ids.len() > 35, "{}", ids.len());
    // Lists document their filters, from the same table that reads them.
    let parameters = document["paths"]["/api/products/"]["get"]["parameters"]
        .as_array()
        .unwrap();
    for name in [
        "status__in",
        "product_name__or",
        "search",
        "ordering",
        "page",
        "page_size",
    ] {
        assert!(
            parameters.iter().any(|parameter| parameter["name"] == name),
            "{name}"
        );
    }
    assert_eq!(no_dangling_references(&document, &document), 0);
}

fn no_dangling_references(document: &Value, value: &Value) -> usize {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| match (key.as_str(), value) {
                ("$ref", Value::String(reference)) => {
                    let pointer = reference.trim_start_matches('#');
                    assert!(document.pointer(pointer).is_some(), "{reference} points nowhere");
                    0
                }
                _ => no_dangling_references(document, value),
            })
            .sum(),
        Value::Array(items) => items
            .iter()
            .map(|item| no_dangling_references(document, item))
            .sum(),
        _ => 0,
    }
}

/// The router offers exactly what the document says: the methods of every path, HEAD wherever GET is, OPTIONS
/// everywhere, and 405 with the list of them for the rest; in JSON.
#[actix_web::test]
async fn the_router_and_the_document_agree() {
    let app = TestApp::sqlite().await;
    let alice = app.alice().await;
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        let mut expected: BTreeSet<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|key| key.to_uppercase())
            .collect();
        if expected.contains("GET") {
            expected.insert("HEAD".to_owned());
        }
        expected.insert("OPTIONS".to_owned());
        let address = path.split('{').next().unwrap().to_owned()
            + &path
                .split('{')
                .skip(1)
                .map(|rest| format!("1{}", rest.split_once('}').unwrap().1))
                .collect::<String>();
        let options = alice.options(&address).await;
        assert_eq!(options.status, 200, "OPTIONS {path}");
        let allowed: BTreeSet<String> = options.header("allow").split(", ").map(str::to_owned).collect();
        assert_eq!(allowed, expected, "{path}");
        app.anonymous()
            .options(&address)
            .await
            .refused(401, "not_authenticated");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"] {
            if !expected.contains(method) {
                let method: Method = method.parse().unwrap();
                let answer = Answer::of(alice.request(method, &address)).await;
                answer.refused(405, "method_not_allowed");
                assert_eq!(answer.header("allow"), options.header("allow"), "{path}");
            }
        }
    }
    for nowhere in [
        "/api/nothing/",
        "/api",
        "/api/products",
        "/api/products/1/nothing/",
        "/api/products/1",
    ] {
        alice.get(nowhere).await.refused(404, "not_found");
    }
}

/// Every error of every operation says what its body is and that its code is in a header.
#[test]
fn every_error_is_described() {
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let name = format!("{method} {path} {status}");
                if status.parse::<u16>().unwrap() >= 400 && !path.starts_with("/health/") {
                    assert!(
                        response["content"]["application/json"]["schema"].is_object(),
                        "{name}"
                    );
                    assert!(response["headers"]["X-Error-Code"].is_object(), "{name}");
                }
            }
            // Who is not public needs credentials, and says what happens without.
            let public = operation["security"].as_array().unwrap().is_empty();
            assert_eq!(
                operation["responses"].get("401").is_none(),
                public,
                "{method} {path}"
            );
        }
    }
}

/// What generated clients and generated requests rely on: exact parameters, and a body for each encoding.
#[test]
fn bodies_and_parameters_are_exact() {
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let field = |schema: &str, name: &str| &document["components"]["schemas"][schema]["properties"][name];
    // Null is said in JSON only, and no text holds null characters or is blank where it must not be.
    assert_eq!(
        field("ProductInput", "release")["type"],
        serde_json::json!(["integer", "null"])
    );
    assert_eq!(field("ProductInputForm", "release")["type"], "integer");
    assert_eq!(field("ProductInputMultipart", "description")["type"], "string");
    assert_eq!(field("ProductInput", "description")["pattern"], r"^[^\u0000]*$");
    assert!(
        field("ProductInput", "display_name")["pattern"]
            .as_str()
            .is_some_and(|pattern| pattern.contains(r"\s"))
    );
    let products = &document["paths"]["/api/products/"];
    let content = &products["post"]["requestBody"]["content"];
    for (media_type, schema) in [
        ("application/json", "ProductInput"),
        ("application/x-www-form-urlencoded", "ProductInputForm"),
        ("multipart/form-data", "ProductInputMultipart"),
    ] {
        let reference = format!("#/components/schemas/{schema}");
        assert_eq!(content[media_type]["schema"]["$ref"], reference);
    }
    // A change may change nothing; what is created is said.
    assert_eq!(products["post"]["requestBody"]["required"], true);
    let product = &document["paths"]["/api/products/{id}/"];
    assert_eq!(product["patch"]["requestBody"]["required"], false);
    // Filters are exact where the server is strict, and rows of pages have names.
    let parameters = products["get"]["parameters"].as_array().unwrap();
    let schema = |name: &str| {
        let parameter = parameters.iter().find(|parameter| parameter["name"] == name);
        &parameter.unwrap()["schema"]
    };
    assert_eq!(schema("status")["enum"], serde_json::json!([0, 1, 2, 3, 9]));
    assert_eq!(schema("release")["type"], "integer");
    assert_eq!(schema("search")["maxLength"], 1000);
    assert_eq!(
        field("Page_Product", "results")["items"]["$ref"],
        "#/components/schemas/Product"
    );
    assert_eq!(product["get"]["tags"], serde_json::json!(["products"]));
    // A file may have any media type; a part of it the same.
    let answers = &document["paths"]["/api/product-files/{id}/download/"]["get"]["responses"];
    assert_eq!(answers["200"]["content"]["*/*"], serde_json::json!({}));
    assert_eq!(answers["206"]["content"], answers["200"]["content"]);
}
