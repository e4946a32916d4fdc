//! The client: administration.

use pz_client::{AdminQuery, AuditQuery, Client};
use pz_model::api::{
    GroupInput, GroupMembers, GroupMembersPatch, NewRelease, NewUserAccount, PipelinePatch, ProductTypePatch,
    ReleasePatch, SignOut, UserAccountPatch, UserReference,
};
use pz_model::{ErrorCode, Timestamp};
use serde_json::json;

use crate::app::TestApp;
use crate::client_coverage::{client, refused, refused_field};

async fn two(app: &TestApp) -> (Client, Client) {
    (client(app, "root").await, client(app, "alice").await)
}

fn searching(words: &str) -> AdminQuery {
    AdminQuery {
        search: words.to_owned(),
        ..AdminQuery::default()
    }
}

#[actix_web::test]
async fn accounts() {
    let app = TestApp::sqlite().await;
    let (root, alice) = two(&app).await;
    let new = NewUserAccount {
        username: "carol".to_owned(),
        first_name: "Carol".to_owned(),
        email: "carol@example.org".to_owned(),
        quota_bytes: Some(1000),
        ..NewUserAccount::default()
    };
    let carol = root.create_user(&new).await.unwrap();
    assert_eq!(
        (
            carol.username.as_str(),
            carol.email.as_str(),
            carol.quota_bytes,
            carol.is_admin
        ),
        ("carol", "carol@example.org", Some(1000), false)
    );
    assert_eq!(root.admin_user(carol.id).await.unwrap(), carol);
    refused_field(root.create_user(&new).await, ErrorCode::NameTaken, "username");
    refused(alice.create_user(&new).await, 403, ErrorCode::PermissionDenied);
    refused(alice.admin_user(carol.id).await, 403, ErrorCode::PermissionDenied);
    refused(root.admin_user(999).await, 404, ErrorCode::NotFound);

    let query = AdminQuery {
        ordering: "-username".to_owned(),
        page: Some(2),
        page_size: Some(1),
        filters: vec![("is_admin".to_owned(), "false".to_owned())],
        ..AdminQuery::default()
    };
    let page = root.admin_users(&query).await.unwrap();
    assert_eq!((page.count, page.results[0].username.as_str()), (3, "bob"));
    let found = root.admin_users(&searching("EXAMPLE.org")).await.unwrap();
    assert_eq!((found.count, found.results[0].id), (1, carol.id));
    refused(
        alice.admin_users(&AdminQuery::default()).await,
        403,
        ErrorCode::PermissionDenied,
    );

    let patch = UserAccountPatch {
        last_name: Some("Übel".to_owned()),
        quota_bytes: Some(None),
        ..UserAccountPatch::default()
    };
    let changed = root.change_user(carol.id, &patch).await.unwrap();
    assert_eq!(
        (
            changed.last_name.as_str(),
            changed.first_name.as_str(),
            changed.quota_bytes
        ),
        ("Übel", "Carol", None)
    );
    let wrong = UserAccountPatch {
        email: Some("nobody".to_owned()),
        ..UserAccountPatch::default()
    };
    refused_field(
        root.change_user(carol.id, &wrong).await,
        ErrorCode::ValidationFailed,
        "email",
    );

    // Signed out with sessions alone, alice's token goes on; with tokens it ends.
    let id = alice.account().await.unwrap().id;
    let out = root.sign_out_user(id, SignOut::default()).await.unwrap();
    assert_eq!(out.username, "alice");
    alice.root().await.unwrap();
    root.sign_out_user(id, SignOut { tokens: true }).await.unwrap();
    refused(alice.root().await, 401, ErrorCode::InvalidToken);
    refused(
        root.sign_out_user(999, SignOut::default()).await,
        404,
        ErrorCode::NotFound,
    );
}

