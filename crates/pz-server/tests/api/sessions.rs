//! Browsers that are signed in: each a row that can be ended, with a cookie that is exchanged.

use chrono::{TimeDelta, Utc};
use pz_server::auth::token::Scope;
use pz_server::cache::STALE_AT_MOST;
use pz_store::entities::sessions;
use reqwest::Method;
use sea_orm::{ActiveModelTrait, EntityTrait, QueryOrder, Set};
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp, password};
use crate::on_both_databases;

on_both_databases!(
    each_browser_is_listed_and_ended_by_itself,
    signing_out_ends_copies_too,
    tokens_are_exchanged_and_copies_noticed,
    an_answer_that_was_lost_ends_nothing,
    sessions_end_by_themselves,
    the_csrf_cookie_is_of_the_session,
    signing_in_begins_anew,
    signing_out_everywhere,
    changes_of_the_account_end_sessions,
    sessions_do_not_pile_up,
    a_stream_lives_as_long_as_its_session,
);

/// What a browser holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Jar {
    pub session: String,
    pub csrf: String,
}

impl Jar {
    /// What an answer brings, if it brings both cookies.
    pub fn of(answer: &Answer) -> Option<Self> {
        let value = |name: &str| {
            answer.headers.get_all("set-cookie").iter().find_map(|cookie| {
                let rest = cookie.to_str().unwrap().strip_prefix(name)?;
                Some(rest.strip_prefix('=')?.split(';').next()?.to_owned())
            })
        };
        Some(Self {
            session: value("pz_session")?,
            csrf: value("pz_csrf")?,
        })
    }

    fn header(&self) -> String {
        format!("pz_session={}; pz_csrf={}", self.session, self.csrf)
    }

    /// Sends a request as the web app does.
    pub async fn send(&self, person: &Person, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = person
            .request(method, path)
            .header("cookie", self.header())
            .header("X-CSRFToken", &self.csrf);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::of(request).await
    }

    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        self.send(person, Method::GET, path, None).await
    }

    pub async fn post(&self, person: &Person, path: &str, body: Value) -> Answer {
        self.send(person, Method::POST, path, Some(body)).await
    }
}

pub async fn sign_in(person: &Person, username: &str) -> Jar {
    let answer = log_in(person, username, &password(username)).await;
    answer.expect(200);
    Jar::of(&answer).unwrap()
}

/// As a browser that holds nothing, whatever this person's requests brought before.
pub async fn log_in(person: &Person, username: &str, password: &str) -> Answer {
    let request = person
        .request(Method::POST, "/api/login/")
        .header("cookie", "other=1")
        .json(&json!({"username": username, "password": password}));
    Answer::of(request).await
}

async fn rows(app: &TestApp) -> Vec<sessions::Model> {
    sessions::Entity::find()
        .order_by_asc(sessions::Column::Id)
        .all(app.store().connection())
        .await
        .unwrap()
}

/// Lets so much time pass for the newest session, as another program on the database would see it.
async fn age(app: &TestApp, by: TimeDelta) {
    let row = rows(app).await.pop().unwrap();
    let aged = sessions::ActiveModel {
        id: Set(row.id),
        rotated_at: Set(row.rotated_at - by),
        last_seen_at: Set(row.last_seen_at - by),
        expires_at: Set(row.expires_at - by),
        ..Default::default()
    };
    aged.update(app.store().connection()).await.unwrap();
    tokio::time::sleep(STALE_AT_MOST).await;
}

