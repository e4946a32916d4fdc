//! The audit log: what every operation that changes something writes. The table stands here, by hand, and not in the
//! code under test; an operation without a row fails, and so does a row whose operation was not done.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pz_store::entities::audit_log;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, Person, TestApp, password};
use crate::on_both_databases;
use crate::processes::{combine, pipeline};

on_both_databases!(every_change_is_written);

/// What each operation writes; nothing, where it changes nothing.
const WRITES: &[(&str, &[&str])] = &[
    ("POST /api/account/password/", &["user.password"]),
    ("POST /api/account/sign-out/", &["user.sign_out"]),
    ("POST /api/admin/groups/", &["group.create"]),
    ("PATCH /api/admin/groups/{id}/", &["group.rename"]),
    ("DELETE /api/admin/groups/{id}/", &["group.delete"]),
    ("PUT /api/admin/groups/{id}/members/", &["group.change_members"]),
    ("PATCH /api/admin/groups/{id}/members/", &["group.change_members"]),
    ("PATCH /api/admin/pipelines/{id}/", &["pipeline.change"]),
    ("PATCH /api/admin/product-types/{id}/", &["product_type.change"]),
    ("POST /api/admin/releases/", &["release.create"]),
    ("PATCH /api/admin/releases/{id}/", &["release.change"]),
    ("DELETE /api/admin/releases/{id}/", &["release.delete"]),
    ("POST /api/admin/users/", &["user.create"]),
    ("PATCH /api/admin/users/{id}/", &["user.change"]),
    (
        "POST /api/admin/users/{id}/password-reset/",
        &["user.password_link"],
    ),
    ("POST /api/admin/users/{id}/sign_out/", &["user.sign_out"]),
    // Gone: they answer 410.
    ("POST /api/auth/token", &[]),
    ("POST /api/auth/{endpoint}/", &[]),
    ("POST /api/csrf_oauth/", &[]),
    ("POST /api/get_token/", &["token.replace"]),
    // Tells who is calling.
    ("POST /api/logged_user/", &[]),
    ("POST /api/login/", &["session.sign_in"]),
    ("POST /api/logout/", &["session.sign_out"]),
    ("POST /api/obtain_token/", &["token.obtain"]),
    ("POST /api/password-reset/", &["user.password_reset"]),
    ("POST /api/processes/", &["process.create"]),
    ("PUT /api/processes/{id}/", &["process.change"]),
    ("PATCH /api/processes/{id}/", &["process.change"]),
    ("GET /api/processes/{id}/stop/", &["process.stop"]),
    ("POST /api/processes/{id}/stop/", &["process.stop"]),
    ("POST /api/product-contents/", &["column.create"]),
    ("PUT /api/product-contents/{id}/", &["column.change"]),
    ("PATCH /api/product-contents/{id}/", &["column.change"]),
    ("DELETE /api/product-contents/{id}/", &["column.delete"]),
    ("POST /api/product-files/", &["file.upload"]),
    ("PATCH /api/product-files/{id}/", &["file.change"]),
    ("DELETE /api/product-files/{id}/", &["file.delete"]),
    ("POST /api/products/", &["product.create"]),
    ("PUT /api/products/{id}/", &["product.change"]),
    ("PATCH /api/products/{id}/", &["product.set_status"]),
    ("DELETE /api/products/{id}/", &["product.delete"]),
    // Make links to what one may read.
    ("POST /api/products/{id}/download/main-file/prepare/", &[]),
    ("POST /api/products/{id}/download/prepare/", &[]),
    ("GET /api/products/{id}/registry/", &["product.register"]),
    ("POST /api/products/{id}/registry/", &["product.register"]),
    ("POST /api/products/{id}/restore/", &["product.restore"]),
    ("POST /api/products/{id}/versions/", &["product.create_version"]),
    ("DELETE /api/sessions/{id}/", &["session.end"]),
    ("POST /api/tokens/", &["token.create"]),
    ("DELETE /api/tokens/{id}/", &["token.delete"]),
    ("POST /api/uploads/", &["upload.begin"]),
    ("PATCH /api/uploads/{id}/", &["file.upload"]),
    ("DELETE /api/uploads/{id}/", &["upload.cancel"]),
];

/// The table names each operation of the document that is not a GET once, and no other but the two GETs that older
/// programs change something by.
#[test]
fn every_changing_operation_has_a_row() {
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let mut documented = BTreeSet::from([
        "GET /api/processes/{id}/stop/".to_owned(),
        "GET /api/products/{id}/registry/".to_owned(),
    ]);
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let rows: Vec<String> = WRITES
        .iter()
        .map(|(operation, _)| (*operation).to_owned())
        .collect();
    let unique: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(unique.len(), rows.len(), "an operation stands in the table twice");
    let missing: Vec<_> = documented.difference(&unique).collect();
    let gone: Vec<_> = unique.difference(&documented).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "without a row: {missing:?}; no longer there: {gone:?}"
    );
}

