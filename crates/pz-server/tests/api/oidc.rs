//! Signing in elsewhere, as far as it can be seen without a provider: it is off, or the provider is down. The rest is
//! tested against a real provider in a real browser, in `e2e/security`.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use pz_store::identities::ExternalUser;

use crate::app::TestApp;
use crate::on_both_databases;

on_both_databases!(
    somebody_is_known_by_issuer_and_subject,
    groups_of_the_provider_come_and_go_and_local_ones_stay,
    many_first_sights_at_once_are_one_account,
);

fn arguments(issuer: &str) -> Vec<&str> {
    vec![
        "--public-url",
        "http://127.0.0.1",
        "--oidc-client-id",
        "photoz",
        "--oidc-name",
        "Example",
        "--oidc-group-map",
        r#"{"/science/dp1": "dp1"}"#,
        "--oidc-issuer",
        issuer,
    ]
}

#[actix_web::test]
async fn without_a_provider_there_is_nothing() {
    let app = TestApp::sqlite().await;
    let anybody = app.anonymous();
    anybody.get("/api/oidc/login/").await.refused(404, "not_found");
    anybody
        .get("/api/oidc/callback/?code=x&state=y")
        .await
        .refused(404, "not_found");
    let config = anybody.get("/api/config/").await.expect(200);
    assert_eq!(config["auth"]["providers"].as_array().unwrap().len(), 0);
}

#[actix_web::test]
async fn a_provider_that_is_down_disturbs_nobody() {
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = TestApp::start(&arguments(&format!("http://{closed}"))).await;
    let anybody = app.anonymous();
    let config = anybody.get("/api/config/").await.expect(200);
    let provider = &config["auth"]["providers"][0];
    assert_eq!(
        (&provider["display_name"], &provider["url"]),
        (&"Example".into(), &"/api/oidc/login/".into())
    );
    let answer = anybody.get("/api/oidc/login/?next=/user_products%3Fq%3Da").await;
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.header("location"),
        "/login?error=provider_unreachable&returnUrl=%2Fuser%5Fproducts%3Fq%3Da"
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    // Its groups are there before anybody of them.
    let groups = app
        .root()
        .await
        .get("/api/admin/groups/?is_external=true")
        .await
        .expect(200);
    assert_eq!(groups["results"][0]["name"], "dp1");

    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let app = TestApp::start(&arguments(&issuer)).await;
    let (anybody, bob) = (app.anonymous(), app.bob().await);
    let hanging = actix_web::rt::spawn(async move { anybody.get("/api/oidc/login/").await });
    actix_web::rt::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    bob.get("/api/products/").await.expect(200);
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(
        hanging.await.unwrap().header("location"),
        "/login?error=provider_unreachable"
    );
}

#[actix_web::test]
async fn next_is_a_path_of_this_site() {
    let app = TestApp::start(&arguments("http://127.0.0.1:9")).await;
    let anybody = app.anonymous();
    for wrong in [
        "https://evil.example",
        "//evil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/%0D%0ASet-Cookie:%20x=y",
        "javascript:alert(1)",
        "evil.example",
        "%20/",
    ] {
        let answer = anybody.get(&format!("/api/oidc/login/?next={wrong}")).await;
        answer.refused(400, "invalid_parameter");
        assert_eq!(answer.header("location"), "", "{wrong}");
    }
}

#[actix_web::test]
async fn nobody_comes_back_who_did_not_go() {
    let app = TestApp::start(&arguments("http://127.0.0.1:9")).await;
    let anybody = app.anonymous();
    for query in [
        "",
        "?code=x",
        "?code=x&state=y",
        "?error=access_denied",
        "?state=",
        "?error=%3Cb%3E&state=y",
    ] {
        let answer = anybody.get(&format!("/api/oidc/callback/{query}")).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (302, "/login?error=failed"),
            "{query}"
        );
    }
    // A session's token is no attempt to sign in, and a forged one neither.
    for cookie in ["x", "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6InkifQ."] {
        let request = anybody
            .request(reqwest::Method::GET, "/api/oidc/callback/?code=x&state=y")
            .header("cookie", format!("pz_oidc={cookie}"));
        let answer = crate::app::Answer::of(request).await;
        assert_eq!(answer.header("location"), "/login?error=failed");
    }
    assert_eq!(app.store().all_users().await.unwrap().len(), 3);
}

