//! Pipelines, and what administrators learn of them.

use pz_store::entities::pipelines;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use serde_json::json;

use crate::app::TestApp;
use crate::on_both_databases;

on_both_databases!(
    advertised,
    what_administrators_changed_stays,
    f_49_only_administrators_learn_directories
);

async fn advertised(app: &TestApp) {
    let alice = app.alice().await;
    let list = alice.get("/api/pipelines/?ordering=id").await.expect(200);
    assert_eq!(list["count"], 2);
    for (row, name, output) in [
        (&list["results"][0], "combine_redshift_dedup", 1),
        (&list["results"][1], "training_set_maker", 2),
    ] {
        assert_eq!(row["name"], name);
        assert_eq!(row["output_product_type"], output);
        assert_eq!(row["product_types_accepted"], json!([1]));
        assert!(row["system_config"]["param"].is_object());
        let path = format!("/api/pipelines/{}/", row["id"]);
        assert_eq!(&alice.get(&path).await.expect(200), row);
        let schema = alice.get(&format!("{path}api_schema/")).await.expect(200);
        assert_eq!(
            (&schema["name"], &schema["filterset"]),
            (&json!("Pipeline Instance"), &json!(["id", "name"]))
        );
        alice.delete(&path).await.refused(405, "method_not_allowed");
    }
    assert_eq!(
        alice.get("/api/pipelines/?search=PHOTOMETRY").await.expect(200)["count"],
        1
    );
    assert_eq!(
        alice
            .get("/api/pipelines/?name=combine_redshift")
            .await
            .expect(200)["count"],
        0
    );
    alice.get("/api/pipelines/99/").await.refused(404, "not_found");
    alice
        .post("/api/pipelines/", json!({}))
        .await
        .refused(405, "method_not_allowed");
    app.anonymous()
        .get("/api/pipelines/")
        .await
        .refused(401, "not_authenticated");
}

async fn what_administrators_changed_stays(app: &TestApp) {
    let alice = app.alice().await;
    let list = "/api/pipelines/?ordering=id";
    let before = alice.get(list).await.expect(200);
    app.store().sync_pipelines().await.unwrap();
    assert_eq!(alice.get(list).await.expect(200), before);

    let db = app.store().connection();
    let id = before["results"][1]["id"].as_i64().unwrap();
    let mut row = pipelines::Entity::find_by_id(id)
        .one(db)
        .await
        .unwrap()
        .unwrap()
        .into_active_model();
    row.display_name = Set("Our training sets".to_owned());
    row.description = Set(Some("Ours.".to_owned()));
    row.version = Set("0.0.1".to_owned());
    row.system_config = Set(Some(json!({"param": {"crossmatch": {"radius_arcsec": 2.5}}})));
    row.update(db).await.unwrap();
    app.store().sync_pipelines().await.unwrap();
    // Changed by another program than the server, which sees it a little later.
    tokio::time::sleep(pz_server::cache::STALE_AT_MOST).await;
    let after = alice.get(list).await.expect(200);
    let (row, old) = (&after["results"][1], &before["results"][1]);
    assert_eq!(
        (&row["display_name"], &row["description"]),
        (&json!("Our training sets"), &json!("Ours."))
    );
    assert_eq!(
        (&row["version"], &row["id"], &row["created_at"]),
        (&old["version"], &old["id"], &old["created_at"])
    );
    let mut config = old["system_config"].clone();
    config["param"]["crossmatch"]["radius_arcsec"] = json!(2.5);
    assert_eq!(row["system_config"], config);
}

async fn f_49_only_administrators_learn_directories(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    for path in ["/api/sysinfo/", "/api/orch_pipelines/"] {
        alice.get(path).await.refused(403, "permission_denied");
        app.anonymous().get(path).await.refused(401, "not_authenticated");
    }
    let info = root.get("/api/sysinfo/").await.expect(200);
    assert!(info["processing_dir"].as_str().unwrap().ends_with("/processes"));
    let catalog = alice.published_catalog("Catalog").await;
    crate::processes::combine(&alice, "Mine", &[&catalog]).await;
    let pipelines = root.get("/api/orch_pipelines/").await.expect(200);
    let combine = &pipelines["pipelines"]["combine_redshift_dedup"];
    assert_eq!((&combine["pending"], &combine["running"]), (&json!(1), &json!(0)));
    assert_eq!(pipelines["pipelines"]["training_set_maker"]["pending"], 0);
}
