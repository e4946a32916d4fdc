use super::*;

fn product() -> ProductRow {
    let at = chrono::DateTime::UNIX_EPOCH;
    ProductRow {
        id: 7,
        product_type_id: 7,
        product_type_name: "Other".into(),
        product_type_internal_name: "other".into(),
        user_id: 1,
        username: "alice".into(),
        internal_name: Some("7_cat".into()),
        display_name: "Cat \"quoted\"".into(),
        description: Some("  ".into()),
        status: 1,
        created_at: at,
        updated_at: at,
        process_id: Some(3),
        ..ProductRow::default()
    }
}

fn provenance() -> Provenance {
    let source = |id: i64, doi: Option<&str>| Source {
        id,
        internal_name: Some(format!("{id}_input")),
        display_name: format!("Input {id}"),
        description: None,
        doi: doi.map(str::to_owned),
    };
    let making = Making {
        id: 3,
        display_name: "A run".into(),
        status: "Successful".into(),
        pipeline_version: "1.2".into(),
        pipeline_name: "combine redshifts".into(),
        pipeline_display_name: "Combine".into(),
        pipeline_description: Some("Merges".into()),
        user_name: "bob".into(),
        started_at: Some(chrono::DateTime::UNIX_EPOCH),
        ended_at: None,
    };
    Provenance {
        authorship: Authorship {
            owner_name: "alice".into(),
            license: Some("CC-BY-4.0".into()),
            creators: Some(json!([
                {"name": "Ada Lovelace", "orcid": "0000-0002-1825-0097", "affiliation": "Analytical Engine"},
                {"name": "Without Orcid"},
                {"orcid": "nameless"},
                "A Text",
                7,
            ])),
            doi: None,
            version_number: 2,
        },
        making: Some((making, vec![source(5, None), source(6, Some("10.5072/xyz"))])),
    }
}

fn read(public_url: Option<&str>) -> (Value, std::collections::BTreeMap<String, Value>) {
    let text = document(&product(), &provenance(), public_url, &[]);
    let crate_file: Value = serde_json::from_str(&text).unwrap();
    let graph = crate_file["@graph"].as_array().unwrap();
    let entities: std::collections::BTreeMap<String, Value> = graph
        .iter()
        .map(|entity| (entity["@id"].as_str().unwrap().to_owned(), entity.clone()))
        .collect();
    assert_eq!(entities.len(), graph.len(), "ids are unique");
    assert!(entities.values().all(|entity| entity["@type"].is_string()));
    (entities["./"].clone(), entities)
}

#[test]
fn a_run_is_told_with_what_it_read() {
    let (root, entities) = read(Some("https://pz.example.org/"));
    assert_eq!(root["identifier"], "https://pz.example.org/product/7_cat");
    assert_eq!(root["mentions"], json!([{"@id": "#process-3"}]));
    assert_eq!(root["version"], "2");
    let run = &entities["#process-3"];
    assert_eq!(run["@type"], "CreateAction");
    assert_eq!(run["result"], json!([{"@id": "./"}]));
    assert!(run["startTime"].is_string() && run.get("endTime").is_none());
    let tool = &entities[run["instrument"]["@id"].as_str().unwrap()];
    assert_eq!(
        (&tool["@id"], &tool["softwareVersion"]),
        (&json!("#pipeline-combine%20redshifts"), &json!("1.2"))
    );
    assert_eq!(
        run["object"],
        json!([
            {"@id": "https://pz.example.org/product/5_input"},
            {"@id": "https://doi.org/10.5072/xyz"},
        ])
    );
    for object in run["object"].as_array().unwrap() {
        assert_eq!(entities[object["@id"].as_str().unwrap()]["@type"], "Dataset");
    }
    assert_eq!(entities[run["agent"]["@id"].as_str().unwrap()]["name"], "bob");
}

#[test]
fn creators_and_licences_are_entities() {
    let (root, entities) = read(None);
    assert_eq!(root["identifier"], "7_cat");
    assert_eq!(
        root["description"],
        "Other: Cat \"quoted\", without a description."
    );
    let names: Vec<&Value> = root["author"]
        .as_array()
        .unwrap()
        .iter()
        .map(|author| &entities[author["@id"].as_str().unwrap()]["name"])
        .collect();
    assert_eq!(names, ["Ada Lovelace", "Without Orcid", "A Text"]);
    assert_eq!(root["author"][0]["@id"], "https://orcid.org/0000-0002-1825-0097");
    let license = &entities[root["license"]["@id"].as_str().unwrap()];
    assert_eq!(license["name"], "CC-BY-4.0");
    assert_eq!(
        entities["#process-3"]["object"][0]["@id"], "#product-5",
        "without an address of the service"
    );
}

#[test]
fn ids_are_relative_references() {
    assert_eq!(path_id("cat/Norder=0/a b#1.csv"), "cat/Norder=0/a%20b%231.csv");
    assert_eq!(path_id("http:x"), "http%3Ax");
    assert_eq!(path_id("ünï.csv"), "%C3%BCn%C3%AF.csv");
}

#[test]
fn only_spdx_ids_become_addresses() {
    let mut others = Vec::new();
    assert_eq!(license_of("see \"terms\"", &mut others), "see \"terms\"");
    assert!(others.is_empty());
    let known = license_of("CC-BY-4.0", &mut others);
    assert_eq!(known["@id"], "https://spdx.org/licenses/CC-BY-4.0");
    assert_eq!(others.len(), 1);
}
