//! Text is compressed once, when it arrives; archives are read through once for their checksum.

use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use zip::{CompressionMethod, ZipArchive};

use crate::app::{Answer, Person, TestApp};
use crate::archives::zip;
use crate::downloads::{prepare, sha256_hex};
use crate::on_both_databases;

on_both_databases!(
    text_stands_compressed_in_archives,
    what_gains_nothing_is_stored,
    copies_go_with_their_files,
    checksums_of_archives_come_later,
);

/// Something that happens in the background, within some seconds.
pub(crate) async fn eventually<T>(mut ready: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = ready().await {
            return value;
        }
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "it did not happen in time"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the service has tried to compress a file.
pub(crate) async fn tried(app: &TestApp, file: &Value) {
    let id = file["id"].as_i64().unwrap();
    eventually(async || {
        app.store()
            .untried_file(id)
            .await
            .unwrap()
            .is_none()
            .then_some(())
    })
    .await;
}

/// Text of about this many bytes that does not shrink to nothing.
pub(crate) fn text(bytes: usize) -> Vec<u8> {
    let mut number = 1_486_231_857_497_402_613_u64;
    let mut text = String::from("id,ra,dec\n");
    while text.len() < bytes {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{number},{},{}\n", number % 360_000, number % 89_999));
    }
    text.into_bytes()
}

async fn archive_of(person: &Person, product: &Value) -> Vec<u8> {
    let prepared = prepare(person, product, "prepare/").await;
    let answer = person.get(prepared["download_url"].as_str().unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), "");
    answer.bytes
}

/// How a member is kept, and its bytes.
fn kept(archive: &[u8], name: &str) -> (CompressionMethod, Vec<u8>) {
    let mut zip = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut member = zip.by_name(name).unwrap();
    let mut bytes = Vec::new();
    // Checks the CRC-32 on the way.
    member.read_to_end(&mut bytes).unwrap();
    (member.compression(), bytes)
}

async fn text_stands_compressed_in_archives(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Texts").await;
    let large = text(1_500_000);
    let file = alice.upload(&product, 0, "cat.csv", &large).await.expect(201);
    let notes = alice
        .upload(&product, 2, "Notes.TXT", &large[..9000])
        .await
        .expect(201);
    let before = prepare(&alice, &product, "prepare/").await;
    for file in [&file, &notes] {
        tried(app, file).await;
    }
    let archive = archive_of(&alice, &product).await;
    assert!(archive.len() < large.len() * 7 / 10, "{}", archive.len());
    assert_eq!(
        kept(&archive, "cat.csv"),
        (CompressionMethod::Deflated, large.clone())
    );
    assert_eq!(
        kept(&archive, "Notes.TXT"),
        (CompressionMethod::Deflated, large[..9000].to_vec())
    );
    // The file alone is what was uploaded, to the byte.
    let main = prepare(&alice, &product, "main-file/prepare/").await;
    assert_eq!(main["size"], large.len());
    let download = alice.get(main["download_url"].as_str().unwrap()).await;
    assert!(download.bytes == large);

    // A link from before leads to the same files; where bytes moved, a range gets the whole.
    let part = alice
        .request(Method::GET, before["download_url"].as_str().unwrap())
        .header("range", "bytes=100-");
    let part = Answer::of(part).await;
    let moved = before["source_signature"] != prepare(&alice, &product, "prepare/").await["source_signature"];
    assert_eq!(part.status, if moved { 200 } else { 206 });
}

