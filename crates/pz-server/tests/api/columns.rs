use serde_json::json;

use crate::app::{Answer, TestApp};
use crate::on_both_databases;
use reqwest::Method;

on_both_databases!(columns, f_03_strangers_change_no_columns);

async fn columns(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let list = bob
        .get(&format!("/api/product-contents/?product={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(list["count"], 5);
    let first = list["results"][0].clone();
    assert_eq!(
        (&first["column_name"], &first["order"], &first["dtype"]),
        (&json!("id"), &json!(0), &json!("int64"))
    );
    assert_eq!(first["shape"], json!([]));
    assert_eq!(list["results"][1]["alias"], "RA");
    let path = format!("/api/product-contents/{}/", first["id"]);
    bob.patch_form(&path, &[("alias", "ID")])
        .await
        .refused(403, "permission_denied");
    bob.delete(&path).await.refused(403, "permission_denied");

    // As the Python library does: both, one, clear.
    let set = alice
        .patch_form(&path, &[("ucd", "meta.id;meta.main"), ("alias", "ID")])
        .await
        .expect(200);
    assert_eq!(
        (&set["ucd"], &set["alias"], &set["id"]),
        (&json!("meta.id;meta.main"), &json!("ID"), &first["id"])
    );
    let alias_only = alice.patch_form(&path, &[("alias", "custom")]).await.expect(200);
    assert_eq!(
        (&alias_only["ucd"], &alias_only["alias"]),
        (&json!("meta.id;meta.main"), &json!("custom"))
    );
    let cleared = alice
        .patch_form(&path, &[("ucd", ""), ("alias", "")])
        .await
        .expect(200);
    assert_eq!((&cleared["ucd"], &cleared["alias"]), (&json!(""), &json!("")));
    let nulls = alice
        .patch(&path, json!({"ucd": null, "alias": null}))
        .await
        .expect(200);
    assert_eq!((&nulls["ucd"], &nulls["alias"]), (&json!(null), &json!(null)));
    alice
        .patch(&path, json!({"alias": "x".repeat(257)}))
        .await
        .refused(400, "validation_failed");
    alice
        .patch(&path, json!({"order": 1}))
        .await
        .refused(409, "conflict");
    alice
        .patch(&path, json!({"order": -1}))
        .await
        .refused(400, "validation_failed");
    alice
        .patch(&path, json!({"product": 12345}))
        .await
        .refused(400, "validation_failed");
    alice
        .patch_form("/api/product-contents/None/", &[("alias", "x")])
        .await
        .refused(404, "not_found");

    let added = alice
        .post(
            "/api/product-contents/",
            json!({"product": product["id"], "column_name": "extra"}),
        )
        .await
        .expect(201);
    assert_eq!(added["order"], 5);
    bob.post(
        "/api/product-contents/",
        json!({"product": product["id"], "column_name": "x"}),
    )
    .await
    .refused(403, "permission_denied");
    let put = alice.request(Method::PUT, &format!("/api/product-contents/{}/", added["id"]));
    Answer::of(put.json(&json!({"product": product["id"], "column_name": "renamed"})))
        .await
        .expect(200);
    assert_eq!(
        alice
            .delete(&format!("/api/product-contents/{}/", added["id"]))
            .await
            .status,
        204
    );

    // A draft's columns are nobody else's to see; an unknown product is a wrong filter.
    alice
        .patch(&format!("/api/products/{}/", product["id"]), json!({"status": 0}))
        .await
        .expect(200);
    bob.get(&path).await.refused(404, "not_found");
    let answer = bob
        .get(&format!("/api/product-contents/?product={}", product["id"]))
        .await
        .refused(400, "invalid_filter");
    assert!(answer["product"].is_array());
    assert_eq!(bob.get("/api/product-contents/").await.expect(200)["count"], 0);
}

#[actix_web::test]
async fn more_columns_than_a_page() {
    let app = TestApp::sqlite().await;
    let alice = app.alice().await;
    let product = alice.draft(1, "Wide").await;
    let header: Vec<String> = (0..1200).map(|i| format!("column_{i}")).collect();
    let row: Vec<String> = (0..1200).map(|i| i.to_string()).collect();
    let csv = format!("{}\n{}\n", header.join(","), row.join(","));
    alice
        .upload(&product, 0, "wide.csv", csv.as_bytes())
        .await
        .expect(201);
    alice
        .get(&format!("/api/products/{}/registry/", product["id"]))
        .await
        .expect(200);
    let path = format!("/api/product-contents/?product={}", product["id"]);
    let list = alice.get(&path).await.expect(200);
    assert_eq!(
        (list["count"].as_u64(), list["results"].as_array().unwrap().len()),
        (Some(1200), 1200)
    );
    let list = alice
        .get(&format!("{path}&page_size=10&page=2&ordering=-order"))
        .await
        .expect(200);
    assert_eq!(list["results"][0]["column_name"], "column_1189");
}

async fn f_03_strangers_change_no_columns(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let product = alice.published_catalog("Catalog").await;
    let list = format!("/api/product-contents/?product={}", product["id"]);
    let before = alice.get(&list).await.expect(200);
    let column = format!("/api/product-contents/{}/", before["results"][1]["id"]);
    // Seen, and not to be changed.
    bob.get(&column).await.expect(200);
    let body = json!({"product": product["id"], "column_name": "mine", "alias": "RA"});
    for refused in [
        bob.patch(&column, json!({"alias": "Dec"})).await,
        bob.patch_form(&column, &[("ucd", ""), ("alias", "")]).await,
        Answer::of(bob.request(Method::PUT, &column).json(&body)).await,
        bob.delete(&column).await,
        bob.post("/api/product-contents/", body.clone()).await,
    ] {
        refused.refused(403, "permission_denied");
    }
    assert_eq!(alice.get(&list).await.expect(200), before);
    // Nobody moves a column to another product, not even within one's own.
    let own = bob.published_catalog("Bob's").await;
    let other = alice.published_catalog("Another").await;
    let moved = json!({"product": other["id"]});
    alice
        .patch(&column, moved)
        .await
        .refused(400, "validation_failed");
    let into_own = json!({"product": own["id"]});
    bob.patch(&column, into_own)
        .await
        .refused(403, "permission_denied");
    root.patch(&column, json!({"alias": "RA"})).await.expect(200);

    // What one may not see is not there: neither in lists, nor to be read, changed or added to.
    alice
        .patch(&format!("/api/products/{}/", product["id"]), json!({"status": 0}))
        .await
        .expect(200);
    bob.get(&column).await.refused(404, "not_found");
    bob.patch(&column, json!({"alias": "x"}))
        .await
        .refused(404, "not_found");
    bob.delete(&column).await.refused(404, "not_found");
    bob.post("/api/product-contents/", body)
        .await
        .refused(400, "validation_failed");
    let seen = bob.get("/api/product-contents/?page_size=1000").await.expect(200);
    let of_draft = |row: &serde_json::Value| row["product"] == product["id"];
    assert!(!seen["results"].as_array().unwrap().iter().any(of_draft));

    // Nor is what belongs to a release that one may not see, published as it is.
    let release = crate::provenance::restricted_release(app).await;
    let body = json!({"display_name": "Inside", "product_type": 7, "release": release});
    let inside = root.post("/api/products/", body).await.expect(201);
    root.upload(&inside, 0, "cat.csv", crate::app::CATALOG)
        .await
        .expect(201);
    let path = format!("/api/products/{}/", inside["id"]);
    root.get(&format!("{path}registry/")).await.expect(200);
    root.patch(&path, json!({"status": 1})).await.expect(200);
    let list = root
        .get(&format!("/api/product-contents/?product={}", inside["id"]))
        .await
        .expect(200);
    let column = format!("/api/product-contents/{}/", list["results"][0]["id"]);
    bob.get(&column).await.refused(404, "not_found");
    bob.patch(&column, json!({"alias": "x"}))
        .await
        .refused(404, "not_found");
    let seen = bob.get("/api/product-contents/?page_size=1000").await.expect(200);
    let of_inside = |row: &serde_json::Value| row["product"] == inside["id"];
    assert!(!seen["results"].as_array().unwrap().iter().any(of_inside));
}
