//! Faults of the earlier service that this one must not have: one test named after each, here or beside what it is
//! about.

use pz_server::auth::token::Scope;
use pz_store::releases::NewRelease;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::on_both_databases;

on_both_databases!(
    f_20_mistakes_of_clients_are_4xx,
    f_40_order_has_no_ties,
    f_41_filters_know_only_what_the_caller_sees,
);

/// How many faults were found in the earlier service.
const FAULTS: usize = 49;

/// Each has a test whose name starts with `f_NN_`.
#[test]
fn every_fault_has_its_test() {
    let directory = std::path::Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/api");
    let mut sources = String::new();
    let mut directories = vec![directory];
    while let Some(directory) = directories.pop() {
        for entry in fs_err::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs_err::read_to_string(path).unwrap());
            }
        }
    }
    let missing: Vec<usize> = (1..=FAULTS)
        .filter(|number| !sources.contains(&format!("fn f_{number:02}_")))
        .collect();
    assert!(missing.is_empty(), "without a test: {missing:?}");
}

async fn f_20_mistakes_of_clients_are_4xx(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let empty = alice.draft(1, "Without a file").await["id"].as_i64().unwrap();
    let catalog = alice.published_catalog("Catalog").await["id"].as_i64().unwrap();
    for action in [
        "main_file_info/",
        "registry/",
        "download/",
        "download_main_file/",
        "read_data/",
        "api_schema/",
    ] {
        alice
            .get(&format!("/api/products/987654/{action}"))
            .await
            .refused(404, "not_found");
    }
    assert_eq!(
        alice
            .get(&format!("/api/products/{empty}/main_file_info/"))
            .await
            .expect(200)["main_file"],
        json!({})
    );
    alice
        .get(&format!("/api/products/{empty}/registry/"))
        .await
        .refused(409, "missing_main_file");
    let path = format!("/api/products/{empty}/download_main_file/");
    assert_eq!(alice.get(&path).await.status, 404);
    for status in ["7", "abc", "-1", "99999999999999999999"] {
        let answer = alice
            .patch(&format!("/api/products/{empty}/"), json!({"status": status}))
            .await;
        assert_eq!(answer.status, 400, "{status}");
        assert!(answer.expect(400).get("status").is_some());
    }
    for product in [json!({"id": 987_654}), json!({"id": "x"}), json!({"id": ""})] {
        let answer = alice.upload(&product, 0, "cat.csv", b"a\n1\n").await;
        assert!(answer.expect(400).get("product").is_some(), "{product}");
    }
    for query in ["page=x", "page=0", "page_size=-1", "page_size=1.5"] {
        let answer = alice
            .get(&format!("/api/products/{catalog}/read_data/?{query}"))
            .await;
        answer.refused(400, "invalid_parameter");
    }
    let one = alice
        .get("/api/products/?official_product__in=true")
        .await
        .expect(200);
    assert_eq!(one["count"], 0);
    alice.get("/api/processes/?search=alice").await.expect(200);
    for resource in ["products", "releases", "product-types", "pipelines"] {
        let answer = alice.get(&format!("/api/{resource}/1/api_schema/")).await;
        assert!(matches!(answer.status, 200 | 404), "{resource} {}", answer.status);
    }

    let pipelines = alice.get("/api/pipelines/").await.expect(200);
    let pipeline = |name: &str| {
        let rows = pipelines["results"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap();
        row["id"].as_i64().unwrap()
    };
    let open = NewRelease {
        name: "open".into(),
        display_name: "Open".into(),
        indexing_column: "id".into(),
        has_flux_hats: true,
        ..NewRelease::default()
    };
    let release = app.store().add_release(open).await.unwrap().id;
    let (combine, training) = (pipeline("combine_redshift_dedup"), pipeline("training_set_maker"));
    let process = |pipeline: i64, more: Value| {
        let mut body = json!({"display_name": "run", "pipeline": pipeline, "inputs": [catalog], "used_config": {"param": {}}});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    for (body, field) in [
        (process(combine, json!({"release": release})), "release"),
        (process(combine, json!({"used_config": "[1, 2]"})), "used_config"),
        (process(combine, json!({"used_config": 3})), "used_config"),
        (
            process(training, json!({"release": release, "pz_code": "x"})),
            "pz_code",
        ),
    ] {
        let answer = alice.post("/api/processes/", body.clone()).await;
        assert!(answer.expect(400).get(field).is_some(), "{body}");
    }
    let official = process(combine, json!({"official_product": true}));
    alice
        .post("/api/processes/", official)
        .await
        .refused(403, "official_needs_admin");
    let made = alice
        .post("/api/processes/", process(combine, json!({})))
        .await
        .expect(201);
    let path = format!("/api/processes/{}/", made["id"]);
    for person in [&alice, &root] {
        person.delete(&path).await.refused(405, "method_not_allowed");
    }
    alice.get(&format!("{path}api_schema/")).await.expect(200);
}

async fn f_40_order_has_no_ties(app: &TestApp) {
    let alice = app.alice().await;
    // Equal names, types and (nearly) times: only the id tells them apart.
    for name in ["same", "same", "same", "Same", "áme", "zame", "Zame"] {
        alice.draft(7, name).await;
    }
    for ordering in ["display_name", "-display_name", "product_type", "-product_type"] {
        let list = |page: usize, size: usize| {
            format!("/api/products/?ordering={ordering}&page={page}&page_size={size}")
        };
        let ids = |answer: &Answer| -> Vec<i64> {
            let rows = answer.expect(200)["results"].as_array().unwrap().clone();
            rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
        };
        let whole = ids(&alice.get(&list(1, 100)).await);
        let mut pieces = Vec::new();
        for page in 1..=7 {
            pieces.extend(ids(&alice.get(&list(page, 1)).await));
        }
        assert_eq!(pieces, whole, "{ordering}");
        let mut sorted = whole.clone();
        sorted.sort_unstable();
        if ordering == "product_type" {
            assert_eq!(whole, sorted);
        }
    }
    // By code points of the lower-case name, on every database.
    let rows = alice
        .get("/api/products/?ordering=display_name")
        .await
        .expect(200);
    let names: Vec<&str> = rows["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["display_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["same", "same", "same", "Same", "zame", "Zame", "áme"]);
}

async fn f_41_filters_know_only_what_the_caller_sees(app: &TestApp) {
    let group = app.store().group("Insiders").await.unwrap();
    let inside = NewRelease {
        name: "inside".into(),
        display_name: "Inside".into(),
        indexing_column: "id".into(),
        access_groups: vec![group.id],
        ..NewRelease::default()
    };
    let release = app.store().add_release(inside).await.unwrap().id;
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let draft = alice.draft(7, "Mine alone").await["id"].as_i64().unwrap();
    // An id that is hidden and one that is not there are refused in the same words.
    let message = |answer: &Answer, id: i64| {
        let body = answer.refused(400, "invalid_filter");
        body.to_string().replace(&id.to_string(), "ID")
    };
    for (path, hidden) in [
        ("/api/products/?release=", release),
        ("/api/products/?release__in=", release),
        ("/api/product-files/?product_id=", draft),
        ("/api/product-contents/?product=", draft),
        ("/api/processes/?upload=", draft),
        ("/api/processes/?release=", release),
    ] {
        let seen = bob.get(&format!("{path}{hidden}")).await;
        let missing = bob.get(&format!("{path}987654")).await;
        assert_eq!(message(&seen, hidden), message(&missing, 987_654), "{path}");
        root.get(&format!("{path}{hidden}")).await.expect(200);
    }
    // A token that is not for administration sees no more than a member.
    let plain = app.person_with_scopes("root", &Scope::DEFAULT).await;
    let request = plain.request(Method::GET, &format!("/api/products/?release={release}"));
    Answer::of(request).await.refused(400, "invalid_filter");
}
