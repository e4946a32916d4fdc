//! The client: signing in and out, API tokens, and what everybody may read.

use pz_client::{Client, Error};
use pz_model::api::{
    Credentials, NewApiToken, NewRelease, PasswordChange, PasswordReset, SignOutSelf, TokenScope,
};
use pz_model::{ErrorCode, Timestamp};

use crate::app::{TestApp, password};
use crate::client_coverage::{client, refused, refused_field};
use crate::provenance::restricted_release;

fn credentials(username: &str, password: &str) -> Credentials {
    Credentials {
        username: username.to_owned(),
        password: password.to_owned(),
    }
}

#[actix_web::test]
async fn signing_in_and_out() {
    let app = TestApp::sqlite().await;
    let nobody = Client::new(&format!("{}/", app.root));
    assert_eq!(nobody.origin(), app.root);
    assert_eq!(nobody.session().await.unwrap().user, None);
    refused(nobody.logged_user().await, 401, ErrorCode::NotAuthenticated);
    refused(nobody.logout().await, 401, ErrorCode::NotAuthenticated);

    let right = credentials("alice", &password("alice"));
    let user = nobody.login(&right).await.unwrap();
    assert_eq!((user.username.as_str(), user.is_admin), ("alice", false));
    // The session is a browser's cookie, which nothing keeps here.
    assert_eq!(nobody.session().await.unwrap().user, None);
    refused(
        nobody.login(&credentials("alice", "wrong wrong")).await,
        400,
        ErrorCode::InvalidCredentials,
    );
    refused_field(
        nobody.login(&credentials("alice", "")).await,
        ErrorCode::ValidationFailed,
        "password",
    );

    let token = nobody.obtain_token(&right).await.unwrap().token;
    let alice = Client::with_token(&app.root, &token);
    assert_eq!(alice.session().await.unwrap().user, Some(user.clone()));
    let logged = alice.logged_user().await.unwrap();
    assert_eq!((logged.username, logged.is_admin), (user.display_name, false));
    alice.logout().await.unwrap();
    alice.root().await.unwrap();
    let wrong = nobody.obtain_token(&credentials("nobody", "wrong wrong")).await;
    let wrong = refused(wrong, 400, ErrorCode::InvalidCredentials);
    assert!(wrong.fields.is_empty(), "neither field alone is wrong: {wrong}");

    // The default token is made anew, and the one before it ends.
    let first = Client::with_token(&app.root, &alice.get_token().await.unwrap().token);
    let second = Client::with_token(&app.root, &first.get_token().await.unwrap().token);
    refused(first.root().await, 401, ErrorCode::InvalidToken);
    assert!(second.root().await.unwrap().products.ends_with("/api/products/"));
}

#[actix_web::test]
async fn tokens() {
    let app = TestApp::sqlite().await;
    let alice = client(&app, "alice").await;
    let new = |name: &str, scopes: &[TokenScope], expires_at| NewApiToken {
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        expires_at,
    };
    let end = Timestamp::from(Timestamp::now().to_utc() + chrono::TimeDelta::days(30));
    let made = alice
        .create_token(&new("notebook", &[TokenScope::Read], Some(end)))
        .await
        .unwrap();
    assert!(made.token.starts_with(&made.api_token.prefix));
    assert_eq!(made.api_token.scopes, [TokenScope::Read]);
    assert_eq!(made.api_token.expires_at, Some(end));
    let listed = alice.tokens().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["notebook", "client"], "newest first");
    assert_eq!(listed[0], made.api_token);

    let reader = Client::with_token(&app.root, &made.token);
    assert_eq!(reader.account().await.unwrap().username, "alice");
    refused(
        reader
            .create_token(&new("more", &[TokenScope::Upload], Some(end)))
            .await,
        403,
        ErrorCode::InsufficientScope,
    );
    refused_field(
        alice
            .create_token(&new("notebook", &[TokenScope::Read], None))
            .await,
        ErrorCode::NameTaken,
        "name",
    );
    alice.delete_token(made.api_token.id).await.unwrap();
    refused(reader.root().await, 401, ErrorCode::InvalidToken);
    refused(
        alice.delete_token(made.api_token.id).await,
        404,
        ErrorCode::NotFound,
    );
    assert_eq!(alice.tokens().await.unwrap().len(), 1);
}

