//! Facets, and what of columns is summed up for them, on both databases.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use pz_model::api::{FacetValue, ProductFacets};
use pz_model::{ProductStatus, ProductType, Timestamp};
use pz_store::accounts::NewUser;
use pz_store::entities::{plots, processes, product_contents};
use pz_store::list::{ListCondition, ListQuery};
use pz_store::pipelines::NewPipeline;
use pz_store::product_contents::ContentChanges;
use pz_store::products::{NewProduct, ProductField};
use pz_store::{Store, StoreOptions, Viewer};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, PaginatorTrait, Set};
use serde_json::json;
use tempfile::TempDir;

async fn open(database_url: Option<String>) -> (Store, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        database_url: database_url
            .unwrap_or_else(|| Store::sqlite_url(&directory.path().join("test.sqlite3"))),
        max_connections: 8,
        blob_directory: directory.path().join("blobs"),
    };
    let store = Store::open(&options).await.unwrap();
    store.migrate().await.unwrap();
    (store, directory)
}

macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let (store, _directory) = super::open(None).await;
                super::$name(store).await;
            }

            #[tokio::test]
            async fn postgres() {
                let url = pz_test_postgres::fresh_database().unwrap();
                let (store, _directory) = super::open(Some(url)).await;
                super::$name(store).await;
            }
        }
    )+};
}

on_both_databases!(
    origins_are_pipelines,
    columns_are_summed_up,
    few_plots_are_kept,
    a_hundred_thousand_products,
);

async fn add_user(store: &Store, username: &str) -> i64 {
    let user = NewUser {
        username: username.to_owned(),
        ..NewUser::default()
    };
    store.add_user(user).await.unwrap().id
}

async fn add_product(store: &Store, user_id: i64, display_name: &str) -> i64 {
    let product = NewProduct {
        product_type_id: ProductType::Other.id(),
        release_id: None,
        user_id,
        display_name: display_name.to_owned(),
        official_product: false,
        pz_code: None,
        description: None,
        status: ProductStatus::Published,
        release_year: None,
    };
    store.create_product(product).await.unwrap()
}

async fn facets(store: &Store, user_id: i64, conditions: Vec<ListCondition<ProductField>>) -> ProductFacets {
    let viewer = Viewer {
        user_id,
        is_admin: false,
    };
    let query = ListQuery {
        conditions,
        ..ListQuery::default()
    };
    let (count, _) = store.list_products(viewer, &query, false).await.unwrap();
    let found = store.product_facets(viewer, &query, false).await.unwrap();
    assert_eq!(found.count, count, "the list and its facets agree");
    (*found).clone()
}

fn value(value: &str, label: &str, count: u64) -> FacetValue {
    FacetValue {
        value: value.to_owned(),
        label: label.to_owned(),
        count,
    }
}

async fn origins_are_pipelines(store: Store) {
    let alice = add_user(&store, "alice").await;
    let mut pipelines = Vec::new();
    for (name, display_name) in [
        ("combine", "Combine"),
        ("training_set_maker", "Training Set Maker"),
    ] {
        let pipeline = NewPipeline {
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            version: "1".to_owned(),
            description: None,
            system_config: json!({}),
            output_product_type_id: ProductType::TrainingSet.id(),
            product_types_accepted: vec![1],
        };
        pipelines.push(store.add_pipeline(pipeline).await.unwrap().id);
    }
    for number in 0..5 {
        let product = add_product(&store, alice, &format!("Product {number}")).await;
        if number < 2 {
            let process = processes::ActiveModel {
                display_name: Set("Run".to_owned()),
                pipeline_id: Set(pipelines[0]),
                pipeline_version: Set("1".to_owned()),
                user_id: Set(alice),
                output_product_id: Set(product),
                status: Set("Successful".to_owned()),
                phase: Set("done".to_owned()),
                created_at: Set(Timestamp::now().to_utc()),
                ..Default::default()
            };
            process.insert(store.connection()).await.unwrap();
        }
    }
    let origins = vec![
        value("upload", "Upload", 3),
        value("combine", "Combine", 2),
        value("training_set_maker", "Training Set Maker", 0),
    ];
    let all = facets(&store, alice, Vec::new()).await;
    assert_eq!((all.count, &all.facets.origin), (5, &origins));
    let of_pipeline = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let combined = ListCondition::TextIn(ProductField::Pipeline, of_pipeline(&["combine"]));
    let found = facets(&store, alice, vec![combined]).await;
    assert_eq!(
        (found.count, &found.facets.origin),
        (2, &origins),
        "its own selection is left out"
    );
    let uploaded = ListCondition::TextInOrNull(ProductField::Pipeline, of_pipeline(&["training_set_maker"]));
    assert_eq!(facets(&store, alice, vec![uploaded]).await.count, 3);
    assert_eq!(found.facets.owner, [value("alice", "alice", 2)]);
}

