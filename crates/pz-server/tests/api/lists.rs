use pz_server::cache::STALE_AT_MOST;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, TestApp};
use crate::on_both_databases;

on_both_databases!(
    filters,
    search_order_and_pages,
    few_statements,
    many_at_once_are_answered_once,
    lists_are_conditional,
    every_list_is_conditional_and_takes_few_statements,
    filters_that_the_python_library_knows
);

async fn filters(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let catalog = alice.published_catalog("DESI redshifts").await;
    alice.published_catalog("SDSS redshifts").await;
    let other = bob
        .post(
            "/api/products/",
            json!({"display_name": "Bob's notes", "product_type": 7, "description": "x"}),
        )
        .await
        .expect(201);
    bob.patch_form(&format!("/api/products/{}/", other["id"]), &[("status", "1")])
        .await
        .expect(200);
    root.patch(
        &format!("/api/products/{}/", catalog["id"]),
        json!({"official_product": true}),
    )
    .await
    .expect(200);
    bob.draft(7, "Bob's draft").await;

    let names = async |query: &str| -> Vec<String> {
        let list = alice
            .get(&format!("/api//products/?ordering=id&{query}"))
            .await
            .expect(200);
        let rows = list["results"].as_array().unwrap();
        assert_eq!(list["count"], rows.len());
        rows.iter()
            .map(|row| row["display_name"].as_str().unwrap().to_owned())
            .collect()
    };
    let both = ["DESI redshifts", "SDSS redshifts"];
    let all = ["DESI redshifts", "SDSS redshifts", "Bob's notes"];
    assert_eq!(names("").await, all);
    assert_eq!(names("status=1").await, all);
    // The last of repeated parameters wins; others' drafts stay hidden.
    assert_eq!(names("status=1&status=0").await, Vec::<String>::new());
    assert_eq!(names("status=").await, all);
    assert_eq!(
        names(&format!(
            "internal_name={}",
            catalog["internal_name"].as_str().unwrap()
        ))
        .await,
        ["DESI redshifts"]
    );
    assert_eq!(names("display_name=desi+redshifts").await, Vec::<String>::new());
    assert_eq!(
        names("display_name__in=DESI+redshifts,SDSS%20redshifts").await,
        both
    );
    assert_eq!(names("product_type=7").await, ["Bob's notes"]);
    assert_eq!(names("product_type__in=1,7").await, all);
    assert_eq!(names("official_product=True").await, ["DESI redshifts"]);
    assert_eq!(
        names("official_product=False").await,
        ["SDSS redshifts", "Bob's notes"]
    );
    assert_eq!(names("official_product=perhaps").await, all);
    assert_eq!(names("official_product__in=True").await, ["DESI redshifts"]);
    assert_eq!(names("official_product__in=true,false").await, all);
    assert_eq!(names("release__isnull=true").await, all);
    assert_eq!(names("release__isnull=false").await, Vec::<String>::new());
    assert_eq!(names("uploaded_by=ALICE").await, both);
    assert_eq!(names("uploaded_by=alice,bob").await, Vec::<String>::new());
    assert_eq!(names("uploaded_by__or=alice,bob").await, all);
    assert_eq!(names("product_type_name=reference").await, both);
    assert_eq!(names("product_type_name__or=redshift_cat,other").await, all);
    assert_eq!(names("release_name=").await, all);
    assert_eq!(names("release_name=x").await, Vec::<String>::new());
    assert_eq!(names("product_name=desi").await, ["DESI redshifts"]);
    assert_eq!(names("product_name=redshifts,s").await, both);
    assert_eq!(
        names("product_name__or=desi,notes").await,
        ["DESI redshifts", "Bob's notes"]
    );
    assert_eq!(names("user=1").await, both);
    assert_eq!(names("unknown=1").await, all);

    for (query, name) in [
        ("status=7", "status"),
        ("status=x", "status"),
        ("status__in=1,x", "status__in"),
        ("product_type=99", "product_type"),
        ("product_type=x", "product_type"),
        ("product_type__in=1,99", "product_type__in"),
        ("release=1", "release"),
        ("release__in=1,2", "release__in"),
        ("user=99", "user"),
        ("user__in=1,99", "user__in"),
        ("official_product__in=perhaps", "official_product__in"),
        ("search=a%00b", "search"),
        ("product_name=a%00", "product_name"),
    ] {
        let answer = alice
            .get(&format!("/api/products/?{query}"))
            .await
            .refused(400, "invalid_filter");
        assert!(answer[name].is_array(), "{query}: {answer}");
    }
    // What LIKE and SQL would take for something else is text.
    for query in [
        "search=%25",
        "search=%27;DROP TABLE products;--",
        "search=_",
        "display_name=%5C",
    ] {
        assert_eq!(names(query).await, Vec::<String>::new(), "{query}");
    }
    assert_eq!(names("search=bob%27s").await, ["Bob's notes"]);
}

