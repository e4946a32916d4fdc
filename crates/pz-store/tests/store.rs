//! The store on both databases: migrations up and down, entities as the migrations make them, and the
//! rules that only a database can keep.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

use pz_model::{FileRole, ProductStatus, ProductType};
use pz_store::accounts::NewUser;
use pz_store::list::{ListCondition, ListQuery};
use pz_store::product_contents::ContentChanges;
use pz_store::product_files::{AddedFile, NewFile};
use pz_store::products::{NewProduct, ProductField};
use pz_store::registration::{ContainerMember, NewContent, Registered, Registration, UnwrappedFile};
use pz_store::releases::NewRelease;
use pz_store::{Store, StoreError, StoreOptions, Viewer};
use sea_orm::{ConnectionTrait, EntityTrait, Schema, Statement};
use std::time::Duration;
use tempfile::TempDir;

struct TestStore {
    store: Store,
    _directory: TempDir,
}

async fn open(database_url: Option<String>) -> TestStore {
    let directory = tempfile::tempdir().unwrap();
    let options = StoreOptions {
        database_url: database_url
            .unwrap_or_else(|| Store::sqlite_url(&directory.path().join("test.sqlite3"))),
        max_connections: 8,
        blob_directory: directory.path().join("blobs"),
    };
    let store = Store::open(&options).await.unwrap();
    store.migrate().await.unwrap();
    TestStore {
        store,
        _directory: directory,
    }
}

macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                super::$name(super::open(None).await.store.clone()).await;
            }

            #[tokio::test]
            async fn postgres() {
                let url = pz_test_postgres::fresh_database().unwrap();
                super::$name(super::open(Some(url)).await.store.clone()).await;
            }
        }
    )+};
}

on_both_databases!(
    migrations_go_down_and_up_again,
    entities_fit_the_tables,
    ids_are_never_used_again,
    visibility,
    search_folds_unicode_and_takes_wildcards_literally,
    order_is_the_same_everywhere,
    counts_follow_every_change,
    one_main_file_at_most,
    registration_keeps_meanings,
    unwrapped_files_take_the_place_of_archives,
    orphan_blobs_are_collected,
);

async fn add_user(store: &Store, username: &str, is_superuser: bool) -> i64 {
    let user = NewUser {
        username: username.to_owned(),
        is_superuser,
        ..NewUser::default()
    };
    store.add_user(user).await.unwrap().id
}

fn new_product(user_id: i64, display_name: &str) -> NewProduct {
    NewProduct {
        product_type_id: ProductType::Other.id(),
        release_id: None,
        user_id,
        display_name: display_name.to_owned(),
        official_product: false,
        pz_code: None,
        description: None,
        status: ProductStatus::Published,
        release_year: None,
    }
}

async fn names(store: &Store, viewer: Viewer, query: &ListQuery<ProductField>) -> Vec<String> {
    let (count, rows) = store.list_products(viewer, query, false).await.unwrap();
    assert_eq!(count as usize, rows.len());
    rows.into_iter().map(|row| row.display_name).collect()
}

