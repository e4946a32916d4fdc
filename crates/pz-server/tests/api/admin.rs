use pz_server::auth::token::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp, password};
use crate::on_both_databases;

on_both_databases!(
    only_administrators_administer,
    accounts,
    deactivating_ends_sessions_and_tokens,
    somebody_is_left_to_administer,
    two_administrators_do_not_remove_each_other,
    changes_at_the_same_time_are_all_kept,
    groups,
    external_groups_are_read_only,
    releases,
    texts_of_types_and_pipelines,
    audit_log,
    lists_need_few_statements,
);

async fn id_of(app: &TestApp, username: &str) -> i64 {
    app.store()
        .account_by_username(username)
        .await
        .unwrap()
        .unwrap()
        .id
}

async fn put(person: &Person, path: &str, body: Value) -> Answer {
    Answer::of(person.request(Method::PUT, path).json(&body)).await
}

async fn only_administrators_administer(app: &TestApp) {
    let people = [
        (app.anonymous(), 401, "not_authenticated"),
        (app.alice().await, 403, "permission_denied"),
        (
            app.person_with_scopes("root", &Scope::DEFAULT).await,
            403,
            "insufficient_scope",
        ),
    ];
    for (method, path) in [
        (Method::GET, "/api/admin/users/"),
        (Method::POST, "/api/admin/users/"),
        (Method::GET, "/api/admin/users/1/"),
        (Method::PATCH, "/api/admin/users/1/"),
        (Method::POST, "/api/admin/users/1/sign_out/"),
        (Method::GET, "/api/admin/groups/"),
        (Method::POST, "/api/admin/groups/"),
        (Method::GET, "/api/admin/groups/1/"),
        (Method::PATCH, "/api/admin/groups/1/"),
        (Method::DELETE, "/api/admin/groups/1/"),
        (Method::GET, "/api/admin/groups/1/members/"),
        (Method::PUT, "/api/admin/groups/1/members/"),
        (Method::PATCH, "/api/admin/groups/1/members/"),
        (Method::GET, "/api/admin/releases/"),
        (Method::POST, "/api/admin/releases/"),
        (Method::GET, "/api/admin/releases/1/"),
        (Method::PATCH, "/api/admin/releases/1/"),
        (Method::DELETE, "/api/admin/releases/1/"),
        (Method::PATCH, "/api/admin/product-types/1/"),
        (Method::PATCH, "/api/admin/pipelines/1/"),
        (Method::GET, "/api/admin/audit/"),
    ] {
        for (person, status, code) in &people {
            let request = person.request(method.clone(), path).json(&json!({}));
            Answer::of(request).await.refused(*status, code);
        }
    }
    assert_eq!(
        app.store()
            .account_by_username("bob")
            .await
            .unwrap()
            .map(|bob| bob.is_active),
        Some(true)
    );
}

