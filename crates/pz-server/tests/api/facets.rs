use std::collections::BTreeMap;

use pz_store::releases::NewRelease;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    every_count_is_that_of_the_list,
    new_filters,
    ranges_and_zero_counts,
    who_sees_what,
    few_statements_and_none_again,
);

const PATH: &str = "/api/products/facets/";

/// Which parameters are a facet's own, and which one takes its values.
const FACETS: [(&str, &str, &[&str]); 9] = [
    (
        "product_type",
        "product_type__in",
        &["product_type", "product_type__in"],
    ),
    (
        "release",
        "release__in",
        &["release", "release__in", "release__isnull"],
    ),
    ("owner", "owner__in", &["owner__in", "user", "user__in"]),
    ("origin", "origin__in", &["origin__in"]),
    (
        "official",
        "official_product__in",
        &["official_product", "official_product__in"],
    ),
    ("status", "status__in", &["status", "status__in"]),
    ("format", "format__in", &["format__in"]),
    ("year", "release_year__in", &["release_year__in"]),
    ("roles", "has", &["has"]),
];

/// A table of `rows` rows with redshifts from 0 to 0.1 times their number.
fn catalog(rows: u32) -> Vec<u8> {
    let mut text = String::from("id,ra,dec,z,survey\n");
    for row in 0..rows {
        text.push_str(&format!(
            "{row},{},{},{},S{}\n",
            10 + row,
            row,
            f64::from(row) / 10.0 + 0.05,
            row % 2
        ));
    }
    text.into_bytes()
}

async fn product(person: &Person, body: Value, rows: Option<u32>, aliases: &[(&str, &str)]) -> Value {
    let product = person.post("/api/products/", body).await.expect(201);
    if let Some(rows) = rows {
        person
            .upload(&product, 0, "cat.csv", &catalog(rows))
            .await
            .expect(201);
        let path = format!("/api/products/{}/registry/", product["id"]);
        person.get(&path).await.expect(200);
        person.associate(&product, aliases).await;
    }
    product
}

async fn release(app: &TestApp, name: &str, access_groups: Vec<i64>) -> i64 {
    let release = NewRelease {
        name: name.into(),
        display_name: name.to_uppercase(),
        indexing_column: "objectId".into(),
        is_public: access_groups.is_empty(),
        access_groups,
        ..NewRelease::default()
    };
    app.store().add_release(release).await.unwrap().id
}

/// A dozen products that differ in everything that can be ticked.
async fn seed(app: &TestApp) -> i64 {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let dp1 = release(app, "dp1", Vec::new()).await;
    release(app, "dp2", Vec::new()).await;
    let all = [("ra", "RA"), ("dec", "Dec"), ("z", "z"), ("survey", "survey")];
    for (name, rows) in [("DESI redshifts", 3), ("VVDS redshifts", 12), ("zCOSMOS", 40)] {
        let made = product(
            &alice,
            json!({"display_name": name, "product_type": 1}),
            Some(rows),
            &all,
        )
        .await;
        let path = format!("/api/products/{}/", made["id"]);
        alice.patch_form(&path, &[("status", "1")]).await.expect(200);
    }
    for (name, year) in [("DESI training", Some(2025)), ("Other training", None)] {
        let body = json!({"display_name": name, "product_type": 2, "release": dp1, "release_year": year});
        let made = product(&bob, body, Some(7), &[("z", "z"), ("id", "ID")]).await;
        let path = format!("/api/products/{}/", made["id"]);
        bob.associate(&made, &[("ra", "RA"), ("dec", "Dec")]).await;
        bob.patch_form(&path, &[("status", "1")]).await.expect(200);
    }
    let body =
        json!({"display_name": "Notes on DESI", "product_type": 7, "release_year": 2024, "description": "x"});
    let notes = product(&bob, body, None, &[]).await;
    let path = format!("/api/products/{}/", notes["id"]);
    bob.patch_form(&path, &[("status", "1")]).await.expect(200);
    root.patch(&path, json!({"official_product": true}))
        .await
        .expect(200);
    product(
        &bob,
        json!({"display_name": "Bob's draft", "product_type": 7}),
        None,
        &[],
    )
    .await;
    product(
        &alice,
        json!({"display_name": "Alice's draft", "product_type": 7, "release": dp1}),
        Some(1),
        &[],
    )
    .await;
    dp1
}

