use std::io::{Cursor, Read};

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    archive,
    main_file,
    f_04_files_of_others_drafts_stay_hidden,
    f_21_the_bytes_of_a_replaced_main_file_are_never_served,
    f_22_a_new_description_is_in_the_zip_at_once,
    f_26_any_name_arrives,
);

pub(crate) async fn prepare(person: &Person, product: &Value, what: &str) -> Value {
    // As the Python library sends it: a content type, and nothing.
    let path = format!("/api/products/{}/download/{what}", product["id"]);
    let request = person
        .request(Method::POST, &path)
        .header("content-type", "application/json");
    Answer::of(request).await.expect(200)
}

async fn archive(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Cat: \"quoted\" é").await;
    alice.upload(&product, 2, "a note.txt", b"note").await.expect(201);
    alice
        .upload(&product, 2, "a_note.txt", b"another")
        .await
        .expect(201);
    alice
        .upload(&product, 1, "product_metadata.yaml", b"mine: true")
        .await
        .expect(201);
    alice
        .upload(&product, 2, "RO-Crate-metadata.json", b"{}")
        .await
        .expect(201);
    alice
        .upload(&product, 2, "manifest-sha256.txt", b"mine, too")
        .await
        .expect(201);
    let prepared = prepare(&bob, &product, "prepare/").await;
    assert_eq!(prepared["status"], "ready");
    assert_eq!(prepared["source_signature"].as_str().unwrap().len(), 64);
    let link = prepared["download_url"].as_str().unwrap();
    let download = bob.get(link).await;
    assert_eq!(download.status, 200);
    assert_eq!(download.bytes.len() as u64, prepared["size"].as_u64().unwrap());
    assert_eq!(download.header("content-length"), prepared["size"].to_string());
    assert_eq!(download.header("accept-ranges"), "bytes");
    assert!(
        download
            .header("content-disposition")
            .starts_with("attachment; filename*=UTF-8''")
    );
    assert!(download.header("content-disposition").ends_with(".zip"));

    let mut zip = zip::ZipArchive::new(Cursor::new(&download.bytes)).unwrap();
    let names: Vec<String> = (0..zip.len())
        .map(|i| zip.by_index(i).unwrap().name().unwrap().into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "product_metadata.yaml",
            "ro-crate-metadata.json",
            "RO-Crate-metadata_2.json",
            "a_note.txt",
            "a_note_2.txt",
            "cat.csv",
            "manifest-sha256_2.txt",
            "product_metadata_2.yaml",
            "manifest-sha256.txt"
        ]
    );
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        // Checks the CRC-32 on the way.
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    assert_eq!(read("cat.csv"), CATALOG);
    assert_eq!(read("a_note.txt"), b"note");
    assert_eq!(read("a_note_2.txt"), b"another");
    assert_eq!(read("product_metadata_2.yaml"), b"mine: true");
    let yaml = String::from_utf8(read("product_metadata.yaml")).unwrap();
    assert!(
        yaml.contains("display_name: \"Cat: \\\"quoted\\\" é\"\n"),
        "{yaml}"
    );
    assert!(
        yaml.contains("- alias: \"RA\"\n  column_name: \"ra\"\n"),
        "{yaml}"
    );
    assert!(yaml.contains("main_file:\n  name: \"cat.csv\"\n"), "{yaml}");
    // Every member but the list itself is listed, in the form of sha256sum.
    let manifest = String::from_utf8(read("manifest-sha256.txt")).unwrap();
    let listed: Vec<&str> = manifest
        .lines()
        .map(|line| {
            let (sha256, name) = line.split_once("  ").unwrap();
            assert_eq!(sha256, sha256_hex(&read(name)), "{name}");
            name
        })
        .collect();
    assert_eq!(listed, names[..names.len() - 1]);

    let etag = download.header("etag");
    // After a change what was begun is not continued: the whole comes anew.
    alice
        .patch_form(
            &format!("/api/products/{}/", product["id"]),
            &[("description", "changed")],
        )
        .await
        .expect(200);
    let range = Answer::of(bob.request(Method::GET, link).header("range", "bytes=5-")).await;
    assert_eq!(range.status, 200);
    assert_ne!(range.header("etag"), etag);
    let status = bob
        .get(&format!("/api/products/{}/download/status/", product["id"]))
        .await
        .expect(200);
    assert_ne!(status["source_signature"], prepared["source_signature"]);
}

async fn main_file(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let prepared = prepare(&alice, &product, "main-file/prepare/").await;
    assert_eq!(prepared["filename"], "cat.csv");
    assert_eq!(prepared["size"], CATALOG.len());
    let files = alice
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(prepared["checksum"], files["results"][0]["sha256"]);
    let link = prepared["download_url"].as_str().unwrap();
    let download = alice.get(link).await;
    assert_eq!(download.bytes, CATALOG);
    assert_eq!(
        download.header("content-disposition"),
        "attachment; filename=\"cat.csv\""
    );
    assert_eq!(download.header("content-encoding"), "");
    let part = Answer::of(alice.request(Method::GET, link).header("range", "bytes=4-")).await;
    assert_eq!((part.status, &part.bytes[..]), (206, &CATALOG[4..]));

    // A product without files: the metadata alone; no main file is 404.
    let empty = alice.draft(7, "Empty").await;
    let prepared = prepare(&alice, &empty, "prepare/").await;
    let download = alice.get(prepared["download_url"].as_str().unwrap()).await;
    assert_eq!(
        zip::ZipArchive::new(Cursor::new(&download.bytes)).unwrap().len(),
        3
    );
    let path = format!("/api/products/{}/download/main-file/", empty["id"]);
    Answer::of(alice.request(Method::POST, &format!("{path}prepare/")))
        .await
        .refused(404, "not_found");
    alice
        .get(&format!("{path}status/"))
        .await
        .refused(404, "not_found");
}

