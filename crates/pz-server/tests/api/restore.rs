use chrono::{Duration, Utc};
use pz_store::entities::{product_files, products};
use reqwest::Method;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, TestApp};
use crate::on_both_databases;
use crate::provenance::{output, process_status, restricted_release, set_status};

on_both_databases!(
    restore_what_was_there,
    restore_has_its_time,
    tombstones,
    purging_is_safe_to_repeat,
    deleting_stops_the_process
);

fn path(product: &Value) -> String {
    format!("/api/products/{}/", product["id"])
}

fn restore(product: &Value) -> String {
    format!("/api/products/{}/restore/", product["id"])
}

/// The reason may be left out, body and all; `null` is no body.
#[test]
fn the_reason_of_a_deletion_is_documented() {
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let body = &document["paths"]["/api/products/{id}/"]["delete"]["requestBody"];
    assert_ne!(body["required"], true);
    let contents = body["content"].as_object().unwrap();
    assert_eq!(contents.len(), 3);
    for content in contents.values() {
        // Forms have a schema of their own, without null.
        let schema = content["schema"]["$ref"].as_str().unwrap();
        assert!(
            schema.starts_with("#/components/schemas/ProductDeletion"),
            "{schema}"
        );
    }
}

/// As if it had been deleted so many days ago.
async fn age(app: &TestApp, product: &Value, days: i64) {
    products::Entity::update_many()
        .col_expr(
            products::Column::DeletedAt,
            Expr::val(Utc::now() - Duration::days(days)),
        )
        .filter(products::Column::Id.eq(product["id"].as_i64().unwrap()))
        .exec(app.store().connection())
        .await
        .unwrap();
}

async fn restore_what_was_there(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let published = alice.published_catalog("Catalog").await;
    let draft = alice.draft(7, "Draft").await;
    alice
        .patch(&path(&draft), json!({"description": "would do to publish it"}))
        .await
        .expect(200);
    for product in [&published, &draft] {
        assert_eq!(alice.delete(&path(product)).await.status, 204);
        bob.post(&restore(product), json!({}))
            .await
            .refused(404, "not_found");
        app.anonymous()
            .post(&restore(product), json!({}))
            .await
            .refused(401, "not_authenticated");
    }
    let back = alice.post(&restore(&published), json!({})).await.expect(200);
    let mut expected = published.clone();
    expected["updated_at"] = back["updated_at"].clone();
    assert_eq!(back, expected, "published, with the same name, files and columns");
    let bytes = bob
        .get(&format!("/api/product-contents/?product={}", published["id"]))
        .await
        .expect(200);
    assert_eq!(bytes["count"], 5);
    let zip = Answer::of(bob.request(Method::POST, &format!("{}download/prepare/", path(&published)))).await;
    zip.expect(200);
    // A draft is not published by the way, whatever it has by now.
    let back = root.post(&restore(&draft), json!({})).await.expect(200);
    assert_eq!(back["status"], 0);
    bob.get(&path(&draft)).await.refused(404, "not_found");
    // Not deleted (any more).
    alice
        .post(&restore(&published), json!({}))
        .await
        .refused(409, "conflict");
    bob.post(&restore(&published), json!({}))
        .await
        .refused(403, "permission_denied");
    bob.post(&restore(&draft), json!({}))
        .await
        .refused(404, "not_found");
    alice
        .post("/api/products/999/restore/", json!({}))
        .await
        .refused(404, "not_found");
    alice
        .get(&restore(&published))
        .await
        .refused(405, "method_not_allowed");

    // What was published but may not be any more comes back as a draft.
    assert_eq!(alice.delete(&path(&published)).await.status, 204);
    pz_store::entities::product_contents::Entity::delete_many()
        .exec(app.store().connection())
        .await
        .unwrap();
    assert_eq!(
        alice.post(&restore(&published), json!({})).await.expect(200)["status"],
        0
    );
}

