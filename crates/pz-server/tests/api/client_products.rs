//! The client: finding, making, changing and removing products.

use pz_client::{
    Client, FacetFilter, NewProduct, OrderKey, ProductOrder, ProductPatch, ProductQuery, ReleaseFilter,
};
use pz_model::api::{Creator, FacetValue, Product};
use pz_model::{ColumnMeaning, ErrorCode, ProductStatus};
use serde_json::json;

use crate::app::TestApp;
use crate::client_coverage::{client, refused, refused_field};
use crate::provenance::{output, restricted_release};

/// Drafts of notes and a published catalog, all alice's: the catalog and the draft.
async fn two_products(app: &TestApp, alice: &Client) -> (Product, Product) {
    let catalog = app.alice().await.published_catalog("Catalog").await;
    let draft = NewProduct {
        display_name: "Notes".to_owned(),
        product_type: 7,
        ..NewProduct::default()
    };
    (
        alice.product(catalog["id"].as_i64().unwrap()).await.unwrap(),
        alice.create_product(&draft).await.unwrap(),
    )
}

fn names(products: &[Product]) -> Vec<&str> {
    products
        .iter()
        .map(|product| product.display_name.as_str())
        .collect()
}

#[actix_web::test]
async fn making_and_changing() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let creator = Creator {
        name: "Ada".to_owned(),
        orcid: Some("0000-0002-1825-0097".to_owned()),
        affiliation: None,
    };
    let new = NewProduct {
        display_name: " Ünï cat ".to_owned(),
        product_type: 7,
        description: Some("**Bold**".to_owned()),
        release_year: Some(2025),
        license: Some("CC0-1.0".to_owned()),
        creators: vec![creator.clone()],
        subjects: vec!["z".to_owned()],
        ..NewProduct::default()
    };
    let made = alice.create_product(&new).await.unwrap();
    assert_eq!(
        (
            made.display_name.as_str(),
            made.internal_name.as_str(),
            made.status
        ),
        (
            "Ünï cat",
            format!("{}_ünï_cat", made.id).as_str(),
            ProductStatus::Registering
        )
    );
    assert_eq!(
        (made.release_year, made.license.as_deref()),
        (Some(2025), Some("CC0-1.0"))
    );
    assert_eq!((&made.creators, &made.subjects), (&vec![creator], &new.subjects));
    assert_eq!(alice.product(made.id).await.unwrap(), made);

    let wrong = NewProduct {
        product_type: 99,
        ..new.clone()
    };
    refused_field(
        alice.create_product(&wrong).await,
        ErrorCode::ValidationFailed,
        "product_type",
    );
    let official = NewProduct {
        official_product: true,
        ..new
    };
    refused(
        alice.create_product(&official).await,
        403,
        ErrorCode::OfficialNeedsAdmin,
    );

    let patch = ProductPatch {
        display_name: Some("Renamed".to_owned()),
        release_year: Some(None),
        status: Some(ProductStatus::Published),
        ..ProductPatch::default()
    };
    refused(
        bob.update_product(made.id, &patch).await,
        404,
        ErrorCode::NotFound,
    );
    let changed = alice.update_product(made.id, &patch).await.unwrap();
    assert_eq!(
        (
            changed.display_name.as_str(),
            changed.release_year,
            changed.status
        ),
        ("Renamed", None, ProductStatus::Published)
    );
    assert_eq!(
        (&changed.description, &changed.creators),
        (&made.description, &made.creators)
    );
    refused(
        bob.update_product(made.id, &ProductPatch::default()).await,
        403,
        ErrorCode::PermissionDenied,
    );
    let deleted = ProductPatch {
        status: Some(ProductStatus::Deleted),
        ..ProductPatch::default()
    };
    refused_field(
        alice.update_product(made.id, &deleted).await,
        ErrorCode::InvalidStatus,
        "status",
    );
}

