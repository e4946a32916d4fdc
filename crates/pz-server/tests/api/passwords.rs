//! Passwords: changed by their owner, set by a link from an administrator, refused when easy to guess.

use chrono::{TimeDelta, Utc};
use pz_server::auth::token::Scope;
use pz_store::entities::password_resets;
use reqwest::Method;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, Set};
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp, password};
use crate::on_both_databases;
use crate::sessions::{log_in, sign_in};

on_both_databases!(
    changing_ones_own,
    who_may_change_it,
    what_cannot_be_a_password,
    a_link_works_once,
    links_end,
    wrong_used_and_expired_links_look_alike,
    a_link_is_used_by_one_of_many,
    links_are_made_by_administrators,
);

const OWN: &str = "/api/account/password/";
const RESET: &str = "/api/password-reset/";
const NEW: &str = "vesuvius umbrella tango";

async fn id_of(app: &TestApp, username: &str) -> i64 {
    app.store()
        .account_by_username(username)
        .await
        .unwrap()
        .unwrap()
        .id
}

fn change(username: &str, new: &str) -> Value {
    json!({"current_password": password(username), "new_password": new})
}

/// Whether username and password open a session.
async fn opens(person: &Person, username: &str, password: &str) -> bool {
    let answer = log_in(person, username, password).await;
    if answer.status != 200 {
        answer.refused(400, "invalid_credentials");
    }
    answer.status == 200
}

/// A link for alice, and its secret.
async fn link(app: &TestApp, root: &Person) -> String {
    let id = id_of(app, "alice").await;
    let path = format!("/api/admin/users/{id}/password-reset/");
    let link = root.post(&path, json!({})).await.expect(201);
    let url = link["url"].as_str().unwrap();
    let secret = url.strip_prefix("/reset-password#").unwrap();
    assert_eq!(secret.len(), 22);
    secret.to_owned()
}

fn reset(secret: &str, new: &str) -> Value {
    json!({"token": secret, "new_password": new})
}

async fn changing_ones_own(app: &TestApp) {
    let people = app.anonymous();
    let (here, there) = (sign_in(&people, "alice").await, sign_in(&people, "alice").await);
    let token = app.alice().await;
    let done = here.post(&people, OWN, change("alice", NEW)).await;
    assert_eq!((done.status, done.bytes.len()), (204, 0));
    here.get(&people, "/api/products/").await.expect(200);
    there
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.expect(200);
    assert!(!opens(&people, "alice", &password("alice")).await);
    assert!(opens(&people, "alice", NEW).await);
    assert!(opens(&people, "bob", &password("bob")).await);

    // By a token with every scope: no session is its own.
    let body = json!({"current_password": NEW, "new_password": "  spaces belong to it  "});
    assert_eq!(token.post(OWN, body).await.status, 204);
    here.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    assert!(!opens(&people, "alice", "spaces belong to it").await);
    assert!(opens(&people, "alice", "  spaces belong to it  ").await);
    let audit = app
        .root()
        .await
        .get("/api/admin/audit/?action=user.password")
        .await;
    let text = String::from_utf8_lossy(&audit.bytes).into_owned();
    assert!(!text.contains("umbrella") && !text.contains("spaces"), "{text}");
    let audit = audit.expect(200);
    assert_eq!(audit["count"], 2);
    assert_eq!(audit["results"][0]["username"], "alice");
}

async fn who_may_change_it(app: &TestApp) {
    let people = app.anonymous();
    let body = change("alice", NEW);
    people
        .post(OWN, body.clone())
        .await
        .refused(401, "not_authenticated");
    for scopes in [vec![Scope::Read], vec![Scope::Read, Scope::Upload]] {
        let person = app.person_with_scopes("alice", &scopes).await;
        person
            .post(OWN, body.clone())
            .await
            .refused(403, "insufficient_scope");
    }
    // Of an administrator, not with a token that is not for administration.
    let root = app.person_with_scopes("root", &Scope::DEFAULT).await;
    root.post(OWN, change("root", NEW))
        .await
        .refused(403, "insufficient_scope");
    // Not by a page elsewhere, nor without knowing it.
    let jar = sign_in(&people, "alice").await;
    let bare = people
        .request(Method::POST, OWN)
        .header("cookie", format!("pz_session={}", jar.session))
        .json(&body);
    Answer::of(bare).await.refused(403, "csrf_failed");
    let wrong = json!({"current_password": password("bob"), "new_password": NEW});
    let refused = jar
        .post(&people, OWN, wrong)
        .await
        .refused(400, "invalid_credentials");
    assert!(refused["current_password"][0].is_string(), "{refused}");
    assert!(opens(&people, "alice", &password("alice")).await);
    // Who has none is told so.
    let new = json!({"username": "carol"});
    app.root().await.post("/api/admin/users/", new).await.expect(201);
    let carol = app.person("carol").await;
    let refused = carol
        .post(OWN, change("carol", NEW))
        .await
        .refused(400, "invalid_credentials");
    assert!(
        refused["current_password"][0]
            .as_str()
            .unwrap()
            .contains("no password"),
        "{refused}"
    );
}