/// A newer version of bob's notes that only the members of the release see.
async fn a_version_of_a_release(app: &TestApp, release: i64) {
    let bob = app.bob().await;
    let notes = bob.get("/api/products/?search=notes").await.expect(200)["results"][0].clone();
    let versions = format!("/api/products/{}/versions/", notes["id"]);
    let newer = bob.post(&versions, json!({})).await.expect(201);
    let path = format!("/api/products/{}/", newer["id"]);
    bob.patch(&path, json!({"release": release, "status": 1}))
        .await
        .expect(200);
}

async fn list_count(person: &Person, query: &BTreeMap<&str, String>) -> u64 {
    let answer = person.get(&format!("/api/products/?{}", text(query))).await;
    answer.expect(200)["count"].as_u64().unwrap()
}

async fn facets(person: &Person, query: &BTreeMap<&str, String>) -> Value {
    person.get(&format!("{PATH}?{}", text(query))).await.expect(200)
}

fn text(query: &BTreeMap<&str, String>) -> String {
    serde_urlencoded::to_string(query).unwrap()
}

fn query<'a>(pairs: &[(&'a str, &str)]) -> BTreeMap<&'a str, String> {
    pairs
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

/// The list itself is the oracle: every count of every facet, under many selections.
async fn every_count_is_that_of_the_list(app: &TestApp) {
    let dp1 = seed(app).await;
    a_version_of_a_release(app, dp1).await;
    let dp1 = dp1.to_string();
    for person in [app.alice().await, app.bob().await, app.root().await] {
        for asked in [
            query(&[]),
            query(&[("status", "1")]),
            query(&[("search", "desi")]),
            query(&[("product_type__in", "1,2")]),
            query(&[("product_type", "1"), ("owner__in", "alice"), ("status", "1")]),
            query(&[("product_type_name", "training"), ("release", &dp1)]),
            query(&[("release__in", "none"), ("has", "survey,ID")]),
            query(&[("release__isnull", "false"), ("release_year__in", "none,2024")]),
            query(&[("rows", "2..12"), ("official_product", "false")]),
            query(&[("rows", "..7"), ("z", "0.3..")]),
            query(&[("z", "..0.2"), ("format__in", "csv,none")]),
            query(&[("origin__in", "upload"), ("user__in", "1,2")]),
            query(&[("origin__in", "no_such_pipeline")]),
            query(&[("format__in", "none"), ("status__in", "0,1")]),
            query(&[("latest", "true")]),
            query(&[("latest", "false"), ("product_type", "7")]),
        ] {
            let found = facets(&person, &asked).await;
            assert_eq!(found["count"], list_count(&person, &asked).await, "{asked:?}");
            for (facet, parameter, own) in FACETS {
                let values = found["facets"][facet].as_array().unwrap();
                assert!(
                    !values.is_empty() || facet == "owner" || found["count"] == 0,
                    "{facet} {asked:?}"
                );
                for value in values {
                    let mut alone = asked.clone();
                    alone.retain(|name, _| !own.contains(name));
                    alone.insert(parameter, value["value"].as_str().unwrap().to_owned());
                    let expected = list_count(&person, &alone).await;
                    assert_eq!(value["count"], expected, "{facet} {value} under {asked:?}");
                    assert!(!value["label"].as_str().unwrap().is_empty(), "{facet} {value}");
                }
            }
            for (range, parameter) in [("rows", "rows"), ("z", "z")] {
                let mut without = asked.clone();
                without.remove(parameter);
                let total = list_count(&person, &without).await;
                without.insert(parameter, "..".to_owned());
                let known = list_count(&person, &without).await;
                assert_eq!(
                    found["ranges"][range]["without"],
                    total - known,
                    "{range} {asked:?}"
                );
            }
        }
    }
}

