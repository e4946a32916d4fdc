//! The client: submitting, following and stopping processes, and hearing of it.

use std::time::Duration;

use pz_client::{Client, EventReader, Events, NewProcess, ProcessPatch, ProcessQuery};
use pz_model::api::{Event, EventKind};
use pz_model::{ErrorCode, FileRole, ProcessPhase, ProcessStatus, ProductStatus};
use pz_store::releases::NewRelease;
use serde_json::json;

use crate::app::TestApp;
use crate::client_coverage::{client, refused, refused_field};

/// A run that combines this catalog.
async fn combining(client: &Client, catalog: i64) -> NewProcess {
    let pipelines = client.pipelines().await.unwrap();
    let pipeline = pipelines
        .iter()
        .find(|pipeline| pipeline.name == "combine_redshift_dedup");
    NewProcess {
        display_name: "Combined".to_owned(),
        pipeline: pipeline.unwrap().id,
        inputs: vec![catalog],
        used_config: json!({"param": {"combine_type": "concatenate"}}),
        release: None,
        output_format: Some("csv".to_owned()),
        description: Some("déjà".to_owned()),
    }
}

async fn catalog(app: &TestApp) -> i64 {
    let catalog = app.alice().await.published_catalog("Catalog").await;
    catalog["id"].as_i64().unwrap()
}

#[actix_web::test]
async fn submitting_and_stopping() {
    let app = TestApp::sqlite().await;
    let catalog = catalog(&app).await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let new = combining(&alice, catalog).await;
    let first = alice.submit_process(&new).await.unwrap();
    assert_eq!(
        (first.status, first.phase, first.queue_position),
        (ProcessStatus::Pending, ProcessPhase::Queued, Some(1))
    );
    assert_eq!(
        (first.display_name.as_str(), &first.inputs),
        ("Combined", &vec![catalog])
    );
    assert_eq!(first.used_config["param"]["combine_type"], "concatenate");
    assert_eq!(first.used_config["output_format"], "csv");
    let product = alice.product(first.upload).await.unwrap();
    assert_eq!(
        (product.status, product.description.as_deref(), product.process_id),
        (ProductStatus::Processing, Some("déjà"), Some(first.id))
    );
    let second = bob.submit_process(&new).await.unwrap();

    let unknown = NewProcess {
        inputs: vec![999],
        ..new.clone()
    };
    refused_field(
        alice.submit_process(&unknown).await,
        ErrorCode::ValidationFailed,
        "inputs",
    );
    refused(bob.process(first.id).await, 404, ErrorCode::NotFound);
    assert_eq!(alice.process(first.id).await.unwrap(), first);
    let mine = alice.processes(&ProcessQuery::default()).await.unwrap();
    assert_eq!((mine.count, mine.results[0].id), (1, first.id));
    let root = client(&app, "root").await;
    for (query, found) in [
        (ProcessQuery::default(), vec![second.id, first.id]),
        (
            ProcessQuery {
                search: " combine ".to_owned(),
                pipeline: Some("combine".to_owned()),
                status: Some(ProcessStatus::Pending),
                upload: Some(first.upload),
                ..ProcessQuery::default()
            },
            vec![first.id],
        ),
        (
            ProcessQuery {
                page: Some(2),
                page_size: Some(1),
                ..ProcessQuery::default()
            },
            vec![first.id],
        ),
        (
            ProcessQuery {
                status: Some(ProcessStatus::Failed),
                ..ProcessQuery::default()
            },
            vec![],
        ),
    ] {
        let page = root.processes(&query).await.unwrap();
        let ids: Vec<i64> = page.results.iter().map(|process| process.id).collect();
        assert_eq!(ids, found, "{:?}", query.parameters());
    }
    let hidden = ProcessQuery {
        upload: Some(first.upload),
        ..ProcessQuery::default()
    };
    refused_field(bob.processes(&hidden).await, ErrorCode::InvalidFilter, "upload");

    let patch = ProcessPatch {
        comment: Some("the good one".to_owned()),
        ..ProcessPatch::default()
    };
    let changed = alice.change_process(first.id, &patch).await.unwrap();
    assert_eq!(
        (changed.comment.as_deref(), changed.display_name.as_str()),
        (Some("the good one"), "Combined")
    );
    let long = ProcessPatch {
        display_name: Some("x".repeat(256)),
        ..ProcessPatch::default()
    };
    refused_field(
        alice.change_process(first.id, &long).await,
        ErrorCode::ValidationFailed,
        "display_name",
    );
    let logs = alice.process_logs(first.id).await.unwrap();
    assert_eq!(
        (logs.pipeline.content.as_str(), logs.slurm.content.as_str()),
        ("", "")
    );
    assert!(logs.slurm.filename.contains(&"run.out".to_owned()));
    refused(bob.process_logs(first.id).await, 404, ErrorCode::NotFound);
    refused(bob.stop_process(first.id).await, 404, ErrorCode::NotFound);
    let stopped = alice.stop_process(first.id).await.unwrap();
    assert_eq!(
        (stopped.status, stopped.phase),
        (ProcessStatus::Stopped, ProcessPhase::Done)
    );
    let product = alice.product(first.upload).await.unwrap();
    assert_eq!(product.status, ProductStatus::Failed);
}

