//! Uploads by tus 1.0, as a client of that protocol speaks it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pz_model::Timestamp;
use pz_server::auth::token::{self, Scope};
use pz_store::uploads::{OpenedUpload, SweptUploads};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    whole_day,
    refusals,
    hostile_metadata,
    checksums,
    broken_connection,
    one_at_a_time,
    other_users,
    main_files,
    expiry,
    crashes,
);

const STREAM: &str = "application/offset+octet-stream";

/// `Upload-Metadata` of these pairs.
pub(crate) fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)))
        .collect();
    pairs.join(",")
}

/// A request to begin an upload.
pub(crate) fn begin(person: &Person, product: &Value, role: i32, name: &str, length: u64) -> RequestBuilder {
    let text = metadata(&[
        ("product", &product["id"].to_string()),
        ("role", &role.to_string()),
        ("type", "text/csv"),
        ("filename", name),
    ]);
    person
        .request(Method::POST, "/api/uploads/")
        .header("tus-resumable", "1.0.0")
        .header("upload-length", length)
        .header("upload-metadata", text)
}

/// Where the upload is.
async fn begun(person: &Person, product: &Value, role: i32, name: &str, length: u64) -> String {
    let answer = Answer::of(begin(person, product, role, name, length)).await;
    let record = answer.expect(201);
    assert_eq!(record["url"], answer.header("location"));
    answer.header("location").to_owned()
}

fn patch(person: &Person, path: &str, offset: u64, bytes: &[u8]) -> RequestBuilder {
    person
        .request(Method::PATCH, path)
        .header("tus-resumable", "1.0.0")
        .header("content-type", STREAM)
        .header("upload-offset", offset)
        .body(bytes.to_vec())
}

async fn sent(person: &Person, path: &str, offset: u64, bytes: &[u8]) -> Answer {
    let answer = Answer::of(patch(person, path, offset, bytes)).await;
    assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.bytes));
    answer
}

async fn head(person: &Person, path: &str) -> Answer {
    let request = person
        .request(Method::HEAD, path)
        .header("tus-resumable", "1.0.0");
    Answer::of(request).await
}

async fn offset(person: &Person, path: &str) -> u64 {
    head(person, path).await.header("upload-offset").parse().unwrap()
}

async fn terminated(person: &Person, path: &str) -> Answer {
    let request = person
        .request(Method::DELETE, path)
        .header("tus-resumable", "1.0.0");
    Answer::of(request).await
}

fn id_of(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap()
}

async fn download(person: &Person, file: &str) -> Vec<u8> {
    let answer = person.get(&format!("/api/product-files/{file}/download/")).await;
    assert_eq!(answer.status, 200);
    answer.bytes
}