async fn search_order_and_pages(app: &TestApp) {
    let alice = app.alice().await;
    for name in ["Delta one", "alpha two", "Charlie ONE", "bravo", "alpha"] {
        let product = alice.draft(7, name).await;
        assert_eq!(product["display_name"], name);
    }
    let names = async |query: &str| -> Vec<String> {
        let list = alice.get(&format!("/api/products/?{query}")).await.expect(200);
        list["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["display_name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("search=one").await, ["Charlie ONE", "Delta one"]);
    assert_eq!(names("search=one+alice").await, ["Charlie ONE", "Delta one"]);
    assert_eq!(names("search=%22alpha+two%22").await, ["alpha two"]);
    assert_eq!(
        names("ordering=display_name").await,
        ["alpha", "alpha two", "bravo", "Charlie ONE", "Delta one"]
    );
    assert_eq!(names("ordering=-display_name,nonsense").await[0], "Delta one");
    assert_eq!(names("ordering=nonsense").await[0], "alpha", "newest first");
    assert_eq!(
        names("ordering=id&page_size=2&page=2").await,
        ["Charlie ONE", "bravo"]
    );
    assert_eq!(names("ordering=id&page_size=2&page=last").await, ["alpha"]);
    assert_eq!(names("page_size=0").await.len(), 5);
    assert_eq!(names("page_size=many").await.len(), 5);
    assert_eq!(names("page_size=99999").await.len(), 5);
    for page in ["0", "-1", "2", "x", "99999999999999999999", "9223372036854775807"] {
        alice
            .get(&format!("/api/products/?page={page}"))
            .await
            .refused(404, "invalid_page");
    }
    // Page 1 of nothing is a page, and so is the last.
    assert_eq!(names("search=nothing&page=1").await, Vec::<String>::new());
    assert_eq!(names("search=nothing&page=last").await, Vec::<String>::new());
}

/// At most five SQL statements, whatever the page size.
async fn few_statements(app: &TestApp) {
    let alice = app.alice().await;
    for number in 0..30 {
        alice.draft(7, &format!("Product {number}")).await;
    }
    // The first use of a token notes when it was used.
    alice.get("/api/products/").await.expect(200);
    for query in [
        "page_size=1",
        "page_size=30",
        "page_size=7&page=last",
        "product_type=7&user=1&release__isnull=true&search=alice",
    ] {
        let before = app.store().statement_count();
        alice.get(&format!("/api/products/?{query}")).await.expect(200);
        let statements = app.store().statement_count() - before;
        assert!((1..=5).contains(&statements), "{query}: {statements} statements");
    }
}

/// After a change everybody asks for the same list at once: it is read for one of them.
async fn many_at_once_are_answered_once(app: &TestApp) {
    const MANY: usize = 20;
    let alice = app.alice().await;
    for coding in ["identity", "gzip"] {
        for number in 0..30 {
            alice.draft(7, &format!("Product {number}")).await;
        }
        // Who asks, and whether anything changed, is known from this.
        alice.get("/api/releases/").await.expect(200);
        let before = app.store().statement_count();
        let answers = futures_util::future::join_all((0..MANY).map(|_| {
            let request = alice.request(Method::GET, "/api/products/");
            Answer::of(request.header("accept-encoding", coding))
        }))
        .await;
        let statements = app.store().statement_count() - before;
        // Revisions may be read once more by each when they are half a second old.
        assert!(statements <= 5 + MANY as u64, "{statements} statements");
        for answer in &answers {
            assert_eq!((answer.status, &answer.bytes), (200, &answers[0].bytes));
        }
    }
}

/// What did not change is sent once, and not read twice; a change is seen at once by everybody.
async fn lists_are_conditional(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("First").await;
    let list = "/api/products/?status=1";
    let first = bob.get(list).await;
    let tag = first.header("etag").to_owned();
    assert_eq!(first.expect(200)["count"], 1);
    let before = app.store().statement_count();
    let again = bob.get(list).await;
    assert_eq!((again.header("etag"), &again.bytes), (tag.as_str(), &first.bytes));
    let request = bob.request(Method::GET, list).header("if-none-match", &tag);
    let unchanged = Answer::of(request).await;
    assert_eq!((unchanged.status, unchanged.bytes.len()), (304, 0));
    assert_eq!(unchanged.header("etag"), tag);
    assert_eq!(app.store().statement_count() - before, 0, "all from memory");

    // Those who read gzip get fewer bytes under a tag of their own.
    let long = "/api/product-types/";
    let plain = bob.get(long).await;
    let request = bob
        .request(Method::GET, long)
        .header("accept-encoding", "br;q=1, gzip;q=0.5");
    let packed = Answer::of(request).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.header("vary").contains("Accept-Encoding"));
    assert!(packed.bytes.len() < plain.bytes.len() / 2);
    assert_ne!(packed.header("etag"), plain.header("etag"));
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(&packed.bytes[..]),
        &mut unpacked,
    )
    .unwrap();
    assert_eq!(unpacked, plain.bytes);
    let request = bob
        .request(Method::GET, long)
        .header("accept-encoding", "gzip;q=0");
    assert_eq!(Answer::of(request).await.header("content-encoding"), "");

    // Another caller and another query have other tags: what one may see, the other may not.
    let others = alice.get(list).await;
    assert_ne!(others.header("etag"), tag);
    assert_eq!(others.expect(200)["results"][0]["is_owner"], true);
    assert_ne!(
        bob.get("/api/products/?status=1&page_size=5")
            .await
            .header("etag"),
        tag
    );

    let path = format!("/api/products/{}/", product["id"]);
    alice
        .patch(&path, json!({"display_name": "Second"}))
        .await
        .expect(200);
    let request = bob.request(Method::GET, list).header("if-none-match", &tag);
    let changed = Answer::of(request).await;
    assert_eq!(changed.expect(200)["results"][0]["display_name"], "Second");
    alice.delete(&path).await.expect(204);
    assert_eq!(bob.get(list).await.expect(200)["count"], 0);
    // A change behind the server's back shows a little later.
    let id = alice.draft(7, "Mine").await["id"].as_i64().unwrap();
    assert_eq!(
        alice.get("/api/products/").await.expect(200)["results"][0]["display_name"],
        "Mine"
    );
    let name = pz_store::products::ProductChanges {
        display_name: Some("Yours".into()),
        ..Default::default()
    };
    app.store().change_product(id, name).await.unwrap();
    tokio::time::sleep(STALE_AT_MOST).await;
    assert_eq!(
        alice.get("/api/products/").await.expect(200)["results"][0]["display_name"],
        "Yours"
    );
}

