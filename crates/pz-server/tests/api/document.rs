use std::collections::BTreeSet;

use serde_json::Value;

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