/// Does things and looks what was written of each.
struct Day<'a> {
    app: &'a TestApp,
    done: BTreeSet<String>,
    /// What must not stand in the log.
    secrets: Vec<String>,
}

impl Day<'_> {
    async fn newest(&self) -> Vec<audit_log::Model> {
        self.app.store().newest_audit_entries(50).await.unwrap()
    }

    async fn sent(&mut self, operation: &str, username: &str, request: RequestBuilder) -> Answer {
        let last = self.newest().await.first().map_or(0, |entry| entry.id);
        let answer = Answer::of(request).await;
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(answer.status < 400, "{operation}: {} {text}", answer.status);
        let rows: BTreeMap<&str, &[&str]> = WRITES.iter().copied().collect();
        let entries: Vec<_> = self
            .newest()
            .await
            .into_iter()
            .filter(|entry| entry.id > last)
            .collect();
        let actions: Vec<&str> = entries.iter().rev().map(|entry| &*entry.action).collect();
        assert_eq!(actions, rows[operation], "{operation}");
        for entry in entries {
            assert_eq!(entry.username.as_deref(), Some(username), "{operation}");
            assert_eq!(entry.remote_address.as_deref(), Some("127.0.0.1"), "{operation}");
            assert_eq!(
                entry.request_id.as_deref(),
                Some(answer.header("x-request-id")),
                "{operation}"
            );
        }
        self.done.insert(operation.to_owned());
        answer
    }

    /// Does an operation as the document names it, on the object with this id.
    async fn does(
        &mut self,
        (person, username): (&Person, &str),
        operation: &str,
        id: impl ToString,
        body: Value,
    ) -> Value {
        let (method, path) = operation.split_once(' ').unwrap();
        let mut request = person.request(
            method.parse::<Method>().unwrap(),
            &path.replace("{id}", &id.to_string()),
        );
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = self.sent(operation, username, request).await;
        serde_json::from_slice(&answer.bytes).unwrap_or_default()
    }
}

/// Somebody signed in by cookie: what their requests carry.
async fn browser(day: &mut Day<'_>, username: &str) -> (String, String) {
    let body = json!({"username": username, "password": password(username)});
    let request = day
        .app
        .anonymous()
        .request(Method::POST, "/api/login/")
        .json(&body);
    let answer = day.sent("POST /api/login/", username, request).await;
    let cookies: Vec<String> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().split(';').next().unwrap().to_owned())
        .collect();
    let value = |name: &str| {
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(name)).unwrap();
        cookie.split_once('=').unwrap().1.to_owned()
    };
    let (session, csrf) = (value("pz_session="), value("pz_csrf="));
    day.secrets.extend([session, csrf.clone()]);
    (cookies.join("; "), csrf)
}

async fn every_change_is_written(app: &TestApp) {
    let mut day = Day {
        app,
        done: BTreeSet::new(),
        secrets: ["alice", "bob"].map(password).to_vec(),
    };
    administration(&mut day).await;
    products_and_files(&mut day).await;
    processes(&mut day).await;
    // Last: it ends what the others use.
    accounts(&mut day).await;

    let answers_410 = ["/api/auth/token", "/api/auth/{endpoint}/", "/api/csrf_oauth/"];
    let undone: Vec<_> = WRITES
        .iter()
        .map(|(operation, _)| *operation)
        .filter(|operation| !day.done.contains(*operation))
        .filter(|operation| !answers_410.iter().any(|path| operation.ends_with(path)))
        .collect();
    assert!(undone.is_empty(), "nobody did {undone:?}");
    for entry in app.store().newest_audit_entries(1000).await.unwrap() {
        let text = format!("{entry:?}");
        for secret in &day.secrets {
            assert!(!text.contains(secret), "{}", entry.action);
        }
    }
}