async fn columns_are_summed_up(store: Store) {
    let alice = add_user(&store, "alice").await;
    let product = add_product(&store, alice, "Catalog").await;
    let with = |role: &str| vec![ListCondition::WordIn(ProductField::Roles, vec![role.to_owned()])];
    let between = |low, high| {
        vec![ListCondition::Touches(
            ProductField::ZMin,
            ProductField::ZMax,
            low,
            high,
        )]
    };
    assert_eq!(facets(&store, alice, with("z")).await.count, 0);
    let column = store
        .add_content(product, "redshift".to_owned(), None, None, None)
        .await
        .unwrap();
    let statistics = product_contents::ActiveModel {
        id: Set(column.id),
        statistics: Set(Some(json!({"min": 0.25, "max": 1.5}))),
        ..Default::default()
    };
    statistics.update(store.connection()).await.unwrap();
    assert_eq!(facets(&store, alice, between(None, None)).await.count, 0);
    let meaning = |alias: Option<&str>| ContentChanges {
        alias: Some(alias.map(str::to_owned)),
        ..ContentChanges::default()
    };
    store.change_content(column.id, meaning(Some("z"))).await.unwrap();
    assert_eq!(facets(&store, alice, with("z")).await.count, 1);
    assert_eq!(
        facets(&store, alice, with("z_err")).await.count,
        0,
        "a word is a whole one"
    );
    assert_eq!(facets(&store, alice, between(Some(1.5), None)).await.count, 1);
    assert_eq!(facets(&store, alice, between(Some(1.6), None)).await.count, 0);
    assert_eq!(facets(&store, alice, between(None, Some(0.2))).await.count, 0);

    // As it was before this was kept: made good when the service starts.
    let forget = "UPDATE products SET roles = NULL, z_min = NULL, z_max = NULL";
    store.connection().execute_unprepared(forget).await.unwrap();
    assert_eq!(facets(&store, alice, with("z")).await.count, 0);
    assert_eq!(store.sum_up_old_columns().await.unwrap(), 1);
    assert_eq!(
        facets(&store, alice, between(Some(1.5), Some(9.0))).await.count,
        1
    );
    assert_eq!(store.sum_up_old_columns().await.unwrap(), 0);

    store.change_content(column.id, meaning(None)).await.unwrap();
    assert_eq!(facets(&store, alice, with("z")).await.count, 0);
    store.change_content(column.id, meaning(Some("z"))).await.unwrap();
    store.delete_content(column.id).await.unwrap();
    assert_eq!(facets(&store, alice, between(None, None)).await.count, 0);
}

async fn few_plots_are_kept(store: Store) {
    let alice = add_user(&store, "alice").await;
    let (product, other) = (
        add_product(&store, alice, "One").await,
        add_product(&store, alice, "Two").await,
    );
    store
        .keep_plot(other, "k-aa", "aa", json!({"n": 0}))
        .await
        .unwrap();
    for number in 0..60 {
        let key = format!("k{number}-aa");
        store
            .keep_plot(product, &key, "aa", json!({"n": number}))
            .await
            .unwrap();
        assert_eq!(
            store.plot(product, &key).await.unwrap(),
            Some(json!({"n": number}))
        );
    }
    let count = async || plots::Entity::find().count(store.connection()).await.unwrap();
    assert_eq!(count().await, 49, "48 of a product");
    assert_eq!(store.plot(product, "k0-aa").await.unwrap(), None);
    // The same again replaces; another file forgets what was of the old one.
    store
        .keep_plot(product, "k59-aa", "aa", json!({"n": "new"}))
        .await
        .unwrap();
    assert_eq!(
        store.plot(product, "k59-aa").await.unwrap(),
        Some(json!({"n": "new"}))
    );
    store.keep_plot(product, "k1-bb", "bb", json!({})).await.unwrap();
    assert_eq!(count().await, 2);
    assert_eq!(store.plot(other, "k-aa").await.unwrap(), Some(json!({"n": 0})));
    assert_eq!(store.plot(other, "k1-bb").await.unwrap(), None);
}

