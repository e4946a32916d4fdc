use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::app::{Person, TestApp};
use crate::on_both_databases;
use crate::provenance::restricted_release;

on_both_databases!(
    a_new_version_takes_over_metadata_and_meanings,
    latest_is_what_the_caller_may_see,
    numbers_are_unique_under_concurrency,
    lists_stay_cheap,
);

fn path(product: &Value) -> String {
    format!("/api/products/{}/", product["id"])
}

fn versions(product: &Value) -> String {
    format!("/api/products/{}/versions/", product["id"])
}

async fn publish(person: &Person, product: &Value) -> Value {
    person
        .patch(&path(product), json!({"status": 1}))
        .await
        .expect(200)
}

/// A published product without a table.
async fn notes(person: &Person, name: &str) -> Value {
    let body = json!({"display_name": name, "product_type": 7, "description": "x"});
    let draft = person.post("/api/products/", body).await.expect(201);
    publish(person, &draft).await
}

async fn a_new_version_takes_over_metadata_and_meanings(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let first = alice.published_catalog("Catalog").await;
    assert_eq!(
        (
            &first["concept"],
            &first["version_number"],
            &first["is_latest_version"]
        ),
        (&first["id"], &json!(1), &json!(true))
    );
    assert_eq!(first["latest_version"], first["internal_name"]);
    let metadata = json!({"description": "text", "release_year": 2025, "license": "CC0-1.0",
        "creators": [{"name": "Ada", "orcid": "0000-0002-1825-0097", "affiliation": null}],
        "related_identifiers": [{"identifier": "10.1234/x", "relation": "Cites", "type": "DOI"}],
        "subjects": ["z"], "funding": [{"funder": "CNPq", "award_number": "1", "award_title": null}],
        "doi": "10.1234/first", "official_product": true});
    let first = root.patch(&path(&first), metadata).await.expect(200);

    bob.post(&versions(&first), json!({}))
        .await
        .refused(403, "permission_denied");
    let second = alice.post(&versions(&first), json!({})).await.expect(201);
    assert_eq!(
        (&second["status"], &second["version_number"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(second["concept"], first["id"]);
    assert_ne!(second["internal_name"], first["internal_name"]);
    for key in [
        "display_name",
        "description",
        "product_type",
        "release",
        "release_year",
        "license",
        "creators",
        "related_identifiers",
        "subjects",
        "funding",
        "uploaded_by",
    ] {
        assert_eq!(second[key], first[key], "{key}");
    }
    assert_eq!(
        (&second["doi"], &second["official_product"]),
        (&json!(null), &json!(false)),
        "of one version"
    );
    assert_eq!(
        (&second["n_rows"], &second["is_latest_version"]),
        (&json!(null), &json!(false))
    );
    assert_eq!(second["latest_version"], first["internal_name"]);
    alice
        .post(&versions(&second), json!({}))
        .await
        .refused(409, "not_published");
    alice
        .patch(&path(&second), json!({"product_type": 7}))
        .await
        .refused(400, "validation_failed");

    // Others see neither the draft nor that there is one.
    let seen = bob.get(&versions(&first)).await.expect(200);
    assert_eq!(seen["latest"], first["internal_name"]);
    assert_eq!(seen["results"].as_array().unwrap().len(), 1);
    bob.get(&versions(&second)).await.refused(404, "not_found");

    // Meanings come by name; a column of another name has none.
    let other = b"id,ra,dec,redshift,z\n1,2,3,4,0.5\n";
    alice.upload(&second, 0, "cat.csv", other).await.expect(201);
    alice
        .get(&format!("{}registry/", path(&second)))
        .await
        .expect(200);
    let columns = alice
        .get(&format!("/api/product-contents/?product={}", second["id"]))
        .await
        .expect(200);
    let aliases: Vec<(&str, Option<&str>)> = columns["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["column_name"].as_str().unwrap(), row["alias"].as_str()))
        .collect();
    assert_eq!(
        aliases,
        [
            ("id", None),
            ("ra", Some("RA")),
            ("dec", Some("Dec")),
            ("redshift", None),
            ("z", Some("z"))
        ]
    );
    // What the owner then says of the new columns stays when the file is read again.
    alice.associate(&second, &[("z", ""), ("redshift", "z")]).await;
    alice
        .get(&format!("{}registry/", path(&second)))
        .await
        .expect(200);
    let columns = alice
        .get(&format!("/api/product-contents/?product={}", second["id"]))
        .await
        .expect(200);
    assert_eq!(columns["results"][3]["alias"], "z");
    assert_eq!(columns["results"][4]["alias"], "");

    let second = publish(&alice, &second).await;
    assert_eq!(second["is_latest_version"], true);
    let old = bob.get(&path(&first)).await.expect(200);
    assert_eq!(
        (&old["is_latest_version"], &old["latest_version"]),
        (&json!(false), &second["internal_name"])
    );
    let seen = bob.get(&versions(&first)).await.expect(200);
    assert_eq!(seen, bob.get(&versions(&second)).await.expect(200));
    let rows = seen["results"].as_array().unwrap();
    assert_eq!(
        (&rows[0]["id"], &rows[0]["is_latest"]),
        (&second["id"], &json!(true))
    );
    assert_eq!(
        (&rows[1]["id"], &rows[1]["is_latest"]),
        (&first["id"], &json!(false))
    );

    // Administrators begin versions for the owner; numbers of deleted versions are not used again.
    let third = root.post(&versions(&first), json!({})).await.expect(201);
    assert_eq!(
        (&third["uploaded_by"], &third["version_number"]),
        (&json!("alice"), &json!(3))
    );
    assert_eq!(third["is_owner"], false);
    alice.delete(&path(&third)).await;
    let fourth = alice.post(&versions(&second), json!({})).await.expect(201);
    assert_eq!(fourth["version_number"], 4);
    // Deleting the latest makes the one before it the latest again.
    alice.delete(&path(&second)).await;
    assert_eq!(
        bob.get(&path(&first)).await.expect(200)["is_latest_version"],
        true
    );
    alice
        .post(&versions(&second), json!({}))
        .await
        .refused(404, "not_found");
}

async fn latest_is_what_the_caller_may_see(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let first = notes(&root, "Notes").await;
    let second = root.post(&versions(&first), json!({})).await.expect(201);
    let release = restricted_release(app).await;
    root.patch(&path(&second), json!({"release": release}))
        .await
        .expect(200);
    let second = publish(&root, &second).await;
    let other = notes(&alice, "Other").await;
    let names = async |person: &Person, query: &str| -> Vec<Value> {
        let list = person
            .get(&format!("/api/products/?ordering=id&{query}"))
            .await
            .expect(200);
        assert_eq!(list["count"], list["results"].as_array().unwrap().len());
        list["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].clone())
            .collect()
    };
    let ids = |products: &[&Value]| {
        products
            .iter()
            .map(|product| product["id"].clone())
            .collect::<Vec<_>>()
    };
    // Without the filter all are listed.
    assert_eq!(names(&root, "").await, ids(&[&first, &second, &other]));
    assert_eq!(names(&root, "latest=true").await, ids(&[&second, &other]));
    assert_eq!(names(&root, "latest=False").await, ids(&[&first]));
    assert_eq!(
        names(&root, "latest=perhaps").await,
        ids(&[&first, &second, &other])
    );
    // The second one is hidden from bob: for him the first is the latest, and no name says otherwise.
    assert_eq!(names(&bob, "latest=true").await, ids(&[&first, &other]));
    assert_eq!(names(&bob, "latest=false").await, Vec::<Value>::new());
    assert_eq!(
        names(&bob, "latest=true&search=notes&status=1&product_type=7").await,
        ids(&[&first])
    );
    let seen = bob.get(&path(&first)).await.expect(200);
    assert_eq!(
        (&seen["is_latest_version"], &seen["latest_version"]),
        (&json!(true), &first["internal_name"])
    );
    let all = bob.get(&versions(&first)).await.expect(200);
    assert_eq!(
        (&all["latest"], all["results"].as_array().unwrap().len()),
        (&first["internal_name"], 1)
    );
    assert!(
        !all.to_string()
            .contains(second["internal_name"].as_str().unwrap())
    );
    // A draft hides no published version, not even from its owner.
    root.patch(&path(&second), json!({"status": 0})).await.expect(200);
    assert_eq!(names(&root, "latest=true").await, ids(&[&first, &other]));
    // While none is published, the newest draft is the latest.
    root.patch(&path(&first), json!({"status": 0})).await.expect(200);
    assert_eq!(names(&root, "latest=true").await, ids(&[&second, &other]));
}

async fn numbers_are_unique_under_concurrency(app: &TestApp) {
    let alice = app.alice().await;
    let first = notes(&alice, "Notes").await;
    let address = versions(&first);
    let answers = join_all((0..12).map(|_| alice.post(&address, json!({})))).await;
    let mut numbers: Vec<i64> = answers
        .iter()
        .map(|answer| answer.expect(201)["version_number"].as_i64().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (2..=13).collect::<Vec<_>>());
}

/// Versions cost a list no further statement, however many there are.
async fn lists_stay_cheap(app: &TestApp) {
    let alice = app.alice().await;
    let first = notes(&alice, "Notes").await;
    let mut newest = first.clone();
    for _ in 0..5 {
        newest = alice.post(&versions(&newest), json!({})).await.expect(201);
        newest = publish(&alice, &newest).await;
    }
    alice.get("/api/products/").await.expect(200);
    for query in [
        "",
        "latest=true",
        "latest=true&page=last&page_size=1",
        "latest=false&search=notes",
    ] {
        for list in ["products", "products-specz"] {
            let before = app.store().statement_count();
            alice.get(&format!("/api/{list}/?{query}")).await.expect(200);
            let statements = app.store().statement_count() - before;
            assert!(statements <= 5, "{list} {query}: {statements} statements");
        }
    }
}
