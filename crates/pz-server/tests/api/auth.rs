use actix_web::http::StatusCode;
use pz_server::auth::token::Scope;
use pz_server::cache::STALE_AT_MOST;
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, TestApp, password};
use crate::on_both_databases;

on_both_databases!(
    tokens,
    sessions,
    inactive_accounts_are_told_apart,
    f_43_no_client_secret_and_no_token_in_reach_of_scripts,
    f_44_a_wrong_password_costs_as_much_as_an_unknown_name,
    f_46_errors_reveal_no_paths_and_no_causes,
    f_48_users_show_four_fields_of_active_accounts,
    f_49_no_debug_page,
);

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
    // Changed by another program than the server, which sees it a little later.
    tokio::time::sleep(STALE_AT_MOST).await;
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
    // It listens to everybody, without HTTPS.
    let open = TestApp::start(&["--listen", "0.0.0.0:8080"]).await;
    let people = open.anonymous();
    let config = people.get("/api/config/").await.expect(200);
    assert_eq!(
        config["auth"],
        json!({"password": false, "insecure": true, "providers": []})
    );
    let right = json!({"username": "alice", "password": password("alice")});
    let answer = people.post("/api/login/", right).await;
    let refused = answer.refused(403, "permission_denied");
    assert!(refused["detail"].as_str().unwrap().contains("public_url"));
    assert!(answer.headers.get("set-cookie").is_none());
    open.alice().await.get("/api/products/").await.expect(200);

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

async fn inactive_accounts_are_told_apart(app: &TestApp) {
    let (root, bob) = (app.root().await, app.bob().await);
    let id = app.store().account_by_username("bob").await.unwrap().unwrap().id;
    let off = json!({"is_active": false});
    root.patch(&format!("/api/admin/users/{id}/"), off)
        .await
        .expect(200);
    let answer = bob.get("/api/").await;
    answer.refused(401, "inactive_user");
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"api\"");
}

async fn f_43_no_client_secret_and_no_token_in_reach_of_scripts(app: &TestApp) {
    let anonymous = app.anonymous();
    for path in [
        "/api/auth/token",
        "/api/auth/token/",
        "/api/auth/revoke-token/",
        "/api/auth/convert-token/",
        "/api/auth/invalidate-sessions/",
        "/api/auth/invalidate-refresh-tokens/",
        "/api/auth/disconnect-backend/",
        "/api/csrf_oauth/",
    ] {
        let form = [
            ("grant_type", "password"),
            ("username", "alice"),
            ("client_id", "x"),
        ];
        let answer = Answer::of(anonymous.request(Method::POST, path).form(&form)).await;
        let body = answer.refused(410, "gone");
        assert!(
            body["detail"].as_str().unwrap().contains("/api/tokens/"),
            "{body}"
        );
        assert!(answer.headers.get("set-cookie").is_none());
        anonymous.post(path, json!({})).await.refused(410, "gone");
        anonymous.get(path).await.refused(405, "method_not_allowed");
    }
    // The session is in a cookie that scripts cannot read; the other cookie opens nothing.
    let right = json!({"username": "alice", "password": password("alice")});
    let answer = anonymous.post("/api/login/", right).await;
    answer.expect(200);
    let cookies: Vec<&str> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        assert!(cookie.contains("SameSite=Lax"), "{cookie}");
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        if !cookie.contains("HttpOnly") {
            assert_eq!(name, "pz_csrf");
            let with_it = app.anonymous().with_authorization(&format!("Token {value}"));
            with_it.get("/api/").await.refused(401, "invalid_token");
            let request = app.anonymous().request(Method::GET, "/api/");
            let request = request.header("cookie", format!("pz_session={value}; pz_csrf={value}"));
            Answer::of(request).await.refused(401, "session_expired");
        }
    }
}