async fn whole_day(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    let options = alice.options("/api/uploads/").await;
    options.expect(200);
    for (name, value) in [
        ("tus-resumable", "1.0.0"),
        ("tus-version", "1.0.0"),
        (
            "tus-extension",
            "creation,creation-with-upload,termination,checksum,expiration",
        ),
        ("tus-max-size", "200000000"),
        ("tus-checksum-algorithm", "sha1,sha256,sha512"),
    ] {
        assert_eq!(options.header(name), value, "{name}");
    }

    let length = CATALOG.len() as u64;
    let path = begun(&alice, &product, 0, "cat.csv", length).await;
    assert!(path.starts_with("/api/uploads/") && path.ends_with('/'));
    let answer = head(&alice, &path).await;
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("upload-offset", "0"),
        ("upload-length", length.to_string().as_str()),
        ("cache-control", "no-store"),
        ("tus-resumable", "1.0.0"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
    assert!(answer.header("upload-expires").ends_with(" GMT"));
    assert!(answer.header("upload-metadata").contains("filename Y2F0LmNzdg=="));

    let answer = sent(&alice, &path, 0, &CATALOG[..40]).await;
    assert_eq!(answer.header("upload-offset"), "40");
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    assert_eq!(answer.header("x-file-id"), "");
    assert_eq!(
        sent(&alice, &path, 40, b"").await.header("upload-offset"),
        "40",
        "nothing more yet"
    );
    let list = alice.get("/api/uploads/").await.expect(200);
    assert_eq!(
        (&list["count"], &list["results"][0]["offset"]),
        (&json!(1), &json!(40))
    );
    let record = alice.get(&path).await.expect(200);
    assert_eq!(record, list["results"][0]);
    assert_eq!(
        (
            &record["name"],
            &record["size"],
            &record["complete"],
            &record["file"]
        ),
        (&json!("cat.csv"), &json!(length), &json!(false), &Value::Null)
    );
    let files = format!("/api/product-files/?product_id={}", product["id"]);
    assert_eq!(
        alice.get(&files).await.expect(200)["count"],
        0,
        "not before the end"
    );

    sent(&alice, &path, 40, &CATALOG[40..50]).await;
    let answer = sent(&alice, &path, 50, &CATALOG[50..]).await;
    assert_eq!(answer.header("upload-offset"), length.to_string());
    let file_id = answer.header("x-file-id").to_owned();
    let file = alice
        .get(&format!("/api/product-files/{file_id}/"))
        .await
        .expect(200);
    assert_eq!(
        (&file["name"], &file["type"]),
        (&json!("cat.csv"), &json!("text/csv"))
    );
    assert_eq!(file["sha256"], pz_store::blobs::hex(&Sha256::digest(CATALOG)));
    assert_eq!(download(&alice, &file_id).await, CATALOG);
    let record = alice.get(&path).await.expect(200);
    assert_eq!(
        (&record["complete"], record["file"].to_string()),
        (&json!(true), file_id.clone())
    );
    assert_eq!(offset(&alice, &path).await, length);
    assert_eq!(alice.get("/api/uploads/").await.expect(200)["count"], 0);
    Answer::of(patch(&alice, &path, length, b"x"))
        .await
        .refused(409, "offset_mismatch");
    assert_eq!(app.blob_files(), 1, "the bytes were renamed, not copied");
    let registered = alice
        .get(&format!("/api/products/{}/registry/", product["id"]))
        .await
        .expect(200);
    assert_eq!(registered["n_rows"], 3);

    // The file is removed: the upload that it came of is not unfinished again.
    assert_eq!(
        alice
            .delete(&format!("/api/product-files/{file_id}/"))
            .await
            .status,
        204
    );
    let record = alice.get(&path).await.expect(200);
    assert_eq!(
        (&record["complete"], &record["file"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(terminated(&alice, &path).await.status, 204);
    alice.get(&path).await.refused(404, "not_found");

    // Begun with all its bytes, with the first of them, and given up.
    let request = begin(&alice, &product, 2, "note.txt", 4).header("content-type", STREAM);
    let answer = Answer::of(request.body("note")).await;
    assert_eq!(answer.expect(201)["complete"], true);
    assert_eq!(download(&alice, answer.header("x-file-id")).await, b"note");
    let request = begin(&alice, &product, 2, "half.txt", 4).header("content-type", STREAM);
    let answer = Answer::of(request.body("no")).await;
    assert_eq!(answer.expect(201)["offset"], 2);
    assert_eq!(answer.header("upload-offset"), "2");
    let path = answer.header("location").to_owned();
    assert_eq!(app.blob_files(), 2);
    assert_eq!(terminated(&alice, &path).await.status, 204);
    assert_eq!(app.blob_files(), 1);
    head(&alice, &path).await.refused_head(404);
}

async fn refusals(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let post = || begin(&alice, &product, 2, "x.txt", 10);
    let without = |request: RequestBuilder, header: &str| {
        let (client, request) = request.build_split();
        let mut request = request.unwrap();
        request.headers_mut().remove(header);
        RequestBuilder::from_parts(client, request)
    };
    for (request, status, code) in [
        (without(post(), "tus-resumable"), 412, "unsupported_tus_version"),
        (without(post(), "upload-length"), 400, "invalid_header"),
        (without(post(), "upload-metadata"), 400, "validation_failed"),
        (begin(&alice, &product, 3, "x.txt", 1), 400, "validation_failed"),
        (
            begin(&alice, &json!({"id": 99999}), 2, "x.txt", 1),
            400,
            "validation_failed",
        ),
        (
            begin(&alice, &json!({"id": "x"}), 2, "x.txt", 1),
            400,
            "validation_failed",
        ),
        (begin(&alice, &product, 2, "", 1), 400, "invalid_file_name"),
        (begin(&alice, &product, 2, "x.txt", 0), 400, "empty_file"),
        (
            begin(&alice, &product, 2, "x.txt", 200_000_001),
            413,
            "file_too_large",
        ),
        (
            begin(&alice, &product, 2, "x.txt", u64::MAX),
            413,
            "file_too_large",
        ),
    ] {
        Answer::of(request).await.refused(status, code);
    }
    for length in ["-1", "1.5", "x", "0x10", "+1"] {
        let request = without(post(), "upload-length").header("upload-length", length);
        Answer::of(request).await.refused(400, "invalid_header");
    }
    let request = without(post(), "upload-length").header("upload-length", "9".repeat(40));
    Answer::of(request).await.refused(413, "file_too_large");
    let request = without(post(), "tus-resumable").header("tus-resumable", "0.2.2");
    let answer = Answer::of(request).await;
    answer.refused(412, "unsupported_tus_version");
    assert_eq!(answer.header("tus-version"), "1.0.0");
    let coded = post()
        .header("content-type", STREAM)
        .header("content-encoding", "gzip");
    Answer::of(coded.body("x"))
        .await
        .refused(415, "unsupported_media_type");
    // More than the whole file at the beginning.
    let long = post().header("content-type", STREAM).body(vec![7; 11]);
    Answer::of(long).await.refused(413, "body_too_large");
    assert_eq!(alice.get("/api/uploads/").await.expect(200)["count"], 0);
    assert_eq!(app.blob_files(), 0, "nothing was kept");

    let path = begun(&alice, &product, 2, "x.txt", 10).await;
    sent(&alice, &path, 0, b"0123").await;
    for (request, status, code) in [
        (
            without(patch(&alice, &path, 4, b"4"), "tus-resumable"),
            412,
            "unsupported_tus_version",
        ),
        (
            without(patch(&alice, &path, 4, b"4"), "content-type"),
            415,
            "unsupported_media_type",
        ),
        (
            without(patch(&alice, &path, 4, b"4"), "upload-offset"),
            400,
            "invalid_header",
        ),
        (patch(&alice, &path, 3, b"4"), 409, "offset_mismatch"),
        (patch(&alice, &path, 5, b"4"), 409, "offset_mismatch"),
        (patch(&alice, &path, u64::MAX, b"4"), 409, "offset_mismatch"),
        (patch(&alice, &path, 4, b"4567890"), 413, "body_too_large"),
    ] {
        Answer::of(request).await.refused(status, code);
        assert_eq!(offset(&alice, &path).await, 4);
    }
    // The same without a length: seen only while it comes.
    let chunks = futures_util::stream::iter((0..4).map(|_| Ok::<_, std::io::Error>("45")));
    let request = patch(&alice, &path, 4, b"").body(reqwest::Body::wrap_stream(chunks));
    Answer::of(request).await.refused(413, "body_too_large");
    assert_eq!(offset(&alice, &path).await, 4);
    let plain = patch(&alice, &path, 4, b"4").header("content-encoding", "gzip");
    Answer::of(plain).await.refused(415, "unsupported_media_type");
    without(patch(&alice, &path, 4, b""), "content-type")
        .header("content-type", "application/json")
        .send()
        .await
        .map(|answer| assert_eq!(answer.status(), 415))
        .unwrap();
    Answer::of(alice.request(Method::DELETE, &path))
        .await
        .refused(412, "unsupported_tus_version");
    Answer::of(alice.request(Method::PUT, &path))
        .await
        .refused(405, "method_not_allowed");
    for wrong in ["0".repeat(32), "x".repeat(32), "1".into(), "%00".into()] {
        let answer = alice.get(&format!("/api/uploads/{wrong}/")).await;
        assert!([404, 400].contains(&answer.status), "{wrong}: {}", answer.status);
    }
    sent(&alice, &path, 4, b"456789").await;
    assert_eq!(app.blob_files(), 1);
}

async fn hostile_metadata(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let id = product["id"].to_string();
    let post = |text: String| {
        alice
            .request(Method::POST, "/api/uploads/")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", 1)
            .header("upload-metadata", text)
    };
    let good = metadata(&[("product", &id), ("role", "2")]);
    for (text, code) in [
        (format!("{good},filename ***"), "invalid_header"),
        (format!("{good},filename eA==,filename eQ=="), "invalid_header"),
        (format!("{good},product eA=="), "invalid_header"),
        (format!("{good},filename /w=="), "invalid_file_name"),
        (format!("{good},filename"), "invalid_file_name"),
        (good.clone(), "invalid_file_name"),
        (
            metadata(&[
                ("product", &id),
                ("filename", "x"),
                ("type", "text/csv\r\nX-Evil: 1"),
            ]),
            "validation_failed",
        ),
        (
            metadata(&[("product", &id), ("filename", "x"), ("type", "a\0b")]),
            "validation_failed",
        ),
        (
            metadata(&[("product", &id), ("filename", "x"), ("type", &"x".repeat(129))]),
            "validation_failed",
        ),
        (
            metadata(&[("product", "1e9"), ("filename", "x")]),
            "validation_failed",
        ),
        (
            metadata(&[("product", &id), ("filename", &"é".repeat(200))]),
            "invalid_file_name",
        ),
        (
            metadata(&[("product", &id), ("filename", "a/..")]),
            "invalid_file_name",
        ),
    ] {
        Answer::of(post(text)).await.refused(400, code);
    }
    for (raw, name) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\cat.csv", "cat.csv"),
        ("a\r\nX-Evil: 1\r\n\r\n.csv", "aX-Evil: 1.csv"),
        ("nul\0.csv", "nul.csv"),
        ("\"; filename=\"x.html", "\"; filename=\"x.html"),
    ] {
        let text = metadata(&[("product", &id), ("role", "2"), ("filename", raw)]);
        let request = post(text).header("content-type", STREAM).body("x");
        let answer = Answer::of(request).await;
        assert_eq!(answer.expect(201)["name"], name);
        let said = head(&alice, answer.header("location")).await;
        assert_eq!(said.header("x-evil"), "");
        let expected = format!("filename {}", STANDARD.encode(name));
        assert!(said.header("upload-metadata").contains(&expected));
        let path = format!("/api/product-files/{}/download/", answer.header("x-file-id"));
        let file = alice.get(&path).await;
        assert_eq!((file.status, file.header("x-evil")), (200, ""));
        assert!(file.header("content-disposition").starts_with("attachment;"));
    }
}

async fn checksums(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let path = begun(&alice, &product, 2, "abc.txt", 6).await;
    let digest = STANDARD.encode(Sha256::digest(b"abc"));
    for (checksum, status, code) in [
        (format!("sha256 {digest}"), 460, "digest_mismatch"),
        // From sha1sum of "abc".
        ("sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=".into(), 460, "digest_mismatch"),
        ("sha1 ***".into(), 400, "invalid_header"),
        ("md5 AAEC".into(), 400, "invalid_header"),
        ("sha256".into(), 400, "invalid_header"),
    ] {
        let request = patch(&alice, &path, 0, b"abd").header("upload-checksum", checksum);
        Answer::of(request).await.refused(status, code);
        assert_eq!(offset(&alice, &path).await, 0, "nothing of it is kept");
    }
    let digest_header = format!("sha-256=:{digest}:");
    let request = patch(&alice, &path, 0, b"abd").header("content-digest", &digest_header);
    Answer::of(request).await.refused(400, "digest_mismatch");
    let request = patch(&alice, &path, 0, b"abc").header("repr-digest", "sha-256=abc");
    Answer::of(request).await.refused(400, "invalid_header");
    let request = patch(&alice, &path, 0, b"abc").header("upload-checksum", format!("sha256 {digest}"));
    assert_eq!(Answer::of(request).await.header("upload-offset"), "3");
    let request = patch(&alice, &path, 3, b"abc")
        .header("upload-checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")
        .header("content-digest", &digest_header);
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 204);
    assert_eq!(download(&alice, answer.header("x-file-id")).await, b"abcabc");

    // An upload that begins with bytes that are not what they should be does not begin.
    let request = begin(&alice, &product, 2, "abd.txt", 6)
        .header("content-type", STREAM)
        .header("upload-checksum", format!("sha256 {digest}"));
    Answer::of(request.body("abd"))
        .await
        .refused(460, "digest_mismatch");
    assert_eq!(alice.get("/api/uploads/").await.expect(200)["count"], 0);
    assert_eq!(app.blob_files(), 1);
}

/// The head of a PATCH and some of its bytes, on a connection that stays open.
async fn half_patch(
    app: &TestApp,
    person: &Person,
    path: &str,
    offset: u64,
    length: u64,
    bytes: &[u8],
) -> TcpStream {
    let request = patch(person, path, offset, b"").build().unwrap();
    let mut text = format!("PATCH {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n");
    for (name, value) in request.headers() {
        if name != "content-length" {
            text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
        }
    }
    let text = [text.as_bytes(), b"\r\n", bytes].concat();
    let address = app.root.trim_start_matches("http://").to_owned();
    // Not here: connections to the database live on this thread, too.
    let sending = tokio::task::spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(&text).unwrap();
        connection
    });
    sending.await.unwrap()
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    unreachable!("it never came that {what}");
}

