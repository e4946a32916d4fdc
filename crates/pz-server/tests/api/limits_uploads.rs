//! How much one user does at once: uploads that send, uploads that wait, processes.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::{Answer, Person, TestApp};
use crate::limits_slow::{authorization, connect};
use crate::processes::{combine, path, pipeline};
use crate::uploads::begin;

async fn on_both(arguments: &[&str]) -> [TestApp; 2] {
    let url = pz_test_postgres::fresh_database().unwrap();
    let postgres = [arguments, &["--database-url", &url]].concat();
    [TestApp::start(arguments).await, TestApp::start(&postgres).await]
}

/// An upload of which only the beginning comes.
async fn unfinished(app: &TestApp, person: &Person, product: &Value) -> TcpStream {
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"product\"\r\n\r\n{}\r\n\
         --x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"x.bin\"\r\n\r\nbytes",
        product["id"]
    );
    let head = format!(
        "POST /api/product-files/ HTTP/1.1\r\nhost: x\r\n{}content-type: multipart/form-data; boundary=x\r\n\
         content-length: 100000\r\n\r\n{body}",
        authorization(person)
    );
    let mut connection = connect(app).await;
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

#[actix_web::test]
async fn so_many_requests_bring_bytes_at_once() {
    let app = TestApp::start(&["--uploads-at-once", "2"]).await;
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.draft(7, "Draft").await;
    let others = bob.draft(7, "Bob's").await;
    let mut running = Vec::new();
    for number in 1..=2 {
        running.push(unfinished(&app, &alice, &product).await);
        // Its bytes are coming.
        while app.blob_files() < number {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let refused = alice.upload(&product, 2, "more.bin", b"more").await;
    refused.refused(429, "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    let begun = Answer::of(
        begin(&alice, &product, 2, "later.bin", 4)
            .header("content-type", "application/offset+octet-stream")
            .body("more"),
    );
    begun.await.refused(429, "too_many_requests");
    // Without bytes it takes no place, and others have their own.
    Answer::of(begin(&alice, &product, 2, "later.bin", 4))
        .await
        .expect(201);
    bob.upload(&others, 2, "bobs.bin", b"bytes").await.expect(201);
    drop(running);
    for _ in 0..200 {
        let answer = alice.upload(&product, 2, "more.bin", b"more").await;
        if answer.status == 201 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    unreachable!("places of requests that broke off were not given back");
}

#[actix_web::test]
async fn so_many_uploads_begin() {
    let app = TestApp::start(&["--rate-limits", "on", "--upload-starts-per-hour", "1"]).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    // A day's worth may be saved up.
    for number in 0..12 {
        let name = format!("{number}.bin");
        alice.upload(&product, 2, &name, b"bytes").await.expect(201);
        Answer::of(begin(&alice, &product, 2, &name, 4)).await.expect(201);
    }
    let answer = alice.upload(&product, 2, "more.bin", b"bytes").await;
    answer.refused(429, "rate_limited");
    assert_eq!(answer.header("x-ratelimit-limit"), "24");
    assert!((3500..=3600).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    let answer = Answer::of(begin(&alice, &product, 2, "more.bin", 4)).await;
    answer.refused(429, "rate_limited");
    // What was begun goes on.
    let uploads = alice.get("/api/uploads/").await.expect(200);
    let one = uploads["results"][0]["url"].as_str().unwrap();
    let patch = alice
        .request(Method::PATCH, one)
        .header("tus-resumable", "1.0.0")
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", 0)
        .body("more");
    assert_eq!(Answer::of(patch).await.status, 204);
}

#[actix_web::test]
async fn so_many_uploads_are_unfinished() {
    for app in on_both(&["--unfinished-uploads", "5"]).await {
        let (alice, bob) = (app.alice().await, app.bob().await);
        let product = alice.draft(7, "Draft").await;
        let names: Vec<String> = (0..12).map(|number| format!("{number}.bin")).collect();
        let begun = names
            .iter()
            .map(|name| Answer::of(begin(&alice, &product, 2, name, 4)));
        let answers = futures_util::future::join_all(begun).await;
        let kept = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(kept, 5, "however many come at once");
        let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
        refused.refused(409, "limit_reached");
        let others = bob.draft(7, "Bob's").await;
        Answer::of(begin(&bob, &others, 2, "x.bin", 4)).await.expect(201);
        // One that ends makes room.
        let kept = answers.iter().find(|answer| answer.status == 201).unwrap();
        let delete = alice
            .request(Method::DELETE, kept.header("location"))
            .header("tus-resumable", "1.0.0");
        assert_eq!(Answer::of(delete).await.status, 204);
        Answer::of(begin(&alice, &product, 2, "x.bin", 4))
            .await
            .expect(201);
    }
}

#[actix_web::test]
async fn so_many_processes_wait_or_run() {
    for app in on_both(&["--processes-at-once", "3"]).await {
        let (alice, bob) = (app.alice().await, app.bob().await);
        let catalog = alice.published_catalog("Catalog").await;
        let first = combine(&alice, "first", &[&catalog]).await;
        let pipeline = pipeline(&alice, "combine_redshift_dedup").await;
        let products = alice.get("/api/products/").await.expect(200)["count"].clone();
        let body = json!({"display_name": "x", "pipeline": pipeline, "inputs": [catalog["id"]]});
        let submit = || alice.post("/api/processes/", body.clone());
        let answers = futures_util::future::join_all((0..6).map(|_| submit())).await;
        let kept = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(kept, 2, "however many come at once");
        let refused = answers.iter().find(|answer| answer.status != 201).unwrap();
        refused.refused(409, "limit_reached");
        let after = alice.get("/api/products/").await.expect(200)["count"].clone();
        assert_eq!(
            after.as_u64().unwrap() - products.as_u64().unwrap(),
            2,
            "nothing is kept of what was refused"
        );
        combine(&bob, "bob's", &[&catalog]).await;
        // One that is stopped makes room.
        alice.get(&format!("{}stop/", path(&first))).await.expect(200);
        submit().await.expect(201);
    }
}
