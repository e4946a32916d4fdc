//! What an upload must be and may take, whichever way it comes: digests, quota.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use crate::app::{Answer, Person, TestApp};
use crate::on_both_databases;
use crate::uploads::begin;

on_both_databases!(digests);

/// A multipart body with these further headers of its file.
fn body(product: &Value, bytes: &str, part_headers: &str) -> String {
    format!(
        "--x\r\nContent-Disposition: form-data; name=\"product\"\r\n\r\n{}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"role\"\r\n\r\n2\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.txt\"\r\n{part_headers}\r\n{bytes}\r\n\
         --x--\r\n",
        product["id"]
    )
}

fn post(person: &Person, body: String) -> RequestBuilder {
    person
        .request(Method::POST, "/api/product-files/")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(body)
}

fn sha256(bytes: &str) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

async fn digests(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let whole = body(&product, "bytes", "");
    let sha512 = format!("sha-512=:{}:", STANDARD.encode(Sha512::digest(&whole)));
    for (header, value) in [
        ("content-digest", sha256(&whole)),
        (
            "repr-digest",
            format!("md5=:AAEC:, {};q=1, {sha512}", sha256(&whole)),
        ),
        ("content-digest", "crc32c=:AAAAAA==:".to_owned()),
        ("content-digest", String::new()),
    ] {
        let answer = Answer::of(post(&alice, whole.clone()).header(header, value)).await;
        assert_eq!(answer.expect(201)["size"], 5);
    }
    // After the last boundary there may be more, and it counts.
    let longer = format!("{whole}and an epilogue");
    Answer::of(post(&alice, longer.clone()).header("content-digest", sha256(&longer)))
        .await
        .expect(201);
    for headers in [
        format!("Content-Digest: {}\r\n", sha256("bytes")),
        format!("Repr-Digest: {}\r\n", sha256("bytes")),
    ] {
        Answer::of(post(&alice, body(&product, "bytes", &headers)))
            .await
            .expect(201);
    }
    let kept = app.blob_files();

    for (header, value, code) in [
        ("content-digest", sha256("bytes"), "digest_mismatch"),
        ("repr-digest", sha256(&longer), "digest_mismatch"),
        (
            "content-digest",
            format!(
                "{}, {}",
                sha256(&whole),
                sha512.replace("=:", "=:AAAA").replace("==:", ":")
            ),
            "invalid_header",
        ),
        ("content-digest", "sha-256=:AAEC:".to_owned(), "invalid_header"),
        ("content-digest", "sha-256=AAEC".to_owned(), "invalid_header"),
        ("repr-digest", "nonsense".to_owned(), "invalid_header"),
    ] {
        Answer::of(post(&alice, whole.clone()).header(header, value))
            .await
            .refused(400, code);
    }
    for (headers, code) in [
        (
            format!("Content-Digest: {}\r\n", sha256("byteS")),
            "digest_mismatch",
        ),
        (format!("Repr-Digest: {}\r\n", sha256("byteS")), "digest_mismatch"),
        ("Content-Digest: sha-256=::\r\n".to_owned(), "invalid_header"),
    ] {
        Answer::of(post(&alice, body(&product, "bytes", &headers)))
            .await
            .refused(400, code);
    }
    // What was refused is removed in the background.
    for _ in 0..200 {
        if app.blob_files() == kept {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.blob_files(), kept, "nothing was kept");
}

async fn with_quota(bytes: &str) -> [TestApp; 2] {
    let url = pz_test_postgres::fresh_database().unwrap();
    [
        TestApp::start(&["--user-quota-bytes", bytes]).await,
        TestApp::start(&["--user-quota-bytes", bytes, "--database-url", &url]).await,
    ]
}

#[actix_web::test]
async fn a_quota_counts_files_and_promises() {
    for app in with_quota("1000").await {
        let (alice, root) = (app.alice().await, app.root().await);
        let product = alice.draft(7, "Draft").await;
        alice.upload(&product, 0, "main.bin", &[7; 600]).await.expect(201);
        let over = alice.upload(&product, 2, "more.bin", &[7; 401]).await;
        let said = over.refused(413, "quota_exceeded");
        assert!(
            said["detail"].as_str().unwrap().contains("400 bytes left"),
            "{said}"
        );
        // In place of the main file, not beside it.
        alice.upload(&product, 0, "main.bin", &[7; 900]).await.expect(201);
        alice
            .upload(&product, 0, "main.bin", &[7; 1001])
            .await
            .refused(413, "quota_exceeded");
        alice.upload(&product, 0, "main.bin", &[7; 500]).await.expect(201);
        // What an upload is for counts from its beginning, as does what an administrator adds.
        let begun = Answer::of(begin(&alice, &product, 2, "later.bin", 300)).await;
        begun.expect(201);
        Answer::of(begin(&alice, &product, 2, "later.bin", 201))
            .await
            .refused(413, "quota_exceeded");
        root.upload(&product, 2, "root.bin", &[7; 201])
            .await
            .refused(413, "quota_exceeded");
        root.upload(&product, 2, "root.bin", &[7; 200]).await.expect(201);
        // Others have a quota of their own; a deleted product counts until its bytes are gone.
        let other = root.draft(7, "Root's").await;
        root.upload(&other, 2, "root.bin", &[7; 1000]).await.expect(201);
        let answer = alice.delete(&format!("/api/products/{}/", product["id"])).await;
        assert_eq!(answer.status, 204);
        let next = alice.draft(7, "Next").await;
        alice
            .upload(&next, 2, "x.bin", b"x")
            .await
            .refused(413, "quota_exceeded");
        // Of one's own, and none at all.
        let account = app.store().account_by_username("alice").await.unwrap().unwrap();
        let quota = async |bytes: u64| {
            let changes = serde_json::json!({"quota_bytes": bytes});
            let account = format!("/api/admin/users/{}/", account.id);
            root.patch(&account, changes).await.expect(200);
        };
        quota(1001).await;
        alice.upload(&next, 2, "x.bin", b"x").await.expect(201);
        alice
            .upload(&next, 2, "y.bin", b"y")
            .await
            .refused(413, "quota_exceeded");
        quota(0).await;
        alice.upload(&next, 2, "y.bin", &[7; 5000]).await.expect(201);
        assert_eq!(alice.get("/api/product-files/").await.expect(200)["count"], 2);
    }
}

#[actix_web::test]
async fn a_quota_is_kept_while_bytes_of_unknown_number_come() {
    let app = TestApp::start(&["--user-quota-bytes", "100000"]).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let chunks = (0..300).map(|_| Ok::<_, std::io::Error>(vec![7u8; 1000]));
    let part = Part::stream(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)));
    let form = Form::new()
        .text("product", product["id"].to_string())
        .part("file", part.file_name("x.bin"));
    let request = alice.request(Method::POST, "/api/product-files/").multipart(form);
    let said = Answer::of(request).await.refused(413, "quota_exceeded");
    assert!(said["detail"].as_str().unwrap().contains("100000 bytes left"));
    assert_eq!(alice.get("/api/product-files/").await.expect(200)["count"], 0);
}

#[actix_web::test]
async fn parallel_uploads_do_not_pass_a_quota_together() {
    for app in with_quota("1000000").await {
        let alice = app.alice().await;
        let product = alice.draft(7, "Draft").await;
        let bytes = vec![7; 300_000];
        let uploads = (0..8).map(|n| {
            let (alice, product, bytes) = (&alice, &product, &bytes);
            async move { alice.upload(product, 2, &format!("{n}.bin"), bytes).await }
        });
        let answers = futures_util::future::join_all(uploads).await;
        let kept = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(kept, 3);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.refused(413, "quota_exceeded");
        }
        // 100,000 bytes are left: room for ten promises.
        let begun = (0..16).map(|n| Answer::of(begin(&alice, &product, 2, &format!("{n}.bin"), 10_000)));
        let answers = futures_util::future::join_all(begun).await;
        let begun = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(begun, 10);
        assert_eq!(alice.get("/api/uploads/").await.expect(200)["count"], 10);
    }
}