async fn broken_connection(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let bytes: Vec<u8> = (0..500_000u32).flat_map(|n| n.to_le_bytes()).collect();
    let length = bytes.len() as u64;
    let path = begun(&alice, &product, 0, "numbers.bin", length).await;
    let mut kept = 0;
    for end in [800_001, 1_300_000] {
        let start = usize::try_from(kept).unwrap();
        drop(half_patch(app, &alice, &path, kept, length - kept, &bytes[start..end]).await);
        eventually("what arrived is kept", async || {
            let now = head(&alice, &path).await;
            kept = now.header("upload-offset").parse().unwrap_or(kept);
            // All but what the server had in its hands when it learned that the connection is gone.
            now.status == 200 && kept + 300_000 >= end as u64
        })
        .await;
        assert!(kept <= end as u64);
    }
    let answer = sent(&alice, &path, kept, &bytes[usize::try_from(kept).unwrap()..]).await;
    let file = answer.header("x-file-id");
    assert!(download(&alice, file).await == bytes);
    let record = alice
        .get(&format!("/api/product-files/{file}/"))
        .await
        .expect(200);
    assert_eq!(record["sha256"], pz_store::blobs::hex(&Sha256::digest(&bytes)));
    // Bytes that were to be checked are not kept when they cannot be.
    let path = begun(&alice, &product, 2, "checked.bin", 10).await;
    let request = patch(&alice, &path, 0, b"").header("upload-checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
    let stream = futures_util::stream::iter([Ok("abc"), Err(std::io::Error::other("the client gives up"))]);
    request
        .body(reqwest::Body::wrap_stream(stream))
        .send()
        .await
        .unwrap_err();
    eventually("it is free again", async || {
        Answer::of(patch(&alice, &path, 0, b"")).await.status == 204
    })
    .await;
    assert_eq!(offset(&alice, &path).await, 0);
}

async fn one_at_a_time(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let path = begun(&alice, &product, 0, "x.bin", 10).await;
    let mut first = half_patch(app, &alice, &path, 0, 10, b"01234").await;
    eventually("the first has it", async || {
        Answer::of(patch(&alice, &path, 0, b"")).await.status == 423
    })
    .await;
    Answer::of(patch(&alice, &path, 0, b"xxxxxxxxxx"))
        .await
        .refused(423, "upload_locked");
    terminated(&alice, &path).await.refused(423, "upload_locked");
    head(&alice, &path).await.refused_head(423);
    alice.get(&path).await.refused(423, "upload_locked");
    let ending = tokio::task::spawn_blocking(move || {
        first.write_all(b"56789").unwrap();
        let mut answer = vec![0; 4096];
        let got = first.read(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..got]).to_lowercase()
    });
    let answer = ending.await.unwrap();
    assert!(answer.starts_with("http/1.1 204"), "{answer}");
    let record = alice.get(&path).await.expect(200);
    assert_eq!(download(&alice, &record["file"].to_string()).await, b"0123456789");
}