async fn what_cannot_be_a_password(app: &TestApp) {
    let people = app.anonymous();
    let alice = app.alice().await;
    let secret = link(app, &app.root().await).await;
    let too_long = "vesuvius ".repeat(114);
    assert!(too_long.len() > 1024);
    for (new, code) in [
        (json!(""), "validation_failed"),
        (json!("elevenchars"), "validation_failed"),
        (json!("            "), "validation_failed"),
        (json!(too_long), "validation_failed"),
        (json!("ü".repeat(513)), "weak_password"),
        (json!("nul\u{0}nul\u{0}nul\u{0}"), "validation_failed"),
        (json!(null), "validation_failed"),
        (json!(123_456_789_012_u64), "validation_failed"),
        (json!("password1234"), "weak_password"),
        (json!("alice1234567"), "weak_password"),
        (json!("ALICEALICEALICE"), "weak_password"),
        (json!("aaaaaaaaaaaa"), "weak_password"),
    ] {
        let own = json!({"current_password": password("alice"), "new_password": new});
        let by_link = json!({"token": secret, "new_password": new});
        for answer in [alice.post(OWN, own).await, people.post(RESET, by_link).await] {
            let refused = answer.refused(400, code);
            assert!(refused["new_password"][0].is_string(), "{refused}");
            assert_eq!(refused.as_object().unwrap().len(), 1, "{refused}");
        }
    }
    let refused = alice.post(OWN, json!({})).await.refused(400, "validation_failed");
    assert!(refused["current_password"].is_array() && refused["new_password"].is_array());
    // Nothing changed; what nobody expects is taken, of whatever characters.
    assert!(opens(&people, "alice", &password("alice")).await);
    let long = format!("{} tango", "umbrella ünd ".repeat(60));
    assert!(long.len() < 1024);
    assert_eq!(alice.post(OWN, change("alice", &long)).await.status, 204);
    assert!(opens(&people, "alice", &long).await);
}

async fn a_link_works_once(app: &TestApp) {
    let (people, root) = (app.anonymous(), app.root().await);
    let jar = sign_in(&people, "alice").await;
    let token = app.alice().await;
    let secret = link(app, &root).await;
    // Kept as a hash; it says nothing by itself, and asking does not spend it.
    let row = password_resets::Entity::find()
        .one(app.store().connection())
        .await
        .unwrap()
        .unwrap();
    assert!(row.secret_sha256.len() == 64 && !row.secret_sha256.contains(&secret));
    assert_eq!(row.created_by, Some(id_of(app, "root").await));
    let missing = TimeDelta::days(1) - (row.expires_at - row.created_at);
    assert!(missing.abs() < TimeDelta::minutes(1), "{missing}");
    people
        .post(RESET, reset(&secret, "password1234"))
        .await
        .refused(400, "weak_password");
    let elsewhere = people
        .request(Method::POST, RESET)
        .header("origin", "https://evil.example")
        .json(&reset(&secret, NEW));
    Answer::of(elsewhere).await.refused(403, "csrf_failed");
    jar.get(&people, "/api/products/").await.expect(200);

    let done = people.post(RESET, reset(&secret, NEW)).await;
    assert_eq!((done.status, done.header("set-cookie")), (204, ""));
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.expect(200);
    assert!(opens(&people, "alice", NEW).await);
    assert!(!opens(&people, "alice", &password("alice")).await);
    people
        .post(RESET, reset(&secret, "another good umbrella"))
        .await
        .refused(403, "invalid_link");
    assert!(opens(&people, "alice", NEW).await);
    // The audit log says who, and never the secret.
    let audit = root.get("/api/admin/audit/?object_type=user").await;
    assert!(!String::from_utf8_lossy(&audit.bytes).contains(&secret));
    let audit = audit.expect(200);
    let found: Vec<_> = audit["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["action"].as_str().unwrap(), row["username"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [("user.password_reset", "alice"), ("user.password_link", "root")]
    );
}