#[actix_web::test]
async fn sessions_and_passwords() {
    let app = TestApp::sqlite().await;
    let (alice, root) = (client(&app, "alice").await, client(&app, "root").await);
    let nobody = Client::new(&app.root);
    for _ in 0..3 {
        nobody
            .login(&credentials("alice", &password("alice")))
            .await
            .unwrap();
    }
    let sessions = alice.sessions().await.unwrap();
    assert_eq!(sessions.len(), 3);
    assert!(
        sessions
            .iter()
            .all(|session| session.method == "password" && !session.is_current)
    );
    alice.end_session(sessions[0].id).await.unwrap();
    refused(alice.end_session(sessions[0].id).await, 404, ErrorCode::NotFound);
    let ended = alice.sign_out_everywhere(SignOutSelf::default()).await.unwrap();
    assert_eq!((ended.sessions, ended.tokens), (2, 0));
    refused(nobody.sessions().await, 401, ErrorCode::NotAuthenticated);

    let change = |new: &str| PasswordChange {
        current_password: password("alice"),
        new_password: new.to_owned(),
    };
    refused_field(
        alice.change_password(&change("password1234")).await,
        ErrorCode::WeakPassword,
        "new_password",
    );
    alice
        .change_password(&change("vesuvius umbrella tango"))
        .await
        .unwrap();
    nobody
        .login(&credentials("alice", "vesuvius umbrella tango"))
        .await
        .unwrap();
    refused_field(
        alice.change_password(&change("tango umbrella vesuvius")).await,
        ErrorCode::InvalidCredentials,
        "current_password",
    );

    let id = alice.account().await.unwrap().id;
    refused(
        alice.password_reset_link(id).await,
        403,
        ErrorCode::PermissionDenied,
    );
    let link = root.password_reset_link(id).await.unwrap();
    assert!(link.expires_at > Timestamp::now());
    let reset = PasswordReset {
        token: link.url.split_once('#').unwrap().1.to_owned(),
        new_password: "tango umbrella vesuvius".to_owned(),
    };
    nobody.reset_password(&reset).await.unwrap();
    refused(nobody.reset_password(&reset).await, 403, ErrorCode::InvalidLink);
    nobody
        .login(&credentials("alice", "tango umbrella vesuvius"))
        .await
        .unwrap();
}

#[actix_web::test]
async fn what_the_instance_says_of_itself() {
    let app = TestApp::sqlite().await;
    let nobody = Client::new(&app.root);
    let config = nobody.config().await.unwrap();
    assert_eq!(config.product_types.len(), 7);
    assert_eq!(
        config.limits.upload_max_bytes,
        app.state.settings.upload_max_bytes
    );
    assert!(config.auth.password);
    let environment = nobody.which_environment().await.unwrap();
    assert_eq!(
        (environment.enviroment_name, environment.is_dev),
        (config.environment_name, config.is_dev)
    );
    let schema = nobody.schema().await.unwrap();
    assert!(schema["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(schema["paths"]["/api/products/{id}/"]["patch"].is_object());
    refused(nobody.root().await, 401, ErrorCode::NotAuthenticated);

    // Nobody listens there.
    let nowhere = Client::new("http://127.0.0.1:9").config().await.unwrap_err();
    assert!(matches!(nowhere, Error::Network(_)), "{nowhere}");
    assert_eq!((nowhere.status(), nowhere.code()), (None, None));
}

#[actix_web::test]
async fn reference_data() {
    let app = TestApp::sqlite().await;
    let (alice, root) = (client(&app, "alice").await, client(&app, "root").await);
    let types = alice.product_types().await.unwrap();
    assert_eq!(types.len(), 7);
    let positions: Vec<_> = types.iter().map(|product_type| product_type.order).collect();
    assert!(positions.is_sorted(), "{positions:?}");
    assert!(
        types
            .iter()
            .any(|found| found.id == 1 && found.name == "redshift_catalog")
    );

    let hidden = restricted_release(&app).await;
    assert_eq!(alice.releases().await.unwrap(), []);
    assert_eq!(root.releases().await.unwrap()[0].id, hidden);
    // More than a page.
    for number in 0..101 {
        let release = NewRelease {
            name: format!("dp{number}"),
            display_name: format!("DP{number}"),
            indexing_column: "objectId".to_owned(),
            is_public: true,
            ..NewRelease::default()
        };
        root.create_release(&release).await.unwrap();
    }
    let releases = alice.releases().await.unwrap();
    assert_eq!(releases.len(), 101);
    assert_eq!(
        (releases[0].name.as_str(), releases[0].indexing_column.as_str()),
        ("dp100", "objectId"),
        "newest first"
    );

    let users = alice.users(1).await.unwrap();
    let names: Vec<&str> = users.results.iter().map(|user| user.username.as_str()).collect();
    assert_eq!((users.count, names), (3, vec!["alice", "bob", "root"]));
    refused(alice.users(9).await, 404, ErrorCode::InvalidPage);
    let account = alice.account().await.unwrap();
    assert_eq!(
        (
            account.username.as_str(),
            account.last_name.as_str(),
            account.used_bytes
        ),
        ("alice", "Tester", 0)
    );
    assert!(account.has_password && account.is_active && !account.is_admin);
}

#[actix_web::test]
async fn pipelines() {
    let app = TestApp::sqlite().await;
    let (alice, root) = (client(&app, "alice").await, client(&app, "root").await);
    let pipelines = alice.pipelines().await.unwrap();
    let mut names: Vec<&str> = pipelines.iter().map(|pipeline| pipeline.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["combine_redshift_dedup", "training_set_maker"]);
    for pipeline in &pipelines {
        assert_eq!(&alice.pipeline(pipeline.id).await.unwrap(), pipeline);
    }
    refused(alice.pipeline(99).await, 404, ErrorCode::NotFound);

    let busy = root.service_pipelines().await.unwrap().pipelines;
    assert_eq!(
        (
            busy.len(),
            busy["training_set_maker"].pending,
            busy["training_set_maker"].running
        ),
        (2, 0, 0)
    );
    let info = root.system_info().await.unwrap();
    assert!(info.processing_dir.ends_with("/processes"));
    refused(alice.service_pipelines().await, 403, ErrorCode::PermissionDenied);
    refused(alice.system_info().await, 403, ErrorCode::PermissionDenied);
}