async fn accounts(app: &TestApp) {
    let root = app.root().await;
    let group = app.store().group("dp1").await.unwrap();
    let body = json!({"username": "carol", "first_name": "Carol", "last_name": "Übel", "email": "Carol@Example.org",
        "groups": [group.id], "quota_bytes": 1000});
    let carol = root.post("/api/admin/users/", body.clone()).await.expect(201);
    assert_eq!(
        (
            &carol["display_name"],
            &carol["is_active"],
            &carol["is_admin"],
            &carol["has_password"]
        ),
        (&json!("Carol"), &json!(true), &json!(false), &json!(false))
    );
    assert_eq!(
        carol["groups"],
        json!([{"id": group.id, "name": "dp1", "is_external": false}])
    );
    let taken = root
        .post("/api/admin/users/", body)
        .await
        .refused(400, "name_taken");
    assert!(taken["username"][0].is_string());
    for (body, field) in [
        (json!({}), "username"),
        (json!({"username": "a b"}), "username"),
        (json!({"username": "<x>"}), "username"),
        (json!({"username": "x".repeat(151)}), "username"),
        (json!({"username": "x", "email": "nobody"}), "email"),
        (json!({"username": "x", "email": "a@b\r\nBcc: c@d"}), "email"),
        (json!({"username": "x", "quota_bytes": -1}), "quota_bytes"),
        (json!({"username": "x", "is_admin": "yes"}), "is_admin"),
        (json!({"username": "x", "groups": [999]}), "groups"),
    ] {
        let refused = root
            .post("/api/admin/users/", body.clone())
            .await
            .refused(400, "validation_failed");
        assert!(refused[field][0].is_string(), "{body}: {refused}");
    }
    assert_eq!(
        root.get("/api/admin/users/").await.expect(200)["count"],
        4,
        "nothing was left behind"
    );

    // What is sent changes, the rest stays; null gives the default quota back.
    let path = format!("/api/admin/users/{}/", carol["id"]);
    let changed = root
        .patch(
            &path,
            json!({"last_name": "Noble", "quota_bytes": null, "groups": [], "username": "ignored"}),
        )
        .await
        .expect(200);
    assert_eq!(
        (
            &changed["username"],
            &changed["first_name"],
            &changed["last_name"],
            &changed["quota_bytes"],
            &changed["groups"]
        ),
        (
            &json!("carol"),
            &json!("Carol"),
            &json!("Noble"),
            &Value::Null,
            &json!([])
        )
    );
    assert_eq!(root.patch(&path, json!({})).await.expect(200), changed);
    root.patch("/api/admin/users/999/", json!({"email": ""}))
        .await
        .refused(404, "not_found");

    // Lists: filters, search (e-mail, too), order.
    let found = async |query: &str| -> Vec<String> {
        root.get(&format!("/api/admin/users/?{query}")).await.expect(200)["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["username"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found("").await, ["alice", "bob", "carol", "root"]);
    assert_eq!(found("is_admin=true").await, ["root"]);
    assert_eq!(
        found("is_admin=false&ordering=-username").await,
        ["carol", "bob", "alice"]
    );
    assert_eq!(found("search=noble").await, ["carol"]);
    assert_eq!(found("search=example.org").await, ["carol"]);
    assert_eq!(found("email=CAROL").await, ["carol"]);
    assert_eq!(found("username=bob").await, ["bob"]);
    assert_eq!(found("ordering=-created_at&page_size=1").await, ["carol"]);
    assert_eq!(found("ordering=last_login_at,username").await.len(), 4);

    // Use of space is counted.
    let alice = app.alice().await;
    let product = alice.draft(7, "x").await;
    alice
        .upload(&product, 2, "notes.txt", b"0123456789")
        .await
        .expect(201);
    let row = root
        .get(&format!("/api/admin/users/{}/", id_of(app, "alice").await))
        .await
        .expect(200);
    assert_eq!(row["used_bytes"], 10);
    // One sees one's own account, and nobody else's address.
    let own = alice.get("/api/account/").await.expect(200);
    assert_eq!(own, row);
    app.anonymous()
        .get("/api/account/")
        .await
        .refused(401, "not_authenticated");
}

async fn deactivating_ends_sessions_and_tokens(app: &TestApp) {
    let (root, token) = (app.root().await, app.alice().await);
    let browser = app.anonymous();
    let right = json!({"username": "alice", "password": password("alice")});
    browser.post("/api/login/", right.clone()).await.expect(200);
    browser.get("/api/products/").await.expect(200);
    let path = format!("/api/admin/users/{}/", id_of(app, "alice").await);
    let off = root.patch(&path, json!({"is_active": false})).await.expect(200);
    assert_eq!(off["is_active"], false);
    browser
        .get("/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.refused(401, "inactive_user");
    browser
        .post("/api/login/", right.clone())
        .await
        .refused(400, "invalid_credentials");
    browser
        .post("/api/obtain_token/", right.clone())
        .await
        .refused(400, "invalid_credentials");
    // Being active again revives neither.
    root.patch(&path, json!({"is_active": true})).await.expect(200);
    browser
        .get("/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.refused(401, "invalid_token");
    browser.post("/api/login/", right.clone()).await.expect(200);

    // Signing out everywhere ends sessions, and tokens when asked.
    let token = app.alice().await;
    let out = format!("{path}sign_out/");
    Answer::of(root.request(Method::POST, &out)).await.expect(200);
    browser
        .get("/api/products/")
        .await
        .refused(401, "session_expired");
    token.get("/api/products/").await.expect(200);
    root.post(&out, json!({"tokens": true})).await.expect(200);
    token.get("/api/products/").await.refused(401, "invalid_token");
    root.post(&out, json!({"tokens": 1}))
        .await
        .refused(400, "validation_failed");
    root.post("/api/admin/users/999/sign_out/", json!({}))
        .await
        .refused(404, "not_found");
}

async fn somebody_is_left_to_administer(app: &TestApp) {
    let root = app.root().await;
    let path = format!("/api/admin/users/{}/", id_of(app, "root").await);
    for body in [json!({"is_admin": false}), json!({"is_active": false})] {
        root.patch(&path, body).await.refused(409, "last_admin");
    }
    // The group `Admin` makes administrators, too; it is guarded in every way it can be emptied.
    let group = root
        .post("/api/admin/groups/", json!({"name": "Admin"}))
        .await
        .expect(201);
    let members = format!("/api/admin/groups/{}/members/", group["id"]);
    put(&root, &members, json!({"members": ["alice"]}))
        .await
        .expect(200);
    let alice = app.alice().await;
    alice.get("/api/admin/users/").await.expect(200);
    root.patch(&path, json!({"is_admin": false})).await.expect(200);
    root.get("/api/admin/users/")
        .await
        .refused(403, "permission_denied");
    put(&alice, &members, json!({"members": []}))
        .await
        .refused(409, "last_admin");
    alice
        .patch(&members, json!({"remove": ["alice"]}))
        .await
        .refused(409, "last_admin");
    let instance = format!("/api/admin/groups/{}/", group["id"]);
    alice.delete(&instance).await.refused(409, "last_admin");
    alice
        .patch(&instance, json!({"name": "Others"}))
        .await
        .refused(409, "last_admin");
    let own = format!("/api/admin/users/{}/", id_of(app, "alice").await);
    for body in [
        json!({"is_admin": false}),
        json!({"groups": []}),
        json!({"is_active": false}),
    ] {
        alice.patch(&own, body).await.refused(409, "last_admin");
    }
    let still = alice.get(&own).await.expect(200);
    assert_eq!(
        (&still["is_admin"], &still["is_active"]),
        (&json!(true), &json!(true))
    );
    // With two of them, one may go: the mark and the group end together.
    alice.patch(&path, json!({"is_admin": true})).await.expect(200);
    let member = alice.patch(&own, json!({"is_admin": false})).await.expect(200);
    assert_eq!(
        (&member["is_admin"], &member["groups"]),
        (&json!(false), &json!([]))
    );
}

async fn two_administrators_do_not_remove_each_other(app: &TestApp) {
    let root = app.root().await;
    let path = async |username| format!("/api/admin/users/{}/", id_of(app, username).await);
    let (root_path, alice_path) = (path("root").await, path("alice").await);
    root.patch(&alice_path, json!({"is_admin": true}))
        .await
        .expect(200);
    let alice = app.alice().await;
    let off = json!({"is_admin": false});
    let (first, second) = tokio::join!(
        root.patch(&alice_path, off.clone()),
        alice.patch(&root_path, off.clone())
    );
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    // The one who comes second is either the last administrator's peer no more, or refused.
    assert!(matches!(statuses, [200, 403 | 409]), "{statuses:?}");
    let admins = app
        .store()
        .account_by_username("root")
        .await
        .unwrap()
        .unwrap()
        .is_admin
        || app
            .store()
            .account_by_username("alice")
            .await
            .unwrap()
            .unwrap()
            .is_admin;
    assert!(admins);
}

async fn changes_at_the_same_time_are_all_kept(app: &TestApp) {
    let root = app.root().await;
    let path = format!("/api/admin/users/{}/", id_of(app, "bob").await);
    for number in 0..5 {
        let (name, email, quota) = (
            format!("N{number}"),
            format!("e{number}@example.org"),
            100 + number,
        );
        let (a, b, c) = tokio::join!(
            root.patch(&path, json!({"first_name": name})),
            root.patch(&path, json!({"email": email})),
            root.patch(&path, json!({"quota_bytes": quota}))
        );
        for answer in [a, b, c] {
            answer.expect(200);
        }
        let bob = root.get(&path).await.expect(200);
        assert_eq!(
            (&bob["first_name"], &bob["email"], &bob["quota_bytes"]),
            (&json!(name), &json!(email), &json!(quota))
        );
    }
}

async fn groups(app: &TestApp) {
    let root = app.root().await;
    let made = root
        .post("/api/admin/groups/", json!({"name": "dp1"}))
        .await
        .expect(201);
    assert_eq!(
        (&made["member_count"], &made["is_external"]),
        (&json!(0), &json!(false))
    );
    root.post("/api/admin/groups/", json!({"name": "dp1"}))
        .await
        .refused(400, "name_taken");
    for body in [
        json!({}),
        json!({"name": " "}),
        json!({"name": "x".repeat(151)}),
        json!({"name": "a\nb"}),
    ] {
        let refused = root
            .post("/api/admin/groups/", body)
            .await
            .refused(400, "validation_failed");
        assert!(refused["name"][0].is_string());
    }
    let path = format!("/api/admin/groups/{}/", made["id"]);
    let members = format!("{path}members/");
    let bob = id_of(app, "bob").await;
    // Ids and login names, mixed and repeated.
    let changed = put(&root, &members, json!({"members": ["alice", bob, "bob"]}))
        .await
        .expect(200);
    assert_eq!(changed["member_count"], 2);
    let list = root.get(&members).await.expect(200);
    assert_eq!(
        (&list["count"], &list["results"][0]["username"]),
        (&json!(2), &json!("alice"))
    );
    assert_eq!(
        root.get(&format!("{members}?search=BOB")).await.expect(200)["count"],
        1
    );
    let changed = root
        .patch(&members, json!({"add": ["root"], "remove": ["alice", "alice"]}))
        .await
        .expect(200);
    assert_eq!(changed["member_count"], 2);
    for (body, field) in [
        (json!({"add": ["nobody"]}), "add"),
        (json!({"remove": [999]}), "remove"),
        (json!({"add": [true]}), "add"),
        (json!({"add": "alice"}), "add"),
    ] {
        let refused = root.patch(&members, body).await.refused(400, "validation_failed");
        assert!(refused[field][0].is_string());
    }
    let refused = put(&root, &members, json!({}))
        .await
        .refused(400, "validation_failed");
    assert!(refused["members"][0].is_string());
    assert_eq!(root.get(&members).await.expect(200)["count"], 2);
    let renamed = root.patch(&path, json!({"name": "dp1-users"})).await.expect(200);
    assert_eq!(renamed["name"], "dp1-users");

    // A group that opens a release stays: without it the release would be open to everybody.
    let release =
        json!({"name": "dp1", "display_name": "DP1", "indexing_column": "id", "access_groups": [made["id"]]});
    let release = root.post("/api/admin/releases/", release).await.expect(201);
    root.delete(&path).await.refused(409, "still_in_use");
    assert_eq!(root.get(&path).await.expect(200)["release_count"], 1);
    let release = format!("/api/admin/releases/{}/", release["id"]);
    root.patch(&release, json!({"access_groups": []}))
        .await
        .expect(200);
    assert_eq!(root.delete(&path).await.status, 204);
    for path in [&path, &members] {
        root.get(path).await.refused(404, "not_found");
    }
    root.delete(&path).await.refused(404, "not_found");
}

async fn external_groups_are_read_only(app: &TestApp) {
    use pz_store::entities::{groups, memberships};
    use sea_orm::{ActiveModelTrait, Set};
    let root = app.root().await;
    let group = app.store().group("from-the-provider").await.unwrap();
    let (alice, bob) = (id_of(app, "alice").await, id_of(app, "bob").await);
    app.store().join_group(alice, group.id).await.unwrap();
    let external = groups::ActiveModel {
        id: Set(group.id),
        is_external: Set(true),
        ..Default::default()
    };
    external.update(app.store().connection()).await.unwrap();
    let membership = memberships::ActiveModel {
        user_id: Set(alice),
        group_id: Set(group.id),
        is_external: Set(true),
    };
    membership.update(app.store().connection()).await.unwrap();
    let path = format!("/api/admin/groups/{}/", group.id);
    let members = format!("{path}members/");
    assert_eq!(root.get(&members).await.expect(200)["count"], 1);
    put(&root, &members, json!({"members": []}))
        .await
        .refused(409, "externally_managed");
    root.patch(&members, json!({"add": ["bob"]}))
        .await
        .refused(409, "externally_managed");
    root.patch(&path, json!({"name": "x"}))
        .await
        .refused(409, "externally_managed");
    root.patch(&format!("/api/admin/users/{bob}/"), json!({"groups": [group.id]}))
        .await
        .refused(409, "externally_managed");
    // Setting a member's local groups leaves the external membership.
    let alice = format!("/api/admin/users/{alice}/");
    for groups in [json!([]), json!([group.id])] {
        let kept = root.patch(&alice, json!({"groups": groups})).await.expect(200);
        assert_eq!(kept["groups"][0]["id"], group.id);
    }
    // Who administers by the provider's word is no administrator any more only by the provider's word.
    let admins = app.store().group("Admin").await.unwrap();
    app.store().join_group(bob, admins.id).await.unwrap();
    let external = groups::ActiveModel {
        id: Set(admins.id),
        is_external: Set(true),
        ..Default::default()
    };
    external.update(app.store().connection()).await.unwrap();
    root.patch(&format!("/api/admin/users/{bob}/"), json!({"is_admin": false}))
        .await
        .refused(409, "externally_managed");
}

async fn releases(app: &TestApp) {
    let root = app.root().await;
    let group = app.store().group("dp1").await.unwrap();
    let body = json!({"name": "dp1", "display_name": "DP1", "indexing_column": "objectId", "has_mag_hats": true,
        "fluxes": [{"name": "psf", "display_name": "PSF", "selected": true}, {"name": "cmodel", "display_name": "cModel"}],
        "dereddening": null, "flux_pattern": "{band}_{flux}Flux", "datasets_location": "/data/hats/dp1",
        "access_groups": [group.id, group.id]});
    let made = root.post("/api/admin/releases/", body.clone()).await.expect(201);
    assert_eq!(
        (
            &made["mag_zero_point"],
            &made["has_flux_hats"],
            &made["is_public"],
            &made["product_count"]
        ),
        (&json!(31.4), &json!(true), &json!(false), &json!(0))
    );
    assert_eq!(made["access_groups"], json!([group.id]));
    assert_eq!(made["fluxes"], body["fluxes"]);
    // Where the data are is for administrators only.
    let path = format!("/api/releases/{}/", made["id"]);
    for answer in [root.get(&path).await, root.get("/api/releases/").await] {
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("/data/hats"));
    }
    app.alice().await.get(&path).await.refused(404, "not_found");
    for (field, value) in [("name", json!("dp1")), ("display_name", json!("DP1"))] {
        let mut body = json!({"name": "x", "display_name": "X", "indexing_column": "id"});
        body[field] = value;
        let refused = root
            .post("/api/admin/releases/", body)
            .await
            .refused(400, "name_taken");
        assert!(
            refused[field][0].is_string() && refused.as_object().unwrap().len() == 1,
            "{refused}"
        );
    }
    for (field, value) in [
        ("name", json!("../x")),
        ("name", json!("a/b")),
        ("name", json!(".hidden")),
        ("display_name", json!("")),
        ("indexing_column", Value::Null),
        ("has_mag_hats", json!("yes")),
        ("mag_zero_point", json!("31.4")),
        ("fluxes", json!({"name": "x"})),
        ("fluxes", json!(["x"])),
        ("fluxes", json!([{"name": "x"}])),
        ("fluxes", json!([{"name": "x", "display_name": 3}])),
        (
            "fluxes",
            json!([{"name": "x", "display_name": "X", "selected": 1}]),
        ),
        (
            "dereddening",
            json!([{"name": "x", "display_name": "X"}, {"name": "x", "display_name": "Y"}]),
        ),
        ("datasets_location", json!("relative/path")),
        ("datasets_location", json!("/data/../etc")),
        ("access_groups", json!([999])),
        ("flux_pattern", json!("x".repeat(257))),
    ] {
        let mut body = json!({"name": "y", "display_name": "Y", "indexing_column": "id"});
        body[field] = value.clone();
        let refused = root
            .post("/api/admin/releases/", body)
            .await
            .refused(400, "validation_failed");
        assert!(refused[field][0].is_string(), "{field} {value}: {refused}");
        let patched = root
            .patch(
                &format!("/api/admin/releases/{}/", made["id"]),
                json!({field: value}),
            )
            .await;
        patched.refused(400, "validation_failed");
    }
    let path = format!("/api/admin/releases/{}/", made["id"]);
    let changed = root
        .patch(&path, json!({"mag_zero_point": null, "is_public": true, "access_groups": [], "datasets_location": "s3://bucket/dp1"}))
        .await
        .expect(200);
    assert_eq!(
        (
            &changed["mag_zero_point"],
            &changed["is_public"],
            &changed["flux_pattern"],
            &changed["datasets_location"]
        ),
        (
            &Value::Null,
            &json!(true),
            &made["flux_pattern"],
            &json!("s3://bucket/dp1")
        )
    );
    app.alice()
        .await
        .get(&format!("/api/releases/{}/", made["id"]))
        .await
        .expect(200);
    // While a product names it, even a deleted one, it stays.
    let body = json!({"display_name": "x", "product_type": 7, "release": made["id"]});
    let product = root.post("/api/products/", body).await.expect(201);
    assert_eq!(root.get(&path).await.expect(200)["product_count"], 1);
    root.delete(&path).await.refused(409, "still_in_use");
    let product = format!("/api/products/{}/", product["id"]);
    assert_eq!(root.delete(&product).await.status, 204);
    root.delete(&path).await.refused(409, "still_in_use");
    let other = json!({"name": "z", "display_name": "Z", "indexing_column": "id"});
    let other = root.post("/api/admin/releases/", other).await.expect(201);
    let other = format!("/api/admin/releases/{}/", other["id"]);
    assert_eq!(root.get("/api/admin/releases/").await.expect(200)["count"], 2);
    assert_eq!(root.delete(&other).await.status, 204);
    for answer in [
        root.get(&other).await,
        root.delete(&other).await,
        root.patch(&other, json!({"is_public": true})).await,
    ] {
        answer.refused(404, "not_found");
    }
}

async fn texts_of_types_and_pipelines(app: &TestApp) {
    let root = app.root().await;
    let path = "/api/admin/product-types/7/";
    let changed = root
        .patch(
            path,
            json!({"display_name": "Something Else", "order": 0, "description": null, "name": "hacked"}),
        )
        .await
        .expect(200);
    assert_eq!(
        (
            &changed["name"],
            &changed["display_name"],
            &changed["order"],
            &changed["description"]
        ),
        (&json!("other"), &json!("Something Else"), &json!(0), &Value::Null)
    );
    let found = root.get("/api/product-types/?search=something").await.expect(200);
    assert_eq!(found["count"], 1);
    let taken = root
        .patch(path, json!({"display_name": "Training Set"}))
        .await
        .refused(400, "name_taken");
    assert!(taken["display_name"][0].is_string());
    root.patch(path, json!({"order": 1e12}))
        .await
        .refused(400, "validation_failed");
    root.patch(path, json!({"display_name": null}))
        .await
        .refused(400, "validation_failed");
    root.patch("/api/admin/product-types/99/", json!({"order": 1}))
        .await
        .refused(404, "not_found");

    let pipeline = root
        .get("/api/pipelines/?name=training_set_maker")
        .await
        .expect(200)["results"][0]
        .clone();
    let path = format!("/api/admin/pipelines/{}/", pipeline["id"]);
    let mut param = pipeline["system_config"]["param"].clone();
    param["random_seed"] = json!(7);
    param["crossmatch"]["radius_arcsec"] = json!(2.0);
    let changed = root
        .patch(&path, json!({"display_name": "Maker", "param": param}))
        .await
        .expect(200);
    let mut expected = pipeline["system_config"].clone();
    expected["param"] = param.clone();
    assert_eq!(changed["system_config"], expected);
    // The same rules as for a run.
    for (key, value, field) in [
        (
            "crossmatch",
            json!({"radius_arcsec": -1}),
            "param.crossmatch.radius_arcsec",
        ),
        ("train_fraction", json!("much"), "param.train_fraction"),
        ("path", json!("/etc"), "param.path"),
    ] {
        let mut wrong = param.clone();
        wrong[key] = value;
        let refused = root
            .patch(&path, json!({"param": wrong}))
            .await
            .refused(400, "validation_failed");
        assert!(refused[field][0].is_string(), "{refused}");
    }
    for param in [json!([]), json!("x")] {
        let refused = root
            .patch(&path, json!({"param": param}))
            .await
            .refused(400, "validation_failed");
        assert!(refused["param"][0].is_string());
    }
    root.patch("/api/admin/pipelines/99/", json!({"display_name": "x"}))
        .await
        .refused(404, "not_found");
    let listed = app
        .alice()
        .await
        .get("/api/pipelines/?search=maker")
        .await
        .expect(200);
    assert_eq!(listed["results"][0]["display_name"], "Maker");
    assert_eq!(listed["results"][0]["system_config"]["param"]["random_seed"], 7);
}

async fn audit_log(app: &TestApp) {
    let (root, alice) = (app.root().await, app.alice().await);
    let right = json!({"username": "alice", "password": password("alice")});
    app.anonymous()
        .post("/api/login/", right.clone())
        .await
        .expect(200);
    let obtained = app
        .anonymous()
        .post("/api/obtain_token/", right)
        .await
        .expect(200);
    let made = alice
        .post("/api/tokens/", json!({"name": "notebook", "scopes": ["read"]}))
        .await
        .expect(201);
    let bob = id_of(app, "bob").await;
    let answer = root
        .patch(
            &format!("/api/admin/users/{bob}/"),
            json!({"email": "bob@example.org", "quota_bytes": 7}),
        )
        .await;
    answer.expect(200);
    let whole = root.get("/api/admin/audit/").await;
    let text = String::from_utf8_lossy(&whole.bytes).into_owned();
    for secret in [
        password("alice"),
        obtained["token"].as_str().unwrap()[26..].to_owned(),
        made["token"].as_str().unwrap()[26..].to_owned(),
        "bob@example.org".to_owned(),
    ] {
        assert!(!text.contains(&secret), "{secret}");
    }
    let whole = whole.expect(200);
    let newest = &whole["results"][0];
    assert_eq!(
        (
            &newest["action"],
            &newest["username"],
            &newest["object_type"],
            &newest["object_id"],
            &newest["detail"]
        ),
        (
            &json!("user.change"),
            &json!("root"),
            &json!("user"),
            &json!(bob),
            &json!({"changed": ["email"], "quota_bytes": 7})
        )
    );
    assert_eq!(newest["request_id"], answer.header("x-request-id"));
    assert_eq!(newest["remote_address"], "127.0.0.1");
    let count = async |query: &str| {
        root.get(&format!("/api/admin/audit/?{query}")).await.expect(200)["count"].clone()
    };
    assert_eq!(count("action=token.create").await, 1);
    assert_eq!(count("action__in=token.create,session.sign_in").await, 2);
    assert_eq!(count("username=alice").await, 3);
    assert_eq!(count(&format!("object_type=user&object_id={bob}")).await, 1);
    assert_eq!(count(&format!("user={}", id_of(app, "root").await)).await, 1);
    let at = newest["at"].as_str().unwrap();
    assert_eq!(count(&format!("since={at}")).await, 1);
    assert_eq!(count(&format!("until={at}")).await, whole["count"]);
    assert_eq!(count("until=2001-01-01T00:00:00%2B00:00").await, 0);
    for (name, value) in [
        ("since", "yesterday"),
        ("until", "0"),
        ("object_id", "x"),
        ("user", "root"),
    ] {
        let refused = root
            .get(&format!("/api/admin/audit/?{name}={value}"))
            .await
            .expect(400);
        assert!(refused[name][0].is_string());
    }
    root.delete("/api/admin/audit/")
        .await
        .refused(405, "method_not_allowed");
}

async fn lists_need_few_statements(app: &TestApp) {
    let root = app.root().await;
    let group = root
        .post("/api/admin/groups/", json!({"name": "g"}))
        .await
        .expect(201);
    for number in 0..20 {
        let body = json!({"username": format!("user{number}"), "groups": [group["id"]]});
        root.post("/api/admin/users/", body).await.expect(201);
        let name = format!("r{number}");
        let body = json!({"name": name, "display_name": name, "indexing_column": "id", "access_groups": [group["id"]]});
        root.post("/api/admin/releases/", body).await.expect(201);
    }
    for path in [
        "/api/admin/users/?page_size=20".to_owned(),
        "/api/admin/users/?page_size=3&page=last&search=user".to_owned(),
        "/api/admin/groups/".to_owned(),
        format!("/api/admin/groups/{}/members/", group["id"]),
        "/api/admin/releases/".to_owned(),
        "/api/admin/releases/?page_size=3&page=last".to_owned(),
        "/api/admin/audit/".to_owned(),
        "/api/tokens/".to_owned(),
    ] {
        let before = app.store().statement_count();
        root.get(&path).await.expect(200);
        let statements = app.store().statement_count() - before;
        assert!((2..=5).contains(&statements), "{path}: {statements} statements");
    }
}