/// The library collects names from OPTIONS: those that it has always had come first, in the same order.
async fn filters_that_the_python_library_knows(app: &TestApp) {
    let options = app.alice().await.options("/api/products/").await.expect(200);
    let classes: Vec<(&str, &str)> = options["filter_classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| (class["name"].as_str().unwrap(), class["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        classes[..23],
        [
            ("internal_name", "CharFilter"),
            ("internal_name__in", "CharInFilter"),
            ("display_name", "CharFilter"),
            ("display_name__in", "CharInFilter"),
            ("release", "ModelChoiceFilter"),
            ("release__in", "ModelChoiceInFilter"),
            ("product_type", "ModelChoiceFilter"),
            ("product_type__in", "ModelChoiceInFilter"),
            ("official_product", "BooleanFilter"),
            ("official_product__in", "BooleanInFilter"),
            ("status", "ChoiceFilter"),
            ("status__in", "NumberInFilter"),
            ("user", "ModelChoiceFilter"),
            ("user__in", "ModelChoiceInFilter"),
            ("release__isnull", "BooleanFilter"),
            ("uploaded_by__or", "CharFilter"),
            ("uploaded_by", "CharFilter"),
            ("product_type_name__or", "CharFilter"),
            ("product_type_name", "CharFilter"),
            ("release_name__or", "CharFilter"),
            ("release_name", "CharFilter"),
            ("product_name__or", "CharFilter"),
            ("product_name", "CharFilter"),
        ]
    );
    assert!(
        classes[23..]
            .iter()
            .all(|(name, _)| !classes[..23].iter().any(|(known, _)| known == name))
    );
}

/// Every list of the document: at most five statements at any page size, and 304 to those who have it.
async fn every_list_is_conditional_and_takes_few_statements(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    for number in 0..3 {
        let catalog = alice.published_catalog(&format!("Catalog {number}")).await;
        let body =
            json!({"display_name": "run", "pipeline": 1, "inputs": [catalog["id"]], "used_config": {}});
        alice.post("/api/processes/", body).await;
    }
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array();
        let is_list = parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "ordering"));
        if !is_list || path.contains('{') {
            continue;
        }
        lists += 1;
        for size in [1, 1000] {
            let address = format!("{path}?page_size={size}");
            let before = app.store().statement_count();
            let answer = root.get(&address).await;
            let statements = app.store().statement_count() - before;
            assert!(statements <= 5, "{address}: {statements} statements");
            assert!(answer.expect(200)["count"].is_u64(), "{address}");
            let request = root
                .request(Method::GET, &address)
                .header("if-none-match", answer.header("etag"));
            assert_eq!(Answer::of(request).await.status, 304, "{address}");
        }
    }
    assert!(lists >= 14, "{lists}");
}