async fn administration(day: &mut Day<'_>) {
    let root = day.app.root().await;
    let admin = (&root, "root");
    let group = day
        .does(admin, "POST /api/admin/groups/", 0, json!({"name": "Team"}))
        .await["id"]
        .clone();
    day.does(
        admin,
        "PATCH /api/admin/groups/{id}/",
        &group,
        json!({"name": "Our team"}),
    )
    .await;
    let members = json!({"members": ["alice"]});
    day.does(admin, "PUT /api/admin/groups/{id}/members/", &group, members)
        .await;
    let more = json!({"add": ["bob"]});
    day.does(admin, "PATCH /api/admin/groups/{id}/members/", &group, more)
        .await;
    day.does(admin, "DELETE /api/admin/groups/{id}/", &group, Value::Null)
        .await;
    let text = json!({"description": "Said anew"});
    day.does(admin, "PATCH /api/admin/pipelines/{id}/", 1, text.clone())
        .await;
    day.does(admin, "PATCH /api/admin/product-types/{id}/", 1, text.clone())
        .await;
    let release = json!({"name": "dp9", "display_name": "DP9", "indexing_column": "id"});
    let release = day.does(admin, "POST /api/admin/releases/", 0, release).await["id"].clone();
    day.does(admin, "PATCH /api/admin/releases/{id}/", &release, text)
        .await;
    day.does(admin, "DELETE /api/admin/releases/{id}/", &release, Value::Null)
        .await;
    let user = json!({"username": "newcomer"});
    let user = day.does(admin, "POST /api/admin/users/", 0, user).await["id"].clone();
    let email = json!({"email": "newcomer@example.org"});
    day.does(admin, "PATCH /api/admin/users/{id}/", &user, email)
        .await;
    day.does(admin, "POST /api/admin/users/{id}/sign_out/", &user, json!({}))
        .await;
    let link = day
        .does(
            admin,
            "POST /api/admin/users/{id}/password-reset/",
            &user,
            Value::Null,
        )
        .await;
    let secret = link["url"]
        .as_str()
        .unwrap()
        .split_once('#')
        .unwrap()
        .1
        .to_owned();
    let new = "a password by the link";
    day.secrets
        .extend([secret.clone(), new.to_owned(), "newcomer@example.org".to_owned()]);
    let body = json!({"token": secret, "new_password": new});
    let nobody = day.app.anonymous();
    day.does((&nobody, "newcomer"), "POST /api/password-reset/", 0, body)
        .await;
}

async fn products_and_files(day: &mut Day<'_>) {
    let alice = day.app.alice().await;
    let owner = (&alice, "alice");
    let body = json!({"display_name": "Catalog", "product_type": 1});
    let product = day.does(owner, "POST /api/products/", 0, body.clone()).await["id"].clone();
    day.does(
        owner,
        "PUT /api/products/{id}/",
        &product,
        json!({"display_name": "Renamed", "product_type": 1}),
    )
    .await;
    let file = |role: &str, name: &str| {
        let part = Part::bytes(CATALOG).file_name(name.to_owned());
        let form = Form::new()
            .text("product", product.to_string())
            .text("role", role.to_owned())
            .part("file", part);
        alice.request(Method::POST, "/api/product-files/").multipart(form)
    };
    day.sent("POST /api/product-files/", "alice", file("0", "cat.csv"))
        .await;
    let notes = day
        .sent("POST /api/product-files/", "alice", file("2", "notes.csv"))
        .await
        .expect(201)["id"]
        .clone();
    day.does(
        owner,
        "PATCH /api/product-files/{id}/",
        &notes,
        json!({"role": 1}),
    )
    .await;
    day.does(owner, "DELETE /api/product-files/{id}/", &notes, Value::Null)
        .await;
    resumable(day, &alice, &product).await;

    day.does(owner, "POST /api/products/{id}/registry/", &product, Value::Null)
        .await;
    day.does(owner, "GET /api/products/{id}/registry/", &product, Value::Null)
        .await;
    let column = json!({"product": product, "column_name": "extra", "order": 99});
    let column = day.does(owner, "POST /api/product-contents/", 0, column).await["id"].clone();
    let whole = json!({"product": product, "column_name": "other", "order": 98});
    day.does(owner, "PUT /api/product-contents/{id}/", &column, whole)
        .await;
    day.does(
        owner,
        "PATCH /api/product-contents/{id}/",
        &column,
        json!({"order": 97}),
    )
    .await;
    day.does(owner, "DELETE /api/product-contents/{id}/", &column, Value::Null)
        .await;
    alice
        .associate(
            &json!({"id": product}),
            &[("ra", "RA"), ("dec", "Dec"), ("z", "z")],
        )
        .await;
    day.does(owner, "PATCH /api/products/{id}/", &product, json!({"status": 1}))
        .await;
    for what in ["", "main-file/"] {
        let operation = format!("POST /api/products/{{id}}/download/{what}prepare/");
        let prepared = day.does(owner, &operation, &product, Value::Null).await;
        let link = prepared["download_url"].as_str().unwrap();
        day.secrets.push(link.split("token=").nth(1).unwrap().to_owned());
    }
    day.does(owner, "POST /api/products/{id}/versions/", &product, Value::Null)
        .await;
    let other = alice.draft(7, "To be deleted").await["id"].clone();
    day.does(owner, "DELETE /api/products/{id}/", &other, Value::Null)
        .await;
    day.does(owner, "POST /api/products/{id}/restore/", &other, Value::Null)
        .await;
}

