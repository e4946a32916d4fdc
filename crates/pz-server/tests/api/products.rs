use serde_json::json;

use crate::app::{Answer, TestApp};
use crate::on_both_databases;
use reqwest::Method;

on_both_databases!(create, change, publish, delete, main_file_info);

async fn create(app: &TestApp) {
    let alice = app.alice().await;
    let body = json!({"display_name": "  My Redshift Cat ", "product_type": 1, "release": null, "official_product": false,
        "pz_code": null, "description": "a desc", "status": 1, "id": 999, "unknown": []});
    let product = alice.post("/api/products/", body).await.expect(201);
    let id = product["id"].as_i64().unwrap();
    assert_eq!(product["internal_name"], format!("{id}_my_redshift_cat"));
    assert_eq!(product["display_name"], "My Redshift Cat");
    assert_eq!(
        (&product["status"], &product["product_status"]),
        (&json!(0), &json!("Registering"))
    );
    assert_eq!(
        (&product["is_owner"], &product["can_update"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(product["origin"], "Upload");
    assert_eq!(product["product_type_internal_name"], "redshift_catalog");
    let mut redacted = product.clone();
    for key in ["created_at", "updated_at"] {
        assert!(redacted[key].as_str().unwrap().ends_with('Z'));
        redacted[key] = json!("[time]");
    }
    insta::assert_json_snapshot!("product", redacted);

    // The same as form and as multipart.
    let form = alice
        .request(Method::POST, "/api/products/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("display_name=From+form&product_type=7&release=&pz_code=");
    let product = Answer::of(form).await.expect(201);
    assert_eq!(
        (&product["release"], &product["pz_code"]),
        (&json!(null), &json!(""))
    );
    let form = reqwest::multipart::Form::new()
        .text("display_name", "From multipart")
        .text("product_type", "7");
    let product = Answer::of(alice.request(Method::POST, "/api/products/").multipart(form))
        .await
        .expect(201);
    assert_eq!(product["display_name"], "From multipart");

    // Plain strings for fields, in every case nothing is created.
    let count = alice.get("/api/products/").await.expect(200)["count"].clone();
    for (body, field) in [
        (json!({"product_type": 1}), "display_name"),
        (json!({"display_name": " ", "product_type": 1}), "display_name"),
        (
            json!({"display_name": "x".repeat(256), "product_type": 1}),
            "display_name",
        ),
        (json!({"display_name": "x"}), "product_type"),
        (json!({"display_name": "x", "product_type": 8}), "product_type"),
        (
            json!({"display_name": "x", "product_type": "many"}),
            "product_type",
        ),
        (
            json!({"display_name": "x", "product_type": 7, "release": 12345}),
            "release",
        ),
        (
            json!({"display_name": "x", "product_type": 7, "pz_code": "x".repeat(56)}),
            "pz_code",
        ),
        (
            json!({"display_name": "x\u{0}", "product_type": 7}),
            "display_name",
        ),
        (
            json!({"display_name": "x", "product_type": 7, "release_year": 1066}),
            "release_year",
        ),
        (
            json!({"display_name": "x", "product_type": 7, "official_product": "perhaps"}),
            "official_product",
        ),
    ] {
        let answer = alice
            .post("/api/products/", body.clone())
            .await
            .refused(400, "validation_failed");
        assert!(answer[field].is_string(), "{body}: {answer}");
    }
    // Type rules: lists.
    let body = json!({"display_name": "x", "product_type": 1, "pz_code": "bpz"});
    let answer = alice
        .post("/api/products/", body)
        .await
        .refused(400, "pz_code_not_allowed");
    assert!(answer["pz_code"].is_array());
    let body = json!({"display_name": "x", "product_type": 7, "official_product": true});
    let answer = alice
        .post("/api/products/", body.clone())
        .await
        .refused(403, "official_needs_admin");
    assert!(answer["error"].is_string());
    assert_eq!(alice.get("/api/products/").await.expect(200)["count"], count);
    assert_eq!(
        app.root().await.post("/api/products/", body).await.expect(201)["official_product"],
        true
    );

    // A very long name makes a bounded internal name.
    let product = alice
        .post(
            "/api/products/",
            json!({"display_name": "é".repeat(255), "product_type": 7}),
        )
        .await
        .expect(201);
    assert!(product["internal_name"].as_str().unwrap().len() <= 220);
}

async fn change(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let product = alice.published_catalog("Catalog").await;
    let path = format!("/api/products/{}/", product["id"]);
    // An empty form changes nothing (the Python library sends it).
    assert_eq!(alice.patch_form(&path, &[]).await.expect(200), product);
    let changed = alice
        .patch_form(&path, &[("description", "new text")])
        .await
        .expect(200);
    assert_eq!(changed["description"], "new text");
    assert_eq!(changed["status"], 1);
    assert_ne!(changed["updated_at"], product["updated_at"]);
    let renamed = alice
        .patch(&path, json!({"display_name": "Other name"}))
        .await
        .expect(200);
    assert_eq!(renamed["internal_name"], product["internal_name"]);

    bob.patch(&path, json!({"description": "mine"}))
        .await
        .refused(403, "permission_denied");
    let put = bob
        .request(Method::PUT, &path)
        .json(&json!({"display_name": "x", "product_type": 1}));
    Answer::of(put).await.refused(403, "permission_denied");
    root.patch(&path, json!({"official_product": true}))
        .await
        .expect(200);
    alice
        .patch(&path, json!({"official_product": false}))
        .await
        .refused(403, "official_needs_admin");
    alice
        .patch(&path, json!({"release": 1}))
        .await
        .refused(400, "validation_failed");
    alice
        .patch(&path, json!({"pz_code": "x"}))
        .await
        .refused(400, "pz_code_not_allowed");
    alice
        .patch(&path, json!({"product_type": 7}))
        .await
        .refused(400, "validation_failed");
    alice
        .patch(&path, json!({"display_name": ""}))
        .await
        .refused(400, "validation_failed");
    for status in [2, 3, 9, 4, -1] {
        let answer = alice
            .patch(&path, json!({"status": status}))
            .await
            .refused(400, "invalid_status");
        assert!(answer["status"].is_array());
    }
    assert_eq!(
        alice.patch(&path, json!({"status": 0})).await.expect(200)["status"],
        0
    );
    bob.patch(&path, json!({"description": "mine"}))
        .await
        .refused(404, "not_found");
    let put = alice
        .request(Method::PUT, &path)
        .json(&json!({"description": "x"}));
    Answer::of(put).await.refused(400, "validation_failed");
    let put = alice
        .request(Method::PUT, &path)
        .json(&json!({"display_name": "Put", "product_type": 1}));
    assert_eq!(Answer::of(put).await.expect(200)["display_name"], "Put");
}

async fn publish(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    let path = format!("/api/products/{}/", product["id"]);
    let answer = alice
        .patch_form(&path, &[("status", "1")])
        .await
        .refused(406, "missing_columns");
    assert_eq!(answer, "Missing column associations: Dec,RA,z");
    alice
        .upload(&product, 0, "cat.csv", crate::app::CATALOG)
        .await
        .expect(201);
    alice.get(&format!("{path}registry/")).await.expect(200);
    alice
        .associate(&product, &[("ra", "ra"), ("dec", "Dec"), ("z", "z")])
        .await;
    let answer = alice
        .patch_form(&path, &[("status", "1"), ("description", "kept?")])
        .await
        .refused(406, "missing_columns");
    assert_eq!(answer, "Missing column associations: RA");
    let unchanged = alice.get(&path).await.expect(200);
    assert_eq!(
        (&unchanged["status"], &unchanged["description"]),
        (&json!(0), &json!(null)),
        "nothing was written"
    );
    alice.associate(&product, &[("ra", "RA")]).await;
    assert_eq!(
        alice.patch_form(&path, &[("status", "1")]).await.expect(200)["product_status"],
        "Published"
    );

    // Without a table: a description is enough, and needed.
    let estimates = alice.draft(4, "Estimates").await;
    let path = format!("/api/products/{}/", estimates["id"]);
    let answer = alice
        .patch_form(&path, &[("status", "1")])
        .await
        .refused(400, "missing_description");
    assert!(answer["description"].is_array());
    alice
        .patch_form(&path, &[("status", "1"), ("description", "How to get them.")])
        .await
        .expect(200);
    let info = alice.get(&format!("{path}main_file_info/")).await.expect(200);
    assert_eq!(info["main_file"], json!({}));

    // Columns added by hand do not make up for a missing table.
    let training = alice.draft(2, "Training").await;
    let column = json!({"product": training["id"], "column_name": "z", "alias": "z"});
    alice.post("/api/product-contents/", column).await.expect(201);
    let path = format!("/api/products/{}/", training["id"]);
    alice
        .patch_form(&path, &[("status", "1")])
        .await
        .refused(406, "missing_main_file");
}

async fn delete(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let id = &product["id"];
    let path = format!("/api/products/{id}/");
    let prepared = alice.request(Method::POST, &format!("{path}download/prepare/"));
    let link = Answer::of(prepared).await.expect(200)["download_url"]
        .as_str()
        .unwrap()
        .to_owned();
    bob.delete(&path).await.refused(403, "permission_denied");
    assert_eq!(alice.delete(&path).await.status, 204);
    let files = alice.get(&format!("/api/product-files/?product_id={id}")).await;
    files.refused(400, "invalid_filter");
    for gone in [
        path.clone(),
        format!("{path}main_file_info/"),
        format!("{path}read_data/"),
        link,
        format!("{path}registry/"),
    ] {
        alice.get(&gone).await.refused(404, "not_found");
    }
    alice.delete(&path).await.refused(404, "not_found");
    assert_eq!(alice.get("/api/products/").await.expect(200)["count"], 0);
    assert_eq!(alice.get("/api/products/?status=2").await.expect(200)["count"], 1);
    assert_eq!(
        alice.get("/api/products/?status__in=1,2").await.expect(200)["count"],
        1
    );
    assert_eq!(bob.get("/api/products/?status=2").await.expect(200)["count"], 0);
    assert_eq!(
        app.root().await.get("/api/products/?status=2").await.expect(200)["count"],
        1
    );
    alice
        .patch(&path, json!({"status": 1}))
        .await
        .refused(404, "not_found");
}

async fn main_file_info(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let info = alice
        .get(&format!("/api/products/{}/main_file_info/", product["id"]))
        .await
        .expect(200);
    assert_eq!(info["id"], product["id"]);
    insta::assert_json_snapshot!("main_file", info["main_file"]);

    // Not read yet: said so, not failed.
    let draft = alice.draft(1, "Draft").await;
    alice
        .upload(&draft, 0, "broken.csv", b"a,b\n1,2\n3\n")
        .await
        .expect(201);
    let info = alice
        .get(&format!("/api/products/{}/main_file_info/", draft["id"]))
        .await
        .expect(200);
    let main = &info["main_file"];
    assert_eq!(
        (&main["delimiter"], &main["has_header"], &main["columns"]),
        (&json!(null), &json!(false), &json!([]))
    );
}
