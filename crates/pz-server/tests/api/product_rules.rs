//! Rules of products that a wrong or hostile client would break; and reading what one began oneself.

use pz_store::releases::NewRelease;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    f_01_strangers_change_no_products,
    f_02_put_follows_the_rules_of_patch,
    f_08_drafts_and_deleted_products_are_hidden,
    f_11_types_are_fixed_and_checked_on_every_write,
    f_12_products_start_as_drafts,
    f_16_long_names_are_cut,
    f_32_refused_creations_leave_nothing,
    specz_lists_published_redshift_catalogs,
    pending_publication,
    changes_of_what_was_seen,
);

fn path(product: &Value) -> String {
    format!("/api/products/{}/", product["id"])
}

async fn put(person: &Person, product: &Value, body: Value) -> Answer {
    Answer::of(person.request(Method::PUT, &path(product)).json(&body)).await
}

async fn f_01_strangers_change_no_products(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    for body in [
        json!({"description": "mine"}),
        json!({"status": 0}),
        json!({"official_product": true}),
        json!({"creators": [{"name": "Bob"}]}),
        json!({}),
    ] {
        bob.patch(&path(&product), body)
            .await
            .refused(403, "permission_denied");
    }
    bob.patch_form(&path(&product), &[("description", "mine")])
        .await
        .refused(403, "permission_denied");
    app.anonymous()
        .patch(&path(&product), json!({"description": "x"}))
        .await
        .refused(401, "not_authenticated");
    assert_eq!(alice.get(&path(&product)).await.expect(200), product);
}

async fn f_02_put_follows_the_rules_of_patch(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let draft = alice.draft(1, "Draft").await;
    let body = json!({"display_name": "Draft", "product_type": 1, "status": 1});
    put(&bob, &draft, body.clone()).await.refused(404, "not_found");
    put(&alice, &draft, body.clone())
        .await
        .refused(406, "missing_columns");
    put(
        &alice,
        &draft,
        json!({"display_name": "x", "product_type": 1, "official_product": true}),
    )
    .await
    .refused(403, "official_needs_admin");
    put(
        &alice,
        &draft,
        json!({"display_name": "x", "product_type": 1, "pz_code": "bpz"}),
    )
    .await
    .refused(400, "pz_code_not_allowed");
    for status in [2, 3, 9] {
        let body = json!({"display_name": "x", "product_type": 1, "status": status});
        put(&alice, &draft, body).await.refused(400, "invalid_status");
    }
    assert_eq!(alice.get(&path(&draft)).await.expect(200), draft);
    let published = alice.published_catalog("Catalog").await;
    put(&bob, &published, body)
        .await
        .refused(403, "permission_denied");
    assert_eq!(alice.get(&path(&published)).await.expect(200), published);
}

async fn f_08_drafts_and_deleted_products_are_hidden(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let draft = alice.draft(7, "Draft").await;
    let deleted = alice.published_catalog("Deleted").await;
    let file = alice
        .get(&format!("/api/product-files/?product_id={}", deleted["id"]))
        .await
        .expect(200);
    let file = file["results"][0]["id"].clone();
    assert_eq!(alice.delete(&path(&deleted)).await.status, 204);
    let count = async |person: &Person, query: &str| {
        person.get(&format!("/api/products/{query}")).await.expect(200)["count"].clone()
    };
    for (person, drafts) in [(&alice, 1), (&bob, 0), (&root, 1)] {
        assert_eq!(count(person, "").await, drafts);
        assert_eq!(count(person, "?status=0").await, drafts);
        // Nor by its name, as the Python library looks for a product that it is to add to.
        let name = deleted["internal_name"].as_str().unwrap();
        for query in [
            "?status=1".to_owned(),
            "?search=Deleted".to_owned(),
            format!("?internal_name={name}"),
            format!("?internal_name__in={name}"),
        ] {
            assert_eq!(count(person, &query).await, 0, "{query}");
        }
        for gone in [
            "",
            "main_file_info/",
            "read_data/",
            "versions/",
            "citation/",
            "provenance/",
            "process_config/",
        ] {
            let answer = person.get(&format!("{}{gone}", path(&deleted))).await;
            answer.refused(404, "not_found");
        }
        person
            .get(&format!("/api/product-files/{file}/"))
            .await
            .refused(404, "not_found");
        person
            .get(&format!("/api/product-contents/?product={}", deleted["id"]))
            .await
            .refused(400, "invalid_filter");
    }
    for (person, seen) in [(&alice, 1), (&bob, 0), (&root, 1)] {
        assert_eq!(count(person, "?status=2").await, seen);
        assert_eq!(count(person, "?status__in=2,1").await, seen);
    }
    for action in ["", "versions/", "citation/", "provenance/", "process_config/"] {
        let hidden = bob.get(&format!("{}{action}", path(&draft))).await;
        hidden.refused(404, "not_found");
    }
}