async fn f_44_a_wrong_password_costs_as_much_as_an_unknown_name(app: &TestApp) {
    // One client for all: making one takes as long as a password.
    let anonymous = app.anonymous();
    let time = async |username: &str| {
        let body = json!({"username": username, "password": "wrong wrong wrong"});
        let started = std::time::Instant::now();
        let answer = anonymous.post("/api/obtain_token/", body).await;
        let took = started.elapsed();
        let refused = answer.refused(400, "invalid_credentials");
        assert_eq!(
            refused,
            json!({"non_field_errors": ["Unable to log in with the provided credentials."]})
        );
        took
    };
    // The quickest of several, in turns: other work on the machine only adds. Without the work for unknown
    // names, their answer takes a hundredth.
    let (mut known, mut unknown) = (time("alice").await, time("nobody").await);
    for _ in 0..8 {
        known = known.min(time("alice").await);
        unknown = unknown.min(time("nobody").await);
    }
    assert!(
        unknown > known / 4,
        "an unknown name is answered in {unknown:?}, a known one in {known:?}"
    );
    // Many at once are all answered, and other requests meanwhile.
    let body = json!({"username": "alice", "password": "wrong wrong wrong"});
    let people: Vec<_> = (0..12).map(|_| app.anonymous()).collect();
    let tries = people
        .iter()
        .map(|person| person.post("/api/obtain_token/", body.clone()));
    let alice = app.alice().await;
    let (answers, other) = tokio::join!(futures_util::future::join_all(tries), alice.get("/api/products/"));
    other.expect(200);
    for answer in answers {
        answer.refused(400, "invalid_credentials");
    }
}

async fn f_46_errors_reveal_no_paths_and_no_causes(app: &TestApp) {
    use sea_orm::ConnectionTrait;
    let alice = app.alice().await;
    // A fault of ours, of a kind that a request can meet.
    app.store()
        .connection()
        .execute_unprepared("DROP TABLE audit_log")
        .await
        .unwrap();
    let body = json!({"name": "x", "scopes": ["read"]});
    let answer = alice.post("/api/tokens/", body).await;
    let fault = answer.refused(500, "internal");
    assert_eq!(
        fault,
        json!({"detail": "The server could not do this. Quote the X-Request-Id of this answer when you report it.", "code": "internal"})
    );
    assert_eq!(answer.header("x-request-id").len(), 32);
    // Mistakes of clients, everywhere a name or a path could slip in.
    let data_dir = app.state.settings.data_dir.display().to_string();
    let long = "x".repeat(5000);
    for path in [
        "/api/products/99/".to_owned(),
        "/api/products/99/registry/".to_owned(),
        "/api/nothing/".to_owned(),
        "/api/products/?status=x".to_owned(),
        format!("/api/products/?page={long}"),
    ] {
        let answer = alice.get(&path).await;
        assert!((400..500).contains(&answer.status), "{path}");
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        for word in [data_dir.as_str(), "SELECT", "sqlx", "panicked", ".rs"] {
            assert!(!text.contains(word), "{path}: {text}");
        }
        assert!(text.len() < 1000, "{path}: {text}");
    }
}

async fn f_48_users_show_four_fields_of_active_accounts(app: &TestApp) {
    let (root, alice) = (app.root().await, app.alice().await);
    let id = app.store().account_by_username("bob").await.unwrap().unwrap().id;
    let account = format!("/api/admin/users/{id}/");
    root.patch(&account, json!({"email": "bob@example.org"}))
        .await
        .expect(200);
    for person in [&alice, &root] {
        let users = person.get("/api/users/").await.expect(200);
        assert_eq!(users["count"], 3);
        for user in users["results"].as_array().unwrap() {
            let fields: Vec<&String> = user.as_object().unwrap().keys().collect();
            assert_eq!(fields, ["display_name", "first_name", "last_name", "username"]);
        }
        assert!(!users.to_string().contains("example.org"));
    }
    root.patch(&account, json!({"is_active": false}))
        .await
        .expect(200);
    for person in [&alice, &root] {
        assert_eq!(person.get("/api/users/").await.expect(200)["count"], 2);
        person
            .get(&format!("/api/users/{id}/"))
            .await
            .refused(404, "not_found");
        person
            .get(&format!("/api/products/?user={id}"))
            .await
            .refused(400, "invalid_filter");
    }
}

async fn f_49_no_debug_page(app: &TestApp) {
    for person in [app.anonymous(), app.alice().await, app.root().await] {
        for path in ["/api/teste/", "/api/teste", "/teste/"] {
            person.get(path).await.refused(404, "not_found");
        }
    }
}
