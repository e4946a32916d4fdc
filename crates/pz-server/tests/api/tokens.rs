use pz_model::Timestamp;
use pz_server::auth::token::Scope;
use pz_server::cache::STALE_AT_MOST;
use pz_store::entities::api_tokens;
use pz_store::list::ListQuery;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp, password};
use crate::on_both_databases;

on_both_databases!(
    f_42_tokens_are_kept_as_hashes_shown_once_scoped_and_end,
    f_45_a_new_default_token_ends_only_the_old_default_token,
    tokens_are_named_and_limited,
    no_token_makes_a_stronger_one,
    tokens_end_one_by_one,
    obtained_tokens_do_not_pile_up,
);

fn in_days(days: i64) -> String {
    Timestamp::from(Timestamp::now().to_utc() + chrono::TimeDelta::days(days)).to_string()
}

fn with(app: &TestApp, token: &Value) -> Person {
    app.anonymous()
        .with_authorization(&format!("Token {}", token["token"].as_str().unwrap()))
}

async fn make(person: &Person, name: &str, scopes: &[&str]) -> Value {
    let body = json!({"name": name, "scopes": scopes});
    person.post("/api/tokens/", body).await.expect(201)
}

async fn rows(app: &TestApp, username: &str) -> Vec<api_tokens::Model> {
    let account = app.store().account_by_username(username).await.unwrap().unwrap();
    app.store()
        .list_tokens(account.id, &ListQuery::default())
        .await
        .unwrap()
        .1
}

async fn f_42_tokens_are_kept_as_hashes_shown_once_scoped_and_end(app: &TestApp) {
    let alice = app.alice().await;
    let body = json!({"name": "notebook", "scopes": ["read"], "expires_at": in_days(30)});
    let made = alice.post("/api/tokens/", body).await.expect(201);
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with(made["prefix"].as_str().unwrap()) && secret.len() == 48);
    assert_eq!(
        (&made["name"], &made["scopes"]),
        (&json!("notebook"), &json!(["read"]))
    );

    // It works, and may do what its scopes say.
    let reader = with(app, &made);
    reader.get("/api/products/").await.expect(200);
    let product = json!({"display_name": "x", "product_type": 7});
    reader
        .post("/api/products/", product)
        .await
        .refused(403, "insufficient_scope");

    // The list shows everything but the secret.
    let list = alice.get("/api/tokens/").await;
    assert!(!String::from_utf8_lossy(&list.bytes).contains(&secret[26..]));
    let list = list.expect(200);
    assert_eq!(list["count"], 2);
    let shown = &list["results"][0];
    assert_eq!(
        (&shown["id"], &shown["expires_at"]),
        (&made["id"], &made["expires_at"])
    );
    assert!(shown["last_used_at"].is_string() && shown.get("token").is_none());

    // So does the database: a hash of the secret half, which opens nothing.
    let row = rows(app, "alice")
        .await
        .into_iter()
        .find(|row| row.name == "notebook")
        .unwrap();
    assert!(!format!("{row:?}").contains(&secret[26..]));
    app.anonymous()
        .with_authorization(&format!("Token pz_{}.{}", row.key, &row.secret_sha256[..22]))
        .get("/api/")
        .await
        .refused(401, "invalid_token");

    // When its time is over, it is over.
    let past = Timestamp::from(Timestamp::now().to_utc() - chrono::TimeDelta::seconds(1));
    end_at(app, row.id, past).await;
    tokio::time::sleep(STALE_AT_MOST).await;
    reader.get("/api/products/").await.refused(401, "invalid_token");
}

async fn end_at(app: &TestApp, id: i64, time: Timestamp) {
    use sea_orm::{ActiveModelTrait, Set};
    let change = api_tokens::ActiveModel {
        id: Set(id),
        expires_at: Set(Some(time.to_utc())),
        ..Default::default()
    };
    change.update(app.store().connection()).await.unwrap();
}

async fn f_45_a_new_default_token_ends_only_the_old_default_token(app: &TestApp) {
    let alice = app.alice().await;
    let named = make(&alice, "cluster", &["read"]).await;
    let first = alice.post("/api/get_token/", json!({})).await.expect(200);
    let second = alice.post("/api/get_token/", json!({})).await.expect(200);
    with(app, &first).get("/api/").await.refused(401, "invalid_token");
    with(app, &second).get("/api/").await.expect(200);
    // Programs with a token of their own go on.
    with(app, &named).get("/api/").await.expect(200);
    // The document says so.
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let operation = &document["paths"]["/api/get_token/"]["post"];
    assert!(
        operation["summary"]
            .as_str()
            .unwrap()
            .contains("old one ends at once")
    );
}

