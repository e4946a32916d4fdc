use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, TestApp};
use crate::on_both_databases;
use reqwest::Method;

on_both_databases!(unreadable_tables_leave_the_draft_resumable, malformed_requests);

async fn unreadable_tables_leave_the_draft_resumable(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    let path = format!("/api/products/{}/", product["id"]);
    let mut truncated = b"PAR1".to_vec();
    truncated.extend_from_slice(&[9; 500]);
    let junk: Vec<u8> = (0..4000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    for (name, bytes, code, words) in [
        (
            "ragged.csv",
            &b"ra,dec,z\n1,2,3\n4,5\n6,7,8\n"[..],
            "not_a_table",
            &["row 2", "line 3", "3", "2"][..],
        ),
        (
            "broken.parquet",
            &truncated[..],
            "broken_file",
            &["broken.parquet"][..],
        ),
        ("junk.csv", &junk[..], "not_a_table", &["junk.csv"][..]),
        (
            "utf16.csv",
            &b"\xff\xfer\0a\0,\0z\0"[..],
            "not_a_table",
            &["UTF-16", "UTF-8"][..],
        ),
        (
            "cat.fits",
            &b"SIMPLE  =                    T / conforms to FITS standard                      "[..],
            "broken_file",
            &["FITS", "byte 80"][..],
        ),
    ] {
        alice.upload(&product, 0, name, bytes).await.expect(201);
        let body = alice.get(&format!("{path}registry/")).await.refused(422, code);
        let message = body["error"].as_str().unwrap();
        for word in words {
            assert!(message.contains(word), "{name}: '{message}' lacks '{word}'");
        }
        assert!(!message.contains('/'), "no server path: {message}");
        if name == "ragged.csv" {
            assert_eq!(
                (&body["row"], &body["line"], &body["byte"]),
                (&json!(2), &json!(3), &json!(15))
            );
        }
        let draft = alice.get(&path).await.expect(200);
        assert_eq!(
            (&draft["status"], &draft["registry_error"]),
            (&json!(0), &body["error"])
        );
        alice
            .get(&format!("{path}read_data/"))
            .await
            .refused(404, "not_a_table");
    }
    // The right file mends it.
    alice.upload(&product, 0, "cat.csv", CATALOG).await.expect(201);
    let mended = alice.get(&format!("{path}registry/")).await.expect(200);
    assert_eq!(
        (&mended["n_rows"], &mended["registry_error"]),
        (&json!(3), &Value::Null)
    );
    assert_eq!(app.blob_files(), 1);
}

async fn malformed_requests(app: &TestApp) {
    let alice = app.alice().await;
    let post = |content_type: &str, body: &'static str| {
        let request = alice
            .request(Method::POST, "/api/products/")
            .header("content-type", content_type);
        Answer::of(request.body(body))
    };
    for body in ["{", "[]", "\"text\"", "3", "{\"a\":}", "nonsense"] {
        let answer = post("application/json", body)
            .await
            .refused(400, "malformed_body");
        assert!(answer["detail"].is_string());
    }
    post("application/json", "")
        .await
        .refused(400, "validation_failed");
    post("text/csv", "a,b")
        .await
        .refused(415, "unsupported_media_type");
    post("multipart/form-data", "x")
        .await
        .refused(400, "malformed_body");
    let large = alice
        .request(Method::POST, "/api/products/")
        .header("content-type", "application/json");
    Answer::of(large.body(" ".repeat(6 << 20)))
        .await
        .refused(413, "body_too_large");
    // Bodies of methods that have none are not read.
    let get = alice
        .request(Method::GET, "/api/products/")
        .header("content-type", "application/json")
        .body("{");
    Answer::of(get).await.expect(200);
    for path in [
        "/api/products/None/",
        "/api/products/-1/",
        "/api/products/1.5/",
        "/api/products/99999999999999999999/",
        "/api/products/0/",
    ] {
        alice.get(path).await.refused(404, "not_found");
    }
}