fn external(subject: &str, username: &str, groups: &[&str]) -> ExternalUser {
    ExternalUser {
        issuer: "https://login.example.org".to_owned(),
        subject: subject.to_owned(),
        username: username.to_owned(),
        groups: groups.iter().map(|name| (*name).to_owned()).collect(),
        ..ExternalUser::default()
    }
}

async fn somebody_is_known_by_issuer_and_subject(app: &TestApp) {
    let store = app.store();
    let first = store
        .external_account(&external("1", "carol", &[]))
        .await
        .unwrap();
    assert!(first.is_new && first.account.is_active && first.account.password_hash.is_none());
    // Another name there is the same person here.
    let again = store
        .external_account(&external("1", "caroline", &[]))
        .await
        .unwrap();
    assert_eq!((again.is_new, again.account.id), (false, first.account.id));
    assert_eq!(again.account.username, "carol");
    let other = store
        .external_account(&external("2", "Carol", &[]))
        .await
        .unwrap();
    assert_eq!((other.is_new, other.account.username.as_str()), (true, "Carol-2"));
    let elsewhere = ExternalUser {
        issuer: "https://other.example.org".to_owned(),
        ..external("1", "carol", &[])
    };
    let elsewhere = store.external_account(&elsewhere).await.unwrap();
    assert_eq!(elsewhere.account.username, "carol-3");
    let taken = store
        .external_account(&external("3", "alice", &[]))
        .await
        .unwrap();
    assert_eq!(taken.account.username, "alice-2");
}

async fn groups_of_the_provider_come_and_go_and_local_ones_stay(app: &TestApp) {
    let store = app.store();
    let local = store.group("local").await.unwrap();
    let carol = store
        .external_account(&external("1", "carol", &["dp1", "dp2", "local"]))
        .await
        .unwrap();
    assert_eq!(carol.joined, ["dp1", "dp2"]);
    assert_eq!(carol.local, ["local"]);
    store.join_group(carol.account.id, local.id).await.unwrap();
    let later = store
        .external_account(&external("1", "carol", &["dp2", "dp3"]))
        .await
        .unwrap();
    assert_eq!(
        (later.joined, later.left),
        (vec!["dp3".to_owned()], vec!["dp1".to_owned()])
    );
    let detail = store.account_detail(carol.account.id).await.unwrap().unwrap();
    let names: Vec<&str> = detail.groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["dp2", "dp3", "local"]);

    // Administrators by the provider come and go as well; one made here stays.
    let admin = ExternalUser {
        is_admin: true,
        ..external("1", "carol", &[])
    };
    assert!(store.external_account(&admin).await.unwrap().account.is_admin);
    let no_more = store
        .external_account(&external("1", "carol", &["Admin"]))
        .await
        .unwrap();
    assert!(!no_more.account.is_admin);
    let admins = store.group("Admin").await.unwrap();
    store.join_group(carol.account.id, admins.id).await.unwrap();
    assert!(store.external_account(&admin).await.unwrap().account.is_admin);
    assert!(
        store
            .external_account(&external("1", "carol", &[]))
            .await
            .unwrap()
            .account
            .is_admin
    );
}

async fn many_first_sights_at_once_are_one_account(app: &TestApp) {
    let store = app.store();
    let (carol, groups) = (external("1", "carol", &["dp1"]), external("2", "carol", &["dp1"]));
    let sights = (0..6).map(|n| store.external_account(if n % 2 == 0 { &carol } else { &groups }));
    let found = futures_util::future::join_all(sights).await;
    let mut ids: Vec<i64> = found.into_iter().map(|found| found.unwrap().account.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2);
}
