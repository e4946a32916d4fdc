//! Server-sent events, as open pages and programs hear them.

use std::time::{Duration, Instant};

use pz_model::api::EventKind;
use pz_server::auth::token::{self, Scope};
use pz_store::accounts::NewUser;
use pz_store::events::NewEvent;
use reqwest::{Method, Response};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::on_both_databases;
use crate::processes::{browser, combine, path};

on_both_databases!(
    everybody_hears_what_they_may_see,
    resuming_after_the_last_event,
    numbers_that_show_up_late_are_told,
    the_stream_ends_with_the_right_to_it,
    connections_are_bounded_and_given_back,
    news_reach_a_thousand_listeners,
);

/// A stream that is read event by event.
struct Listening {
    response: Response,
    text: String,
}

/// Longest wait for something that should come.
const SOON: Duration = Duration::from_secs(10);
/// How long to wait for something that should not come.
const A_WHILE: Duration = Duration::from_millis(900);

impl Listening {
    async fn start(person: &Person, last_event_id: Option<&str>) -> Self {
        let mut request = person.request(Method::GET, "/api/events/");
        if let Some(id) = last_event_id {
            request = request.header("Last-Event-ID", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut listening = Self {
            response,
            text: String::new(),
        };
        let opening = listening.block(SOON).await.unwrap().unwrap();
        assert!(opening.starts_with("retry: 2000\nid: "), "{opening}");
        listening
    }

    /// The next block of lines; `Ok(None)` at the end of the stream, an error when nothing comes in time.
    async fn block(&mut self, within: Duration) -> Result<Option<String>, ()> {
        let until = Instant::now() + within;
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Ok(Some(block));
            }
            let left = until.saturating_duration_since(Instant::now());
            match actix_web::rt::time::timeout(left, self.response.chunk()).await {
                Err(_) => return Err(()),
                Ok(Ok(Some(chunk))) => self.text.push_str(std::str::from_utf8(&chunk).unwrap()),
                Ok(Ok(None) | Err(_)) => return Ok(None),
            }
        }
    }

    /// The next event: its name and data.
    async fn event(&mut self) -> (String, Value) {
        loop {
            let block = self.block(SOON).await.unwrap().unwrap();
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name))?;
                Some(line.trim_start_matches(": ").to_owned())
            };
            if let Some(data) = field("data") {
                let data: Value = serde_json::from_str(&data).unwrap();
                assert_eq!(field("id").unwrap(), data["id"].to_string());
                return (field("event").unwrap(), data);
            }
        }
    }

    /// Kind, object and action of the next events, until `last` comes.
    async fn until(&mut self, last: &str) -> Vec<(String, i64, String)> {
        let mut seen = Vec::new();
        loop {
            let (kind, data) = self.event().await;
            let object = if kind == "process" {
                &data["process"]
            } else {
                &data["product"]
            };
            let action = data["payload"]["action"].as_str().unwrap_or_default().to_owned();
            let done = action == last;
            seen.push((kind, object.as_i64().unwrap_or_default(), action));
            if done {
                return seen;
            }
        }
    }

    /// Nothing but signs of life for a while.
    async fn assert_silent(&mut self) {
        let until = Instant::now() + A_WHILE;
        while let Ok(block) = self.block(until.saturating_duration_since(Instant::now())).await {
            let block = block.unwrap();
            assert!(block.starts_with(": alive\n"), "nothing should come: {block}");
        }
    }

    async fn assert_ends(&mut self) {
        while self.block(SOON).await.unwrap().is_some() {}
    }
}