async fn tokens_are_named_and_limited(app: &TestApp) {
    let alice = app.alice().await;
    make(&alice, "one", &["upload", "upload"]).await;
    let listed = alice.get("/api/tokens/?ordering=name").await.expect(200);
    assert_eq!(listed["results"][0]["scopes"], json!(["read", "upload"]));
    let again = alice
        .post("/api/tokens/", json!({"name": " one ", "scopes": ["read"]}))
        .await
        .refused(400, "name_taken");
    assert!(again["name"][0].is_string());
    // Another user may call theirs the same.
    make(&app.bob().await, "one", &["read"]).await;
    for (body, field) in [
        (json!({"scopes": ["read"]}), "name"),
        (json!({"name": "", "scopes": ["read"]}), "name"),
        (json!({"name": "x".repeat(101), "scopes": ["read"]}), "name"),
        (json!({"name": 7, "scopes": ["read"]}), "name"),
        (json!({"name": "x"}), "scopes"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": "read"}), "scopes"),
        (json!({"name": "x", "scopes": ["everything"]}), "scopes"),
        (
            json!({"name": "x", "scopes": ["read"], "expires_at": "tomorrow"}),
            "expires_at",
        ),
        (
            json!({"name": "x", "scopes": ["read"], "expires_at": in_days(-1)}),
            "expires_at",
        ),
        (
            json!({"name": "x", "scopes": ["read"], "expires_at": in_days(1900)}),
            "expires_at",
        ),
    ] {
        let refused = alice
            .post("/api/tokens/", body.clone())
            .await
            .refused(400, "validation_failed");
        assert!(refused[field][0].is_string(), "{body}: {refused}");
    }
    let form = alice.request(Method::POST, "/api/tokens/").form(&[("name", "x")]);
    Answer::of(form).await.refused(415, "unsupported_media_type");
    // There may be fifty; those that have ended make room.
    for number in 0..48 {
        make(&alice, &format!("n{number}"), &["read"]).await;
    }
    let body = json!({"name": "too many", "scopes": ["read"]});
    alice
        .post("/api/tokens/", body.clone())
        .await
        .refused(409, "limit_reached");
    let ended = rows(app, "alice").await.into_iter().find(|row| row.name == "n0");
    let past = Timestamp::from(Timestamp::now().to_utc() - chrono::TimeDelta::seconds(1));
    end_at(app, ended.unwrap().id, past).await;
    alice.post("/api/tokens/", body).await.expect(201);
}

async fn no_token_makes_a_stronger_one(app: &TestApp) {
    let reader = app.person_with_scopes("alice", &[Scope::Read]).await;
    make(&reader, "weak", &["read"]).await;
    for scopes in [["upload"], ["run"], ["admin"]] {
        let body = json!({"name": "strong", "scopes": scopes});
        reader
            .post("/api/tokens/", body)
            .await
            .refused(403, "insufficient_scope");
    }
    // A member administers nothing, whatever the token's scopes say.
    let admin = json!({"name": "a", "scopes": ["admin"]});
    let member = app.alice().await;
    member
        .post("/api/tokens/", admin.clone())
        .await
        .refused(403, "permission_denied");
    app.root().await.post("/api/tokens/", admin).await.expect(201);
    // Nor does a token make one that lives longer, not even the default one.
    let body = json!({"name": "short", "scopes": ["read", "upload", "run"], "expires_at": in_days(2)});
    let short = member.post("/api/tokens/", body).await.expect(201);
    let short_lived = with(app, &short);
    for expires_at in [Value::Null, json!(in_days(3))] {
        let body = json!({"name": "long", "scopes": ["read"], "expires_at": expires_at});
        short_lived
            .post("/api/tokens/", body)
            .await
            .refused(403, "insufficient_scope");
    }
    let body = json!({"name": "shorter", "scopes": ["read"], "expires_at": in_days(1)});
    short_lived.post("/api/tokens/", body).await.expect(201);
    short_lived.post("/api/get_token/", json!({})).await.expect(200);
    let default = rows(app, "alice")
        .await
        .into_iter()
        .find(|row| row.name == "default");
    assert_eq!(
        Timestamp::from(default.unwrap().expires_at.unwrap()).to_string(),
        short["expires_at"].as_str().unwrap()
    );
}

async fn tokens_end_one_by_one(app: &TestApp) {
    let alice = app.alice().await;
    let (weak, strong) = (
        make(&alice, "weak", &["read"]).await,
        make(&alice, "strong", &["read", "upload"]).await,
    );
    let path = |token: &Value| format!("/api/tokens/{}/", token["id"]);
    // Nobody else sees it, so nobody else ends it.
    app.bob()
        .await
        .delete(&path(&weak))
        .await
        .refused(404, "not_found");
    app.root()
        .await
        .delete(&path(&weak))
        .await
        .refused(404, "not_found");
    app.anonymous()
        .delete(&path(&weak))
        .await
        .refused(401, "not_authenticated");
    // A weak token does not end a strong one, but itself.
    let weak_one = with(app, &weak);
    weak_one
        .delete(&path(&strong))
        .await
        .refused(403, "insufficient_scope");
    assert_eq!(weak_one.delete(&path(&weak)).await.status, 204);
    weak_one.get("/api/").await.refused(401, "invalid_token");
    alice.delete(&path(&weak)).await.refused(404, "not_found");
    assert_eq!(alice.delete(&path(&strong)).await.status, 204);
    with(app, &strong)
        .get("/api/")
        .await
        .refused(401, "invalid_token");
    alice.get(&path(&strong)).await.refused(405, "method_not_allowed");
    app.anonymous()
        .get("/api/tokens/")
        .await
        .refused(401, "not_authenticated");
}

async fn obtained_tokens_do_not_pile_up(app: &TestApp) {
    let right = json!({"username": "alice", "password": password("alice")});
    let anonymous = app.anonymous();
    let first = anonymous
        .post("/api/obtain_token/", right.clone())
        .await
        .expect(200);
    for _ in 0..20 {
        anonymous
            .post("/api/obtain_token/", right.clone())
            .await
            .expect(200);
    }
    with(app, &first).get("/api/").await.refused(401, "invalid_token");
    assert_eq!(rows(app, "alice").await.len(), 20);
}
