//! Trusted proxies: whose headers are believed, and what a browser behind one may be made to do.

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue, ORIGIN};
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};

const PUBLIC_URL: &str = "https://pz.example.org";

/// Behind a proxy on this machine, as the test's client is.
const TRUSTING: [&str; 10] = [
    "--public-url",
    PUBLIC_URL,
    "--trusted-proxies",
    "127.0.0.1,10.0.0.0/8",
    "--proxy-user-header",
    "X-Auth-Request-User",
    "--proxy-groups-header",
    "X-Auth-Request-Groups",
    "--proxy-email-header",
    "X-Auth-Request-Email",
];

async fn trusting(more: &[&str]) -> TestApp {
    let arguments: Vec<&str> = TRUSTING.iter().chain(more).copied().collect();
    TestApp::start(&arguments).await
}

/// The same proxy, somewhere else: this client is none.
async fn not_trusting() -> TestApp {
    let mut arguments = TRUSTING;
    arguments[3] = "10.0.0.0/8";
    TestApp::start(&arguments).await
}

async fn sent(
    person: &Person,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = person.request(method, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    Answer::of(request).await
}

async fn got(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    sent(&app.anonymous(), Method::GET, path, headers, None).await
}

fn group_names(account: &Value) -> Vec<&str> {
    account["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["name"].as_str().unwrap())
        .collect()
}

const USER: &str = "x-auth-request-user";
const GROUPS: &str = "x-auth-request-groups";
const EMAIL: &str = "x-auth-request-email";

#[actix_web::test]
async fn a_trusted_proxy_names_the_user_and_their_groups() {
    let app = trusting(&[]).await;
    let carol = [
        (USER, "carol"),
        (GROUPS, "dp1, staff"),
        (EMAIL, "carol@example.org"),
    ];
    let account = got(&app, "/api/account/", &carol).await.expect(200);
    assert_eq!(account["username"], "carol");
    assert_eq!(account["email"], "carol@example.org");
    assert_eq!(account["has_password"], false);
    assert_eq!(group_names(&account), ["dp1", "staff"]);
    assert!(
        account["groups"]
            .as_array()
            .unwrap()
            .iter()
            .all(|group| group["is_external"] == true)
    );
    let session = got(&app, "/api/session/", &carol).await.expect(200);
    assert_eq!(session["user"]["username"], "carol");

    // Left out next time, left at once; the account stays the same.
    let fewer = [(USER, "carol"), (GROUPS, "staff")];
    let later = got(&app, "/api/account/", &fewer).await.expect(200);
    assert_eq!(
        (&later["id"], group_names(&later)),
        (&account["id"], vec!["staff"])
    );
    let none = got(&app, "/api/account/", &[(USER, "carol")]).await.expect(200);
    assert!(group_names(&none).is_empty());

    let entries = app.store().newest_audit_entries(10).await.unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "user.external_groups",
            "user.external_groups",
            "user.external_groups",
            "user.create"
        ]
    );
}

#[actix_web::test]
async fn an_account_that_is_here_already_is_never_taken_over() {
    let app = trusting(&[]).await;
    let alice = app.alice().await.get("/api/account/").await.expect(200);
    for (name, expected) in [("alice", "alice-2"), ("ROOT", "ROOT-2")] {
        let named = [(USER, name), (GROUPS, "Admin,admin"), (EMAIL, "root@example.org")];
        let account = got(&app, "/api/account/", &named).await.expect(200);
        assert_eq!(account["username"], expected);
        assert_ne!(account["id"], alice["id"]);
        assert_eq!(
            (&account["is_admin"], group_names(&account)),
            (&json!(false), vec![])
        );
        got(&app, "/api/admin/users/", &named)
            .await
            .refused(403, "permission_denied");
    }
}

