use std::io::{Cursor, Read};

use reqwest::Method;
use serde_json::Value;

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(archive, main_file, links);

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
            "a_note.txt",
            "a_note_2.txt",
            "cat.csv",
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
    let manifest = String::from_utf8(read("manifest-sha256.txt")).unwrap();
    assert_eq!(manifest.lines().count(), 5);

    // Any range is the same bytes; an unsatisfiable one gives the whole.
    let total = download.bytes.len();
    for (start, end) in [(0, 0), (10, 20), (total - 1, total - 1), (33, total - 1)] {
        let part = Answer::of(
            bob.request(Method::GET, link)
                .header("range", format!("bytes={start}-{end}")),
        )
        .await;
        assert_eq!(part.status, 206);
        assert_eq!(part.bytes, &download.bytes[start..=end]);
        assert_eq!(
            part.header("content-range"),
            format!("bytes {start}-{end}/{total}")
        );
    }
    let beyond = Answer::of(
        bob.request(Method::GET, link)
            .header("range", format!("bytes={total}-")),
    )
    .await;
    assert_eq!((beyond.status, beyond.bytes.len()), (200, total));
    let etag = download.header("etag");
    let same = Answer::of(bob.request(Method::GET, link).header("if-none-match", etag)).await;
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    let stale = bob
        .request(Method::GET, link)
        .header("range", "bytes=5-")
        .header("if-range", "\"old\"");
    assert_eq!(Answer::of(stale).await.status, 200);
    let fresh = bob
        .request(Method::GET, link)
        .header("range", "bytes=5-")
        .header("if-range", etag);
    assert_eq!(Answer::of(fresh).await.status, 206);
    let head = Answer::of(bob.request(Method::HEAD, link)).await;
    assert_eq!(
        (head.status, head.bytes.len(), head.header("content-length")),
        (200, 0, &*total.to_string())
    );

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
        2
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

async fn links(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let one = alice.published_catalog("One").await;
    let two = alice.published_catalog("Two").await;
    let link = prepare(&alice, &one, "prepare/").await["download_url"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = link.split("token=").nth(1).unwrap();
    let at = |product: &Value, what: &str| format!("/api/products/{}/download/{what}", product["id"]);
    for (person, path) in [
        (&alice, at(&one, "file/")),
        (&alice, format!("{}?token=", at(&one, "file/"))),
        (&alice, format!("{}?token=x{token}", at(&one, "file/"))),
        (&alice, format!("{}?token={token}", at(&two, "file/"))),
        (&alice, format!("{}?token={token}", at(&one, "main-file/file/"))),
        (&bob, link.clone()),
    ] {
        person.get(&path).await.refused(403, "invalid_link");
    }
    app.anonymous().get(&link).await.refused(401, "not_authenticated");
    assert_eq!(alice.get(&link).await.status, 200);
    // A link is not a session, nor the other way round.
    let cookie = app
        .anonymous()
        .request(Method::GET, "/api/products/")
        .header("cookie", format!("pz_session={token}"));
    Answer::of(cookie).await.refused(401, "session_expired");
}