async fn other_users(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let product = alice.published_catalog("Catalog").await;
    Answer::of(begin(&bob, &product, 2, "x.txt", 3))
        .await
        .refused(403, "permission_denied");
    let draft = alice.draft(7, "Draft").await;
    Answer::of(begin(&bob, &draft, 2, "x.txt", 3))
        .await
        .refused(400, "validation_failed");
    Answer::of(begin(&app.anonymous(), &draft, 2, "x.txt", 3))
        .await
        .refused(401, "not_authenticated");
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    let text = token::create(app.store(), account.id, "reader", &[Scope::Read])
        .await
        .unwrap();
    let reader = app.anonymous().with_authorization(&format!("Token {text}"));
    Answer::of(begin(&reader, &draft, 2, "x.txt", 3))
        .await
        .refused(403, "insufficient_scope");

    let path = begun(&alice, &draft, 2, "x.txt", 3).await;
    for person in [&bob, &root] {
        person.get(&path).await.refused(404, "not_found");
        head(person, &path).await.refused_head(404);
        Answer::of(patch(person, &path, 0, b"abc"))
            .await
            .refused(404, "not_found");
        terminated(person, &path).await.refused(404, "not_found");
        assert_eq!(person.get("/api/uploads/").await.expect(200)["count"], 0);
    }
    app.anonymous().get(&path).await.refused(401, "not_authenticated");
    assert_eq!(reader.get(&path).await.expect(200)["offset"], 0);
    Answer::of(patch(&reader, &path, 0, b"abc"))
        .await
        .refused(403, "insufficient_scope");
    terminated(&reader, &path)
        .await
        .refused(403, "insufficient_scope");
    // An administrator adds to somebody's product by an upload of their own.
    let added = begun(&root, &draft, 2, "y.txt", 3).await;
    assert_ne!(sent(&root, &added, 0, b"abc").await.header("x-file-id"), "");
    // The product goes, and with it what there is to upload to.
    assert_eq!(
        alice
            .delete(&format!("/api/products/{}/", draft["id"]))
            .await
            .status,
        204
    );
    Answer::of(patch(&alice, &path, 0, b"abc"))
        .await
        .refused(404, "not_found");
}