async fn migrations_go_down_and_up_again(store: Store) {
    add_user(&store, "alice", false).await;
    store.migrate_down(None).await.unwrap();
    store.migrate().await.unwrap();
    assert!(!store.has_users().await.unwrap());
    let (count, types) = store.list_product_types(&ListQuery::default()).await.unwrap();
    assert_eq!(count, 7);
    let ids: Vec<i64> = types.iter().map(|row| row.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(types[4].name, "training_results");
    // Migrating twice is nothing.
    store.migrate().await.unwrap();
}

/// Every column of every entity is in its table: selecting them all does not fail.
async fn entities_fit_the_tables(store: Store) {
    use pz_store::entities::*;
    let db = store.connection();
    macro_rules! check {
        ($($entity:ident),+) => {$(
            $entity::Entity::find().all(db).await.unwrap();
            let from_entity = Schema::new(db.get_database_backend()).create_table_from_entity($entity::Entity);
            let columns = from_entity.get_columns().len();
            let name = stringify!($entity);
            let sql = format!("SELECT * FROM (SELECT 1) AS one LEFT JOIN {name} ON 1 = 1 LIMIT 1");
            let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
            // The helper relation has one column of its own.
            assert_eq!(row.column_names().len() - 1, columns, "columns of {name}");
        )+};
    }
    check!(
        users,
        groups,
        memberships,
        api_tokens,
        releases,
        release_groups,
        product_types,
        products,
        product_files,
        product_contents,
        pipelines,
        pipeline_accepted_types,
        processes,
        process_inputs,
        file_containers,
        download_archives,
        jobs,
        audit_log,
        uploads,
        events,
        plots
    );
}

async fn ids_are_never_used_again(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let first = store
        .create_product(new_product(alice, "First one"))
        .await
        .unwrap();
    let viewer = Viewer {
        user_id: alice,
        is_admin: false,
    };
    let row = store.product(viewer, first).await.unwrap().unwrap();
    assert_eq!(row.internal_name, Some(format!("{first}_first_one")));
    let delete = format!("DELETE FROM products WHERE id = {first}");
    store.connection().execute_unprepared(&delete).await.unwrap();
    let second = store
        .create_product(new_product(alice, "First one"))
        .await
        .unwrap();
    assert!(second > first);
    let again = store
        .add_user(NewUser {
            username: "alice".into(),
            ..NewUser::default()
        })
        .await;
    assert!(matches!(again, Err(StoreError::AlreadyExists(_))));
}

async fn visibility(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let bob = add_user(&store, "bob", false).await;
    let group = store.group("dp1").await.unwrap();
    let add_release = async |name: &str, is_public, access_groups| {
        let release = NewRelease {
            name: name.into(),
            display_name: name.into(),
            is_public,
            access_groups,
            ..NewRelease::default()
        };
        store.add_release(release).await.unwrap().id
    };
    let restricted = add_release("restricted", false, vec![group.id]).await;
    let public = add_release("public", true, vec![group.id]).await;
    let unrestricted = add_release("unrestricted", false, vec![]).await;
    let mut restricted_product = 0;
    for (name, release_id) in [
        ("r", Some(restricted)),
        ("p", Some(public)),
        ("u", Some(unrestricted)),
        ("n", None),
    ] {
        let product = NewProduct {
            release_id,
            ..new_product(alice, name)
        };
        let id = store.create_product(product).await.unwrap();
        if name == "r" {
            restricted_product = id;
        }
    }
    for status in [
        ProductStatus::Registering,
        ProductStatus::Processing,
        ProductStatus::Failed,
    ] {
        store
            .create_product(NewProduct {
                status,
                ..new_product(alice, status.label())
            })
            .await
            .unwrap();
    }
    let deleted = store.create_product(new_product(alice, "deleted")).await.unwrap();
    store.delete_product(deleted, alice).await.unwrap();

    let by_name = ListQuery {
        order: vec![(ProductField::NameSearch, false)],
        ..ListQuery::default()
    };
    let as_alice = Viewer {
        user_id: alice,
        is_admin: false,
    };
    let as_bob = Viewer {
        user_id: bob,
        is_admin: false,
    };
    let as_admin = Viewer {
        user_id: bob,
        is_admin: true,
    };
    let all = ["Failed", "n", "p", "Processing", "r", "Registering", "u"];
    assert_eq!(names(&store, as_alice, &by_name).await, all);
    assert_eq!(names(&store, as_admin, &by_name).await, all);
    assert_eq!(names(&store, as_bob, &by_name).await, ["n", "p", "u"]);
    assert!(store.product(as_bob, restricted_product).await.unwrap().is_none());
    assert_eq!(
        store
            .visible_release_ids(as_bob, &[restricted, public, unrestricted])
            .await
            .unwrap()
            .len(),
        2
    );

    store.join_group(bob, group.id).await.unwrap();
    assert_eq!(names(&store, as_bob, &by_name).await, ["n", "p", "r", "u"]);
    assert!(store.product(as_bob, restricted_product).await.unwrap().is_some());

    // Deleted: nobody by accident, the owner on request, others never.
    assert!(store.product(as_alice, deleted).await.unwrap().is_none());
    let (_, rows) = store.list_products(as_alice, &by_name, true).await.unwrap();
    assert!(rows.iter().any(|row| row.id == deleted));
    let (_, rows) = store.list_products(as_bob, &by_name, true).await.unwrap();
    assert!(rows.iter().all(|row| row.id != deleted));
    assert!(matches!(
        store.delete_product(deleted, alice).await,
        Err(StoreError::Missing { .. })
    ));
}

async fn search_folds_unicode_and_takes_wildcards_literally(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    for name in ["Straße ÉTÉ", "100% sure", "under_score", "back\\slash", "plain"] {
        store.create_product(new_product(alice, name)).await.unwrap();
    }
    let viewer = Viewer {
        user_id: alice,
        is_admin: false,
    };
    let found = async |pieces: &[&str], any| {
        let condition = ListCondition::Contains {
            fields: vec![ProductField::NameSearch],
            pieces: pieces.iter().map(|piece| (*piece).to_owned()).collect(),
            any,
        };
        let query = ListQuery {
            conditions: vec![condition],
            ..ListQuery::default()
        };
        names(&store, viewer, &query).await
    };
    assert_eq!(found(&["éTé"], false).await, ["Straße ÉTÉ"]);
    assert_eq!(found(&["%"], false).await, ["100% sure"]);
    assert_eq!(found(&["_"], false).await, ["under_score"]);
    assert_eq!(found(&["\\"], false).await, ["back\\slash"]);
    assert_eq!(found(&["u", "r"], false).await, ["100% sure", "under_score"]);
    assert_eq!(found(&["plain", "100"], true).await, ["100% sure", "plain"]);
    assert_eq!(found(&[""], false).await.len(), 5);
    // Types are searched by both names, owners by login.
    let by_type = ListCondition::Contains {
        fields: vec![ProductField::TypeSearch],
        pieces: vec!["OTHER".into()],
        any: false,
    };
    let by_owner = ListCondition::Contains {
        fields: vec![ProductField::OwnerSearch],
        pieces: vec!["LIC".into()],
        any: false,
    };
    let by_release = ListCondition::Contains {
        fields: vec![ProductField::ReleaseSearch],
        pieces: vec![String::new()],
        any: false,
    };
    let query = ListQuery {
        conditions: vec![by_type, by_owner],
        ..ListQuery::default()
    };
    assert_eq!(names(&store, viewer, &query).await.len(), 5);
    // A null column never matches, not even an empty piece.
    let query = ListQuery {
        conditions: vec![by_release],
        ..ListQuery::default()
    };
    assert!(names(&store, viewer, &query).await.is_empty());
}

async fn order_is_the_same_everywhere(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    for name in ["b", "A", "é", "a", "_", "Z", "B"] {
        store.create_product(new_product(alice, name)).await.unwrap();
    }
    let viewer = Viewer {
        user_id: alice,
        is_admin: false,
    };
    let mut query = ListQuery {
        order: vec![(ProductField::NameSearch, false)],
        ..ListQuery::default()
    };
    // Code points of the lower-case name, then age.
    assert_eq!(
        names(&store, viewer, &query).await,
        ["_", "A", "a", "b", "B", "Z", "é"]
    );
    query.order = vec![(ProductField::NameSearch, true)];
    assert_eq!(
        names(&store, viewer, &query).await,
        ["é", "Z", "B", "b", "a", "A", "_"]
    );
    // Without a release first, then by id.
    query.order = vec![(ProductField::ReleaseId, false)];
    assert_eq!(
        names(&store, viewer, &query).await,
        ["b", "A", "é", "a", "_", "Z", "B"]
    );
    query.offset = 2;
    query.limit = 2;
    let (count, rows) = store.list_products(viewer, &query, false).await.unwrap();
    let page: Vec<&str> = rows.iter().map(|row| row.display_name.as_str()).collect();
    assert_eq!((count, page), (7, vec!["é", "a"]));
}

/// What is remembered of a count is dropped by every change that could change it.
async fn counts_follow_every_change(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let bob = add_user(&store, "bob", false).await;
    let group = store.group("dp1").await.unwrap();
    let release = NewRelease {
        name: "dp1".into(),
        display_name: "DP1".into(),
        access_groups: vec![group.id],
        ..NewRelease::default()
    };
    let release_id = Some(store.add_release(release).await.unwrap().id);
    let as_bob = Viewer {
        user_id: bob,
        is_admin: false,
    };
    let count = async || {
        let query = ListQuery {
            limit: 1,
            ..ListQuery::default()
        };
        store.list_products(as_bob, &query, false).await.unwrap().0
    };
    let first = store.create_product(new_product(alice, "first")).await.unwrap();
    assert_eq!(count().await, 1);
    let restricted = NewProduct {
        release_id,
        ..new_product(alice, "restricted")
    };
    store.create_product(restricted).await.unwrap();
    assert_eq!(count().await, 1);
    store.join_group(bob, group.id).await.unwrap();
    assert_eq!(count().await, 2, "a membership opens a release");
    let draft = pz_store::products::ProductChanges {
        status: Some(ProductStatus::Registering),
        ..Default::default()
    };
    store.change_product(first, draft).await.unwrap();
    assert_eq!(count().await, 1);
    let before = store.statement_count();
    assert_eq!(count().await, 1);
    assert_eq!(
        store.statement_count() - before,
        1,
        "nothing changed: not counted again"
    );
    store.delete_product(first, alice).await.unwrap();
    store
        .connection()
        .execute_unprepared("DELETE FROM release_groups")
        .await
        .unwrap();
    store
        .connection()
        .execute_unprepared("DELETE FROM memberships")
        .await
        .unwrap();
    assert_eq!(count().await, 1, "a release without groups is open");
}

async fn file(store: &Store, product_id: i64, role: FileRole, bytes: &[u8]) -> NewFile {
    let blob = store.blobs.put(bytes).await.unwrap();
    NewFile {
        product_id,
        role,
        name: "cat.csv".into(),
        mime_type: None,
        extension: ".csv".into(),
        blob,
    }
}

async fn one_main_file_at_most(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let draft = NewProduct {
        status: ProductStatus::Registering,
        ..new_product(alice, "draft")
    };
    let id = store.create_product(draft).await.unwrap();
    let first = store
        .add_file(file(&store, id, FileRole::Main, b"first").await)
        .await
        .unwrap();
    let AddedFile::Added(first) = first else {
        panic!("the first main file is added")
    };
    let second = store
        .add_file(file(&store, id, FileRole::Main, b"second").await)
        .await
        .unwrap();
    let AddedFile::Replaced {
        file: second,
        old_blob_key,
    } = second
    else {
        panic!("a draft's is replaced")
    };
    assert_eq!(old_blob_key, first.blob_key);
    assert_eq!(second.size_bytes, 6);
    let both = store
        .add_file(file(&store, id, FileRole::Auxiliary, b"x").await)
        .await
        .unwrap();
    assert!(matches!(both, AddedFile::Added(_)));

    // At the same time: one after the other, never two.
    let (a, b) = (
        file(&store, id, FileRole::Main, b"a").await,
        file(&store, id, FileRole::Main, b"b").await,
    );
    let (a, b) = tokio::join!(store.add_file(a), store.add_file(b));
    assert!(matches!(a.unwrap(), AddedFile::Replaced { .. }));
    assert!(matches!(b.unwrap(), AddedFile::Replaced { .. }));
    let files = store.files_of(id).await.unwrap();
    assert_eq!(files.iter().filter(|file| file.role == 0).count(), 1);

    let published = store
        .create_product(new_product(alice, "published"))
        .await
        .unwrap();
    store
        .add_file(file(&store, published, FileRole::Main, b"x").await)
        .await
        .unwrap();
    let refused = store
        .add_file(file(&store, published, FileRole::Main, b"y").await)
        .await
        .unwrap();
    assert_eq!(refused, AddedFile::MainFileExists);
    store.delete_product(published, alice).await.unwrap();
    let gone = store
        .add_file(file(&store, published, FileRole::Auxiliary, b"y").await)
        .await
        .unwrap();
    assert_eq!(gone, AddedFile::ProductGone);
}

async fn registration_keeps_meanings(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let id = store.create_product(new_product(alice, "product")).await.unwrap();
    let AddedFile::Added(main) = store
        .add_file(file(&store, id, FileRole::Main, b"x").await)
        .await
        .unwrap()
    else {
        panic!("the main file is added")
    };
    let column = |name: &str, ucd: Option<&str>| NewContent {
        column_name: name.into(),
        dtype: Some("float64".into()),
        shape: Vec::new(),
        unit: None,
        ucd: ucd.map(str::to_owned),
        description: None,
        statistics: Some(serde_json::json!({"count": 3})),
        samples: vec!["0.1".to_owned()],
    };
    let registration = |contents| Registration {
        file_id: main.id,
        blob_key: main.blob_key.clone(),
        unwrapped: None,
        n_rows: Some(3),
        table_format: Some("csv".into()),
        table_layout: Some(serde_json::json!({"format": "csv"})),
        contents,
    };
    store
        .note_registry_error(id, "broken", "broken_file")
        .await
        .unwrap();
    let kept = Registered::Kept { old_blob_key: None };
    let first = registration(vec![column("ra", None), column("z", Some("src.redshift"))]);
    assert_eq!(store.register(id, first).await.unwrap(), kept);
    let viewer = Viewer {
        user_id: alice,
        is_admin: false,
    };
    let product = store.product(viewer, id).await.unwrap().unwrap();
    assert_eq!((product.n_rows, product.registry_error), (Some(3), None));
    let columns = store.contents_of(id).await.unwrap();
    assert_eq!(
        columns[1].ucd.as_deref(),
        Some("src.redshift"),
        "the file's own UCD is taken over"
    );
    let changes = ContentChanges {
        alias: Some(Some("RA".into())),
        ..ContentChanges::default()
    };
    store.change_content(columns[0].id, changes).await.unwrap();

    // 1,200 columns in another order; "ra" keeps its alias.
    let mut many: Vec<NewContent> = (0..1200).map(|i| column(&format!("c{i}"), None)).collect();
    many.push(column("ra", None));
    many.push(column("z", Some("src.redshift;em.opt")));
    assert_eq!(store.register(id, registration(many)).await.unwrap(), kept);
    let columns = store.contents_of(id).await.unwrap();
    assert_eq!(columns.len(), 1202);
    assert_eq!(columns[1200].alias.as_deref(), Some("RA"));
    assert_eq!(
        columns[1201].ucd.as_deref(),
        Some("src.redshift"),
        "it has one already"
    );
    assert!(
        columns
            .iter()
            .enumerate()
            .all(|(position, column)| column.position == position as i32)
    );

    // A UCD that the file has and nobody gave is taken over later, too.
    let now = registration(vec![column("ra", Some("pos.eq.ra")), column("c0", None)]);
    assert_eq!(store.register(id, now).await.unwrap(), kept);
    let columns = store.contents_of(id).await.unwrap();
    assert_eq!(columns[0].alias.as_deref(), Some("RA"));
    assert_eq!(columns[0].ucd.as_deref(), Some("pos.eq.ra"));

    let mut stale = registration(Vec::new());
    stale.file_id = main.id + 1000;
    assert_eq!(
        store.register(id, stale).await.unwrap(),
        Registered::Superseded,
        "another file is no longer the main file"
    );
    let mut stale = registration(Vec::new());
    stale.blob_key = "other".into();
    assert_eq!(store.register(id, stale).await.unwrap(), Registered::Superseded);
    assert_eq!(store.contents_of(id).await.unwrap().len(), 2);
}

async fn unwrapped_files_take_the_place_of_archives(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let id = store.create_product(new_product(alice, "product")).await.unwrap();
    let AddedFile::Added(main) = store
        .add_file(file(&store, id, FileRole::Main, b"PK archive").await)
        .await
        .unwrap()
    else {
        panic!("the main file is added")
    };
    let registration = |unwrapped| Registration {
        file_id: main.id,
        blob_key: main.blob_key.clone(),
        unwrapped: Some(unwrapped),
        n_rows: Some(3),
        table_format: Some("hats".into()),
        table_layout: None,
        contents: Vec::new(),
    };

    let staged = store.blobs.stage().unwrap();
    fs_err::write(staged.path(), b"--one--three").unwrap();
    assert!(store.blobs.list().await.unwrap().len() == 1, "it is no blob yet");
    let (blob, digests) = store.blobs.adopt(staged, vec![2..5, 7..12]).await.unwrap();
    assert_eq!(blob, {
        let put = store.blobs.put(b"--one--three").await.unwrap();
        store.blobs.remove(&put.key).await.unwrap();
        pz_store::StoredBlob {
            key: blob.key.clone(),
            ..put
        }
    });
    assert_eq!(digests[0].crc32, pz_store::blobs::crc32(b"one"));
    let member = |name: &str, offset, bytes, index: usize| ContainerMember {
        name: name.into(),
        offset,
        bytes,
        crc32: digests[index].crc32,
        sha256: digests[index].sha256.clone(),
    };
    let members = vec![member("a", 2, 3, 0), member("b/c", 7, 5, 1)];
    let unwrapped = UnwrappedFile {
        name: "cat".into(),
        extension: String::new(),
        size_bytes: 8,
        blob: blob.clone(),
        members: Some(members.clone()),
    };
    assert_eq!(
        store.register(id, registration(unwrapped.clone())).await.unwrap(),
        Registered::Kept {
            old_blob_key: Some(main.blob_key.clone())
        }
    );
    let file = store.main_file(id).await.unwrap().unwrap();
    assert_eq!(
        (file.id, file.name.as_str(), file.extension.as_str()),
        (main.id, "cat", "")
    );
    assert_eq!((file.size_bytes, file.is_directory), (8, true));
    assert_eq!((&file.blob_key, &file.sha256), (&blob.key, &blob.sha256));
    assert_eq!(file.mime_type, main.mime_type);
    let container = store.container(file.id).await.unwrap();
    assert_eq!((container.blob_bytes, &container.members), (12, &members));

    // A second one that read the archive comes too late.
    assert_eq!(
        store.register(id, registration(unwrapped)).await.unwrap(),
        Registered::Superseded
    );
    // With the file its list of members goes.
    store.delete_file(file.id).await.unwrap();
    assert!(matches!(
        store.container(file.id).await,
        Err(StoreError::Missing { .. })
    ));

    // What is not adopted is not kept; parts must lie within.
    let staged = store.blobs.stage().unwrap();
    fs_err::write(staged.path(), b"x").unwrap();
    let path = staged.path().to_owned();
    drop(staged);
    assert!(!path.try_exists().unwrap());
    for parts in [vec![0..1, 1..2], vec![0..1, 0..1]] {
        let staged = store.blobs.stage().unwrap();
        fs_err::write(staged.path(), b"x").unwrap();
        let path = staged.path().to_owned();
        assert!(store.blobs.adopt(staged, parts).await.is_err());
        assert!(!path.try_exists().unwrap());
    }
}

async fn orphan_blobs_are_collected(store: Store) {
    let alice = add_user(&store, "alice", false).await;
    let id = store.create_product(new_product(alice, "product")).await.unwrap();
    let kept = file(&store, id, FileRole::Auxiliary, b"kept").await;
    let kept_key = kept.blob.key.clone();
    store.add_file(kept).await.unwrap();
    let orphan = store.blobs.put(b"orphan").await.unwrap();
    assert_eq!(
        store
            .collect_orphan_blobs(Duration::from_secs(3600))
            .await
            .unwrap(),
        0,
        "young ones are left"
    );
    assert_eq!(store.collect_orphan_blobs(Duration::ZERO).await.unwrap(), 1);
    assert!(store.blobs.read(&orphan.key, 0, 1).await.is_err());
    assert_eq!(&store.blobs.read(&kept_key, 0, 4).await.unwrap()[..], b"kept");
}
