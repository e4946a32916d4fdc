use serde_json::json;

use crate::app::TestApp;
use crate::on_both_databases;

on_both_databases!(filters, search_order_and_pages, few_statements);

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
        assert!((2..=5).contains(&statements), "{query}: {statements} statements");
    }
}
