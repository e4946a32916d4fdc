//! How often one may ask: rates per address and user, throttled sign-ins, and what a request may be.

use pz_server::auth::token::Scope;
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, Person, TestApp, password};

const ELSEWHERE: [u8; 4] = [127, 0, 0, 2];

async fn limited(arguments: &[&str]) -> TestApp {
    let all = [&["--rate-limits", "on"], arguments].concat();
    TestApp::start(&all).await
}

async fn limited_on_both(arguments: &[&str]) -> [TestApp; 2] {
    let url = pz_test_postgres::fresh_database().unwrap();
    let postgres = [arguments, &["--database-url", &url]].concat();
    [limited(arguments).await, limited(&postgres).await]
}

#[track_caller]
fn refused(answer: &Answer, limit: u32) {
    answer.refused(429, "rate_limited");
    assert_eq!(answer.header("x-ratelimit-limit"), limit.to_string());
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
    let number = |name: &str| answer.header(name).parse::<u64>().unwrap();
    assert!(
        (1..=3600).contains(&number("retry-after")),
        "{:?}",
        answer.headers
    );
    assert!(number("x-ratelimit-reset") >= number("retry-after"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

async fn log_in(person: &Person, username: &str, password: &str) -> Answer {
    let body = json!({"username": username, "password": password});
    person.post("/api/login/", body).await
}

#[actix_web::test]
async fn who_does_not_sign_in_counts_for_the_address() {
    let app = limited(&["--anonymous-requests-per-minute", "6"]).await;
    let anonymous = app.anonymous();
    for left in (0..6).rev() {
        let answer = anonymous.get("/api/config/").await;
        answer.expect(200);
        let told = answer.header("x-ratelimit-remaining");
        // Who is far from the limit is not told of it.
        assert_eq!(told, if left < 3 { left.to_string() } else { String::new() });
    }
    refused(&anonymous.get("/api/config/").await, 6);
    for path in [
        "/api/products/",
        "/%61pi/config/",
        "/api//config/",
        "/api/nothing/",
    ] {
        refused(&anonymous.get(path).await, 6);
    }
    let head = Answer::of(anonymous.request(Method::HEAD, "/api/config/")).await;
    head.refused_head(429);
    // Credentials that are none are none.
    let forged = app.anonymous().with_authorization("Token pz_x");
    refused(&forged.get("/api/config/").await, 6);
    let cookie = anonymous
        .request(Method::GET, "/api/config/")
        .header("cookie", "pz_session=x");
    refused(&Answer::of(cookie).await, 6);
    // Others are not touched: other addresses, those who are signed in at this one, and whoever looks after it.
    app.anonymous_at(ELSEWHERE).get("/api/config/").await.expect(200);
    let alice = app.alice().await;
    alice.get("/api/config/").await.expect(200);
    alice.get("/api/products/").await.expect(200);
    anonymous.get("/health/live").await.expect(200);
}

#[actix_web::test]
async fn forged_credentials_count_for_the_address() {
    let app = limited(&["--anonymous-requests-per-minute", "4"]).await;
    let forged = app.anonymous().with_authorization("Token pz_x");
    for _ in 0..2 {
        forged.get("/api/config/").await.expect(200);
        forged.get("/api/products/").await.refused(401, "invalid_token");
    }
    refused(&forged.get("/api/products/").await, 4);
    refused(&app.anonymous().get("/api/products/").await, 4);
}

#[actix_web::test]
async fn who_is_signed_in_counts_for_themselves() {
    let app = limited(&["--requests-per-minute", "4"]).await;
    let (alice, bob) = (app.alice().await, app.bob().await);
    alice.get("/api/products/").await.expect(200);
    // Asking who may do what is one request.
    alice.options("/api/products/").await.expect(200);
    alice.get("/api/products/99/").await.refused(404, "not_found");
    alice.get("/api/session/").await.expect(200);
    refused(&alice.get("/api/products/").await, 4);
    refused(&alice.post("/api/products/", json!({})).await, 4);
    // However they show who they are.
    let scopes = [Scope::Read];
    let other_token = app.person_with_scopes("alice", &scopes).await;
    refused(&other_token.get("/api/products/").await, 4);
    let browser = app.anonymous();
    log_in(&browser, "alice", &password("alice")).await.expect(200);
    refused(&browser.get("/api/products/").await, 4);
    bob.get("/api/products/").await.expect(200);
}

#[actix_web::test]
async fn passwords_are_wrong_so_often() {
    for app in limited_on_both(&["--sign-ins-per-minute", "3"]).await {
        let stranger = app.anonymous_at(ELSEWHERE);
        for _ in 0..3 {
            log_in(&stranger, "alice", "wrong")
                .await
                .refused(400, "invalid_credentials");
        }
        // The right one is not tried, by no way in, and not under another name.
        refused(&log_in(&stranger, "alice", &password("alice")).await, 3);
        let body = json!({"username": "alice", "password": password("alice")});
        refused(&stranger.post("/api/obtain_token/", body).await, 3);
        refused(&log_in(&stranger, "bob", &password("bob")).await, 3);
        refused(&log_in(&stranger, "nobody", "wrong").await, 3);
        // The name is throttled for who was never seen before; others are not.
        let elsewhere = app.anonymous_at([127, 0, 0, 3]);
        refused(&log_in(&elsewhere, "alice", &password("alice")).await, 3);
        log_in(&elsewhere, "bob", &password("bob")).await.expect(200);
    }
}

#[actix_web::test]
async fn an_owner_at_a_known_address_is_not_kept_out_by_others() {
    for app in limited_on_both(&["--sign-ins-per-minute", "3"]).await {
        let home = app.anonymous();
        log_in(&home, "alice", &password("alice")).await.expect(200);
        // Somebody elsewhere tries her name, somebody at home tries others'.
        let stranger = app.anonymous_at(ELSEWHERE);
        for _ in 0..3 {
            log_in(&stranger, "alice", "wrong").await;
            log_in(&home, "bob", "wrong").await;
        }
        refused(&log_in(&stranger, "alice", &password("alice")).await, 3);
        refused(&log_in(&home, "bob", &password("bob")).await, 3);
        log_in(&home, "alice", &password("alice")).await.expect(200);
        // What is guessed at home counts there.
        for _ in 0..3 {
            log_in(&home, "alice", "wrong")
                .await
                .refused(400, "invalid_credentials");
        }
        refused(&log_in(&home, "alice", &password("alice")).await, 3);
    }
}

#[actix_web::test]
async fn what_succeeds_does_not_add_up() {
    let app = limited(&["--sign-ins-per-minute", "2"]).await;
    for _ in 0..6 {
        log_in(&app.anonymous(), "alice", &password("alice"))
            .await
            .expect(200);
    }
    // Nor does it forgive what failed.
    let stranger = app.anonymous_at(ELSEWHERE);
    for _ in 0..2 {
        log_in(&stranger, "root", "wrong").await;
        log_in(&stranger, "bob", &password("bob")).await;
    }
    refused(&log_in(&stranger, "root", "wrong").await, 2);
}

#[actix_web::test]
async fn the_longer_period_counts_too() {
    let app = limited(&["--sign-ins-per-minute", "100", "--sign-ins-per-hour", "3"]).await;
    let stranger = app.anonymous();
    for _ in 0..3 {
        log_in(&stranger, "alice", "wrong").await;
    }
    let answer = log_in(&stranger, "alice", "wrong").await;
    refused(&answer, 3);
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 1000);
}

#[actix_web::test]
async fn guessed_links_count_for_the_address() {
    let app = limited(&["--sign-ins-per-minute", "3"]).await;
    let stranger = app.anonymous();
    let body = json!({"token": "guessed", "new_password": "long enough for everybody"});
    for _ in 0..3 {
        let answer = stranger.post("/api/password-reset/", body.clone()).await;
        assert!((400..429).contains(&answer.status), "{}", answer.status);
    }
    refused(&stranger.post("/api/password-reset/", body.clone()).await, 3);
    let answer = app
        .anonymous_at(ELSEWHERE)
        .post("/api/password-reset/", body)
        .await;
    assert!((400..429).contains(&answer.status), "{}", answer.status);
}

#[actix_web::test]
async fn every_rate_can_be_switched_off() {
    let app = limited(&[
        "--anonymous-requests-per-minute",
        "0",
        "--requests-per-minute",
        "0",
        "--sign-ins-per-minute",
        "0",
        "--sign-ins-per-hour",
        "0",
    ])
    .await;
    let (anonymous, alice) = (app.anonymous(), app.alice().await);
    for _ in 0..700 {
        anonymous.get("/api/config/").await.expect(200);
        alice.get("/api/account/").await.expect(200);
    }
    for _ in 0..40 {
        log_in(&anonymous, "alice", "wrong")
            .await
            .refused(400, "invalid_credentials");
    }
}

#[actix_web::test]
async fn limits_are_told() {
    let app = limited(&["--requests-per-minute", "0"]).await;
    let config = app.anonymous().get("/api/config/").await.expect(200);
    assert_eq!(
        config["limits"]["rates"],
        json!({"requests_per_minute": null, "anonymous_requests_per_minute": 120, "sign_ins_per_minute": 5,
            "sign_ins_per_hour": 30, "upload_starts_per_hour": 30, "uploads_at_once": 16,
            "unfinished_uploads": 100, "processes_at_once": 20, "event_streams_at_once": 16})
    );
    let off = TestApp::start(&["--rate-limits", "off"]).await;
    let config = off.anonymous().get("/api/config/").await.expect(200);
    assert_eq!(config["limits"]["rates"]["requests_per_minute"], json!(null));
    assert_eq!(config["limits"]["rates"]["processes_at_once"], 20);
}

#[actix_web::test]
async fn queries_pages_and_nesting_are_bounded() {
    let app = TestApp::sqlite().await;
    let alice = app.alice().await;
    let ids: Vec<String> = (1_000_000..1_001_000).map(|id| id.to_string()).collect();
    let list = format!("/api/products/?release__in={}", ids.join(","));
    assert_ne!(alice.get(&list).await.status, 414, "a thousand ids are read");
    let long = format!("/api/products/?search={}", "a".repeat(17_000));
    alice.get(&long).await.refused(414, "query_too_long");
    app.anonymous().get(&long).await.refused(414, "query_too_long");
    // No page is larger than a thousand, whatever is asked for.
    for path in [
        "/api/products/",
        "/api/users/",
        "/api/product-types/",
        "/api/releases/",
        "/api/tokens/",
    ] {
        alice.get(&format!("{path}?page_size=99999999")).await.expect(200);
    }
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for path in ["/api/products/", "/api/tokens/"] {
        let request = alice
            .request(Method::POST, path)
            .header("content-type", "application/json")
            .body(format!("{{\"name\": {deep}, \"display_name\": {deep}}}"));
        Answer::of(request).await.refused(400, "malformed_body");
    }
}