async fn main_files(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    alice.upload(&product, 0, "old.csv", b"a\n1\n").await.expect(201);
    let main = async || {
        let path = format!("/api/product-files/?product_id={}", product["id"]);
        let list = alice.get(&path).await.expect(200);
        assert_eq!(list["count"], 1);
        list["results"][0]["name"].clone()
    };
    let path = begun(&alice, &product, 0, "new.csv", CATALOG.len() as u64).await;
    let (first, last) = CATALOG.split_at(CATALOG.len() - 1);
    sent(&alice, &path, 0, first).await;
    assert_eq!(main().await, "old.csv", "until the new one is complete");
    sent(&alice, &path, first.len() as u64, last).await;
    assert_eq!(main().await, "new.csv");
    assert_eq!(app.blob_files(), 1);

    let published = alice.published_catalog("Published").await;
    Answer::of(begin(&alice, &published, 0, "other.csv", 3))
        .await
        .refused(409, "main_file_exists");
    // Published while the upload was under way.
    let draft = alice.draft(1, "Becomes published").await;
    let path = begun(&alice, &draft, 0, "late.csv", 3).await;
    sent(&alice, &path, 0, b"a\n").await;
    alice.upload(&draft, 0, "cat.csv", CATALOG).await.expect(201);
    alice
        .get(&format!("/api/products/{}/registry/", draft["id"]))
        .await
        .expect(200);
    alice
        .associate(&draft, &[("ra", "RA"), ("dec", "Dec"), ("z", "z")])
        .await;
    alice
        .patch(&format!("/api/products/{}/", draft["id"]), json!({"status": 1}))
        .await
        .expect(200);
    Answer::of(patch(&alice, &path, 2, b"1"))
        .await
        .refused(409, "main_file_exists");
    assert_eq!(terminated(&alice, &path).await.status, 204);
}