async fn f_04_files_of_others_drafts_stay_hidden(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let draft = alice.draft(7, "Draft").await;
    let file = alice.upload(&draft, 2, "secret.txt", b"secret").await.expect(201);
    let url = file["file"].as_str().unwrap();
    assert_eq!(alice.get(url).await.bytes, b"secret");
    app.anonymous().get(url).await.refused(401, "not_authenticated");
    for path in [
        url.to_owned(),
        format!("/api/product-files/{}/", file["id"]),
        format!("/api/product-files/{}/view-url/", file["id"]),
        format!("/api/products/{}/download/", draft["id"]),
    ] {
        bob.get(&path).await.refused(404, "not_found");
    }
    assert_eq!(bob.get("/api/product-files/").await.expect(200)["count"], 0);

    // Neither are those of a published product whose release one may not see.
    let root = app.root().await;
    let release = crate::provenance::restricted_release(app).await;
    let body = json!({"display_name": "Inside", "product_type": 7, "release": release});
    let inside = root.post("/api/products/", body).await.expect(201);
    let file = root.upload(&inside, 0, "secret.txt", b"secret").await.expect(201);
    let path = format!("/api/products/{}/", inside["id"]);
    root.patch(&path, json!({"status": 1})).await.expect(200);
    for path in [
        file["file"].as_str().unwrap().to_owned(),
        format!("/api/product-files/{}/", file["id"]),
        format!("/api/product-files/{}/view-url/", file["id"]),
        format!("{path}download/"),
        format!("{path}download_main_file/"),
    ] {
        bob.get(&path).await.refused(404, "not_found");
        assert_eq!(root.get(&path).await.status, 200, "{path}");
    }
    assert_eq!(bob.get("/api/product-files/").await.expect(200)["count"], 0);
}

async fn f_21_the_bytes_of_a_replaced_main_file_are_never_served(app: &TestApp) {
    let alice = app.alice().await;
    let draft = alice.draft(7, "Draft").await;
    alice
        .upload(&draft, 0, "cat.csv", b"old content")
        .await
        .expect(201);
    let old = prepare(&alice, &draft, "main-file/prepare/").await;
    alice
        .upload(&draft, 0, "cat.csv", b"new, and longer")
        .await
        .expect(201);
    let link = old["download_url"].as_str().unwrap();
    assert_eq!(alice.get(link).await.bytes, b"new, and longer");
    // What was begun on the old file does not go on with the new one.
    let part = Answer::of(alice.request(Method::GET, link).header("range", "bytes=4-")).await;
    assert_eq!((part.status, &part.bytes[..]), (200, &b"new, and longer"[..]));
    let new = prepare(&alice, &draft, "main-file/prepare/").await;
    assert_ne!(new["source_signature"], old["source_signature"]);
    assert_eq!(new["checksum"], sha256_hex(b"new, and longer"));
}

async fn f_22_a_new_description_is_in_the_zip_at_once(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let old = prepare(&alice, &product, "prepare/").await;
    let path = format!("/api/products/{}/", product["id"]);
    alice
        .patch_form(&path, &[("description", "seen at once")])
        .await
        .expect(200);
    let new = prepare(&alice, &product, "prepare/").await;
    assert_ne!(new["source_signature"], old["source_signature"]);
    assert_ne!(new["filename"], old["filename"]);
    let zip = alice.get(new["download_url"].as_str().unwrap()).await;
    let yaml = member(&zip.bytes, "product_metadata.yaml");
    assert!(yaml.contains("description: \"seen at once\"\n"), "{yaml}");
    let crate_file: Value = serde_json::from_str(&member(&zip.bytes, "ro-crate-metadata.json")).unwrap();
    assert_eq!(crate_file["@graph"][1]["description"], "seen at once");
}

async fn f_26_any_name_arrives(app: &TestApp) {
    let alice = app.alice().await;
    for (name, header) in [
        ("a;b.csv", "attachment; filename=\"a;b.csv\""),
        (
            "名 前.csv",
            "attachment; filename*=UTF-8''%E5%90%8D%20%E5%89%8D.csv",
        ),
    ] {
        let draft = alice.draft(7, name).await;
        alice.upload(&draft, 0, name, b"x").await.expect(201);
        let prepared = prepare(&alice, &draft, "main-file/prepare/").await;
        assert_eq!(prepared["filename"], name);
        let download = alice.get(prepared["download_url"].as_str().unwrap()).await;
        assert_eq!(download.header("content-disposition"), header);
        assert_eq!(download.header("content-type"), "text/csv");
    }
}

/// A member of a zip, as text.
pub(crate) fn member(zip: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    pz_store::blobs::hex(&sha2::Sha256::digest(bytes))
}