async fn each_browser_is_listed_and_ended_by_itself(app: &TestApp) {
    let people = app.anonymous();
    let body = json!({"username": "alice", "password": password("alice")});
    let request = people
        .request(Method::POST, "/api/login/")
        .header("cookie", "other=1")
        .header("user-agent", format!("Browser/1.0 {}", "x".repeat(500)))
        .json(&body);
    let first = Jar::of(&Answer::of(request).await).unwrap();
    let second = sign_in(&people, "alice").await;
    let other = sign_in(&people, "bob").await;

    let listed = second.get(&people, "/api/sessions/").await.expect(200);
    assert_eq!(listed["count"], 2, "{listed}");
    let (newest, oldest) = (&listed["results"][0], &listed["results"][1]);
    assert_eq!(
        (&newest["is_current"], &oldest["is_current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(oldest["method"], "password");
    assert_eq!(oldest["remote_address"], "127.0.0.1");
    let agent = oldest["user_agent"].as_str().unwrap();
    assert!(
        agent.starts_with("Browser/1.0 x") && agent.len() == 256,
        "{agent}"
    );
    for field in ["created_at", "last_seen_at", "expires_at"] {
        assert!(oldest[field].is_string(), "{field}");
    }
    let from_there = first.get(&people, "/api/sessions/").await.expect(200);
    // What was used last comes first.
    assert_eq!(
        (
            &from_there["results"][0]["id"],
            &from_there["results"][0]["is_current"]
        ),
        (&oldest["id"], &json!(true))
    );
    // With a token none of them is the one that asks.
    let token = app.alice().await.get("/api/sessions/").await.expect(200);
    assert!(
        token["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["is_current"] == false)
    );
    let bobs = other.get(&people, "/api/sessions/").await.expect(200);
    assert_eq!(bobs["count"], 1);
    app.anonymous()
        .get("/api/sessions/")
        .await
        .refused(401, "not_authenticated");

    // What is another's is not there; a token that may only read ends none.
    let path = format!("/api/sessions/{}/", oldest["id"]);
    other
        .send(&people, Method::DELETE, &path, None)
        .await
        .refused(404, "not_found");
    let reader = app.person_with_scopes("alice", &[Scope::Read]).await;
    reader.delete(&path).await.refused(403, "insufficient_scope");
    first.get(&people, "/api/products/").await.expect(200);
    let ended = second.send(&people, Method::DELETE, &path, None).await;
    assert_eq!((ended.status, Jar::of(&ended)), (204, None));
    first
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    second
        .send(&people, Method::DELETE, &path, None)
        .await
        .refused(404, "not_found");
    // One's own: the cookies go, too.
    let own = format!("/api/sessions/{}/", newest["id"]);
    let ended = second.send(&people, Method::DELETE, &own, None).await;
    assert_eq!(ended.status, 204);
    assert_eq!(Jar::of(&ended).unwrap().session, "");
    second
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    other.get(&people, "/api/products/").await.expect(200);
    assert_eq!(rows(app).await.len(), 1);
}

async fn signing_out_ends_copies_too(app: &TestApp) {
    let people = app.anonymous();
    let jar = sign_in(&people, "alice").await;
    jar.get(&people, "/api/products/").await.expect(200);
    // Not by a link, nor by a page elsewhere.
    jar.get(&people, "/api/logout/").await.expect(200);
    let bare = people
        .request(Method::POST, "/api/logout/")
        .header("cookie", jar.header());
    Answer::of(bare).await.refused(403, "csrf_failed");
    jar.get(&people, "/api/products/").await.expect(200);
    let out = jar.post(&people, "/api/logout/", json!({})).await;
    out.expect(200);
    assert_eq!(Jar::of(&out).unwrap().session, "");
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    assert_eq!(rows(app).await, []);
    let audit = app.root().await.get("/api/admin/audit/").await.expect(200);
    assert_eq!(audit["results"][0]["action"], "session.sign_out");
    assert_eq!(audit["results"][1]["action"], "session.sign_in");
    assert_eq!(audit["results"][1]["detail"], json!({"method": "password"}));
}

async fn tokens_are_exchanged_and_copies_noticed(app: &TestApp) {
    let people = app.anonymous();
    let first = sign_in(&people, "alice").await;
    let fresh = first.get(&people, "/api/products/").await;
    assert_eq!(Jar::of(&fresh), None, "a fresh token stays");

    age(app, TimeDelta::minutes(16)).await;
    let before = rows(app).await.pop().unwrap();
    // Several at once: one exchanges, all bring the same new token, none is refused.
    let path = "/api/products/";
    let (a, b, c) = tokio::join!(
        first.get(&people, path),
        first.get(&people, path),
        first.get(&people, path)
    );
    let second = Jar::of(&a).unwrap();
    for answer in [&a, &b, &c] {
        answer.expect(200);
        assert_eq!(Jar::of(answer).unwrap(), second);
    }
    assert_ne!(first.session, second.session);
    assert_eq!(first.csrf, second.csrf, "the page goes on with the value it has");
    let after = rows(app).await.pop().unwrap();
    assert_eq!(after.generation, before.generation + 1);
    assert!(after.expires_at > before.expires_at && after.last_seen_at > before.last_seen_at);

    // What was under way is good for a moment, and a refused request exchanges, too.
    second.get(&people, path).await.expect(200);
    first
        .get(&people, "/api/products/999/")
        .await
        .refused(404, "not_found");
    first.get(&people, path).await.expect(200);
    age(app, TimeDelta::seconds(61)).await;
    // The new one was used, so this is a copy: both are worth nothing now.
    first.get(&people, path).await.refused(401, "session_expired");
    second.get(&people, path).await.refused(401, "session_expired");
    assert_eq!(rows(app).await, []);
    let audit = app.root().await.get("/api/admin/audit/").await.expect(200);
    let newest = &audit["results"][0];
    assert_eq!(
        (&newest["action"], &newest["username"], &newest["object_id"]),
        (&json!("session.replayed"), &json!("alice"), &json!(after.id))
    );

    // A token two exchanges old is a copy at once.
    let first = sign_in(&people, "alice").await;
    let mut jar = first.clone();
    for _ in 0..2 {
        age(app, TimeDelta::minutes(16)).await;
        jar = Jar::of(&jar.get(&people, path).await).unwrap();
    }
    first
        .post(&people, "/api/products/", json!({}))
        .await
        .refused(401, "session_expired");
    jar.get(&people, path).await.refused(401, "session_expired");
}

async fn an_answer_that_was_lost_ends_nothing(app: &TestApp) {
    let people = app.anonymous();
    let first = sign_in(&people, "alice").await;
    first.get(&people, "/api/products/").await.expect(200);
    age(app, TimeDelta::minutes(16)).await;
    let lost = first.get(&people, "/api/products/").await;
    let lost = Jar::of(&lost).unwrap();
    // The browser slept, with the token it had.
    age(app, TimeDelta::minutes(5)).await;
    let again = first.get(&people, "/api/products/").await;
    again.expect(200);
    let second = Jar::of(&again).unwrap();
    second.get(&people, "/api/products/").await.expect(200);
    lost.get(&people, "/api/products/").await.expect(200);
    // From when the new one is used, the old one is a copy.
    first
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
}

async fn sessions_end_by_themselves(app: &TestApp) {
    let people = app.anonymous();
    let jar = sign_in(&people, "alice").await;
    jar.get(&people, "/api/products/").await.expect(200);
    let row = rows(app).await.pop().unwrap();
    assert_eq!(row.expires_at - row.created_at, TimeDelta::hours(24 * 7));
    // However it is used, not longer than thirty days.
    let begun = row.created_at - TimeDelta::days(29);
    let old = sessions::ActiveModel {
        id: Set(row.id),
        created_at: Set(begun),
        expires_at: Set(row.expires_at),
        ..Default::default()
    };
    old.update(app.store().connection()).await.unwrap();
    let live = app.store().live_session(row.id).await.unwrap().unwrap();
    let lengths = (
        std::time::Duration::from_secs(7 * 86_400),
        std::time::Duration::from_secs(30 * 86_400),
    );
    let browser = pz_store::sessions::Browser::default();
    assert!(
        app.store()
            .rotate_session(&live, browser, lengths.0, lengths.1)
            .await
            .unwrap()
    );
    let row = rows(app).await.pop().unwrap();
    assert_eq!(row.expires_at - begun, TimeDelta::days(30));
    // Its token was for a session that began at another time: no token of it fits.
    tokio::time::sleep(STALE_AT_MOST).await;
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");

    let jar = sign_in(&people, "alice").await;
    jar.get(&people, "/api/products/").await.expect(200);
    age(app, TimeDelta::days(7)).await;
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    let listed = app.alice().await.get("/api/sessions/").await.expect(200);
    assert_eq!(listed["count"], 1);
    assert_eq!(app.store().sweep_sessions().await.unwrap(), 1);
    assert_eq!(rows(app).await.len(), 1);
}

async fn the_csrf_cookie_is_of_the_session(app: &TestApp) {
    let people = app.anonymous();
    let (alice, bob) = (sign_in(&people, "alice").await, sign_in(&people, "bob").await);
    let also_alice = sign_in(&people, "alice").await;
    let body = json!({"display_name": "x", "product_type": 7});
    let with = |csrf: &str| Jar {
        session: alice.session.clone(),
        csrf: csrf.to_owned(),
    };
    // Cookie and header agree, but whoever planted them does not have the key.
    for planted in ["", "x", &bob.csrf, &also_alice.csrf, &alice.session] {
        with(planted)
            .post(&people, "/api/products/", body.clone())
            .await
            .refused(403, "csrf_failed");
    }
    let half = people
        .request(Method::POST, "/api/products/")
        .header("cookie", format!("pz_session={}; pz_csrf=x", alice.session))
        .header("X-CSRFToken", &alice.csrf)
        .json(&body);
    Answer::of(half).await.refused(403, "csrf_failed");
    alice.post(&people, "/api/products/", body).await.expect(201);
}

async fn signing_in_begins_anew(app: &TestApp) {
    let people = app.anonymous();
    // A visitor's browser holds the session of somebody else, who waits for them to sign in.
    let planted = sign_in(&people, "bob").await;
    let request = people
        .request(Method::POST, "/api/login/")
        .header("cookie", planted.header())
        .json(&json!({"username": "alice", "password": password("alice")}));
    let answer = Answer::of(request).await;
    answer.expect(200);
    let own = Jar::of(&answer).unwrap();
    assert_ne!((&own.session, &own.csrf), (&planted.session, &planted.csrf));
    planted
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    let who = own.get(&people, "/api/session/").await.expect(200);
    assert_eq!(who["user"]["username"], "alice");
    // A text that is no session is none after signing in, either.
    let invented = Jar {
        session: "chosen".into(),
        csrf: "chosen".into(),
    };
    let request = people
        .request(Method::POST, "/api/login/")
        .header("cookie", invented.header())
        .json(&json!({"username": "alice", "password": password("alice")}));
    Answer::of(request).await.expect(200);
    invented
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    assert_eq!(rows(app).await.len(), 2);
}

async fn signing_out_everywhere(app: &TestApp) {
    let people = app.anonymous();
    let path = "/api/account/sign-out/";
    let (here, there) = (sign_in(&people, "alice").await, sign_in(&people, "alice").await);
    let bob = sign_in(&people, "bob").await;
    let token = app.alice().await;
    for body in [
        json!({"tokens": 1}),
        json!({"this_one_too": "yes"}),
        json!({"tokens": null}),
    ] {
        here.post(&people, path, body)
            .await
            .refused(400, "validation_failed");
    }
    let ended = here.post(&people, path, json!({})).await;
    assert_eq!(ended.expect(200), json!({"sessions": 1, "tokens": 0}));
    assert_eq!(Jar::of(&ended), None);
    there
        .get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    here.get(&people, "/api/products/").await.expect(200);
    token.get("/api/products/").await.expect(200);

    // With a token: it stays itself unless asked, the sessions do not.
    let reader = app.person_with_scopes("bob", &[Scope::Read]).await;
    reader
        .post(path, json!({}))
        .await
        .refused(403, "insufficient_scope");
    let spare = json!({"name": "spare", "scopes": ["read"]});
    let spare = token.post("/api/tokens/", spare).await.expect(201);
    let spare = app
        .anonymous()
        .with_authorization(&format!("Token {}", spare["token"].as_str().unwrap()));
    let ended = token.post(path, json!({"tokens": true})).await.expect(200);
    assert_eq!(ended, json!({"sessions": 1, "tokens": 1}));
    here.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    spare.get("/api/products/").await.refused(401, "invalid_token");
    token.get("/api/products/").await.expect(200);

    let here = sign_in(&people, "alice").await;
    let all = json!({"this_one_too": true, "tokens": true});
    let ended = here.post(&people, path, all).await;
    assert_eq!(ended.expect(200), json!({"sessions": 1, "tokens": 1}));
    assert_eq!(Jar::of(&ended).unwrap().session, "");
    here.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.refused(401, "invalid_token");
    // Nobody else is signed out.
    bob.get(&people, "/api/products/").await.expect(200);
}

async fn changes_of_the_account_end_sessions(app: &TestApp) {
    let people = app.anonymous();
    let root = app.root().await;
    let jar = sign_in(&people, "alice").await;
    let product = jar
        .post(
            &people,
            "/api/products/",
            json!({"display_name": "x", "product_type": 7}),
        )
        .await
        .expect(201);
    let token = app.alice().await;
    let id = app
        .store()
        .account_by_username("alice")
        .await
        .unwrap()
        .unwrap()
        .id;
    let path = format!("/api/admin/users/{id}/");
    // Other rights are seen at once by a session that goes on.
    root.patch(&path, json!({"is_admin": true})).await.expect(200);
    jar.get(&people, "/api/admin/users/").await.expect(200);
    root.patch(&path, json!({"is_admin": false})).await.expect(200);
    jar.get(&people, "/api/admin/users/")
        .await
        .refused(403, "permission_denied");
    root.patch(&path, json!({"is_active": false})).await.expect(200);
    assert_eq!(rows(app).await, []);
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.refused(401, "inactive_user");
    // The products stay.
    let found = root
        .get(&format!("/api/products/{}/", product["id"]))
        .await
        .expect(200);
    assert_eq!(found["id"], product["id"]);
    root.patch(&path, json!({"is_active": true})).await.expect(200);
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    let jar = sign_in(&people, "alice").await;
    jar.get(&people, "/api/products/").await.expect(200);
    root.post(&format!("{path}sign_out/"), json!({}))
        .await
        .expect(200);
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    // Made inactive past all this, by another program.
    let jar = sign_in(&people, "bob").await;
    let bob = app.store().account_by_username("bob").await.unwrap().unwrap();
    let off = pz_store::entities::users::ActiveModel {
        id: Set(bob.id),
        is_active: Set(false),
        ..Default::default()
    };
    off.update(app.store().connection()).await.unwrap();
    tokio::time::sleep(STALE_AT_MOST).await;
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "inactive_user");
}

async fn sessions_do_not_pile_up(app: &TestApp) {
    let alice = app.store().account_by_username("alice").await.unwrap().unwrap();
    let hour = std::time::Duration::from_secs(3600);
    let begin = async || {
        let new = pz_store::sessions::NewSession {
            user_id: alice.id,
            method: "password",
            browser: pz_store::sessions::Browser::default(),
            unused: hour,
            longest: hour,
        };
        app.store().begin_session(new).await.unwrap().id
    };
    let first = begin().await;
    for _ in 0..pz_store::sessions::SESSIONS_PER_USER_MAX {
        begin().await;
    }
    let left = rows(app).await;
    assert_eq!(left.len() as u64, pz_store::sessions::SESSIONS_PER_USER_MAX);
    assert!(left.iter().all(|row| row.id != first));
    // All of them expired: the next one is alone.
    for row in &left {
        let expired = sessions::ActiveModel {
            id: Set(row.id),
            expires_at: Set(Utc::now()),
            ..Default::default()
        };
        expired.update(app.store().connection()).await.unwrap();
    }
    begin().await;
    assert_eq!(rows(app).await.len(), 1);
}

/// A stream goes on longer than its token is fresh, neither exchanging it nor taken for a copy.
async fn a_stream_lives_as_long_as_its_session(app: &TestApp) {
    use futures_util::StreamExt;
    let people = app.anonymous();
    let jar = sign_in(&people, "alice").await;
    let stream = people
        .request(Method::GET, "/api/events/")
        .header("cookie", jar.header())
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let mut stream = stream.bytes_stream();
    stream.next().await.unwrap().unwrap();
    let mut newest = jar.clone();
    for _ in 0..2 {
        age(app, TimeDelta::minutes(16)).await;
        newest = Jar::of(&newest.get(&people, "/api/products/").await).unwrap();
    }
    // Heartbeats come, and with them looks at the session.
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(12);
    while let Ok(Some(chunk)) = tokio::time::timeout_at(until, stream.next()).await {
        chunk.unwrap();
    }
    newest.get(&people, "/api/products/").await.expect(200);
    assert_eq!(rows(app).await.len(), 1);
    newest.post(&people, "/api/logout/", json!({})).await.expect(200);
    let end = async { while stream.next().await.is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), end)
        .await
        .unwrap();
}