async fn links_end(app: &TestApp) {
    let (people, root) = (app.anonymous(), app.root().await);
    let dead = async |secret: &str| {
        people
            .post(RESET, reset(secret, NEW))
            .await
            .refused(403, "invalid_link");
    };
    // By a newer one.
    let (older, newer) = (link(app, &root).await, link(app, &root).await);
    dead(&older).await;
    // By a change of the password.
    let alice = app.alice().await;
    assert_eq!(alice.post(OWN, change("alice", NEW)).await.status, 204);
    dead(&newer).await;
    // With the account, also when it is active again.
    let path = format!("/api/admin/users/{}/", id_of(app, "alice").await);
    let secret = link(app, &root).await;
    root.patch(&path, json!({"is_active": false})).await.expect(200);
    dead(&secret).await;
    root.post(&format!("{path}password-reset/"), json!({}))
        .await
        .refused(409, "inactive_user");
    root.patch(&path, json!({"is_active": true})).await.expect(200);
    dead(&secret).await;
    // By itself.
    let secret = link(app, &root).await;
    let newest = password_resets::Entity::find()
        .order_by_desc(password_resets::Column::Id)
        .one(app.store().connection())
        .await
        .unwrap()
        .unwrap();
    let expired = password_resets::ActiveModel {
        id: Set(newest.id),
        expires_at: Set(Utc::now()),
        ..Default::default()
    };
    expired.update(app.store().connection()).await.unwrap();
    dead(&secret).await;
    assert_eq!(app.store().sweep_password_resets().await.unwrap(), 1);
    assert!(opens(&people, "alice", NEW).await);
}

async fn wrong_used_and_expired_links_look_alike(app: &TestApp) {
    let (people, root) = (app.anonymous(), app.root().await);
    let used = link(app, &root).await;
    assert_eq!(people.post(RESET, reset(&used, NEW)).await.status, 204);
    let ended = link(app, &root).await;
    link(app, &root).await;
    let mut answers = Vec::new();
    for secret in [
        used.as_str(),
        &ended,
        "0123456789012345678901",
        "x",
        "' OR 1=1 --",
    ] {
        // Whatever the password is: a link is judged first.
        for new in [NEW, "password1234"] {
            let answer = people.post(RESET, reset(secret, new)).await;
            answers.push(answer.refused(403, "invalid_link"));
        }
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    for body in [
        json!({}),
        json!({"token": "", "new_password": NEW}),
        json!({"token": 7, "new_password": NEW}),
        json!({"token": "x".repeat(101), "new_password": NEW}),
    ] {
        let refused = people.post(RESET, body).await.refused(400, "validation_failed");
        assert!(refused["token"].is_array(), "{refused}");
    }
}

async fn a_link_is_used_by_one_of_many(app: &TestApp) {
    let people = app.anonymous();
    let secret = link(app, &app.root().await).await;
    let passwords: Vec<String> = (0..6)
        .map(|number| format!("vesuvius umbrella tango {number}"))
        .collect();
    let tries = passwords
        .iter()
        .map(|new| people.post(RESET, reset(&secret, new)));
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<usize> = (0..6).filter(|&number| answers[number].status == 204).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    for (number, new) in passwords.iter().enumerate() {
        if number != won[0] {
            answers[number].refused(403, "invalid_link");
        }
        assert_eq!(opens(&people, "alice", new).await, number == won[0]);
    }
}

async fn links_are_made_by_administrators(app: &TestApp) {
    let path = format!("/api/admin/users/{}/password-reset/", id_of(app, "bob").await);
    for person in [
        app.alice().await,
        app.bob().await,
        app.person_with_scopes("root", &Scope::DEFAULT).await,
    ] {
        assert_eq!(person.post(&path, json!({})).await.status, 403);
    }
    let root = app.root().await;
    root.post("/api/admin/users/999/password-reset/", json!({}))
        .await
        .refused(404, "not_found");
    // Somebody without a password gets their first one so.
    let carol = root
        .post("/api/admin/users/", json!({"username": "carol"}))
        .await
        .expect(201);
    let path = format!("/api/admin/users/{}/password-reset/", carol["id"]);
    let made = root.post(&path, json!({})).await.expect(201);
    let secret = made["url"].as_str().unwrap().split_once('#').unwrap().1;
    let people = app.anonymous();
    assert_eq!(people.post(RESET, reset(secret, NEW)).await.status, 204);
    assert!(opens(&people, "carol", NEW).await);
}

#[actix_web::test]
async fn links_name_the_public_address() {
    let app = TestApp::start(&["--public-url", "https://pz.example.org/"]).await;
    let path = format!("/api/admin/users/{}/password-reset/", id_of(&app, "bob").await);
    let made = app.root().await.post(&path, json!({})).await.expect(201);
    let url = made["url"].as_str().unwrap();
    assert!(url.starts_with("https://pz.example.org/reset-password#"), "{url}");
}