async fn restore_has_its_time(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    alice.delete(&path(&product)).await;
    age(app, &product, 29).await;
    alice.post(&restore(&product), json!({})).await.expect(200);
    alice.delete(&path(&product)).await;
    age(app, &product, 31).await;
    let tombstone = alice
        .get(&format!("{}tombstone/", path(&product)))
        .await
        .expect(200);
    assert_eq!(
        (&tombstone["can_restore"], &tombstone["restorable_until"]),
        (&json!(false), &json!(null))
    );
    let refused = alice
        .post(&restore(&product), json!({}))
        .await
        .refused(410, "gone");
    assert!(refused["detail"].as_str().unwrap().contains("30 days"));
    age(app, &product, 0).await;
    app.store()
        .purge_deleted(Utc::now() + Duration::days(1))
        .await
        .unwrap();
    alice
        .post(&restore(&product), json!({}))
        .await
        .refused(410, "gone");
}

async fn tombstones(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let tombstone = |product: &Value| format!("{}tombstone/", path(product));
    let product = alice.published_catalog("A {hostile} <b>\"name\"").await;
    bob.get(&tombstone(&product)).await.refused(404, "not_found");
    let long = "x".repeat(501);
    let refused = alice.delete(&format!("{}?reason={long}", path(&product))).await;
    assert!(refused.refused(400, "validation_failed")["reason"].is_array());
    alice.get(&path(&product)).await.expect(200);
    let gone = alice
        .delete(&format!("{}?reason=Wrong+zero+point.", path(&product)))
        .await;
    assert_eq!(gone.status, 204);
    for (person, can_restore) in [(&alice, true), (&bob, false), (&root, true)] {
        let answer = person.get(&tombstone(&product)).await.expect(200);
        assert_eq!(answer["id"], product["id"]);
        assert_eq!(answer["internal_name"], product["internal_name"]);
        assert_eq!(answer["display_name"], product["display_name"]);
        assert_eq!(
            (&answer["owner"], &answer["reason"]),
            (&json!("alice"), &json!("Wrong zero point."))
        );
        assert_eq!(answer["created_at"], product["created_at"]);
        assert!(answer["deleted_at"].is_string() && answer["restorable_until"].is_string());
        let citation = answer["citation"].as_str().unwrap();
        assert!(
            citation.starts_with("ALICE Tester (") && citation.contains("(Version 1)"),
            "{citation}"
        );
        assert_eq!(answer["can_restore"], can_restore);
    }
    app.anonymous()
        .get(&tombstone(&product))
        .await
        .refused(401, "not_authenticated");

    // By body, as JSON and as form.
    for (kind, body) in [
        ("application/json", "{\"reason\": \" because \"}"),
        ("application/x-www-form-urlencoded", "reason=+because+"),
    ] {
        let product = alice.published_catalog("Again").await;
        let request = alice
            .request(Method::DELETE, &path(&product))
            .header("content-type", kind)
            .body(body);
        assert_eq!(Answer::of(request).await.status, 204);
        assert_eq!(
            alice.get(&tombstone(&product)).await.expect(200)["reason"],
            "because"
        );
    }
    // Without one, with the empty JSON that clients send.
    let product = alice.published_catalog("No reason").await;
    let request = alice
        .request(Method::DELETE, &path(&product))
        .header("content-type", "application/json");
    assert_eq!(Answer::of(request).await.status, 204);
    assert_eq!(
        alice.get(&tombstone(&product)).await.expect(200)["reason"],
        json!(null)
    );

    // What was never published has none, for nobody.
    let draft = alice.draft(7, "Draft").await;
    alice.delete(&path(&draft)).await;
    let failed = alice.draft(7, "Failed").await;
    set_status(app, &failed, 9).await;
    alice.delete(&path(&failed)).await;
    for person in [&alice, &bob, &root] {
        for product in [&draft, &failed] {
            person.get(&tombstone(product)).await.refused(404, "not_found");
        }
    }
    // Nor does it show what a release hid.
    let release = restricted_release(app).await;
    let body = json!({"display_name": "Secret", "product_type": 7, "description": "x", "release": release});
    let secret = root.post("/api/products/", body).await.expect(201);
    root.patch(&path(&secret), json!({"status": 1})).await.expect(200);
    bob.get(&path(&secret)).await.refused(404, "not_found");
    root.delete(&path(&secret)).await;
    bob.get(&tombstone(&secret)).await.refused(404, "not_found");
    root.get(&tombstone(&secret)).await.expect(200);
}

