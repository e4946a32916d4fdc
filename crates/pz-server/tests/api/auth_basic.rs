//! `Authorization: Basic`: passwords and tokens by it, and what a browser may be made to send.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pz_server::auth::token::{self, Scope};
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, Person, TestApp, password};
use crate::on_both_databases;

on_both_databases!(passwords, tokens);

fn basic(app: &TestApp, username: &str, password: &str) -> Person {
    let value = STANDARD.encode(format!("{username}:{password}"));
    app.anonymous().with_authorization(&format!("Basic {value}"))
}

async fn sign_ins(app: &TestApp) -> u64 {
    let path = "/api/admin/audit/?action=password.sign_in";
    let entries = app.root().await.get(path).await.expect(200);
    entries["count"].as_u64().unwrap()
}

async fn passwords(app: &TestApp) {
    let alice = basic(app, "alice", &password("alice"));
    alice.get("/api/").await.expect(200);
    let draft = alice.draft(7, "By a tool").await;
    assert_eq!(alice.upload(&draft, 2, "notes.txt", b"notes").await.status, 201);
    // Checked once a minute, not with every request; each check is on record.
    assert_eq!(sign_ins(app).await, 1);
    // It may do what a default token may, and no more.
    let root = basic(app, "root", &password("root"));
    root.get("/api/products/").await.expect(200);
    root.get("/api/admin/users/")
        .await
        .refused(403, "insufficient_scope");
    let token = alice.post("/api/get_token/", json!({})).await.expect(200);
    let with_token = app
        .anonymous()
        .with_authorization(&format!("Token {}", token["token"].as_str().unwrap()));
    with_token.get("/api/").await.expect(200);

    for (username, password) in [
        ("alice", "wrong"),
        ("nobody", "wrong"),
        ("", ""),
        ("alice", ""),
        ("Alice", &password("alice")),
        ("alice", &"x".repeat(1025)),
    ] {
        let answer = basic(app, username, password).get("/api/").await;
        answer.refused(401, "invalid_credentials");
        // No browser is told to ask for a password by itself.
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"");
    }
    for header in [
        "Basic",
        "Basic ***",
        "Basic YWJj",
        "Basic /zo=",
        "Basic YTpi YTpi",
    ] {
        let person = app.anonymous().with_authorization(header);
        person.get("/api/").await.refused(401, "malformed_authorization");
    }
    let unpadded = STANDARD_NO_PAD.encode(format!("alice:{}", password("alice")));
    let person = app.anonymous().with_authorization(&format!("bAsIc {unpadded}"));
    person.get("/api/").await.expect(200);

    // What is remembered ends with the account.
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    let path = format!("/api/admin/users/{}/", account.id);
    let changes = json!({"is_active": false});
    app.root().await.patch(&path, changes).await.expect(200);
    alice.get("/api/").await.refused(401, "invalid_credentials");
}

async fn tokens(app: &TestApp) {
    let bob = app.store().account_by_username("bob").await.unwrap().unwrap();
    let text = token::create(app.store(), bob.id, "tool", &[Scope::Read])
        .await
        .unwrap();
    for username in ["", "bob", "x-token", "alice"] {
        let person = basic(app, username, &text);
        let me = person.post("/api/logged_user/", json!({})).await.expect(200);
        assert_eq!(me["username"], "bob", "a token says whose it is");
        let body = json!({"display_name": "x", "product_type": 7});
        person
            .post("/api/products/", body)
            .await
            .refused(403, "insufficient_scope");
    }
    let unknown = "pz_0123456789012345678901.0123456789012345678901";
    basic(app, "bob", unknown)
        .get("/api/")
        .await
        .refused(401, "invalid_token");
    assert_eq!(sign_ins(app).await, 0);
}

#[actix_web::test]
async fn other_pages_change_nothing_with_what_a_browser_sends_by_itself() {
    let app = TestApp::sqlite().await;
    let alice = basic(&app, "alice", &password("alice"));
    let post = |origin: &str| {
        let body = json!({"display_name": "x", "product_type": 7});
        alice
            .request(Method::POST, "/api/products/")
            .header("origin", origin)
            .json(&body)
    };
    for origin in ["https://evil.example.org", "null", "http://127.0.0.1:1"] {
        Answer::of(post(origin)).await.refused(403, "csrf_failed");
    }
    Answer::of(post(&app.root)).await.expect(201);
    let read = alice
        .request(Method::GET, "/api/products/")
        .header("origin", "https://evil.example.org");
    let answer = Answer::of(read).await;
    answer.expect(200);
    assert_eq!(
        answer.header("access-control-allow-origin"),
        "",
        "it is not theirs to read"
    );
}

#[actix_web::test]
async fn wrong_passwords_are_throttled_as_at_login() {
    let app = TestApp::start(&["--rate-limits", "on", "--sign-ins-per-minute", "3"]).await;
    let right = basic(&app, "bob", &password("bob"));
    right.get("/api/").await.expect(200);
    for _ in 0..3 {
        let wrong = basic(&app, "alice", "wrong");
        wrong.get("/api/").await.refused(401, "invalid_credentials");
    }
    let answer = basic(&app, "alice", &password("alice")).get("/api/").await;
    answer.refused(429, "rate_limited");
    assert_eq!(answer.header("x-ratelimit-limit"), "3");
    right.get("/api/").await.expect(200);
    app.alice().await.get("/api/").await.expect(200);
}
