//! Links to downloads: whom and what they are for, and the addresses of old clients.

use reqwest::Method;
use serde_json::Value;

use crate::app::{Answer, CATALOG, TestApp};
use crate::downloads::{member, prepare};
use crate::on_both_databases;

on_both_databases!(
    f_23_links_are_for_one_archive_kind_and_user,
    f_28_status_goes_on_after_a_change,
    old_endpoints_still_send_at_once,
);

async fn f_23_links_are_for_one_archive_kind_and_user(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let one = alice.published_catalog("One").await;
    let two = alice.published_catalog("Two").await;
    let link_of = async |what: &str| -> String {
        let prepared = prepare(&alice, &one, what).await;
        prepared["download_url"].as_str().unwrap().to_owned()
    };
    let link = link_of("prepare/").await;
    let main_link = link_of("main-file/prepare/").await;
    let token = |link: &str| link.split("token=").nth(1).unwrap().to_owned();
    let (of_zip, of_main) = (token(&link), token(&main_link));
    let at = |product: &Value, what: &str| format!("/api/products/{}/download/{what}", product["id"]);
    for (person, path) in [
        (&alice, at(&one, "file/")),
        (&alice, format!("{}?token=", at(&one, "file/"))),
        (&alice, format!("{}?token=x{of_zip}", at(&one, "file/"))),
        (&alice, format!("{}?token={of_zip}", at(&two, "file/"))),
        (&alice, format!("{}?token={of_zip}", at(&one, "main-file/file/"))),
        (&alice, format!("{}?token={of_main}", at(&one, "file/"))),
        (&alice, format!("{}?token={of_main}", at(&two, "main-file/file/"))),
        (&bob, link.clone()),
        (&bob, main_link.clone()),
    ] {
        person.get(&path).await.refused(403, "invalid_link");
    }
    app.anonymous().get(&link).await.refused(401, "not_authenticated");
    assert_eq!(alice.get(&link).await.status, 200);
    assert_eq!(alice.get(&main_link).await.status, 200);
    // A link is not a session, nor the other way round; nor is it an address that shows a file.
    let cookie = app
        .anonymous()
        .request(Method::GET, "/api/products/")
        .header("cookie", format!("pz_session={of_zip}"));
    Answer::of(cookie).await.refused(401, "session_expired");
    let view = format!("/api/views/{of_zip}/");
    app.anonymous().get(&view).await.refused(403, "invalid_link");

    // Of what is deleted nothing can be had any more, whatever link one holds.
    let path = format!("/api/products/{}/", one["id"]);
    assert_eq!(alice.delete(&path).await.status, 204);
    for gone in [&link, &main_link, &at(&one, ""), &at(&one, "status/")] {
        alice.get(gone).await.refused(404, "not_found");
    }
    Answer::of(alice.request(Method::POST, &at(&one, "prepare/")))
        .await
        .refused(404, "not_found");
}

async fn f_28_status_goes_on_after_a_change(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let prepared = prepare(&alice, &product, "prepare/").await;
    alice.upload(&product, 2, "late.txt", b"late").await.expect(201);
    let status = alice
        .get(&format!("/api/products/{}/download/status/", product["id"]))
        .await
        .expect(200);
    assert_eq!(
        (&status["status"], &status["id"]),
        (&"ready".into(), &product["id"])
    );
    assert_ne!(status["source_signature"], prepared["source_signature"]);
    let zip = alice.get(status["download_url"].as_str().unwrap()).await;
    assert_eq!(member(&zip.bytes, "late.txt"), "late");
}

#[actix_web::test]
async fn f_29_links_do_not_follow_the_host_header() {
    for (arguments, start) in [
        (&[][..], "/api/products/"),
        (
            &["--public-url", "https://pz.example.org/"][..],
            "https://pz.example.org/api/products/",
        ),
    ] {
        let app = TestApp::start(arguments).await;
        let alice = app.alice().await;
        let product = alice.published_catalog("Catalog").await;
        for what in ["prepare/", "main-file/prepare/"] {
            let request = alice
                .request(
                    Method::POST,
                    &format!("/api/products/{}/download/{what}", product["id"]),
                )
                .header("host", "evil.example.org")
                .header("x-forwarded-host", "evil.example.org");
            let prepared = Answer::of(request).await.expect(200);
            let url = prepared["download_url"].as_str().unwrap();
            assert!(url.starts_with(start), "{url}");
        }
    }
}

async fn old_endpoints_still_send_at_once(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    for (old, new, size) in [
        ("download/", "download/prepare/", None),
        (
            "download_main_file/",
            "download/main-file/prepare/",
            Some(CATALOG.len()),
        ),
    ] {
        let path = format!("/api/products/{}/{old}", product["id"]);
        let answer = bob.get(&path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("deprecation"), "true");
        assert_eq!(
            answer.header("link"),
            format!(
                "</api/products/{}/{new}>; rel=\"successor-version\"",
                product["id"]
            )
        );
        assert_eq!(answer.bytes.len(), size.unwrap_or(answer.bytes.len()));
        let head = Answer::of(bob.request(Method::HEAD, &path)).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
        assert_eq!(head.header("content-length"), answer.bytes.len().to_string());
        assert_eq!(head.header("etag"), answer.header("etag"));
        app.anonymous().get(&path).await.refused(401, "not_authenticated");
    }
    let empty = alice.draft(7, "Empty").await;
    let path = format!("/api/products/{}/", empty["id"]);
    alice
        .get(&format!("{path}download_main_file/"))
        .await
        .refused(404, "not_found");
    assert_eq!(alice.get(&format!("{path}download/")).await.status, 200);
    bob.get(&format!("{path}download/"))
        .await
        .refused(404, "not_found");
}