#[actix_web::test]
async fn publishing_needs_columns() {
    let app = TestApp::sqlite().await;
    let alice = client(&app, "alice").await;
    let new = NewProduct {
        display_name: "Empty".to_owned(),
        product_type: 1,
        ..NewProduct::default()
    };
    let draft = alice.create_product(&new).await.unwrap();
    let publish = ProductPatch {
        status: Some(ProductStatus::Published),
        ..ProductPatch::default()
    };
    let missing = refused(
        alice.update_product(draft.id, &publish).await,
        406,
        ErrorCode::MissingColumns,
    );
    assert_eq!(missing.messages, ["Missing column associations: Dec,RA,z"]);
    refused(alice.registry(draft.id).await, 409, ErrorCode::MissingMainFile);
    let pending = alice.pending_publication().await.unwrap();
    assert_eq!(pending.product.map(|product| product.id), Some(draft.id));
    assert_eq!(names(&pending.drafts), ["Empty"]);
    let bob = client(&app, "bob").await;
    assert_eq!(bob.pending_publication().await.unwrap().drafts, []);
}

#[actix_web::test]
async fn finding() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let (catalog, draft) = two_products(&app, &alice).await;
    let user = alice.account().await.unwrap().id;
    let all = alice.products(&ProductQuery::default()).await.unwrap();
    assert_eq!((all.count, names(&all.results)), (2, vec!["Notes", "Catalog"]));
    assert_eq!(bob.products(&ProductQuery::default()).await.unwrap().count, 1);

    let order = ProductOrder {
        key: OrderKey::from_name("display_name").unwrap(),
        descending: false,
    };
    assert_eq!(ProductOrder::parse(&order.text()), Some(order));
    assert_eq!(order.key.as_str(), "display_name");
    let query = ProductQuery {
        order: Some(order),
        page_size: Some(1),
        page: Some(2),
        ..ProductQuery::default()
    };
    let second = alice.products(&query).await.unwrap();
    assert_eq!((second.count, names(&second.results)), (2, vec!["Notes"]));
    for (query, found) in [
        (
            ProductQuery {
                search: " cat ".to_owned(),
                ..ProductQuery::default()
            },
            vec!["Catalog"],
        ),
        (
            ProductQuery {
                statuses: vec![ProductStatus::Registering],
                product_types: vec![1, 7],
                release: ReleaseFilter::None,
                official: Some(false),
                uploaded_by: Some("ALICE".to_owned()),
                user: Some(user),
                latest: Some(true),
                ..ProductQuery::default()
            },
            vec!["Notes"],
        ),
        (
            ProductQuery {
                product_types: vec![2],
                ..ProductQuery::default()
            },
            vec![],
        ),
    ] {
        let page = alice.products(&query).await.unwrap();
        assert_eq!(names(&page.results), found, "{:?}", query.parameters());
    }
    let beyond = ProductQuery {
        page: Some(9),
        ..ProductQuery::default()
    };
    refused(alice.products(&beyond).await, 404, ErrorCode::InvalidPage);
    let unknown = ProductQuery {
        release: ReleaseFilter::OneOf(vec![99]),
        ..ProductQuery::default()
    };
    refused_field(
        alice.products(&unknown).await,
        ErrorCode::InvalidFilter,
        "release",
    );

    let found = bob.product_named(&catalog.internal_name).await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.is_owner, found.can_update),
        (catalog.id, false, false)
    );
    assert_eq!(bob.product_named(&draft.internal_name).await.unwrap(), None);
    refused(bob.product(draft.id).await, 404, ErrorCode::NotFound);
}

#[actix_web::test]
async fn published_redshift_catalogs() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let (catalog, draft) = two_products(&app, &alice).await;
    let page = bob.products_specz(&ProductQuery::default()).await.unwrap();
    assert_eq!((page.count, page.results[0].id), (1, catalog.id));
    assert_eq!(alice.product_specz(catalog.id).await.unwrap(), catalog);
    refused(alice.product_specz(draft.id).await, 404, ErrorCode::NotFound);
}