async fn f_11_types_are_fixed_and_checked_on_every_write(app: &TestApp) {
    let alice = app.alice().await;
    let draft = alice.draft(7, "Draft").await;
    let changed = alice
        .patch(&path(&draft), json!({"product_type": 4, "pz_code": "bpz"}))
        .await;
    assert_eq!(changed.expect(200)["product_type"], 4);
    // What the new type does not allow is refused, whether it is sent or there already.
    alice
        .patch(&path(&draft), json!({"product_type": 1}))
        .await
        .refused(400, "pz_code_not_allowed");
    alice.upload(&draft, 0, "cat.csv", CATALOG).await.expect(201);
    for body in [
        json!({"product_type": 7}),
        json!({"product_type": "7", "display_name": "x"}),
    ] {
        let refused = alice
            .patch(&path(&draft), body)
            .await
            .refused(400, "validation_failed");
        assert!(refused["product_type"].is_array());
    }
    let unchanged = alice
        .patch(&path(&draft), json!({"product_type": 4}))
        .await
        .expect(200);
    assert_eq!(
        (&unchanged["product_type"], &unchanged["display_name"]),
        (&json!(4), &json!("Draft"))
    );
    let release = NewRelease {
        name: "dp9".into(),
        display_name: "DP9".into(),
        is_public: true,
        ..NewRelease::default()
    };
    let release = app.store().add_release(release).await.unwrap().id;
    let catalog = alice.published_catalog("Catalog").await;
    for body in [
        json!({"release": release}),
        json!({"release": release, "display_name": "x"}),
    ] {
        alice
            .patch(&path(&catalog), body)
            .await
            .refused(400, "release_not_allowed");
    }
    alice
        .patch(&path(&catalog), json!({"official_product": true}))
        .await
        .refused(403, "official_needs_admin");
    assert_eq!(alice.get(&path(&catalog)).await.expect(200), catalog);
}

async fn f_12_products_start_as_drafts(app: &TestApp) {
    let alice = app.alice().await;
    for status in [json!(1), json!(2), json!(3), json!(9), json!("1"), json!("x")] {
        let body = json!({"display_name": "x", "product_type": 1, "status": status});
        let product = alice.post("/api/products/", body).await.expect(201);
        assert_eq!(product["status"], 0);
        assert_eq!(alice.get(&path(&product)).await.expect(200)["status"], 0);
    }
}

async fn f_16_long_names_are_cut(app: &TestApp) {
    let alice = app.alice().await;
    for name in ["é".repeat(255), "名".repeat(255), "x".repeat(255)] {
        let product = alice.draft(7, &name).await;
        let internal = product["internal_name"].as_str().unwrap();
        assert!(internal.len() <= 221, "{}", internal.len());
        assert!(internal.starts_with(&format!("{}_", product["id"])));
        assert_eq!(product["display_name"], name.as_str());
    }
    let count = alice.get("/api/products/").await.expect(200)["count"].clone();
    let body = json!({"display_name": "x".repeat(256), "product_type": 7});
    let refused = alice
        .post("/api/products/", body)
        .await
        .refused(400, "validation_failed");
    assert!(refused["display_name"].as_str().unwrap().contains("255"));
    assert_eq!(alice.get("/api/products/").await.expect(200)["count"], count);
}

