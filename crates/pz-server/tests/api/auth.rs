use actix_web::http::StatusCode;
use pz_server::auth::token::Scope;
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, TestApp, password};
use crate::on_both_databases;

on_both_databases!(tokens, sessions);

async fn tokens(app: &TestApp) {
    let anonymous = app.anonymous();
    let answer = anonymous.get("/api/").await;
    answer.refused(401, "not_authenticated");
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"");
    for (header, code) in [
        ("Token", "malformed_authorization"),
        ("Token a b", "malformed_authorization"),
        ("Basic abc", "malformed_authorization"),
        ("Token wrong", "invalid_token"),
        (
            "Token pz_0123456789012345678901.0123456789012345678901",
            "invalid_token",
        ),
    ] {
        let answer = app.anonymous().with_authorization(header).get("/api/").await;
        answer.refused(401, code);
    }
    let alice = app.alice().await;
    assert!(
        alice.get("/api/").await.expect(200)["products"]
            .as_str()
            .unwrap()
            .ends_with("/api/products/")
    );
    let me = alice.post("/api/logged_user/", json!({})).await.expect(200);
    assert_eq!(me, json!({"username": "alice", "is_admin": false}));

    // A new default token ends the one before it, and works under both schemes.
    let first = alice.post("/api/get_token/", json!({})).await.expect(200);
    let second = alice.post("/api/get_token/", json!({})).await.expect(200);
    let with = |scheme: &str, token: &serde_json::Value| {
        app.anonymous()
            .with_authorization(&format!("{scheme} {}", token["token"].as_str().unwrap()))
    };
    with("Token", &first)
        .get("/api/")
        .await
        .refused(401, "invalid_token");
    with("bearer", &second).get("/api/").await.expect(200);
    alice
        .get("/api/get_token/")
        .await
        .refused(405, "method_not_allowed");

    // A token that may only read creates nothing, not even a token that may do more.
    let reader = app.person_with_scopes("bob", &[Scope::Read]).await;
    reader.get("/api/products/").await.expect(200);
    let body = json!({"display_name": "x", "product_type": 7});
    reader
        .post("/api/products/", body)
        .await
        .refused(403, "insufficient_scope");
    reader
        .post("/api/get_token/", json!({}))
        .await
        .refused(403, "insufficient_scope");

    // An administrator's ordinary token does not act as an administrator.
    let plain_root = app.person_with_scopes("root", &Scope::DEFAULT).await;
    let body = json!({"display_name": "x", "product_type": 7, "official_product": true});
    plain_root
        .post("/api/products/", body)
        .await
        .refused(403, "official_needs_admin");

    let wrong = json!({"username": "alice", "password": "wrong"});
    anonymous
        .post("/api/obtain_token/", wrong)
        .await
        .refused(400, "invalid_credentials");
    let right = json!({"username": "alice", "password": password("alice")});
    let obtained = anonymous.post("/api/obtain_token/", right).await.expect(200);
    with("Token", &obtained).get("/api/").await.expect(200);
    with("Token", &second).get("/api/").await.expect(200);
    let missing = anonymous
        .post("/api/obtain_token/", json!({"username": "alice"}))
        .await
        .refused(400, "validation_failed");
    assert_eq!(missing["password"][0], "This field is required.");
}

async fn sessions(app: &TestApp) {
    let browser = app.anonymous();
    assert_eq!(
        browser.get("/api/session/").await.expect(200),
        json!({"user": null})
    );
    let wrong = json!({"username": "alice", "password": "wrong"});
    browser
        .post("/api/login/", wrong)
        .await
        .refused(400, "invalid_credentials");
    let nobody = json!({"username": "nobody", "password": password("alice")});
    browser
        .post("/api/login/", nobody)
        .await
        .refused(400, "invalid_credentials");
    let right = json!({"username": "alice", "password": password("alice")});
    let answer = browser.post("/api/login/", right).await;
    assert_eq!(
        answer.expect(200),
        json!({"id": 1, "username": "alice", "display_name": "alice", "is_admin": false})
    );
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("pz_session="))
        .unwrap();
    assert!(
        session.contains("HttpOnly") && session.contains("SameSite=Lax"),
        "{session}"
    );
    let csrf = cookies
        .iter()
        .find(|cookie| cookie.starts_with("pz_csrf="))
        .unwrap();
    let csrf = csrf
        .trim_start_matches("pz_csrf=")
        .split(';')
        .next()
        .unwrap()
        .to_owned();

    assert_eq!(
        browser.get("/api/session/").await.expect(200)["user"]["username"],
        "alice"
    );
    browser.get("/api/products/").await.expect(200);
    // What changes something needs the header, and comes from this origin.
    let body = json!({"display_name": "x", "product_type": 7});
    browser
        .post("/api/products/", body.clone())
        .await
        .refused(403, "csrf_failed");
    let post = |csrf: &str| {
        browser
            .request(Method::POST, "/api/products/")
            .json(&body)
            .header("X-CSRFToken", csrf)
    };
    Answer::of(post("wrong")).await.refused(403, "csrf_failed");
    let product = Answer::of(post(&csrf)).await.expect(201);
    Answer::of(post(&csrf).header("Origin", "https://evil.example"))
        .await
        .refused(403, "csrf_failed");
    Answer::of(post(&csrf).header("Origin", &app.root))
        .await
        .expect(201);
    // A GET with effects is for tokens.
    let registry = format!("/api/products/{}/registry/", product["id"]);
    browser.get(&registry).await.refused(403, "csrf_failed");

    // Changing the password ends the session.
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    let hash = pz_server::auth::password::hash("another password").unwrap();
    app.store().set_password_hash(account.id, &hash).await.unwrap();
    browser
        .get("/api/products/")
        .await
        .refused(401, "session_expired");

    let right = json!({"username": "alice", "password": "another password"});
    let answer = browser.post("/api/login/", right).await;
    answer.expect(200);
    let csrf = answer.headers.get_all("set-cookie").iter().find_map(|value| {
        value
            .to_str()
            .unwrap()
            .strip_prefix("pz_csrf=")
            .map(|rest| rest.split(';').next().unwrap().to_owned())
    });
    let logout = browser
        .request(Method::POST, "/api/logout/")
        .header("X-CSRFToken", csrf.unwrap());
    assert_eq!(Answer::of(logout).await.status, StatusCode::OK.as_u16());
    browser
        .get("/api/products/")
        .await
        .refused(401, "not_authenticated");
}

#[actix_web::test]
async fn sessions_are_not_offered_over_open_http() {
    let app = TestApp::sqlite().await;
    // As if it listened to everybody without HTTPS.
    let mut settings = (*app.state.settings).clone();
    settings.listen = "0.0.0.0:80".into();
    assert!(!settings.sessions_allowed());
    settings.insecure_cookies = true;
    assert!(settings.sessions_allowed());
    settings.insecure_cookies = false;
    settings.public_url = Some("https://pz.example.org".into());
    assert!(settings.sessions_allowed() && settings.secure_cookies());
}
