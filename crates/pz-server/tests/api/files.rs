use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use crate::app::{Answer, CATALOG, TestApp};
use crate::on_both_databases;

on_both_databases!(upload_list_download_remove, roles_and_replacement, refusals);

async fn upload_list_download_remove(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let added = alice
        .upload(&product, 2, "../../notes ü;1.txt", b"some notes")
        .await
        .expect(201);
    assert_eq!(
        (&added["name"], &added["role_name"]),
        (&json!("notes ü;1.txt"), &json!("Auxiliary"))
    );
    assert_eq!(
        (&added["extension"], &added["size"]),
        (&json!(".txt"), &json!(10))
    );
    // From sha256sum.
    assert_eq!(
        added["sha256"],
        "237bac67a518e2dfc901ecbf060f59cde465d4644cf9d0783a877a321f9bbcb3"
    );
    let list = bob
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(list["count"], 2);
    assert_eq!(list["results"][0]["n_rows"], 3);
    assert_eq!(
        (
            &list["results"][1]["can_delete"],
            &list["results"][0]["role_name"]
        ),
        (&json!(false), &json!("Main"))
    );
    let path = format!("/api/product-files/{}/", added["id"]);
    let download = bob.get(added["file"].as_str().unwrap()).await;
    assert_eq!((download.status, &download.bytes[..]), (200, &b"some notes"[..]));
    assert_eq!(
        download.header("content-disposition"),
        "attachment; filename*=UTF-8''notes%20%C3%BC%3B1.txt"
    );
    assert!(download.header("content-security-policy").contains("sandbox"));
    app.anonymous()
        .get(added["file"].as_str().unwrap())
        .await
        .refused(401, "not_authenticated");

    bob.delete(&path).await.refused(403, "permission_denied");
    let blobs = app.blob_files();
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(app.blob_files(), blobs - 1);
    alice.get(&path).await.refused(404, "not_found");

    // Others' drafts: neither their files nor their existence.
    alice
        .patch(&format!("/api/products/{}/", product["id"]), json!({"status": 0}))
        .await
        .expect(200);
    bob.get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .refused(400, "invalid_filter");
    bob.get(&format!("/api/product-files/{}/", list["results"][0]["id"]))
        .await
        .refused(404, "not_found");
    assert_eq!(bob.get("/api/product-files/").await.expect(200)["count"], 0);
    let refused = bob
        .upload(&product, 2, "x.txt", b"x")
        .await
        .refused(400, "validation_failed");
    assert!(refused["product"].is_array());
    app.root()
        .await
        .upload(&product, 2, "x.txt", b"x")
        .await
        .expect(201);
}

async fn roles_and_replacement(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    let first = alice
        .upload(&product, 0, "first.csv", b"a\n1\n")
        .await
        .expect(201);
    assert_eq!(app.blob_files(), 1);
    let second = alice.upload(&product, 0, "second.csv", CATALOG).await.expect(201);
    assert_eq!(app.blob_files(), 1, "the replaced one is gone");
    alice
        .get(&format!("/api/product-files/{}/", first["id"]))
        .await
        .refused(404, "not_found");
    let note = alice.upload(&product, 2, "note.txt", b"x").await.expect(201);
    let path = format!("/api/product-files/{}/", note["id"]);
    assert_eq!(
        alice.patch(&path, json!({"role": 1})).await.expect(200)["role_name"],
        "Description"
    );
    alice
        .patch(&path, json!({"role": 0}))
        .await
        .refused(400, "validation_failed");
    let main = format!("/api/product-files/{}/", second["id"]);
    alice
        .patch(&main, json!({"role": 1}))
        .await
        .refused(400, "validation_failed");
    Answer::of(alice.request(Method::PUT, &path).json(&json!({"role": 1})))
        .await
        .refused(405, "method_not_allowed");

    let published = alice.published_catalog("Published").await;
    let blobs = app.blob_files();
    alice
        .upload(&published, 0, "other.csv", CATALOG)
        .await
        .refused(409, "main_file_exists");
    assert_eq!(app.blob_files(), blobs);
}

async fn refusals(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.draft(7, "Draft").await;
    let post = |form: Form| Answer::of(alice.request(Method::POST, "/api/product-files/").multipart(form));
    let file = || Part::bytes(b"x".to_vec()).file_name("x.txt");
    let id = product["id"].to_string();
    let fields = async |form: Form| -> Vec<String> {
        let body = post(form).await.expect(400);
        body.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        fields(Form::new().text("role", "7")).await,
        ["file", "product", "role"]
    );
    assert_eq!(fields(Form::new().text("product", id.clone())).await, ["file"]);
    assert_eq!(fields(Form::new().part("file", file())).await, ["product"]);
    assert_eq!(
        fields(Form::new().text("product", "99999").part("file", file())).await,
        ["product"]
    );
    assert_eq!(
        fields(Form::new().text("product", "x").part("file", file())).await,
        ["product"]
    );
    let role = Form::new()
        .text("product", id.clone())
        .text("role", "3")
        .part("file", file());
    assert_eq!(fields(role).await, ["role"]);
    let long = Form::new()
        .text("product", id.clone())
        .text("type", "x".repeat(129))
        .part("file", file());
    assert_eq!(fields(long).await, ["type"]);
    let empty = Form::new()
        .text("product", id.clone())
        .part("file", Part::bytes(vec![]).file_name("x.txt"));
    post(empty).await.refused(400, "empty_file");
    for name in ["..", "a/..", ""] {
        let part = Part::bytes(b"x".to_vec()).file_name(name);
        post(Form::new().text("product", id.clone()).part("file", part))
            .await
            .refused(400, "invalid_file_name");
    }
    let part = Part::bytes(b"x".to_vec()).file_name("é".repeat(200));
    post(Form::new().text("product", id.clone()).part("file", part))
        .await
        .refused(400, "invalid_file_name");
    let nameless = Form::new()
        .text("product", id.clone())
        .part("file", Part::bytes(b"x".to_vec()));
    post(nameless).await.refused(400, "invalid_file_name");
    alice
        .post("/api/product-files/", json!({"product": 1}))
        .await
        .refused(400, "validation_failed");
    let odd = alice
        .request(Method::POST, "/api/product-files/")
        .header("content-type", "text/plain")
        .body("x");
    Answer::of(odd).await.refused(415, "unsupported_media_type");
    let broken = alice
        .request(Method::POST, "/api/product-files/")
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x\r\nContent-Disposition: form-data; name=\"product\"\r\n\r\n1");
    Answer::of(broken).await.refused(400, "malformed_body");
    bob.upload(&product, 0, "x.txt", b"x")
        .await
        .refused(400, "validation_failed");
    // An upload that was refused halfway removes its bytes in the background.
    for _ in 0..200 {
        if app.blob_files() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.blob_files(), 0, "nothing was kept");
}

#[actix_web::test]
async fn a_file_over_the_limit_is_refused_while_it_streams() {
    let app = TestApp::start(&["--upload-max-bytes", "1000000"]).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Large").await;
    let answer = alice.upload(&product, 0, "large.bin", &vec![7; 5_000_000]).await;
    let body = answer.refused(413, "file_too_large");
    assert!(
        body["detail"].as_str().unwrap().contains("1000000 bytes"),
        "{body}"
    );
    let exact = alice.upload(&product, 0, "exact.bin", &vec![7; 1_000_000]).await;
    assert_eq!(exact.expect(201)["size"], 1_000_000);
    assert_eq!(app.blob_files(), 1);
}