async fn purging_is_safe_to_repeat(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let kept = alice.published_catalog("Kept").await;
    let old = alice.published_catalog("Old").await;
    alice.upload(&old, 2, "notes.txt", b"notes").await.expect(201);
    let recent = alice.published_catalog("Recent").await;
    for product in [&old, &recent] {
        alice.delete(&path(product)).await;
    }
    age(app, &old, 31).await;
    let blobs = app.blob_files();
    let cutoff = || Utc::now() - Duration::days(30);
    assert_eq!(app.store().purge_deleted(cutoff()).await.unwrap(), 1);
    assert_eq!(app.blob_files(), blobs - 2);
    assert_eq!(app.store().purge_deleted(cutoff()).await.unwrap(), 0);
    assert_eq!(app.blob_files(), blobs - 2);
    let tombstone = bob.get(&format!("{}tombstone/", path(&old))).await.expect(200);
    assert_eq!(tombstone["internal_name"], old["internal_name"]);
    assert_eq!(tombstone["can_restore"], false);
    alice.post(&restore(&old), json!({})).await.refused(410, "gone");
    // The others have theirs.
    alice.post(&restore(&recent), json!({})).await.expect(200);
    for product in [&kept, &recent] {
        let info = bob
            .get(&format!("{}main_file_info/", path(product)))
            .await
            .expect(200);
        assert_eq!(info["main_file"]["size"], CATALOG.len());
        bob.get(&format!("{}read_data/", path(product))).await.expect(200);
    }

    // A crash after the mark and before the bytes: the next sweep goes on.
    alice.delete(&path(&recent)).await;
    let id = recent["id"].as_i64().unwrap();
    products::Entity::update_many()
        .col_expr(products::Column::PurgedAt, Expr::val(Utc::now()))
        .filter(products::Column::Id.eq(id))
        .exec(app.store().connection())
        .await
        .unwrap();
    alice
        .post(&restore(&recent), json!({}))
        .await
        .refused(410, "gone");
    assert_eq!(app.store().purge_deleted(cutoff()).await.unwrap(), 1);
    let left = product_files::Entity::find()
        .filter(product_files::Column::ProductId.eq(id))
        .all(app.store().connection())
        .await
        .unwrap();
    assert!(left.is_empty());
    assert_eq!(app.blob_files(), blobs - 3);
    // Names are not used again.
    let next = alice.draft(7, "Old").await;
    assert!(next["id"].as_i64() > recent["id"].as_i64());
}

async fn deleting_stops_the_process(app: &TestApp) {
    let alice = app.alice().await;
    let input = alice.published_catalog("Input").await;
    let running = output(app, &alice, 1, "Running", &[&input]).await;
    set_status(app, &running, 3).await;
    crate::provenance::set_process_status(app, &running, "Running").await;
    let waiting = output(app, &alice, 1, "Waiting", &[&input]).await;
    set_status(app, &waiting, 3).await;
    crate::provenance::set_process_status(app, &waiting, "Pending").await;
    let done = output(app, &alice, 1, "Done", &[&input]).await;
    for product in [&running, &waiting, &done] {
        assert_eq!(alice.delete(&path(product)).await.status, 204);
    }
    assert_eq!(process_status(app, &running).await, "Stopping");
    assert_eq!(process_status(app, &waiting).await, "Stopped");
    assert_eq!(process_status(app, &done).await, "Successful");
    for product in [&running, &waiting] {
        let back = alice.post(&restore(product), json!({})).await.expect(200);
        assert_eq!(back["product_status"], "Failed");
    }
}