#[actix_web::test]
async fn groups() {
    let app = TestApp::sqlite().await;
    let (root, alice) = two(&app).await;
    let named = |name: &str| GroupInput {
        name: name.to_owned(),
    };
    let user = |name: &str| UserReference::Username(name.to_owned());
    let made = root.create_group(&named("dp1")).await.unwrap();
    assert_eq!(
        (made.name.as_str(), made.member_count, made.is_external),
        ("dp1", 0, false)
    );
    refused_field(
        root.create_group(&named("dp1")).await,
        ErrorCode::NameTaken,
        "name",
    );
    refused(
        alice.create_group(&named("x")).await,
        403,
        ErrorCode::PermissionDenied,
    );
    assert_eq!(root.group(made.id).await.unwrap(), made);
    refused(root.group(999).await, 404, ErrorCode::NotFound);
    let renamed = root.rename_group(made.id, &named("insiders")).await.unwrap();
    assert_eq!((renamed.id, renamed.name.as_str()), (made.id, "insiders"));
    let page = root.groups(&searching("inside")).await.unwrap();
    assert_eq!((page.count, page.results[0].id), (1, made.id));

    let id = alice.account().await.unwrap().id;
    let members = GroupMembers {
        members: vec![user("bob"), UserReference::Id(id)],
    };
    let set = root.set_group_members(made.id, &members).await.unwrap();
    assert_eq!(set.member_count, 2);
    let patch = GroupMembersPatch {
        add: vec![user("root")],
        remove: vec![UserReference::Id(id)],
    };
    assert_eq!(
        root.change_group_members(made.id, &patch)
            .await
            .unwrap()
            .member_count,
        2
    );
    let page = root.group_members(made.id, &AdminQuery::default()).await.unwrap();
    let names: Vec<&str> = page
        .results
        .iter()
        .map(|member| member.username.as_str())
        .collect();
    assert_eq!((page.count, names), (2, vec!["bob", "root"]));
    let nobody = GroupMembersPatch {
        add: vec![user("nobody")],
        remove: Vec::new(),
    };
    refused_field(
        root.change_group_members(made.id, &nobody).await,
        ErrorCode::ValidationFailed,
        "add",
    );
    refused(
        alice.group_members(made.id, &AdminQuery::default()).await,
        403,
        ErrorCode::PermissionDenied,
    );
    root.delete_group(made.id).await.unwrap();
    refused(root.delete_group(made.id).await, 404, ErrorCode::NotFound);
}

#[actix_web::test]
async fn releases() {
    let app = TestApp::sqlite().await;
    let (root, alice) = two(&app).await;
    let new = NewRelease {
        name: "dp1".to_owned(),
        display_name: "DP1".to_owned(),
        indexing_column: "objectId".to_owned(),
        datasets_location: Some("/data/dp1".to_owned()),
        is_public: true,
        ..NewRelease::default()
    };
    let made = root.create_release(&new).await.unwrap();
    assert_eq!(
        (
            made.release.name.as_str(),
            made.datasets_location.as_deref(),
            made.product_count
        ),
        ("dp1", Some("/data/dp1"), 0)
    );
    assert_eq!(
        (made.release.has_flux_hats, made.release.mag_zero_point),
        (true, Some(31.4))
    );
    assert_eq!(root.admin_release(made.release.id).await.unwrap(), made);
    assert_eq!(
        alice.releases().await.unwrap(),
        std::slice::from_ref(&made.release)
    );
    refused(
        alice.admin_release(made.release.id).await,
        403,
        ErrorCode::PermissionDenied,
    );
    let other = NewRelease {
        display_name: "Other".to_owned(),
        ..new
    };
    refused_field(root.create_release(&other).await, ErrorCode::NameTaken, "name");
    let patch = ReleasePatch {
        description: Some(Some("First.".to_owned())),
        mag_zero_point: Some(None),
        ..ReleasePatch::default()
    };
    let changed = root.change_release(made.release.id, &patch).await.unwrap();
    assert_eq!(
        (
            changed.release.description.as_deref(),
            changed.release.mag_zero_point
        ),
        (Some("First."), None)
    );
    assert_eq!(changed.datasets_location, made.datasets_location);
    let page = root.admin_releases(&searching("dp1")).await.unwrap();
    assert_eq!((page.count, &page.results[0]), (1, &changed));
    root.delete_release(made.release.id).await.unwrap();
    refused(
        root.delete_release(made.release.id).await,
        404,
        ErrorCode::NotFound,
    );
    refused(
        root.change_release(made.release.id, &patch).await,
        404,
        ErrorCode::NotFound,
    );
}