async fn everybody_hears_what_they_may_see(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let mut to_alice = Listening::start(&alice, None).await;
    let mut to_bob = Listening::start(&bob, None).await;
    let mut to_root = Listening::start(&root, None).await;
    assert_eq!(
        to_alice.response.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    assert_eq!(to_alice.response.headers()["cache-control"], "no-store");
    assert_eq!(to_alice.response.headers()["x-accel-buffering"], "no");

    let draft = alice.draft(7, "Alice's secret draft").await;
    let id = draft["id"].as_i64().unwrap();
    let product = format!("/api/products/{id}/");
    alice.upload(&draft, 2, "notes.txt", b"x").await.expect(201);
    let started = Instant::now();
    assert_eq!(to_alice.event().await.1["payload"]["action"], "product.create");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(to_alice.until("file.upload").await.last().unwrap().1, id);
    to_root.until("file.upload").await;
    to_bob.assert_silent().await;
    // Once it is published, everybody hears of it.
    alice
        .patch(&product, json!({"description": "Ask us.", "status": 1}))
        .await
        .expect(200);
    let heard = to_bob.until("product.set_status").await;
    assert_eq!(
        heard,
        [("product".to_owned(), id, "product.set_status".to_owned())]
    );
    to_root.until("product.set_status").await;

    // A process is its owner's while its product is, and says where it is without a question.
    let catalog = bob.published_catalog("Bob's catalog").await;
    let process = combine(&alice, "Mine", &[&catalog]).await;
    let number = process["id"].as_i64().unwrap();
    to_alice.until("process.create").await;
    assert!(app.store().start_process(number, "00000001").await.unwrap());
    let (kind, data) = to_alice.event().await;
    assert_eq!(
        (kind.as_str(), &data["process"], &data["product"]),
        ("process", &process["id"], &process["upload"])
    );
    let payload = &data["payload"];
    assert_eq!(
        (&payload["status"], &payload["phase"]),
        (&json!("Running"), &json!("running"))
    );
    assert!(payload["started_at"].is_string() && payload["ended_at"].is_null());
    alice
        .post(&format!("{}stop/", path(&process)), json!({}))
        .await
        .expect(200);
    assert_eq!(to_alice.event().await.1["payload"]["status"], "Stopping");
    let heard = to_bob.until("product.set_status").await;
    assert!(heard.iter().all(|(kind, _, _)| kind == "product"), "{heard:?}");
    to_bob.assert_silent().await;

    // What is for one user only is for that user only, whoever asks.
    let account = app.store().account_by_username("bob").await.unwrap().unwrap();
    let event = NewEvent {
        kind: EventKind::Download,
        user_id: Some(account.id),
        payload: json!({"action": "ready\n\nevent: process\ndata: {}"}),
        ..NewEvent::product(id, "")
    };
    app.store().add_event(event).await.unwrap();
    let (kind, data) = to_bob.event().await;
    assert_eq!(
        (kind.as_str(), &data["payload"]["action"]),
        ("download", &json!("ready\n\nevent: process\ndata: {}"))
    );
    app.store()
        .add_event(NewEvent {
            kind: EventKind::Log,
            process_id: Some(number),
            ..NewEvent::product(id, "wrote")
        })
        .await
        .unwrap();
    let mut heard = to_root.until("wrote").await;
    assert!(heard.iter().all(|(kind, _, _)| kind != "download"), "{heard:?}");
    // Logs are no business of those who see the product.
    to_alice.assert_silent().await;
    // The owner hears of the end, others only that nothing comes any more.
    alice.delete(&product).await.expect(204);
    heard = to_alice.until("product.delete").await;
    assert_eq!(heard.len(), 1);
    to_bob.assert_silent().await;
}

async fn resuming_after_the_last_event(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let mut listening = Listening::start(&alice, None).await;
    alice.draft(7, "One").await;
    let (_, first) = listening.event().await;
    drop(listening);
    let mut missed = Vec::new();
    for number in 0..250 {
        if number % 2 == 0 {
            missed.push(NewEvent::product(1, &format!("missed {number}")));
        } else {
            missed.push(NewEvent {
                user_id: Some(2),
                ..NewEvent::product(1, "bob's")
            });
        }
    }
    for event in missed {
        app.store().add_event(event).await.unwrap();
    }
    let mut again = Listening::start(&alice, Some(&first["id"].to_string())).await;
    for number in (0..250).step_by(2) {
        assert_eq!(
            again.event().await.1["payload"]["action"],
            format!("missed {number}")
        );
    }
    // And then on, without anything twice.
    alice.draft(7, "Two").await;
    assert_eq!(again.event().await.1["payload"]["action"], "product.create");
    again.assert_silent().await;
    // What cannot be a number of an event counts as absent.
    for wrong in ["x", "-5", "999999999", "1e3"] {
        let mut fresh = Listening::start(&bob, Some(wrong)).await;
        fresh.assert_silent().await;
    }
    let answer = Answer::of(
        alice
            .request(Method::GET, "/api/events/?seconds=1")
            .header("Last-Event-ID", "0"),
    )
    .await;
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8_lossy(&answer.bytes).contains("missed 248"));
    for wrong in ["0", "-1", "x", "86401"] {
        let body = alice
            .get(&format!("/api/events/?seconds={wrong}"))
            .await
            .refused(400, "invalid_parameter");
        assert!(body["seconds"].is_array());
    }
    let head = Answer::of(alice.request(Method::HEAD, "/api/events/")).await;
    assert_eq!((head.status, head.header("cache-control")), (200, "no-store"));
}

