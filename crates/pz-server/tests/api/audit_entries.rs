//! What single entries of the audit log say, and what they keep to themselves.

use serde_json::json;

use crate::app::TestApp;
use crate::on_both_databases;

on_both_databases!(refused_sign_ins, the_official_mark);

/// Refused sign-ins of an account are told one by one, those under names of nobody only together and without the name.
async fn refused_sign_ins(app: &TestApp) {
    let nobody = app.anonymous();
    for path in ["/api/login/", "/api/obtain_token/"] {
        let wrong = json!({"username": "alice", "password": "typed wrongly"});
        assert_eq!(nobody.post(path, wrong).await.status, 400);
        for name in ["hunter2 is my password", "nobody"] {
            let unknown = json!({"username": name, "password": "guessed"});
            assert_eq!(nobody.post(path, unknown).await.status, 400);
        }
    }
    let entries = app.store().newest_audit_entries(100).await.unwrap();
    let refused: Vec<_> = entries
        .iter()
        .filter(|entry| entry.action == "session.refused")
        .collect();
    let told: Vec<_> = refused
        .iter()
        .map(|entry| (entry.username.as_deref(), entry.remote_address.as_deref()))
        .collect();
    let of_alice = (Some("alice"), Some("127.0.0.1"));
    assert_eq!(told, [of_alice, (None, None), of_alice]);
    assert_eq!(refused[1].detail, Some(json!({"unknown_names": 1})));
    let text = format!("{entries:?}");
    for secret in ["typed wrongly", "hunter2", "nobody", "guessed"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

async fn the_official_mark(app: &TestApp) {
    let root = app.root().await;
    let detail = async || {
        let entries = app.store().newest_audit_entries(1).await.unwrap();
        (entries[0].action.clone(), entries[0].detail.clone())
    };
    let product = root.draft(7, "Plain").await;
    assert_eq!(detail().await, ("product.create".to_owned(), None));
    let path = format!("/api/products/{}/", product["id"]);
    for mark in [true, false] {
        root.patch(&path, json!({"official_product": mark}))
            .await
            .expect(200);
        let expected = Some(json!({"official_product": mark}));
        assert_eq!(detail().await, ("product.change".to_owned(), expected));
    }
    root.patch(&path, json!({"official_product": false, "description": "x"}))
        .await
        .expect(200);
    assert_eq!(detail().await, ("product.change".to_owned(), None));
    let body =
        json!({"display_name": "Official", "product_type": 7, "official_product": true, "description": "x"});
    root.post("/api/products/", body).await.expect(201);
    let expected = Some(json!({"official_product": true}));
    assert_eq!(detail().await, ("product.create".to_owned(), expected));
}
