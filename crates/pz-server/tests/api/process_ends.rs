//! How processes end, and their products with them.

use pz_model::ProcessStatus;
use pz_store::process_steps::Outcome;
use serde_json::{Value, json};

use crate::app::{CATALOG, Person, TestApp};
use crate::on_both_databases;
use crate::processes::{combine, path};

on_both_databases!(
    f_33_the_product_is_published_before_the_process_is_successful,
    f_34_a_deleted_product_stays_deleted,
    f_35_queued_is_pending_and_stopped_fails_the_product,
);

pub async fn make_output(owner: &Person, process: &Value, aliases: &[(&str, &str)]) {
    let product = json!({"id": process["upload"]});
    owner.upload(&product, 0, "crd.csv", CATALOG).await.expect(201);
    owner
        .post(
            &format!("/api/products/{}/registry/", process["upload"]),
            json!({}),
        )
        .await
        .expect(200);
    owner.associate(&product, aliases).await;
}

/// What a redshift catalog needs.
pub const ALIASES: &[(&str, &str)] = &[("ra", "RA"), ("dec", "Dec"), ("z", "z")];

async fn f_33_the_product_is_published_before_the_process_is_successful(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let store = app.store();
    let good = combine(&alice, "Good", &[&catalog]).await;
    let id = good["id"].as_i64().unwrap();
    assert!(!store.begin_registering(id).await.unwrap());
    assert!(store.start_process(id, "00000001").await.unwrap());
    make_output(&alice, &good, ALIASES).await;
    assert!(store.begin_registering(id).await.unwrap());
    let during = alice.get(&path(&good)).await.expect(200);
    assert_eq!(
        (&during["status"], &during["phase"]),
        (&json!("Running"), &json!("registering"))
    );
    assert_eq!(
        store.finish_process(id, Outcome::Successful).await.unwrap(),
        ProcessStatus::Successful
    );
    let process = alice.get(&path(&good)).await.expect(200);
    assert_eq!(
        (&process["status"], &process["phase"]),
        (&json!("Successful"), &json!("done"))
    );
    assert!(process["started_at"].as_str() <= process["ended_at"].as_str());
    let product = alice
        .get(&format!("/api/products/{}/", good["upload"]))
        .await
        .expect(200);
    assert_eq!(
        (&product["status"], &product["process_status"]),
        (&json!(1), &json!("Successful"))
    );
    // What is over stays as it is.
    let late = Outcome::Failed("late".to_owned());
    assert_eq!(
        store.finish_process(id, late).await.unwrap(),
        ProcessStatus::Successful
    );

    // Registration that does not give what the type needs fails both; so does a worker's word.
    for (name, aliases, outcome, says) in [
        ("No file", None, Outcome::Successful, "no file"),
        (
            "No z",
            Some(&ALIASES[..2]),
            Outcome::Successful,
            "lacks columns: z",
        ),
        (
            "Crash",
            Some(ALIASES),
            Outcome::Failed("It ran out of memory.".to_owned()),
            "out of memory",
        ),
    ] {
        let process = combine(&alice, name, &[&catalog]).await;
        let id = process["id"].as_i64().unwrap();
        assert!(store.start_process(id, "work").await.unwrap());
        if let Some(aliases) = aliases {
            make_output(&alice, &process, aliases).await;
        }
        assert_eq!(
            store.finish_process(id, outcome).await.unwrap(),
            ProcessStatus::Failed
        );
        let process = alice.get(&path(&process)).await.expect(200);
        assert_eq!(process["status"], "Failed");
        assert!(process["comment"].as_str().unwrap().contains(says), "{process}");
        let product = alice
            .get(&format!("/api/products/{}/", process["upload"]))
            .await
            .expect(200);
        assert_eq!(product["status"], 9);
        assert!(
            product["registry_error"].as_str().unwrap().contains(says),
            "{product}"
        );
    }
}

async fn f_34_a_deleted_product_stays_deleted(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let catalog = alice.published_catalog("Catalog").await;
    let store = app.store();
    let running = combine(&alice, "Running", &[&catalog]).await;
    let waiting = combine(&alice, "Waiting", &[&catalog]).await;
    let id = running["id"].as_i64().unwrap();
    assert!(store.start_process(id, "00000001").await.unwrap());
    make_output(&alice, &running, ALIASES).await;
    for process in [&running, &waiting] {
        alice
            .delete(&format!("/api/products/{}/", process["upload"]))
            .await
            .expect(204);
    }
    assert_eq!(alice.get(&path(&waiting)).await.expect(200)["status"], "Stopped");
    assert_eq!(alice.get(&path(&running)).await.expect(200)["status"], "Stopping");
    assert_eq!(
        store.finish_process(id, Outcome::Successful).await.unwrap(),
        ProcessStatus::Stopped
    );
    for process in [&running, &waiting] {
        let product = format!("/api/products/{}/", process["upload"]);
        root.get(&product).await.refused(404, "not_found");
        let listed = root.get("/api/products/?status=2&ordering=id").await.expect(200);
        assert_eq!(listed["count"], 2);
    }
    // Even when the worker knew nothing of it: deleting asked the process to stop.
    let third = combine(&alice, "Third", &[&catalog]).await;
    let id = third["id"].as_i64().unwrap();
    assert!(store.start_process(id, "00000003").await.unwrap());
    make_output(&alice, &third, ALIASES).await;
    store
        .delete_product(third["upload"].as_i64().unwrap(), 1)
        .await
        .unwrap();
    assert_eq!(
        store.finish_process(id, Outcome::Successful).await.unwrap(),
        ProcessStatus::Stopped
    );
    alice
        .get(&format!("/api/products/{}/", third["upload"]))
        .await
        .refused(404, "not_found");
}

async fn f_35_queued_is_pending_and_stopped_fails_the_product(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let process = combine(&alice, "Mine", &[&catalog]).await;
    assert_eq!(
        (&process["status"], &process["phase"]),
        (&json!("Pending"), &json!("queued"))
    );
    alice.get(&format!("{}stop/", path(&process))).await.expect(200);
    let product = alice
        .get(&format!("/api/products/{}/", process["upload"]))
        .await
        .expect(200);
    assert_eq!(
        (&product["status"], &product["process_status"]),
        (&json!(9), &json!("Stopped"))
    );
    assert_eq!(product["registry_error"], "The process was stopped.");
}
