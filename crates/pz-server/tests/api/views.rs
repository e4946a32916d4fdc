//! Files that a browser shows: from signed addresses, confined.

use pz_server::auth::token::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(confined, bound, ended);

const PAGE: &[u8] = b"<!doctype html><script>fetch('/api/products/')</script>";

async fn view_of(person: &Person, file: &Value, query: &str) -> Value {
    person
        .get(&format!("/api/product-files/{}/view-url/{query}", file["id"]))
        .await
        .expect(200)
}

async fn file_of(person: &Person, product: &Value, name: &str, bytes: &[u8]) -> Value {
    person.upload(product, 2, name, bytes).await.expect(201)
}

async fn confined(app: &TestApp) {
    let (alice, nobody) = (app.alice().await, app.anonymous());
    let product = alice.draft(7, "Pages").await;
    let page = file_of(&alice, &product, "Report ü.html", PAGE).await;
    let rest = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; font-src data:";
    for (query, scripts, policy) in [
        (
            "",
            false,
            format!("sandbox allow-popups allow-popups-to-escape-sandbox; {rest}; frame-ancestors 'self'"),
        ),
        (
            "?scripts=true",
            true,
            format!("sandbox allow-scripts; {rest}; script-src 'unsafe-inline'; frame-ancestors 'self'"),
        ),
    ] {
        let view = view_of(&alice, &page, query).await;
        assert_eq!(
            (&view["scripts"], &view["content_type"]),
            (&json!(scripts), &json!("text/html; charset=utf-8"))
        );
        // No cookie, no token: the address is enough.
        let shown = nobody.get(view["url"].as_str().unwrap()).await;
        assert_eq!((shown.status, &shown.bytes[..]), (200, PAGE));
        for (name, value) in [
            ("content-security-policy", &*policy),
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", ""),
            ("set-cookie", ""),
            (
                "content-disposition",
                "inline; filename*=UTF-8''Report%20%C3%BC.html",
            ),
        ] {
            assert_eq!(shown.header(name), value, "{name}");
        }
        let head = Answer::of(nobody.request(Method::HEAD, view["url"].as_str().unwrap())).await;
        assert_eq!(
            (
                head.status,
                head.header("content-length"),
                head.header("content-security-policy")
            ),
            (200, &*PAGE.len().to_string(), &*policy)
        );
        let again = nobody
            .request(Method::GET, view["url"].as_str().unwrap())
            .header("if-none-match", shown.header("etag"));
        let again = Answer::of(again).await;
        assert_eq!(
            (again.status, again.header("content-security-policy")),
            (304, &*policy)
        );
        assert_eq!(again.header("x-frame-options"), "");
    }
    // A download of the same file shows nothing and is never framed.
    let download = alice.get(page["file"].as_str().unwrap()).await;
    assert_eq!(download.header("content-type"), "application/octet-stream");
    assert!(download.header("content-disposition").starts_with("attachment"));
    assert_eq!(download.header("x-frame-options"), "DENY");
    assert_eq!(
        alice.get("/api/products/").await.header("x-frame-options"),
        "DENY"
    );

    for (name, content_type) in [
        ("a.svg", "image/svg+xml"),
        ("a.md", "text/plain; charset=utf-8"),
        ("a.json", "text/plain; charset=utf-8"),
        ("a.csv", "text/plain; charset=utf-8"),
        ("a.yaml", "text/plain; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.pdf", "application/pdf"),
    ] {
        let file = file_of(&alice, &product, name, PAGE).await;
        let view = view_of(&alice, &file, "?scripts=true").await;
        assert_eq!(view["scripts"], name == "a.svg", "{name}");
        let shown = nobody.get(view["url"].as_str().unwrap()).await;
        assert_eq!(shown.header("content-type"), content_type, "{name}");
        let policy = shown.header("content-security-policy");
        assert_eq!(policy.starts_with("sandbox "), name != "a.pdf", "{name}");
        assert_eq!(policy.contains("script-src"), name == "a.svg", "{name}");
    }
    let table = file_of(&alice, &product, "a.fits", PAGE).await;
    alice
        .get(&format!("/api/product-files/{}/view-url/", table["id"]))
        .await
        .refused(404, "not_viewable");
    alice
        .get(&format!(
            "/api/product-files/{}/view-url/?scripts=maybe",
            page["id"]
        ))
        .await
        .refused(400, "invalid_parameter");
}