async fn expiry(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let live = begun(&alice, &product, 2, "live.txt", 10).await;
    let dead = begun(&alice, &product, 2, "dead.txt", 10).await;
    let done = begun(&alice, &product, 2, "done.txt", 4).await;
    sent(&alice, &live, 0, b"live").await;
    sent(&alice, &dead, 0, b"dead").await;
    let file = sent(&alice, &done, 0, b"done")
        .await
        .header("x-file-id")
        .to_owned();
    assert_eq!(app.blob_files(), 3);
    let store = app.store();
    assert_eq!(store.sweep_uploads().await.unwrap(), SweptUploads::default());
    let past = Timestamp::now().to_utc() - chrono::Duration::seconds(5);
    assert!(store.record_upload(id_of(&dead), 4, past).await.unwrap());
    alice.get(&dead).await.refused(404, "not_found");
    Answer::of(patch(&alice, &dead, 4, b"x"))
        .await
        .refused(404, "not_found");
    assert_eq!(alice.get("/api/uploads/").await.expect(200)["count"], 1);
    assert_eq!(store.sweep_uploads().await.unwrap().expired, 1);
    assert_eq!(app.blob_files(), 2);
    // Age alone, without expiry, ends nothing.
    store.blobs.sweep_unfinished(Duration::ZERO).unwrap();
    assert_eq!(store.collect_orphan_blobs(Duration::ZERO).await.unwrap(), 0);
    assert_eq!(offset(&alice, &live).await, 4);
    sent(&alice, &live, 4, b"andwel").await;
    assert_eq!(download(&alice, &file).await, b"done");
    assert_eq!(app.blob_files(), 2);
}