async fn f_32_refused_creations_leave_nothing(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let before = alice.draft(7, "Before").await["id"].as_i64().unwrap();
    for (body, status) in [
        (
            json!({"display_name": "x", "product_type": 1, "official_product": true}),
            403,
        ),
        (
            json!({"display_name": "x", "product_type": 7, "doi": "10.1234/x"}),
            403,
        ),
        (
            json!({"display_name": "x", "product_type": 1, "pz_code": "bpz"}),
            400,
        ),
        (json!({"display_name": "x", "product_type": 99}), 400),
        (
            json!({"display_name": "x", "product_type": 7, "license": "WTFPL"}),
            400,
        ),
    ] {
        assert_eq!(
            alice.post("/api/products/", body.clone()).await.status,
            status,
            "{body}"
        );
    }
    for query in ["", "?status=2", "?status__in=0,1,2,3,9"] {
        let all = root.get(&format!("/api/products/{query}")).await.expect(200);
        let names: Vec<_> = all["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| &row["display_name"])
            .collect();
        assert!(!names.contains(&&json!("x")), "{query}");
    }
    let after = alice.draft(7, "After").await["id"].as_i64().unwrap();
    assert_eq!(
        after,
        before + 1,
        "no row was written, not even one that is gone again"
    );
}

async fn specz_lists_published_redshift_catalogs(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let catalog = alice.published_catalog("Catalog").await;
    let draft = alice.draft(1, "Draft").await;
    let other = alice
        .post(
            "/api/products/",
            json!({"display_name": "Notes", "product_type": 7, "description": "x"}),
        )
        .await
        .expect(201);
    alice.patch(&path(&other), json!({"status": 1})).await.expect(200);
    for person in [&alice, &bob] {
        let list = person.get("/api/products-specz/").await.expect(200);
        assert_eq!(list["count"], 1);
        assert_eq!(list["results"][0]["id"], catalog["id"]);
        let one = person
            .get(&format!("/api/products-specz/{}/", catalog["id"]))
            .await
            .expect(200);
        assert_eq!(one["display_name"], "Catalog");
        for id in [&draft["id"], &other["id"], &json!(999), &json!("None")] {
            person
                .get(&format!(
                    "/api/products-specz/{}/",
                    id.as_str().map_or(id.to_string(), str::to_owned)
                ))
                .await
                .refused(404, "not_found");
        }
    }
    // The same filters, search and order; asking for others gives none.
    for (query, count) in [
        ("search=cat", 1),
        ("search=x", 0),
        ("status=0", 0),
        ("status=2", 0),
        ("product_type=7", 0),
        ("uploaded_by=alice", 1),
    ] {
        let list = bob
            .get(&format!("/api/products-specz/?{query}"))
            .await
            .expect(200);
        assert_eq!(list["count"], count, "{query}");
    }
    bob.get("/api/products-specz/?status=x")
        .await
        .refused(400, "invalid_filter");
    bob.get("/api/products-specz/?page=9")
        .await
        .refused(404, "invalid_page");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        for path in [
            "/api/products-specz/".to_owned(),
            format!("/api/products-specz/{}/", catalog["id"]),
        ] {
            let answer = Answer::of(alice.request(method.clone(), &path).json(&json!({}))).await;
            answer.refused(405, "method_not_allowed");
            assert!(answer.header("allow").contains("GET"));
        }
    }
    assert_eq!(
        alice.options("/api/products-specz/").await.expect(200)["name"],
        "Product Specz List"
    );
    let options = alice
        .options(&format!("/api/products-specz/{}/", catalog["id"]))
        .await
        .expect(200);
    assert_eq!(options["name"], "Product Specz Instance");
    assert_eq!(
        options["filter_classes"],
        alice.options("/api/products/").await.expect(200)["filter_classes"]
    );
    app.anonymous()
        .get("/api/products-specz/")
        .await
        .refused(401, "not_authenticated");
    alice.delete(&path(&catalog)).await;
    assert_eq!(bob.get("/api/products-specz/").await.expect(200)["count"], 0);
}