#[actix_web::test]
async fn from_anybody_else_the_headers_are_nothing() {
    let app = not_trusting().await;
    let named = [
        (USER, "root"),
        (GROUPS, "Admin"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
    ];
    got(&app, "/api/account/", &named)
        .await
        .refused(401, "not_authenticated");
    // The credentials of the request count.
    let bob = app.bob().await;
    let account = sent(&bob, Method::GET, "/api/account/", &named, None)
        .await
        .expect(200);
    assert_eq!(account["username"], "bob");
    let made = json!({"display_name": "x", "product_type": 7});
    let headers = [("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "203.0.113.7")];
    sent(&bob, Method::POST, "/api/products/", &headers, Some(made))
        .await
        .expect(201);
    assert_eq!(last_address(&app).await, "127.0.0.1");
    assert_eq!(app.store().all_users().await.unwrap().len(), 3);

    // Nor when the header is not configured, or no proxy is.
    for arguments in [&["--trusted-proxies", "127.0.0.1"][..], &[]] {
        let app = TestApp::start(arguments).await;
        got(&app, "/api/account/", &named)
            .await
            .refused(401, "not_authenticated");
    }
}

async fn last_address(app: &TestApp) -> String {
    let entries = app.store().newest_audit_entries(1).await.unwrap();
    entries[0].remote_address.clone().unwrap()
}

#[actix_web::test]
async fn the_address_is_the_clients_as_a_trusted_proxy_tells_it() {
    let app = trusting(&[]).await;
    let bob = app.bob().await;
    for (forwarded, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.99, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.7, nonsense", "127.0.0.1"),
    ] {
        let made = json!({"display_name": "x", "product_type": 7});
        let headers = [("x-forwarded-for", forwarded)];
        sent(&bob, Method::POST, "/api/products/", &headers, Some(made))
            .await
            .expect(201);
        assert_eq!(last_address(&app).await, expected, "{forwarded}");
    }
    // What the client wrote before the proxy added its address does not hide that.
    let forwarded = HeaderValue::from_bytes(b"\xff, 203.0.113.7").unwrap();
    let request = bob
        .request(Method::POST, "/api/products/")
        .header("x-forwarded-for", forwarded)
        .json(&json!({"display_name": "x", "product_type": 7}));
    Answer::of(request).await.expect(201);
    assert_eq!(last_address(&app).await, "203.0.113.7");
}

#[actix_web::test]
async fn another_site_cannot_make_the_browser_change_anything() {
    let app = trusting(&[]).await;
    let carol = app.anonymous();
    let made = || Some(json!({"display_name": "x", "product_type": 7}));
    let create = async |more: &[(&str, &str)]| {
        let headers: Vec<(&str, &str)> = more.iter().copied().chain([(USER, "carol")]).collect();
        sent(&carol, Method::POST, "/api/products/", &headers, made()).await
    };
    let cross_site: [&[(&str, &str)]; 7] = [
        &[],
        &[(ORIGIN.as_str(), "https://evil.example")],
        &[(ORIGIN.as_str(), "null")],
        &[(ORIGIN.as_str(), "http://pz.example.org")],
        &[(ORIGIN.as_str(), PUBLIC_URL), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
    ];
    for headers in cross_site {
        create(headers).await.refused(403, "csrf_failed");
    }
    create(&[(ORIGIN.as_str(), PUBLIC_URL)]).await.expect(201);
    create(&[("sec-fetch-site", "same-origin")]).await.expect(201);

    // A GET that changes something is no way around.
    let product = create(&[(ORIGIN.as_str(), PUBLIC_URL)]).await.expect(201);
    let path = format!("/api/products/{}/registry/", product["id"]);
    got(&app, &path, &[(USER, "carol")])
        .await
        .refused(403, "csrf_failed");
}

#[actix_web::test]
async fn a_token_of_ours_goes_before_the_proxys_word() {
    let app = trusting(&[]).await;
    let bob = app.bob().await;
    let account = sent(&bob, Method::GET, "/api/account/", &[(USER, "carol")], None)
        .await
        .expect(200);
    assert_eq!(account["username"], "bob");
    // What the proxy itself signed them in with is not for us.
    for other in ["Basic Y2Fyb2w6eA==", "Bearer gt-abc.def", "Token nonsense"] {
        let headers = [(USER, "carol"), (AUTHORIZATION.as_str(), other)];
        let account = got(&app, "/api/account/", &headers).await.expect(200);
        assert_eq!(account["username"], "carol", "{other}");
    }
    // Nobody named, nobody signed in.
    got(&app, "/api/account/", &[(USER, " ")])
        .await
        .refused(401, "not_authenticated");
    let twice = [(USER, "carol"), (USER, "root")];
    got(&app, "/api/account/", &twice)
        .await
        .refused(401, "not_authenticated");
}

#[actix_web::test]
async fn who_waits_or_is_deactivated_is_not_let_in() {
    let app = trusting(&["--oidc-approval", "admin", "--oidc-admin-group", "pz-admins"]).await;
    let carol = [(USER, "carol"), (GROUPS, "pz-admins")];
    got(&app, "/api/account/", &carol)
        .await
        .refused(401, "awaiting_approval");
    let root = app.root().await;
    let waiting = root
        .get("/api/admin/users/?awaits_approval=true")
        .await
        .expect(200);
    assert_eq!(waiting["count"], 1);
    let id = &waiting["results"][0]["id"];
    assert_eq!(waiting["results"][0]["username"], "carol");
    // Members do not see them yet.
    let listed = app.bob().await.get("/api/users/").await.expect(200);
    assert!(!listed.to_string().contains("carol"));
    app.bob()
        .await
        .get(&format!("/api/users/{id}/"))
        .await
        .refused(404, "not_found");

    let path = format!("/api/admin/users/{id}/");
    let approved = root
        .patch(&path, json!({"awaits_approval": false}))
        .await
        .expect(200);
    assert_eq!(approved["awaits_approval"], false);
    let entry = &app.store().newest_audit_entries(1).await.unwrap()[0];
    assert_eq!(entry.action, "user.approve");
    let account = got(&app, "/api/account/", &carol).await.expect(200);
    assert_eq!(account["is_admin"], true);
    got(&app, "/api/admin/users/", &carol).await.expect(200);
    // The provider takes it away again.
    got(&app, "/api/admin/users/", &[(USER, "carol")])
        .await
        .refused(403, "permission_denied");

    root.patch(&path, json!({"is_active": false})).await.expect(200);
    got(&app, "/api/account/", &carol)
        .await
        .refused(401, "inactive_user");
    root.patch(&path, json!({"is_active": true, "awaits_approval": true}))
        .await
        .expect(200);
    got(&app, "/api/account/", &carol)
        .await
        .refused(401, "awaiting_approval");
}

#[actix_web::test]
async fn a_waiting_administrator_is_none() {
    let app = TestApp::sqlite().await;
    let root = app.root().await;
    let me = root.get("/api/account/").await.expect(200);
    let path = format!("/api/admin/users/{}/", me["id"]);
    root.patch(&path, json!({"awaits_approval": true}))
        .await
        .refused(409, "last_admin");
    let alice = app.alice().await;
    let id = alice.get("/api/account/").await.expect(200)["id"].clone();
    root.patch(
        &format!("/api/admin/users/{id}/"),
        json!({"awaits_approval": true}),
    )
    .await
    .expect(200);
    alice.get("/api/account/").await.refused(401, "awaiting_approval");
}

#[actix_web::test]
async fn without_a_public_url_the_scheme_that_the_proxy_tells_counts() {
    let app = TestApp::start(&["--trusted-proxies", "127.0.0.1"]).await;
    let bob = app.anonymous();
    let login = json!({"username": "bob", "password": crate::app::password("bob")});
    bob.post("/api/login/", login).await.expect(200);
    let host = app.root.trim_start_matches("http://").to_owned();
    let logout = async |origin: &str, proto: &str| {
        let headers = [(ORIGIN.as_str(), origin), ("x-forwarded-proto", proto)];
        sent(&bob, Method::POST, "/api/logged_user/", &headers, None).await
    };
    logout(&format!("http://{host}"), "https")
        .await
        .refused(403, "csrf_failed");
    let refused = logout(&format!("https://{host}"), "https")
        .await
        .refused(403, "csrf_failed");
    // The origin is right now; only the header is missing.
    assert!(
        refused["detail"].as_str().unwrap().contains("X-CSRFToken"),
        "{refused}"
    );
}