/// Each moment at which the process may end, and what is found afterwards.
async fn crashes(app: &TestApp) {
    let alice = app.alice().await;
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    let store = app.store();
    let product = alice.draft(7, "Draft").await;
    let open = async |path: &str| match store.open_upload(account.id, id_of(path)).await.unwrap() {
        OpenedUpload::Open(_, partial) => partial,
        other => unreachable!("{other:?}"),
    };
    // Bytes written, not yet recorded.
    let path = begun(&alice, &product, 2, "a.txt", 10).await;
    let mut partial = open(&path).await;
    partial.write(b"0123").await.unwrap();
    partial.sync().await.unwrap();
    drop(partial);
    assert_eq!(offset(&alice, &path).await, 0);
    // More recorded than is there, as if the disk had lost it.
    let later = Timestamp::now().to_utc() + chrono::Duration::hours(1);
    assert!(store.record_upload(id_of(&path), 7, later).await.unwrap());
    assert_eq!(offset(&alice, &path).await, 4);
    Answer::of(patch(&alice, &path, 7, b"789"))
        .await
        .refused(409, "offset_mismatch");
    sent(&alice, &path, 4, b"45").await;
    // All bytes there, and even named, but no row: the last byte ends it.
    let mut partial = open(&path).await;
    partial.write(b"6789").await.unwrap();
    let durable = partial.sync().await.unwrap();
    assert!(store.record_upload(id_of(&path), durable, later).await.unwrap());
    let blob = partial.publish().await.unwrap();
    assert_eq!(blob.size_bytes, 10);
    terminated(&alice, &path).await.refused(423, "upload_locked");
    drop(partial);
    assert_eq!(store.collect_orphan_blobs(Duration::ZERO).await.unwrap(), 0);
    assert_eq!(store.sweep_uploads().await.unwrap(), SweptUploads::default());
    let record = alice.get(&path).await.expect(200);
    assert_eq!(
        (&record["offset"], &record["complete"]),
        (&json!(9), &json!(false))
    );
    let answer = sent(&alice, &path, 9, b"9").await;
    assert_eq!(download(&alice, answer.header("x-file-id")).await, b"0123456789");
    assert_eq!(app.blob_files(), 1);
    // The same, but given up.
    let path = begun(&alice, &product, 2, "b.txt", 1).await;
    let mut partial = open(&path).await;
    partial.write(b"0").await.unwrap();
    partial.publish().await.unwrap();
    drop(partial);
    assert_eq!(terminated(&alice, &path).await.status, 204);
    assert_eq!(app.blob_files(), 1);
    // The row is gone, its bytes are not.
    let path = begun(&alice, &product, 2, "c.txt", 2).await;
    sent(&alice, &path, 0, b"0").await;
    store.delete_upload(id_of(&path), None).await.unwrap();
    assert_eq!(app.blob_files(), 2);
    assert_eq!(store.sweep_uploads().await.unwrap().dead_files, 1);
    assert_eq!(app.blob_files(), 1);
}

#[actix_web::test]
async fn addresses_are_made_with_the_public_one() {
    let app = TestApp::start(&["--public-url", "https://pz.example.org/"]).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let answer = Answer::of(begin(&alice, &product, 2, "x.txt", 3)).await;
    answer.expect(201);
    assert!(
        answer
            .header("location")
            .starts_with("https://pz.example.org/api/uploads/"),
        "{:?}",
        answer.headers
    );
}
