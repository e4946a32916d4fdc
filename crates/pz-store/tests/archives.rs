//! What archives say beside the files, compressed copies, and checksums of archives: on both databases.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

use std::time::Duration;

use pz_model::{FileRole, ProductStatus, ProductType, Timestamp};
use pz_store::accounts::NewUser;
use pz_store::entities::{process_inputs, processes, product_files, release_groups};
use pz_store::pipelines::NewPipeline;
use pz_store::product_files::{AddedFile, NewFile};
use pz_store::products::NewProduct;
use pz_store::releases::NewRelease;
use pz_store::{Store, StoreOptions};
use sea_orm::{EntityTrait, Set};

macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let directory = tempfile::tempdir().unwrap();
                let url = pz_store::Store::sqlite_url(&directory.path().join("test.sqlite3"));
                super::$name(super::open(url, &directory).await).await;
            }

            #[tokio::test]
            async fn postgres() {
                let directory = tempfile::tempdir().unwrap();
                let url = pz_test_postgres::fresh_database().unwrap();
                super::$name(super::open(url, &directory).await).await;
            }
        }
    )+};
}

on_both_databases!(
    only_what_everybody_sees_is_a_source,
    copies_belong_to_their_bytes,
    checksums
);

async fn open(database_url: String, directory: &tempfile::TempDir) -> Store {
    let options = StoreOptions {
        database_url,
        max_connections: 4,
        blob_directory: directory.path().join("blobs"),
    };
    let store = Store::open(&options).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn owner(store: &Store) -> i64 {
    let user = NewUser {
        username: "alice".to_owned(),
        email: "alice.liddell@example.org".to_owned(),
        ..NewUser::default()
    };
    store.add_user(user).await.unwrap().id
}

async fn product(store: &Store, user_id: i64, status: ProductStatus, release_id: Option<i64>) -> i64 {
    let product = NewProduct {
        product_type_id: ProductType::Other.id(),
        release_id,
        user_id,
        display_name: format!("{status:?} of {release_id:?}"),
        official_product: false,
        pz_code: None,
        description: None,
        status,
        release_year: None,
    };
    store.create_product(product).await.unwrap()
}

async fn file(store: &Store, product_id: i64) -> product_files::Model {
    let blob = store.blobs.put(b"some text").await.unwrap();
    let new = NewFile {
        product_id,
        role: FileRole::Auxiliary,
        name: "a.txt".to_owned(),
        mime_type: None,
        extension: ".txt".to_owned(),
        blob,
    };
    let AddedFile::Added(file) = store.add_file(new).await.unwrap() else {
        panic!("nothing is in the way")
    };
    file
}

async fn copy(store: &Store, file: &product_files::Model) -> pz_store::StoredBlob {
    let mut writer = store.blobs.copy_writer(&file.blob_key).await.unwrap();
    writer.write(b"some").await.unwrap();
    writer.finish().await.unwrap()
}

async fn only_what_everybody_sees_is_a_source(store: Store) {
    let user_id = owner(&store).await;
    let release = async |name: &str| {
        let release = NewRelease {
            name: name.to_owned(),
            display_name: name.to_owned(),
            ..NewRelease::default()
        };
        store.add_release(release).await.unwrap().id
    };
    let (open, own, closed) = (
        release("open").await,
        release("own").await,
        release("closed").await,
    );
    let group = store.group("insiders").await.unwrap().id;
    for release_id in [own, closed] {
        let row = release_groups::ActiveModel {
            release_id: Set(release_id),
            group_id: Set(group),
        };
        release_groups::Entity::insert(row)
            .exec(store.connection())
            .await
            .unwrap();
    }
    let pipeline = store
        .add_pipeline(NewPipeline {
            name: "combine".to_owned(),
            display_name: "Combine".to_owned(),
            version: "2.0".to_owned(),
            description: None,
            system_config: serde_json::json!({"param": {}}),
            output_product_type_id: ProductType::Other.id(),
            product_types_accepted: Vec::new(),
        })
        .await
        .unwrap();
    let published = ProductStatus::Published;
    let output = product(&store, user_id, published, Some(own)).await;
    assert_eq!(store.making(output).await.unwrap(), None);
    let now = Timestamp::now().to_utc();
    let run = processes::ActiveModel {
        display_name: Set("A run".to_owned()),
        pipeline_id: Set(pipeline.id),
        pipeline_version: Set("1.9".to_owned()),
        user_id: Set(user_id),
        output_product_id: Set(output),
        status: Set("Successful".to_owned()),
        phase: Set("done".to_owned()),
        created_at: Set(now),
        started_at: Set(Some(now)),
        ..Default::default()
    };
    let run = processes::Entity::insert(run)
        .exec(store.connection())
        .await
        .unwrap()
        .last_insert_id;
    let mut expected = Vec::new();
    for (position, (status, release_id, is_seen)) in [
        (published, None, true),
        (published, Some(open), true),
        (published, Some(own), true),
        (published, Some(closed), false),
        (ProductStatus::Registering, None, false),
        (ProductStatus::Deleted, None, false),
    ]
    .into_iter()
    .enumerate()
    {
        let product_id = product(&store, user_id, status, release_id).await;
        let input = process_inputs::ActiveModel {
            process_id: Set(run),
            product_id: Set(product_id),
            // The other way round than the ids.
            position: Set(-(position as i32)),
        };
        process_inputs::Entity::insert(input)
            .exec_without_returning(store.connection())
            .await
            .unwrap();
        if is_seen {
            expected.insert(0, product_id);
        }
    }
    let making = store.making(output).await.unwrap().unwrap();
    assert_eq!(
        (&*making.pipeline_display_name, &*making.pipeline_version),
        ("Combine", "1.9")
    );
    assert_eq!((making.id, &*making.user_name), (run, "alice.liddell"));
    assert!(making.started_at.is_some() && making.ended_at.is_none());
    let seen: Vec<i64> = store
        .open_sources(run, Some(own))
        .await
        .unwrap()
        .iter()
        .map(|source| source.id)
        .collect();
    assert_eq!(seen, expected);
    assert_eq!(store.open_sources(run, None).await.unwrap().len(), 2);
    let authorship = store.authorship(output).await.unwrap();
    assert_eq!(
        (&*authorship.owner_name, authorship.version_number),
        ("alice.liddell", 1)
    );
}

async fn copies_belong_to_their_bytes(store: Store) {
    let user_id = owner(&store).await;
    let product_id = product(&store, user_id, ProductStatus::Registering, None).await;
    let one = file(&store, product_id).await;
    let two = file(&store, product_id).await;
    assert_eq!(store.untried_files(0, 10).await.unwrap(), [one.id, two.id]);
    assert_eq!(store.untried_files(one.id, 10).await.unwrap(), [two.id]);
    let deflated = copy(&store, &one).await;
    assert!(store.note_compression(&one, Some(&deflated)).await.unwrap());
    assert!(store.note_compression(&two, None).await.unwrap());
    assert_eq!(store.untried_files(0, 10).await.unwrap(), [0i64; 0]);
    let files = store.files_of(product_id).await.unwrap();
    assert_eq!(files[0].compressed_copy(), Some((&*deflated.key, 4)));
    assert_eq!(files[1].compressed_copy(), None);
    // Whoever is second changes nothing, and takes nothing away.
    assert!(!store.note_compression(&one, Some(&deflated)).await.unwrap());
    assert_eq!(store.blobs.length(&deflated.key).await.unwrap(), Some(4));
    assert_eq!(store.collect_orphan_blobs(Duration::ZERO).await.unwrap(), 0);

    // Other bytes by now: the copy of the old ones is not kept.
    let three = file(&store, product_id).await;
    let late = copy(&store, &three).await;
    let replaced = product_files::ActiveModel {
        id: Set(three.id),
        blob_key: Set("other".to_owned()),
        ..Default::default()
    };
    product_files::Entity::update(replaced)
        .exec(store.connection())
        .await
        .unwrap();
    assert!(!store.note_compression(&three, Some(&late)).await.unwrap());
    assert_eq!(store.blobs.length(&late.key).await.unwrap(), None);

    let key = store.delete_file(one.id).await.unwrap();
    store.blobs.remove(&key).await.unwrap();
    assert_eq!(store.blobs.length(&key).await.unwrap(), None);
    assert_eq!(store.blobs.length(&deflated.key).await.unwrap(), None);
}

async fn checksums(store: Store) {
    let user_id = owner(&store).await;
    let one = product(&store, user_id, ProductStatus::Registering, None).await;
    let two = product(&store, user_id, ProductStatus::Registering, None).await;
    let known = async |id, kind, signature| store.archive_checksum(id, kind, signature).await.unwrap();
    assert_eq!(known(one, "product", "a").await, None);
    for (id, signature, sha256) in [
        (one, "a", "11"),
        (two, "a", "22"),
        (one, "b", "33"),
        (one, "b", "33"),
    ] {
        store
            .keep_archive_checksum(id, "product", signature, 7, sha256)
            .await
            .unwrap();
    }
    assert_eq!(known(one, "product", "a").await, None, "of an older content");
    assert_eq!(known(one, "product", "b").await.as_deref(), Some("33"));
    assert_eq!(known(one, "main_file", "b").await, None);
    assert_eq!(known(two, "product", "a").await.as_deref(), Some("22"));
}