async fn pending_publication(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let pending = "/api/products/pending_publication/";
    assert_eq!(
        alice.get(pending).await.expect(200),
        json!({"product": null, "drafts": []})
    );
    let first = alice.draft(7, "First").await;
    let second = alice.draft(1, "Second").await;
    alice
        .upload(&second, 0, "cat.csv", b"a,b\n1,2\n3\n")
        .await
        .expect(201);
    alice
        .get(&format!("{}registry/", path(&second)))
        .await
        .refused(422, "not_a_table");
    let published = alice.published_catalog("Published").await;
    let made = crate::provenance::output(app, &alice, 2, "Made", &[&published]).await;
    crate::provenance::set_status(app, &made, 0).await;
    let answer = alice.get(pending).await.expect(200);
    assert_eq!(answer["product"]["id"], second["id"]);
    let ids: Vec<&Value> = answer["drafts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|draft| &draft["id"])
        .collect();
    assert_eq!(ids, [&second["id"], &first["id"]]);
    assert!(
        answer["drafts"][0]["registry_error"]
            .as_str()
            .unwrap()
            .contains("cat.csv")
    );
    assert_eq!(answer["drafts"][1]["registry_error"], json!(null));
    for other in [&bob, &root] {
        assert_eq!(other.get(pending).await.expect(200)["drafts"], json!([]));
    }
    alice.delete(&path(&second)).await;
    assert_eq!(alice.get(pending).await.expect(200)["product"]["id"], first["id"]);
    app.anonymous()
        .get(pending)
        .await
        .refused(401, "not_authenticated");
    alice
        .post(pending, json!({}))
        .await
        .refused(405, "method_not_allowed");
}

/// A write that names the state it saw is refused when the product is another by then.
async fn changes_of_what_was_seen(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let product = alice.published_catalog("Catalog").await;
    let path = path(&product);
    let seen = alice.get(&path).await;
    let tag = seen.header("etag").to_owned();
    assert!(
        tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10,
        "{tag}"
    );
    let known = Answer::of(alice.request(Method::GET, &path).header("if-none-match", &tag)).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let with_tag = async |method: Method, tag: &str, body: Value| {
        Answer::of(alice.request(method, &path).header("if-match", tag).json(&body)).await
    };
    let changed = with_tag(Method::PATCH, &tag, json!({"description": "one"})).await;
    changed.expect(200);
    let new_tag = changed.header("etag").to_owned();
    assert_ne!(new_tag, tag);
    assert_eq!(alice.get(&path).await.header("etag"), new_tag);
    for old in [tag.as_str(), "\"nonsense\"", "nonsense", "W/\"x\""] {
        for method in [Method::PATCH, Method::PUT, Method::DELETE] {
            let body = json!({"description": "two", "display_name": "two", "product_type": 1});
            with_tag(method, old, body).await.refused(412, "conflict");
        }
    }
    assert_eq!(alice.get(&path).await.expect(200)["description"], "one");
    // Somebody else changes it: the owner, who has not seen that, is told so.
    root.patch(&path, json!({"official_product": true}))
        .await
        .expect(200);
    with_tag(Method::PATCH, &new_tag, json!({"description": "two"}))
        .await
        .refused(412, "conflict");
    with_tag(Method::PATCH, "*", json!({"description": "three"}))
        .await
        .expect(200);
    let tags = format!("\"other\", {}", alice.get(&path).await.header("etag"));
    with_tag(
        Method::PUT,
        &tags,
        json!({"display_name": "Four", "product_type": 1}),
    )
    .await
    .expect(200);
    let tag = alice.get(&path).await.header("etag").to_owned();
    assert_eq!(with_tag(Method::DELETE, &tag, json!({})).await.status, 204);
    // Twenty writers with the same tag: one of them wins.
    let draft = alice.draft(7, "Draft").await;
    let path = format!("/api/products/{}/", draft["id"]);
    let tag = alice.get(&path).await.header("etag").to_owned();
    let writes = (0..20).map(|number| {
        let request = alice.request(Method::PATCH, &path).header("if-match", &tag);
        Answer::of(request.json(&json!({"description": format!("{number}")})))
    });
    let answers = futures_util::future::join_all(writes).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(
        won,
        1,
        "{:?}",
        answers.iter().map(|answer| answer.status).collect::<Vec<_>>()
    );
    assert!(answers.iter().all(|answer| [200, 412].contains(&answer.status)));
}