#[actix_web::test]
async fn texts() {
    let app = TestApp::sqlite().await;
    let (root, alice) = two(&app).await;
    let patch = ProductTypePatch {
        display_name: Some("Something Else".to_owned()),
        description: Some(None),
        order: None,
    };
    let changed = root.change_product_type(7, &patch).await.unwrap();
    assert_eq!(
        (
            changed.name.as_str(),
            changed.display_name.as_str(),
            changed.description
        ),
        ("other", "Something Else", None)
    );
    refused(
        alice.change_product_type(7, &patch).await,
        403,
        ErrorCode::PermissionDenied,
    );
    refused_field(
        root.change_product_type(1, &patch).await,
        ErrorCode::NameTaken,
        "display_name",
    );
    refused(
        root.change_product_type(99, &patch).await,
        404,
        ErrorCode::NotFound,
    );

    let pipelines = alice.pipelines().await.unwrap();
    let maker = pipelines
        .iter()
        .find(|pipeline| pipeline.name == "training_set_maker")
        .unwrap();
    let mut param = maker.system_config["param"].clone();
    param["random_seed"] = json!(7);
    let patch = PipelinePatch {
        display_name: Some("Maker".to_owned()),
        param: param.as_object().cloned(),
        ..PipelinePatch::default()
    };
    let changed = root.change_pipeline(maker.id, &patch).await.unwrap();
    assert_eq!((changed.id, changed.display_name.as_str()), (maker.id, "Maker"));
    assert_eq!(changed.system_config["param"], param);
    assert_eq!(alice.pipeline(maker.id).await.unwrap().display_name, "Maker");
    param["train_fraction"] = json!("much");
    let wrong = PipelinePatch {
        param: param.as_object().cloned(),
        ..PipelinePatch::default()
    };
    refused_field(
        root.change_pipeline(maker.id, &wrong).await,
        ErrorCode::ValidationFailed,
        "param.train_fraction",
    );
    refused(
        alice.change_pipeline(maker.id, &patch).await,
        403,
        ErrorCode::PermissionDenied,
    );
}

#[actix_web::test]
async fn audit_log() {
    let app = TestApp::sqlite().await;
    let (root, alice) = two(&app).await;
    let before = Timestamp::now();
    let group = GroupInput {
        name: "dp1".to_owned(),
    };
    let group = root.create_group(&group).await.unwrap();
    app.alice().await.draft(7, "Draft").await;
    let all = root.audit_log(&AuditQuery::default()).await.unwrap();
    assert_eq!(
        (all.results[0].action.as_str(), all.results[0].username.as_deref()),
        ("product.create", Some("alice")),
        "newest first"
    );
    let query = AuditQuery {
        user: root.account().await.ok().map(|account| account.id),
        action: Some("group.create".to_owned()),
        object_type: Some("group".to_owned()),
        object_id: Some(group.id),
        since: Some(before),
        until: Some(Timestamp::now()),
        page: Some(1),
    };
    let found = root.audit_log(&query).await.unwrap();
    assert_eq!((found.count, found.results[0].object_id), (1, Some(group.id)));
    let earlier = AuditQuery {
        until: Some(before),
        ..query
    };
    assert_eq!(root.audit_log(&earlier).await.unwrap().count, 0);
    let beyond = AuditQuery {
        page: Some(99),
        ..AuditQuery::default()
    };
    refused(root.audit_log(&beyond).await, 404, ErrorCode::InvalidPage);
    refused(
        alice.audit_log(&AuditQuery::default()).await,
        403,
        ErrorCode::PermissionDenied,
    );
}