async fn resumable(day: &mut Day<'_>, alice: &Person, product: &Value) {
    let encoded = |text: &str| STANDARD.encode(text);
    let metadata = format!(
        "product {},role {},filename {}",
        encoded(&product.to_string()),
        encoded("2"),
        encoded("a.txt")
    );
    let tus = |method: Method, path: &str| alice.request(method, path).header("tus-resumable", "1.0.0");
    for finished in [true, false] {
        let request = tus(Method::POST, "/api/uploads/")
            .header("upload-length", "3")
            .header("upload-metadata", &metadata);
        let begun = day.sent("POST /api/uploads/", "alice", request).await;
        let path = begun.header("location").to_owned();
        let (operation, request) = if finished {
            let patch = tus(Method::PATCH, &path)
                .header("upload-offset", "0")
                .header("content-type", "application/offset+octet-stream")
                .body("abc");
            ("PATCH /api/uploads/{id}/", patch)
        } else {
            ("DELETE /api/uploads/{id}/", tus(Method::DELETE, &path))
        };
        day.sent(operation, "alice", request).await;
    }
}

async fn processes(day: &mut Day<'_>) {
    let alice = day.app.alice().await;
    let owner = (&alice, "alice");
    let (first, second) = (
        alice.published_catalog("First").await,
        alice.published_catalog("Second").await,
    );
    let body = json!({"display_name": "A run", "pipeline": pipeline(&alice, "combine_redshift_dedup").await,
        "inputs": [first["id"], second["id"]]});
    let process = day.does(owner, "POST /api/processes/", 0, body).await["id"].clone();
    let name = json!({"display_name": "Another name"});
    day.does(owner, "PATCH /api/processes/{id}/", &process, name.clone())
        .await;
    day.does(
        owner,
        "PUT /api/processes/{id}/",
        &process,
        json!({"display_name": "A third"}),
    )
    .await;
    day.does(owner, "POST /api/processes/{id}/stop/", &process, Value::Null)
        .await;
    let again = combine(&alice, "Again", &[&first, &second]).await["id"].clone();
    day.does(owner, "GET /api/processes/{id}/stop/", &again, Value::Null)
        .await;
}

async fn accounts(day: &mut Day<'_>) {
    let alice = day.app.alice().await;
    let owner = (&alice, "alice");
    day.does(owner, "POST /api/logged_user/", 0, Value::Null).await;
    let made = day
        .does(
            owner,
            "POST /api/tokens/",
            0,
            json!({"name": "one", "scopes": ["read"]}),
        )
        .await;
    day.secrets.push(made["token"].as_str().unwrap()[26..].to_owned());
    day.does(owner, "DELETE /api/tokens/{id}/", &made["id"], Value::Null)
        .await;
    let replaced = day.does(owner, "POST /api/get_token/", 0, Value::Null).await;
    let right = json!({"username": "alice", "password": password("alice")});
    let nobody = day.app.anonymous();
    let obtained = day
        .does((&nobody, "alice"), "POST /api/obtain_token/", 0, right)
        .await;
    for token in [replaced, obtained] {
        day.secrets
            .push(token["token"].as_str().unwrap()[26..].to_owned());
    }
    let signed_in = async |day: &mut Day<'_>, method: Method, path: &str| {
        let (cookies, csrf) = browser(day, "alice").await;
        let request = day.app.anonymous().request(method, path);
        request.header("cookie", cookies).header("x-csrftoken", csrf)
    };
    let request = signed_in(day, Method::POST, "/api/logout/").await;
    day.sent("POST /api/logout/", "alice", request).await;
    browser(day, "alice").await;
    let sessions = alice.get("/api/sessions/").await.expect(200);
    day.does(
        owner,
        "DELETE /api/sessions/{id}/",
        &sessions["results"][0]["id"],
        Value::Null,
    )
    .await;
    let request = signed_in(day, Method::POST, "/api/account/sign-out/").await;
    let request = request.json(&json!({"this_one_too": true}));
    day.sent("POST /api/account/sign-out/", "alice", request).await;
    let new = "alice has another password";
    day.secrets.push(new.to_owned());
    let request = signed_in(day, Method::POST, "/api/account/password/").await;
    let body = json!({"current_password": password("alice"), "new_password": new});
    day.sent("POST /api/account/password/", "alice", request.json(&body))
        .await;
}