#[actix_web::test]
async fn what_is_ticked() {
    let app = TestApp::sqlite().await;
    let alice = client(&app, "alice").await;
    let (catalog, _) = two_products(&app, &alice).await;
    let ticked = FacetFilter {
        releases: vec![None],
        owners: vec!["alice".to_owned()],
        origins: vec!["upload".to_owned()],
        formats: vec!["csv".to_owned()],
        years: vec![None],
        roles: vec![ColumnMeaning::Z],
        rows: Some((Some(3), Some(3))),
        z: Some((Some(1.5), None)),
    };
    assert_eq!(ticked.parameters().len(), 8);
    let page = alice
        .products_ticked(&ProductQuery::default(), &ticked)
        .await
        .unwrap();
    assert_eq!((page.count, page.results[0].id), (1, catalog.id));
    let none = FacetFilter {
        z: Some((Some(1.76), None)),
        ..FacetFilter::default()
    };
    let query = ProductQuery::default();
    assert_eq!(alice.products_ticked(&query, &none).await.unwrap().count, 0);

    let facets = alice.product_facets(&query, &ticked).await.unwrap();
    assert_eq!(facets.count, 1);
    let formats = &facets.facets.format;
    assert_eq!((formats[0].value.as_str(), formats[0].count), ("csv", 1));
    let all = alice
        .product_facets(&query, &FacetFilter::default())
        .await
        .unwrap();
    assert_eq!(
        (all.count, all.ranges.rows.min, all.ranges.rows.without),
        (2, Some(3.0), 1)
    );
    let there = |value: &&FacetValue| value.count > 0;
    assert_eq!(all.facets.product_type.iter().filter(there).count(), 2);
    let unknown = FacetFilter {
        releases: vec![Some(99)],
        ..FacetFilter::default()
    };
    for refusal in [
        alice.products_ticked(&query, &unknown).await.err(),
        alice.product_facets(&query, &unknown).await.err(),
    ] {
        refused_field(
            Err::<(), _>(refusal.unwrap()),
            ErrorCode::InvalidFilter,
            "release__in",
        );
    }
}

#[actix_web::test]
async fn removing_and_bringing_back() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let (catalog, draft) = two_products(&app, &alice).await;
    refused(
        bob.delete_product(catalog.id).await,
        403,
        ErrorCode::PermissionDenied,
    );
    refused(bob.delete_product(draft.id).await, 404, ErrorCode::NotFound);
    refused(alice.restore_product(draft.id).await, 409, ErrorCode::Conflict);
    refused(alice.tombstone(catalog.id).await, 404, ErrorCode::NotFound);
    alice.delete_product(draft.id).await.unwrap();
    refused(alice.product(draft.id).await, 404, ErrorCode::NotFound);

    let why = "Superseded: see ü & <next>.";
    let long = "x".repeat(501);
    refused_field(
        alice.delete_product_because(catalog.id, &long).await,
        ErrorCode::ValidationFailed,
        "reason",
    );
    alice.delete_product_because(catalog.id, why).await.unwrap();
    let tombstone = bob.tombstone(catalog.id).await.unwrap();
    assert_eq!(
        (
            tombstone.internal_name.as_str(),
            tombstone.reason.as_deref(),
            tombstone.can_restore
        ),
        (catalog.internal_name.as_str(), Some(why), false)
    );
    assert!(alice.tombstone(catalog.id).await.unwrap().can_restore);
    refused(bob.restore_product(catalog.id).await, 404, ErrorCode::NotFound);
    let back = alice.restore_product(catalog.id).await.unwrap();
    assert_eq!((back.status, back.n_rows), (ProductStatus::Published, Some(3)));
    refused(alice.tombstone(catalog.id).await, 404, ErrorCode::NotFound);
}

#[actix_web::test]
async fn what_a_process_was_told() {
    let app = TestApp::sqlite().await;
    let owner = app.alice().await;
    let source = owner.published_catalog("Source").await;
    let made = output(&app, &owner, 1, "Made", &[&source]).await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let id = made["id"].as_i64().unwrap();
    let config = bob.process_config(id).await.unwrap();
    assert_eq!(
        config.config,
        Some(json!({"radius_arcsec": 0.5, "file": "flags.yaml"}))
    );
    assert_eq!(
        (config.flag_translation, config.flag_translation_error),
        (None, None)
    );
    let uploaded = bob.process_config(source["id"].as_i64().unwrap()).await.unwrap();
    assert_eq!(uploaded.config, None);
    // What one may not see has none.
    let release = restricted_release(&app).await;
    let draft = NewProduct {
        display_name: "Inside".to_owned(),
        product_type: 7,
        release: Some(release),
        ..NewProduct::default()
    };
    let hidden = client(&app, "root").await.create_product(&draft).await.unwrap();
    refused(alice.process_config(hidden.id).await, 404, ErrorCode::NotFound);
    refused_field(
        alice.create_product(&draft).await,
        ErrorCode::ValidationFailed,
        "release",
    );
}