async fn numbers_that_show_up_late_are_told(app: &TestApp) {
    let root = app.root().await;
    let db = app.store().connection();
    if db.get_database_backend() == sea_orm::DbBackend::Sqlite {
        // It has one writer at a time: numbers show up in order.
        let mut listening = Listening::start(&root, None).await;
        for action in ["first", "second"] {
            app.store().add_event(NewEvent::product(1, action)).await.unwrap();
        }
        assert_eq!(listening.until("second").await.len(), 2);
        return;
    }
    let insert = "INSERT INTO events (at, kind, product_id, payload) VALUES (now(), 'product', 1, '{\"action\": \"late\"}')";
    let mut listening = Listening::start(&root, None).await;
    let transaction = db.begin().await.unwrap();
    transaction.execute_unprepared(insert).await.unwrap();
    app.store()
        .add_event(NewEvent::product(1, "early"))
        .await
        .unwrap();
    assert_eq!(listening.event().await.1["payload"]["action"], "early");
    listening.assert_silent().await;
    // Also for those who come while the number is still missing.
    let mut second = Listening::start(&root, None).await;
    transaction.commit().await.unwrap();
    assert_eq!(listening.event().await.1["payload"]["action"], "late");
    assert_eq!(second.event().await.1["payload"]["action"], "late");
    listening.assert_silent().await;
}

async fn the_stream_ends_with_the_right_to_it(app: &TestApp) {
    let alice = app.alice().await;
    let (browser, _) = browser(app, "alice").await;
    let mut by_token = Listening::start(&alice, None).await;
    let mut by_session = Listening::start(&browser, None).await;
    // Another token's end is not this one's.
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    token::create(app.store(), account.id, "other", &Scope::DEFAULT)
        .await
        .unwrap();
    by_token.assert_silent().await;
    token::create(app.store(), account.id, "test", &Scope::DEFAULT)
        .await
        .unwrap();
    by_token.assert_ends().await;
    alice.get("/api/events/").await.refused(401, "invalid_token");
    let draft = app.alice().await.draft(7, "Still there").await;
    assert_eq!(by_session.event().await.1["product"], draft["id"]);

    let mut deactivated = Listening::start(&app.bob().await, None).await;
    app.store()
        .connection()
        .execute_unprepared("UPDATE users SET is_active = FALSE WHERE username IN ('alice', 'bob')")
        .await
        .unwrap();
    deactivated.assert_ends().await;
    by_session.assert_ends().await;
    // The server's stop ends what would never end.
    let mut open = Listening::start(&app.root().await, None).await;
    app.state.close_events();
    open.assert_ends().await;
    app.root()
        .await
        .get("/api/events/")
        .await
        .refused(503, "unavailable");
    app.anonymous()
        .get("/api/events/")
        .await
        .refused(401, "not_authenticated");
}

async fn all_gone(app: &TestApp) {
    let until = Instant::now() + Duration::from_secs(40);
    while app.state.event_connections() > 0 {
        assert!(
            Instant::now() < until,
            "{} are still there",
            app.state.event_connections()
        );
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn connections_are_bounded_and_given_back(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Listening::start(&alice, None).await);
    }
    let refused = alice.get("/api/events/").await;
    refused.refused(429, "too_many_requests");
    assert!(!refused.header("retry-after").is_empty());
    open.push(Listening::start(&bob, None).await);
    assert_eq!(app.state.event_connections(), 17);
    drop(open);
    drop((alice, bob));
    all_gone(app).await;
    // Nobody listens: nothing is read. Then somebody does again.
    actix_web::rt::time::sleep(Duration::from_millis(600)).await;
    let before = app.store().statement_count();
    actix_web::rt::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(app.store().statement_count(), before);
    let alice = app.alice().await;
    let mut again = Listening::start(&alice, None).await;
    alice.draft(7, "Heard").await;
    again.event().await;
}

/// Resident memory of this process, in bytes.
fn resident_bytes() -> usize {
    let statm = fs_err::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

async fn news_reach_a_thousand_listeners(app: &TestApp) {
    let mut people = Vec::new();
    for number in 0..63 {
        let username = format!("member{number}");
        let user = NewUser {
            username: username.clone(),
            ..NewUser::default()
        };
        app.store().add_user(user).await.unwrap();
        people.push(app.person(&username).await);
    }
    let catalog = app.alice().await.published_catalog("For everybody").await;
    let id = catalog["id"].as_i64().unwrap();
    let mut open = Vec::new();
    for person in &people {
        for _ in 0..16 {
            open.push(Listening::start(person, None).await);
        }
    }
    assert_eq!(app.state.event_connections(), 1008);
    app.store()
        .add_event(NewEvent::product(id, "first"))
        .await
        .unwrap();
    for listening in &mut open {
        listening.until("first").await;
    }
    let before = resident_bytes();
    for round in 0..20 {
        app.store()
            .add_event(NewEvent::product(id, &format!("{round}")))
            .await
            .unwrap();
    }
    for listening in &mut open {
        listening.until("19").await;
    }
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 64 << 20, "grown by {grown} bytes");
    drop(open);
    drop(people);
    all_gone(app).await;
}