async fn new_filters(app: &TestApp) {
    let dp1 = seed(app).await;
    let alice = app.alice().await;
    let names = async |query: &str| -> Vec<String> {
        let list = alice
            .get(&format!("/api/products/?ordering=id&status=1&{query}"))
            .await
            .expect(200);
        list["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["display_name"].as_str().unwrap().to_owned())
            .collect()
    };
    let catalogs = ["DESI redshifts", "VVDS redshifts", "zCOSMOS"];
    let trainings = ["DESI training", "Other training"];
    assert_eq!(names("owner__in=bob&product_type=2").await, trainings);
    assert_eq!(names("owner__in=Bob").await, Vec::<String>::new());
    assert_eq!(names("release__in=none&product_type=1").await, catalogs);
    assert_eq!(names(&format!("release__in={dp1}")).await, trainings);
    assert_eq!(names(&format!("release__in={dp1},none")).await.len(), 6);
    assert_eq!(
        names("release_year__in=2025,2024").await,
        ["DESI training", "Notes on DESI"]
    );
    assert_eq!(names("format__in=none").await, ["Notes on DESI"]);
    assert_eq!(names("format__in=csv&owner__in=alice").await, catalogs);
    assert_eq!(names("has=survey").await, catalogs);
    assert_eq!(names("has=survey,ID").await.len(), 5);
    assert_eq!(names("has=z_flag").await, Vec::<String>::new());
    assert_eq!(names("rows=12..").await, ["VVDS redshifts", "zCOSMOS"]);
    assert_eq!(names("rows=..3").await, ["DESI redshifts"]);
    assert_eq!(names("rows=8..11").await, Vec::<String>::new());
    // A redshift catalog's own range must touch the one asked for: DESI goes to 0.25, VVDS to 1.15.
    assert_eq!(names("z=1.2..").await, ["zCOSMOS"]);
    assert_eq!(
        names("z=0.3..0.5&owner__in=alice").await,
        ["VVDS redshifts", "zCOSMOS"]
    );
    assert_eq!(names("z=..0.01").await, Vec::<String>::new());
    assert_eq!(
        names("rows=&has=&z=&release_year__in=").await.len(),
        6,
        "empty is absent"
    );
    assert_eq!(names("origin__in=upload").await.len(), 6);
    for (query, name) in [
        ("rows=7", "rows"),
        ("rows=a..b", "rows"),
        ("rows=-1..5", "rows"),
        ("z=nan..1", "z"),
        ("z=1e3..", "z"),
        ("has=RA,magnitude", "has"),
        ("has=ra", "has"),
        ("release__in=99,none", "release__in"),
        ("release__in=x", "release__in"),
        ("release_year__in=soon", "release_year__in"),
        ("owner__in=a%00", "owner__in"),
    ] {
        for path in ["/api/products/", PATH] {
            let answer = alice
                .get(&format!("{path}?{query}"))
                .await
                .refused(400, "invalid_filter");
            assert!(answer[name].is_array(), "{query}: {answer}");
        }
    }
    // A column that loses its meaning is found no more.
    let list = alice.get("/api/products/?search=zcosmos").await.expect(200);
    let columns = alice
        .get(&format!(
            "/api/product-contents/?product={}",
            list["results"][0]["id"]
        ))
        .await
        .expect(200);
    let z = columns["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|column| column["alias"] == "z")
        .unwrap();
    let path = format!("/api/product-contents/{}/", z["id"]);
    alice
        .patch_form(&path, &[("alias", ""), ("ucd", "")])
        .await
        .expect(200);
    assert_eq!(names("z=1.2..").await, Vec::<String>::new());
    assert_eq!(
        names("has=z&owner__in=alice").await,
        ["DESI redshifts", "VVDS redshifts"]
    );
    alice.delete(&path).await;
    assert_eq!(names("has=z&owner__in=alice").await.len(), 2);
}

async fn ranges_and_zero_counts(app: &TestApp) {
    seed(app).await;
    let alice = app.alice().await;
    let found = alice
        .get(&format!("{PATH}?product_type=1&rows=3..12"))
        .await
        .expect(200);
    assert_eq!(found["count"], 2);
    // Its own selection does not narrow a range.
    let rows = &found["ranges"]["rows"];
    assert_eq!((&rows["min"], &rows["max"]), (&json!(3.0), &json!(40.0)));
    let sum = |counts: &Value| -> u64 {
        counts
            .as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_u64().unwrap())
            .sum()
    };
    assert_eq!(sum(&rows["histogram"]["counts"]), 3);
    let edges: Vec<f64> = rows["histogram"]["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge.as_f64().unwrap())
        .collect();
    assert_eq!((edges.len(), edges[0], edges[20]), (21, 3.0, 40.0));
    assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
    let z = &found["ranges"]["z"];
    assert_eq!(z["min"], 0.05);
    assert!((z["max"].as_f64().unwrap() - 1.15).abs() < 1e-9);
    assert_eq!(z["histogram"]["counts"][0], 2, "both begin at 0.05");
    assert_eq!(z["histogram"]["counts"][19], 1);
    // The most frequent first, what nothing has last; ticking a type leaves the other types as they are.
    let all = alice.get(&format!("{PATH}?status=1")).await.expect(200);
    let ticked = alice
        .get(&format!("{PATH}?status=1&product_type=2"))
        .await
        .expect(200);
    assert_eq!(all["facets"]["product_type"], ticked["facets"]["product_type"]);
    assert_ne!(all["facets"]["release"], ticked["facets"]["release"]);
    for values in ticked["facets"].as_object().unwrap().values() {
        let counts: Vec<u64> = values
            .as_array()
            .unwrap()
            .iter()
            .map(|value| value["count"].as_u64().unwrap())
            .collect();
        let first_zero = counts
            .iter()
            .position(|count| *count == 0)
            .unwrap_or(counts.len());
        assert!(counts[first_zero..].iter().all(|count| *count == 0), "{values}");
    }
    assert_eq!(ticked["facets"]["product_type"].as_array().unwrap().len(), 7);
    assert_eq!(
        ticked["facets"]["year"][0],
        json!({"value": "2025", "label": "2025", "count": 1})
    );
    let nothing = alice
        .get(&format!("{PATH}?search=nothing%20at%20all"))
        .await
        .expect(200);
    assert_eq!(nothing["count"], 0);
    assert_eq!(nothing["ranges"]["z"]["min"], json!(null));
}

async fn who_sees_what(app: &TestApp) {
    let group = app.store().group("dp9").await.unwrap();
    let closed = release(app, "closed", vec![group.id]).await;
    let (alice, root) = (app.alice().await, app.root().await);
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    app.store().join_group(account.id, group.id).await.unwrap();
    let body = json!({"display_name": "Closed", "product_type": 7, "release": closed, "description": "x"});
    let made = alice.post("/api/products/", body).await.expect(201);
    alice
        .patch_form(&format!("/api/products/{}/", made["id"]), &[("status", "1")])
        .await
        .expect(200);
    app.anonymous().get(PATH).await.refused(401, "not_authenticated");
    let bob = app.bob().await;
    let seen = async |person: &Person| {
        let found = person.get(PATH).await.expect(200);
        let text = found.to_string();
        (
            found["count"].as_u64().unwrap(),
            text.contains("CLOSED"),
            text.contains("alice"),
        )
    };
    assert_eq!(seen(&alice).await, (1, true, true));
    assert_eq!(seen(&root).await, (1, true, true));
    assert_eq!(
        seen(&bob).await,
        (0, false, false),
        "neither release nor owner leaks"
    );
    bob.get(&format!("{PATH}?release={closed}"))
        .await
        .refused(400, "invalid_filter");
    // Deleted products only by name, and only one's own.
    alice.delete(&format!("/api/products/{}/", made["id"])).await;
    assert_eq!(seen(&alice).await.0, 0);
    assert_eq!(
        alice.get(&format!("{PATH}?status=2")).await.expect(200)["count"],
        1
    );
    assert_eq!(bob.get(&format!("{PATH}?status=2")).await.expect(200)["count"], 0);
}

async fn few_statements_and_none_again(app: &TestApp) {
    seed(app).await;
    let alice = app.alice().await;
    alice.get("/api/products/").await.expect(200);
    let statements = async |query: &str| {
        let before = app.store().statement_count();
        let answer = alice.get(&format!("{PATH}?{query}")).await;
        answer.expect(200);
        (app.store().statement_count() - before, answer)
    };
    let (cold, _) = statements("status=1&search=desi").await;
    assert!((3..=8).contains(&cold), "{cold}");
    let (ticked, first) = statements("status=1&search=desi&owner__in=bob").await;
    assert!(ticked < cold, "what was read is kept: {ticked}");
    let (again, same) = statements("status=1&search=desi&owner__in=bob").await;
    assert!(again <= ticked);
    assert_eq!(first.bytes, same.bytes);
    let etag = first.header("etag").to_owned();
    let known = alice
        .request(Method::GET, &format!("{PATH}?status=1&search=desi&owner__in=bob"))
        .header("if-none-match", &etag);
    assert_eq!(Answer::of(known).await.status, 304);
    // A change is seen at once.
    let count = first.expect(200)["count"].as_u64().unwrap();
    let body = json!({"display_name": "desi again", "product_type": 7, "description": "x"});
    let bob = app.bob().await;
    let made = bob.post("/api/products/", body).await.expect(201);
    bob.patch_form(&format!("/api/products/{}/", made["id"]), &[("status", "1")])
        .await
        .expect(200);
    let (_, after) = statements("status=1&search=desi&owner__in=bob").await;
    assert_eq!(after.expect(200)["count"], count + 1);
}