async fn bound(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let nobody = app.anonymous();
    let draft = alice.draft(7, "Draft").await;
    let page = file_of(&alice, &draft, "a.html", PAGE).await;
    let path = format!("/api/product-files/{}/view-url/", page["id"]);
    bob.get(&path).await.refused(404, "not_found");
    nobody.get(&path).await.refused(401, "not_authenticated");
    let url = view_of(&alice, &page, "").await["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let token = url.trim_end_matches('/').rsplit('/').next().unwrap();
    let (head, tail) = token.split_at(token.len() - 6);
    let forged = if tail == "AAAAAA" { "BBBBBB" } else { "AAAAAA" };
    for bad in [
        "/api/views/x/".to_owned(),
        format!("/api/views/{head}{forged}/"),
        format!("/api/views/x{token}/"),
    ] {
        nobody.get(&bad).await.refused(403, "invalid_link");
    }
    // It is no credential for anything else.
    let other = nobody.with_authorization(&format!("Token {token}"));
    other.get("/api/products/").await.refused(401, "invalid_token");
    other
        .get(&format!(
            "/api/products/{}/download/file/?token={token}",
            draft["id"]
        ))
        .await
        .refused(401, "invalid_token");
    alice
        .get(&format!(
            "/api/products/{}/download/file/?token={token}",
            draft["id"]
        ))
        .await
        .refused(403, "invalid_link");
}

async fn ended(app: &TestApp) {
    let (alice, bob, nobody) = (app.alice().await, app.bob().await, app.anonymous());
    let product = alice.published_catalog("Catalog").await;
    let page = file_of(&alice, &product, "a.html", PAGE).await;
    let url_for = async |person: &Person| -> String {
        view_of(person, &page, "").await["url"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (for_alice, for_bob) = (url_for(&alice).await, url_for(&bob).await);
    // An administrator sees drafts of others, but not with a token that is for reading only.
    let for_admin = url_for(&app.root().await).await;
    let for_reader = url_for(&app.person_with_scopes("root", &[Scope::Read]).await).await;
    let path = format!("/api/products/{}/", product["id"]);
    alice.patch(&path, json!({"status": 0})).await.expect(200);
    assert_eq!(nobody.get(&for_alice).await.status, 200);
    assert_eq!(nobody.get(&for_admin).await.status, 200);
    nobody.get(&for_bob).await.refused(404, "not_found");
    nobody.get(&for_reader).await.refused(404, "not_found");
    assert_eq!(alice.delete(&path).await.status, 204);
    nobody.get(&for_alice).await.refused(404, "not_found");
    nobody.get(&for_admin).await.refused(404, "not_found");
}

#[actix_web::test]
async fn an_origin_of_their_own() {
    let app = TestApp::start(&[
        "--public-url",
        "https://pz.example.org/app/",
        "--view-origin",
        "https://content.example.org",
    ])
    .await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Pages").await;
    let page = file_of(&alice, &product, "a.html", PAGE).await;
    let view = view_of(&alice, &page, "?scripts=false").await;
    let path = view["url"]
        .as_str()
        .unwrap()
        .strip_prefix("https://content.example.org")
        .unwrap();
    let shown = app.anonymous().get(path).await;
    assert!(
        shown
            .header("content-security-policy")
            .ends_with("frame-ancestors https://pz.example.org")
    );
    assert_eq!(shown.header("cross-origin-resource-policy"), "cross-origin");
    // Pages may show it in a frame; data may do nothing.
    let page = alice.get("/products").await;
    assert!(
        page.header("content-security-policy")
            .contains("frame-src 'self' https://content.example.org;")
    );
    for path in ["/api/products/", "/%61pi/products/"] {
        let data = alice.get(path).await;
        data.expect(200);
        assert_eq!(
            data.header("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(data.header("cache-control"), "private, no-cache");
    }
}