async fn what_gains_nothing_is_stored(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Mixed").await;
    let binary: Vec<u8> = text(20_000).into_iter().chain([0, 1, 2]).collect();
    // Hexadecimal digits of a hash after another take half their room; bytes of them take all of it.
    let noise: Vec<u8> = (0..2000_u32)
        .flat_map(|number| sha256_hex(&number.to_le_bytes()).into_bytes())
        .collect();
    let noise: Vec<u8> = noise
        .chunks(2)
        .map(|pair| b'!' + (pair[0].wrapping_mul(31) ^ pair[1].wrapping_mul(17)) % 93)
        .collect();
    let cases: [(&str, &[u8]); 5] = [
        ("small.txt", &text(3000)),
        ("binary.dat", &binary),
        ("cat.bin", &text(20_000)),
        ("cat.zip", &zip(&[("cat.csv", &text(20_000))])),
        ("README", &text(20_000)),
    ];
    for (name, bytes) in cases {
        let role = if name == "small.txt" { 0 } else { 2 };
        let file = alice.upload(&product, role, name, bytes).await.expect(201);
        tried(app, &file).await;
        let archive = archive_of(&alice, &product).await;
        let method = if name == "README" {
            CompressionMethod::Deflated
        } else {
            CompressionMethod::Stored
        };
        assert!(kept(&archive, name) == (method, bytes.to_vec()), "{name}");
    }
    let blobs = app.blob_files();
    let file = alice.upload(&product, 2, "noise.txt", &noise).await.expect(201);
    tried(app, &file).await;
    let archive = archive_of(&alice, &product).await;
    let (method, bytes) = kept(&archive, "noise.txt");
    assert!(bytes == noise);
    let copies = usize::from(method == CompressionMethod::Deflated);
    assert_eq!(app.blob_files(), blobs + 1 + copies, "what is not kept is gone");
}

async fn copies_go_with_their_files(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Texts").await;
    let first = alice
        .upload(&product, 0, "cat.csv", &text(20_000))
        .await
        .expect(201);
    tried(app, &first).await;
    assert_eq!(app.blob_files(), 2, "the file and its copy");
    // A copy that a row points at is no orphan.
    assert_eq!(app.store().collect_orphan_blobs(Duration::ZERO).await.unwrap(), 0);
    let second = alice
        .upload(&product, 0, "cat.csv", &text(30_000))
        .await
        .expect(201);
    tried(app, &second).await;
    assert_eq!(app.blob_files(), 2, "the replaced file and its copy are gone");
    let (method, bytes) = kept(&archive_of(&alice, &product).await, "cat.csv");
    assert_eq!(
        (method, bytes.len()),
        (CompressionMethod::Deflated, text(30_000).len())
    );
    let path = format!("/api/product-files/{}/", second["id"]);
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(app.blob_files(), 0);

    // One that no row points at is: what a crash before its row leaves.
    let orphan = app.store().blobs.put(b"orphan").await.unwrap();
    let mut copy = app.store().blobs.copy_writer(&orphan.key).await.unwrap();
    copy.write(b"copy").await.unwrap();
    copy.finish().await.unwrap();
    assert_eq!(app.blob_files(), 2);
    app.store().collect_orphan_blobs(Duration::ZERO).await.unwrap();
    assert_eq!(app.blob_files(), 0);

    // A file that is replaced or removed right away leaves no copy behind, whoever is quicker.
    for _ in 0..5 {
        let file = alice
            .upload(&product, 2, "quick.csv", &text(200_000))
            .await
            .expect(201);
        let path = format!("/api/product-files/{}/", file["id"]);
        assert_eq!(alice.delete(&path).await.status, 204);
    }
    eventually(async || (app.blob_files() == 0).then_some(())).await;
}

async fn checksums_of_archives_come_later(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let files = alice
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    tried(app, &files["results"][0]).await;
    let path = format!("/api/products/{}/download/status/", product["id"]);
    let known = async || {
        eventually(async || {
            let status = bob.get(&path).await.expect(200);
            (!status["checksum"].is_null()).then_some(status)
        })
        .await
    };
    let first = prepare(&alice, &product, "prepare/").await;
    assert_eq!(first["checksum"], Value::Null);
    let status = known().await;
    assert_eq!(status["source_signature"], first["source_signature"]);
    let zip = bob.get(status["download_url"].as_str().unwrap()).await;
    assert_eq!(status["checksum"], sha256_hex(&zip.bytes));
    assert!(zip.header("repr-digest").starts_with("sha-256=:"));
    assert_eq!(
        prepare(&alice, &product, "prepare/").await["checksum"],
        status["checksum"]
    );

    // Another content has another checksum, and the old one is forgotten.
    let product_path = format!("/api/products/{}/", product["id"]);
    alice
        .patch_form(&product_path, &[("description", "changed")])
        .await
        .expect(200);
    assert_eq!(
        prepare(&alice, &product, "prepare/").await["checksum"],
        Value::Null
    );
    let later = known().await;
    assert_ne!(later["checksum"], status["checksum"]);
    let id = product["id"].as_i64().unwrap();
    let old = first["source_signature"].as_str().unwrap();
    let kept = app.store().archive_checksum(id, "product", old).await.unwrap();
    assert_eq!(kept, None);
}
