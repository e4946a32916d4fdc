use std::sync::Arc;

use arrow::array::{
    Float32Array, Float64Array, Float64Builder, Int64Array, ListBuilder, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use serde_json::json;

use crate::app::TestApp;
use crate::on_both_databases;

on_both_databases!(csv_pages, parquet_pages, not_tables);

async fn csv_pages(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let path = format!("/api/products/{}/read_data/", product["id"]);
    let page = bob.get(&path).await;
    page.expect(200);
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    assert!(
        text.contains(r#"{"id":1486231857497402613,"ra":10.5,"dec":-3.25,"z":0.5,"survey":"A"}"#),
        "{text}"
    );
    assert!(text.contains(r#""z":null"#), "{text}");
    let second = bob.get(&format!("{path}?page=2&page_size=2")).await.expect(200);
    assert_eq!((&second["count"], &second["total_rows"]), (&json!(3), &json!(3)));
    assert_eq!(second["results"].as_array().unwrap().len(), 1);
    assert_eq!(second["results"][0]["survey"], "C");
    assert_eq!(
        bob.get(&format!("{path}?page=99&page_size=2")).await.expect(200),
        second,
        "beyond the end: the last"
    );
    for query in ["page=0", "page=x", "page_size=0", "page_size=-1", "page_size=x"] {
        bob.get(&format!("{path}?{query}"))
            .await
            .refused(400, "invalid_parameter");
    }
}

async fn parquet_pages(app: &TestApp) {
    let alice = app.alice().await;
    let mut lists = ListBuilder::new(Float64Builder::new());
    for row in 0..250 {
        lists.values().append_value(f64::from(row));
        lists.values().append_value(0.5);
        lists.append(true);
    }
    let schema = Arc::new(Schema::new(vec![
        Field::new("objectId", DataType::Int64, false),
        Field::new("z", DataType::Float64, true).with_metadata([("unit".to_owned(), "1".to_owned())]),
        Field::new("mag", DataType::Float32, true),
        Field::new("name", DataType::Utf8, true),
        Field::new(
            "pdf",
            DataType::List(Arc::new(Field::new("item", DataType::Float64, true))),
            true,
        ),
    ]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(Int64Array::from_iter_values((0..250).map(|row| i64::MAX - row))),
            Arc::new(Float64Array::from_iter(
                (0..250).map(|row| (row % 10 != 3).then_some(f64::from(row) / 100.0)),
            )),
            Arc::new(Float32Array::from_iter(
                (0..250).map(|row| Some(if row == 5 { f32::NAN } else { 0.1 })),
            )),
            Arc::new(StringArray::from_iter(
                (0..250).map(|row| Some(format!("naïve {row}"))),
            )),
            Arc::new(lists.finish()),
        ],
    )
    .unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();

    let product = alice.draft(2, "Training set").await;
    alice.upload(&product, 0, "set.parquet", &bytes).await.expect(201);
    let registered = alice
        .get(&format!("/api/products/{}/registry/", product["id"]))
        .await
        .expect(200);
    assert_eq!(
        (&registered["n_rows"], &registered["status"]),
        (&json!(250), &json!(0))
    );
    let page = alice
        .get(&format!(
            "/api/products/{}/read_data/?page=3&page_size=100",
            product["id"]
        ))
        .await;
    let body = page.expect(200);
    assert_eq!(body["results"].as_array().unwrap().len(), 50);
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(
        text.contains(
            r#"{"objectId":9223372036854775607,"z":2,"mag":0.1,"name":"naïve 200","pdf":[200,0.5]}"#
        ) || text.contains(
            r#"{"objectId":9223372036854775607,"z":2.0,"mag":0.1,"name":"naïve 200","pdf":[200.0,0.5]}"#
        ),
        "{}",
        &text[..400]
    );
    let first = alice
        .get(&format!(
            "/api/products/{}/read_data/?page_size=10",
            product["id"]
        ))
        .await
        .expect(200);
    assert_eq!(
        (&first["results"][3]["z"], &first["results"][5]["mag"]),
        (&json!(null), &json!(null))
    );
    let columns = alice
        .get(&format!("/api/product-contents/?product={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(columns["results"][1]["unit"], "1");
    assert!(
        columns["results"][1].get("statistics").is_none(),
        "they have an endpoint of their own"
    );
    let statistics = alice
        .get(&format!("/api/products/{}/stats/", product["id"]))
        .await
        .expect(200);
    assert_eq!(statistics["columns"][1]["statistics"]["missing"], 25);
}

async fn not_tables(app: &TestApp) {
    let alice = app.alice().await;
    // A type that needs no table takes anything.
    let product = alice.draft(5, "Model").await;
    alice
        .upload(&product, 0, "model.pkl", b"\x80\x04K\x01.")
        .await
        .expect(201);
    let registered = alice
        .get(&format!("/api/products/{}/registry/", product["id"]))
        .await
        .expect(200);
    assert_eq!(
        (&registered["n_rows"], &registered["registry_error"]),
        (&json!(null), &json!(null))
    );
    let path = format!("/api/products/{}/read_data/", product["id"]);
    alice.get(&path).await.refused(404, "not_a_table");
    let columns = alice
        .get(&format!("/api/product-contents/?product={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(columns["count"], 0);

    let empty = alice.draft(1, "Empty").await;
    let registry = format!("/api/products/{}/registry/", empty["id"]);
    let body = alice.get(&registry).await.refused(409, "missing_main_file");
    assert!(body["error"].is_string());
    app.bob().await.get(&registry).await.refused(404, "not_found");
    let published = alice.published_catalog("Catalog").await;
    let registry = format!("/api/products/{}/registry/", published["id"]);
    app.bob()
        .await
        .get(&registry)
        .await
        .refused(403, "permission_denied");
    // Reading it again changes nothing but the ids of the columns.
    alice.post(&registry, json!({})).await.expect(200);
    let columns = alice
        .get(&format!("/api/product-contents/?product={}", published["id"]))
        .await
        .expect(200);
    assert_eq!(columns["results"][1]["alias"], "RA");
}