#[actix_web::test]
async fn submitting_with_a_file() {
    let app = TestApp::sqlite().await;
    let catalog = catalog(&app).await;
    let release = NewRelease {
        name: "dp1".to_owned(),
        display_name: "DP1".to_owned(),
        indexing_column: "objectId".to_owned(),
        is_public: true,
        ..NewRelease::default()
    };
    let release = app.store().add_release(release).await.unwrap().id;
    let alice = client(&app, "alice").await;
    let new = combining(&alice, catalog).await;
    let rules = b"translation_rules:\n  A:\n    z_flag_translation: {default: 4}\n";
    let process = alice
        .submit_process_with_flags(&new, "my rules.yaml", rules.to_vec())
        .await
        .unwrap();
    assert_eq!(process.inputs, [catalog]);
    assert_eq!(process.used_config["output_format"], "csv");
    assert_eq!(
        process.used_config["param"]["flags_translation_file"],
        "my rules.yaml"
    );
    let product = alice.product(process.upload).await.unwrap();
    assert_eq!(product.description.as_deref(), Some("déjà"));
    let files = alice.product_files(process.upload).await.unwrap();
    assert_eq!(
        (files.len(), files[0].role, files[0].name.as_deref()),
        (1, FileRole::Auxiliary, Some("my rules.yaml"))
    );
    refused_field(
        alice
            .submit_process_with_flags(&new, "x.yaml", b"a: [1".to_vec())
            .await,
        ErrorCode::ValidationFailed,
        "flags_translation_file",
    );
    // What is optional is sent, too.
    let with_release = NewProcess {
        release: Some(release),
        ..new
    };
    refused_field(
        alice
            .submit_process_with_flags(&with_release, "x.yaml", rules.to_vec())
            .await,
        ErrorCode::ReleaseNotAllowed,
        "release",
    );
}

/// The next event, which should come soon.
async fn next(events: &mut Events) -> Event {
    let soon = Duration::from_secs(10);
    let event = actix_web::rt::time::timeout(soon, events.next()).await;
    event.unwrap().unwrap().unwrap()
}

#[actix_web::test]
async fn events() {
    let app = TestApp::sqlite().await;
    let alice = client(&app, "alice").await;
    let mut events = alice.events(None).await.unwrap();
    let catalog = catalog(&app).await;
    let created = next(&mut events).await;
    assert_eq!(
        (created.kind, created.product),
        (EventKind::Product, Some(catalog))
    );
    assert_eq!(created.payload["action"], "product.create");
    let number = events.last_id().unwrap().to_owned();
    let process = alice
        .submit_process(&combining(&alice, catalog).await)
        .await
        .unwrap();
    let told = async |events: &mut Events| loop {
        let event = next(events).await;
        if event.kind == EventKind::Process {
            return event;
        }
    };
    let first = told(&mut events).await;
    assert_eq!(
        (first.process, &first.payload["action"]),
        (Some(process.id), &json!("process.create"))
    );
    drop(events);
    // Resumed, the same again.
    let mut resumed = alice.events(Some(&number)).await.unwrap();
    assert_eq!(told(&mut resumed).await, first);
    assert!(resumed.last_id().is_some_and(|id| id != number));
    refused(
        Client::new(&app.root).events(None).await,
        401,
        ErrorCode::NotAuthenticated,
    );

    // A page of the web app reads the same stream itself.
    let mut stream = alice.fetch(Client::EVENTS_PATH).await.unwrap();
    let mut reader = EventReader::default();
    alice.stop_process(process.id).await.unwrap();
    let event = loop {
        let piece = stream.chunk().await.unwrap().unwrap();
        for byte in piece {
            reader.push(&[byte]);
        }
        if let Some(event) = reader.next_event().unwrap() {
            break event;
        }
    };
    assert!(event.process == Some(process.id) || event.product == Some(process.upload));
    assert!(reader.last_id().is_some());
}
