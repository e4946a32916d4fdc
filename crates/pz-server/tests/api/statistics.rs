use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, TestApp};
use crate::on_both_databases;

on_both_databases!(statistics, stale_and_absent);

async fn statistics(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let path = format!("/api/products/{}/stats/", product["id"]);
    let answer = bob.get(&path).await;
    let body = answer.expect(200);
    let files = bob
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(
        (&body["product"], &body["file"]),
        (&product["id"], &files["results"][0]["id"])
    );
    assert_eq!((&body["format"], &body["n_rows"]), (&json!("csv"), &json!(3)));
    let names: Vec<&str> = body["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["column_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["id", "ra", "dec", "z", "survey"]);
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    assert!(
        text.contains("\"max\":1486231857497402615"),
        "every digit: {text}"
    );
    let z = &body["columns"][3];
    assert_eq!((&z["alias"], &z["dtype"]), (&json!("z"), &json!("float64")));
    let numbers = &z["statistics"];
    assert_eq!((&numbers["count"], &numbers["missing"]), (&json!(2), &json!(1)));
    assert_eq!(
        (&numbers["min"], &numbers["max"], &numbers["mean"]),
        (&json!(0.5), &json!(1.75), &json!(1.125))
    );
    let texts = &body["columns"][4]["statistics"];
    assert_eq!(
        (&texts["distinct"], &texts["top_values"][0]),
        (&json!(3), &json!({"value": "A", "count": 1}))
    );

    // Some columns only, in file order; names that there are not.
    let some = bob.get(&format!("{path}?columns=survey,%20ra")).await.expect(200);
    assert_eq!(some["columns"], json!([body["columns"][1], body["columns"][4]]));
    let refusal = bob
        .get(&format!("{path}?columns=ra,nonsense"))
        .await
        .refused(400, "invalid_parameter");
    assert!(refusal["columns"][0].as_str().unwrap().contains("nonsense"));

    // Asked again, nothing is sent; after a change it is.
    let etag = answer.header("etag").to_owned();
    let again = || bob.request(Method::GET, &path).header("if-none-match", &etag);
    let same = Answer::of(again()).await;
    assert_eq!((same.status, same.bytes.len()), (304, 0));
    alice.associate(&product, &[("survey", "survey")]).await;
    let changed = Answer::of(again()).await;
    assert_eq!(changed.expect(200)["columns"][4]["alias"], "survey");
    assert_ne!(changed.header("etag"), etag);
}

async fn stale_and_absent(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    // A name with a comma is one name.
    let product = alice.draft(7, "Commas").await;
    alice
        .upload(&product, 0, "c.csv", b"\"a,b\",a,c\n1,2,x\n3,4,y\n")
        .await
        .expect(201);
    let path = format!("/api/products/{}/", product["id"]);
    alice
        .get(&format!("{path}stats/"))
        .await
        .refused(404, "not_a_table");
    alice.get(&format!("{path}registry/")).await.expect(200);
    let two = alice
        .get(&format!("{path}stats/?columns=c,a,b"))
        .await
        .expect(200);
    let names: Vec<_> = two["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| &column["column_name"])
        .collect();
    assert_eq!(names, ["a,b", "c"]);
    alice
        .get(&format!("{path}stats/?columns=b"))
        .await
        .refused(400, "invalid_parameter");

    bob.get(&format!("{path}stats/")).await.refused(404, "not_found");
    app.anonymous()
        .get(&format!("{path}stats/"))
        .await
        .refused(401, "not_authenticated");
    // A column that was added by hand has none.
    alice
        .post(
            "/api/product-contents/",
            json!({"product": product["id"], "column_name": "extra"}),
        )
        .await
        .expect(201);
    let body = alice
        .get(&format!("{path}stats/?columns=extra"))
        .await
        .expect(200);
    assert_eq!(body["columns"][0]["statistics"], json!(null));
}
