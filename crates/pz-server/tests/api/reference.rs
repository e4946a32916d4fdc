use serde_json::json;

use crate::app::{Answer, TestApp};
use crate::on_both_databases;
use pz_store::releases::NewRelease;
use reqwest::Method;

on_both_databases!(reference_data, releases);

async fn reference_data(app: &TestApp) {
    let alice = app.alice().await;
    // Product types are public.
    let types = app
        .anonymous()
        .get("/api/product-types/?ordering=order")
        .await
        .expect(200);
    let names: Vec<&str> = types["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "redshift_catalog",
            "training_set",
            "training_results",
            "validation_results",
            "photoz_estimates",
            "object_catalog",
            "other"
        ]
    );
    let one = alice
        .get("/api/product-types/?name=training_set")
        .await
        .expect(200);
    assert_eq!(
        (one["count"].as_u64(), one["results"][0]["id"].as_i64()),
        (Some(1), Some(2))
    );
    assert_eq!(
        alice
            .get("/api/product-types/?name=Training_Set")
            .await
            .expect(200)["count"],
        0
    );
    assert_eq!(
        alice.get("/api/product-types/?search=MODEL").await.expect(200)["count"],
        1
    );
    let detail = alice.get("/api/product-types/5/").await.expect(200);
    assert_eq!(detail["display_name"], "Training Results");
    for path in [
        "/api/product-types/99/",
        "/api/product-types/None/",
        "/api/product-types/99999999999999999999/",
    ] {
        alice.get(path).await.refused(404, "not_found");
    }
    alice
        .post("/api/product-types/", json!({}))
        .await
        .refused(405, "method_not_allowed");

    let users = alice.get("/api/users/").await.expect(200);
    assert_eq!(users["count"], 3);
    let first =
        json!({"username": "alice", "first_name": "ALICE", "last_name": "Tester", "display_name": "alice"});
    assert_eq!(users["results"][0], first);
    assert_eq!(
        alice.get("/api/users/?ordering=-username").await.expect(200)["results"][0]["username"],
        "root"
    );
    app.anonymous()
        .get("/api/users/")
        .await
        .refused(401, "not_authenticated");

    let environment = app.anonymous().get("/which_environment/").await.expect(200);
    assert_eq!(
        environment,
        json!({"enviroment_name": "Production", "is_dev": false})
    );
    let config = app.anonymous().get("/api/config/").await.expect(200);
    assert_eq!(config["limits"]["upload_max_bytes"], 200_000_000);
    app.anonymous().get("/health/live").await.expect(200);
    app.anonymous().get("/health/ready").await.expect(200);

    // Methods, HEAD and OPTIONS.
    let wrong = alice.delete("/api/users/").await;
    wrong.refused(405, "method_not_allowed");
    assert_eq!(wrong.header("allow"), "GET, HEAD, OPTIONS");
    let head = Answer::of(alice.request(Method::HEAD, "/api/users/")).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert!(head.header("content-length").parse::<usize>().unwrap() > 100);
    app.anonymous()
        .options("/api/users/")
        .await
        .refused(401, "not_authenticated");
    let options = alice.options("/api/users/").await.expect(200);
    assert_eq!(options["name"], "User List");
    assert!(options.get("filterset").is_none() && options.get("search").is_none());
    let options = alice.options("/api/product-files/").await.expect(200);
    assert_eq!(options["filterset"], json!(["id", "product_id"]));
    assert_eq!(options["ordering"], json!(["id", "role"]));
    let options = alice.options("/api/releases/").await.expect(200);
    assert_eq!(options["filterset"], json!(["id", "name"]));
    assert_eq!(options["search"], json!(["display_name", "description"]));
    let options = alice.options("/api/products/").await.expect(200);
    insta::assert_json_snapshot!("options_products", options);
    alice.get("/api/nothing/").await.refused(404, "not_found");
    alice.get("/api/users").await.refused(404, "not_found");
}

async fn releases(app: &TestApp) {
    let group = app.store().group("dp1").await.unwrap();
    let add = async |name: &str, access_groups: Vec<i64>, is_public| {
        let release = NewRelease {
            name: name.into(),
            display_name: name.to_uppercase(),
            indexing_column: "objectId".into(),
            fluxes: Some(json!([{"name": "psf", "display_name": "PSF", "selected": true}])),
            mag_zero_point: Some(31.4),
            access_groups,
            is_public,
            ..NewRelease::default()
        };
        app.store().add_release(release).await.unwrap().id
    };
    let restricted = add("dp1", vec![group.id], false).await;
    add("dp02", vec![], false).await;
    let (alice, root) = (app.alice().await, app.root().await);
    let names = async |list: serde_json::Value| -> Vec<String> {
        list["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(alice.get("/api/releases/").await.expect(200)).await,
        ["dp02"]
    );
    assert_eq!(
        names(root.get("/api/releases/").await.expect(200)).await,
        ["dp02", "dp1"]
    );
    alice
        .get(&format!("/api/releases/{restricted}/"))
        .await
        .refused(404, "not_found");
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    app.store().join_group(account.id, group.id).await.unwrap();
    let release = alice
        .get(&format!("/api/releases/{restricted}/"))
        .await
        .expect(200);
    assert_eq!(release["access_groups"], json!([group.id]));
    assert_eq!(
        release["fluxes"],
        json!([{"name": "psf", "display_name": "PSF", "selected": true}])
    );
    assert_eq!(release["mag_zero_point"], 31.4);
    assert_eq!(alice.get("/api/releases/?name=dp1").await.expect(200)["count"], 1);

    // A product may name only a release its author sees.
    let body = json!({"display_name": "x", "product_type": 7, "release": restricted});
    alice.post("/api/products/", body.clone()).await.expect(201);
    let refused = app
        .bob()
        .await
        .post("/api/products/", body)
        .await
        .refused(400, "validation_failed");
    assert!(refused["release"].as_str().unwrap().contains("does not exist"));
}
