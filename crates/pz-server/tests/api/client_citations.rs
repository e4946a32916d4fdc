//! The client: citing products, their versions, and where they come from.

use pz_client::ProductPatch;
use pz_model::api::{CitationFormat, ProvenanceKind};
use pz_model::{ErrorCode, ProductStatus};

use crate::app::TestApp;
use crate::client_coverage::{client, refused, refused_field};
use crate::provenance::output;

#[actix_web::test]
async fn citing() {
    let app = TestApp::sqlite().await;
    let owner = app.alice().await;
    let catalog = owner.published_catalog("Catalog of everything").await;
    let draft = owner.draft(7, "Draft").await;
    let bob = client(&app, "bob").await;
    let id = catalog["id"].as_i64().unwrap();
    for format in CitationFormat::ALL {
        let text = bob.citation(id, format).await.unwrap();
        assert!(text.contains("Catalog of everything"), "{text}");
        let is_json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
        let begins = match format {
            CitationFormat::Text => "ALICE",
            CitationFormat::BibTex => "@",
            CitationFormat::Ris => "TY  - ",
            _ => "{",
        };
        assert!(text.starts_with(begins) && is_json == (begins == "{"), "{text}");
    }
    let hidden = bob
        .citation(draft["id"].as_i64().unwrap(), CitationFormat::Text)
        .await;
    refused(hidden, 404, ErrorCode::NotFound);
}

#[actix_web::test]
async fn versions() {
    let app = TestApp::sqlite().await;
    let first = app.alice().await.published_catalog("Catalog").await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let id = first["id"].as_i64().unwrap();
    refused(bob.create_version(id).await, 403, ErrorCode::PermissionDenied);
    let second = alice.create_version(id).await.unwrap();
    assert_eq!(
        (second.version_number, second.concept, second.status),
        (2, Some(id), ProductStatus::Registering)
    );
    refused(
        alice.create_version(second.id).await,
        409,
        ErrorCode::NotPublished,
    );
    refused(bob.versions(second.id).await, 404, ErrorCode::NotFound);
    let seen = bob.versions(id).await.unwrap();
    assert_eq!(
        (seen.results.len(), seen.latest.as_deref()),
        (1, first["internal_name"].as_str())
    );
    let own = alice.versions(id).await.unwrap();
    let numbers: Vec<i32> = own.results.iter().map(|version| version.version_number).collect();
    assert_eq!(numbers, [2, 1], "newest first");
    assert_eq!((own.results[0].id, own.results[1].is_latest), (second.id, true));
    // A version belongs to the type of those before it.
    let patch = ProductPatch {
        release_year: Some(Some(1800)),
        ..ProductPatch::default()
    };
    refused_field(
        alice.update_product(second.id, &patch).await,
        ErrorCode::ValidationFailed,
        "release_year",
    );
}

#[actix_web::test]
async fn provenance() {
    let app = TestApp::sqlite().await;
    let owner = app.alice().await;
    let source = owner.published_catalog("Source").await;
    let made = output(&app, &owner, 1, "Made", &[&source]).await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let id = made["id"].as_i64().unwrap();
    let graph = bob.provenance(id, 1).await.unwrap();
    assert_eq!(
        (graph.depth, graph.truncated, graph.nodes.len(), graph.edges.len()),
        (1, false, 3, 2)
    );
    let mut products: Vec<Option<i64>> = graph
        .nodes
        .iter()
        .filter(|node| node.kind == ProvenanceKind::Product)
        .map(|node| node.id)
        .collect();
    products.sort_unstable();
    assert_eq!(products, [source["id"].as_i64(), Some(id)]);
    assert!(
        graph
            .nodes
            .iter()
            .any(|node| node.key == graph.root && node.id == Some(id))
    );
    refused_field(
        alice.provenance(id, 9).await,
        ErrorCode::InvalidParameter,
        "depth",
    );
    refused(alice.provenance(999, 1).await, 404, ErrorCode::NotFound);
}