/// Everything that can be ticked, over a hundred thousand products.
#[expect(clippy::print_stdout, reason = "the figures are of interest when one looks")]
async fn a_hundred_thousand_products(store: Store) {
    const PRODUCTS: i64 = 100_000;
    let alice = add_user(&store, "alice").await;
    let bob = add_user(&store, "bob").await;
    let first = add_product(&store, alice, "The first").await;
    let now = "'2026-11-21 00:00:00.000000+00:00'";
    let numbers = if store.backend() == sea_orm::DbBackend::Sqlite {
        format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})",
            PRODUCTS - 1
        )
    } else {
        format!("WITH n(i) AS (SELECT generate_series(1, {}))", PRODUCTS - 1)
    };
    let products = format!(
        "INSERT INTO products (id, product_type_id, user_id, internal_name, display_name, name_search, \
         official_product, status, release_year, created_at, updated_at, concept_id, version_number, roles, z_min, \
         z_max) {numbers} SELECT {first} + i, 1 + i % 7, CASE WHEN i % 3 = 0 THEN {bob} ELSE {alice} END, \
         'p' || i, 'Product ' || i, 'product ' || i, i % 10 = 0, 1, 2015 + i % 11, {now}, {now}, {first} + i, 1, \
         CASE WHEN i % 2 = 0 THEN ',RA,Dec,z,' ELSE ',' END, CASE WHEN i % 2 = 0 THEN 0.01 * (i % 50) END, \
         CASE WHEN i % 2 = 0 THEN 0.01 * (i % 50) + 1 END FROM n"
    );
    let files = format!(
        "INSERT INTO product_files (product_id, role, name, extension, size_bytes, is_directory, blob_key, sha256, \
         crc32, n_rows, table_format, created_at, updated_at) {numbers} SELECT {first} + i, 0, 'f', '.x', 1, {}, \
         'b' || i, 's' || i, 0, 10 * i, CASE i % 4 WHEN 0 THEN 'csv' WHEN 1 THEN 'fits' ELSE 'parquet' END, {now}, \
         {now} FROM n",
        if store.backend() == sea_orm::DbBackend::Sqlite {
            "0"
        } else {
            "false"
        },
    );
    for sql in [products, files] {
        store.connection().execute_unprepared(&sql).await.unwrap();
    }
    store.connection().execute_unprepared("ANALYZE").await.unwrap();
    let viewer = Viewer {
        user_id: alice,
        is_admin: false,
    };
    let ask = async |conditions: Vec<ListCondition<ProductField>>| {
        let query = ListQuery {
            conditions,
            ..ListQuery::default()
        };
        let before = store.statement_count();
        let start = std::time::Instant::now();
        let found = store.product_facets(viewer, &query, false).await.unwrap();
        (found, start.elapsed(), store.statement_count() - before)
    };
    let (all, cold, statements) = ask(Vec::new()).await;
    assert!(statements <= 6, "{statements}");
    let count_of = |values: &[FacetValue], wanted: &str| {
        values.iter().find(|value| value.value == wanted).unwrap().count
    };
    let of = |wanted: &dyn Fn(i64) -> bool| (1..PRODUCTS).filter(|i| wanted(*i)).count() as u64;
    assert_eq!(all.count, PRODUCTS as u64);
    assert_eq!(count_of(&all.facets.owner, "bob"), of(&|i| i % 3 == 0));
    assert_eq!(count_of(&all.facets.format, "fits"), of(&|i| i % 4 == 1));
    assert_eq!(count_of(&all.facets.format, "none"), 1);
    assert_eq!(count_of(&all.facets.roles, "z"), of(&|i| i % 2 == 0));
    assert_eq!(count_of(&all.facets.year, "2020"), of(&|i| 2015 + i % 11 == 2020));
    assert_eq!(
        all.ranges.rows.histogram.counts.iter().sum::<u64>(),
        PRODUCTS as u64 - 1
    );
    let ticks = vec![
        ListCondition::NumberIn(ProductField::ProductTypeId, vec![2, 3]),
        ListCondition::Between(ProductField::Rows, Some(1000.0), Some(500_000.0)),
    ];
    let (ticked, warm, again) = ask(ticks).await;
    assert_eq!(again, 1, "only the revision is looked at");
    let in_rows = |i: i64| (1000..=500_000).contains(&(10 * i));
    assert_eq!(ticked.count, of(&|i| in_rows(i) && (1..=2).contains(&(i % 7))));
    assert_eq!(
        count_of(&ticked.facets.product_type, "5"),
        of(&|i| in_rows(i) && i % 7 == 4)
    );
    assert_eq!(
        count_of(&ticked.facets.format, "csv"),
        of(&|i| in_rows(i) && (1..=2).contains(&(i % 7)) && i % 4 == 0)
    );
    let searched = ListCondition::Contains {
        fields: vec![ProductField::NameSearch],
        pieces: vec!["77".to_owned()],
        any: false,
    };
    let (found, search, _) = ask(vec![searched]).await;
    assert_eq!(found.count, of(&|i| i.to_string().contains("77")));
    println!(
        "{:?}: cold {cold:?}, ticked {warm:?}, searched {search:?}",
        store.backend()
    );
}
