//! What the API says of tables: columns, delimiters, rows, values.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::Float64Type;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::app::{Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    f_24_all_columns_files_and_products_at_once,
    f_25_every_column_is_associated,
    f_37_no_table_is_remembered,
    f_38_delimiters_and_headers,
    f_39_one_set_of_column_names,
    rows_of_some_columns,
    samples_are_exact,
    many_columns,
);

/// A product of a type that needs no table, with this main file, registered.
async fn registered(person: &Person, name: &str, bytes: &[u8]) -> Value {
    let product = person.draft(7, name).await;
    person.upload(&product, 0, name, bytes).await.expect(201);
    let path = format!("/api/products/{}/registry/", product["id"]);
    person.get(&path).await.expect(200)
}

async fn main_file(person: &Person, product: &Value) -> Value {
    let path = format!("/api/products/{}/main_file_info/", product["id"]);
    person.get(&path).await.expect(200)["main_file"].clone()
}

async fn contents(person: &Person, product: &Value) -> Vec<Value> {
    let path = format!("/api/product-contents/?product={}", product["id"]);
    person.get(&path).await.expect(200)["results"]
        .as_array()
        .unwrap()
        .clone()
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

async fn f_24_all_columns_files_and_products_at_once(app: &TestApp) {
    let alice = app.alice().await;
    let names: Vec<String> = (0..130).map(|column| format!("c{column}")).collect();
    let values = vec!["1"; 130].join(",");
    let product = registered(
        &alice,
        "wide.csv",
        format!("{}\n{values}\n", names.join(",")).as_bytes(),
    )
    .await;
    let path = format!("/api/product-contents/?product={}", product["id"]);
    let all = alice.get(&path).await.expect(200);
    let found: Vec<&str> = all["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["column_name"].as_str().unwrap())
        .collect();
    assert_eq!(found, names);
    let some = alice.get(&format!("{path}&page_size=7&page=2")).await.expect(200);
    assert_eq!(
        (&some["count"], &some["results"][0]["column_name"]),
        (&json!(130), &json!("c7"))
    );

    for number in 0..101 {
        alice
            .upload(&product, 2, &format!("note {number}.txt"), b"x")
            .await
            .expect(201);
    }
    let path = format!("/api/product-files/?product_id={}", product["id"]);
    let files = alice.get(&path).await.expect(200);
    assert_eq!(
        (&files["count"], files["results"].as_array().unwrap().len()),
        (&json!(102), 102)
    );

    for number in 0..101 {
        alice.draft(7, &format!("Product {number}")).await;
    }
    let products = alice.get("/api//products/?status=0").await.expect(200);
    assert_eq!(
        (&products["count"], products["results"].as_array().unwrap().len()),
        (&json!(102), 102)
    );
}

async fn f_25_every_column_is_associated(app: &TestApp) {
    let alice = app.alice().await;
    let product = registered(&alice, "cat.csv", b"1,10.5,-3.25,0.5\n2,11.5,-4.25,0.75\n").await;
    alice.associate(&product, &[("1", "RA"), ("2", "Dec")]).await;
    let main_file = main_file(&alice, &product).await;
    assert_eq!(
        main_file["associated_columns"],
        json!([
            {"column_name": "0", "ucd": null, "alias": null},
            {"column_name": "1", "ucd": null, "alias": "RA"},
            {"column_name": "2", "ucd": null, "alias": "Dec"},
            {"column_name": "3", "ucd": null, "alias": null},
        ])
    );
    assert_eq!(
        (
            &main_file["has_header"],
            &main_file["columns"],
            &main_file["n_rows"]
        ),
        (&json!(false), &json!(["0", "1", "2", "3"]), &json!(2))
    );
}

async fn f_37_no_table_is_remembered(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = registered(&alice, "model.pkl", b"\x80\x04K\x01.").await;
    let path = format!("/api/products/{}/read_data/", product["id"]);
    // What the service does by itself meanwhile only adds.
    let mut fewest = u64::MAX;
    for _ in 0..5 {
        let before = app.store().statement_count();
        let refused = alice.get(&path).await.refused(404, "not_a_table");
        assert!(
            refused["detail"].as_str().unwrap().contains("no table"),
            "{refused}"
        );
        fewest = fewest.min(app.store().statement_count() - before);
    }
    assert!(fewest <= 2, "which product, which file: nothing is started");
    bob.get(&path).await.refused(404, "not_found");
    // Nothing of a main file, or not registered yet: the same.
    let empty = alice.draft(7, "Empty").await;
    let path = format!("/api/products/{}/", empty["id"]);
    alice
        .get(&format!("{path}read_data/"))
        .await
        .refused(404, "not_a_table");
    let info = alice.get(&format!("{path}main_file_info/")).await.expect(200);
    assert_eq!(info["main_file"], json!({}));
}

async fn f_38_delimiters_and_headers(app: &TestApp) {
    let alice = app.alice().await;
    let all_text = json!(["name", "band"]);
    let numbered = json!(["0", "1"]);
    for (name, bytes, delimiter, has_header, columns, n_rows) in [
        (
            "one.csv",
            "zspec\n0.1\n0.2\n",
            json!(","),
            true,
            json!(["zspec"]),
            2,
        ),
        (
            "pipe.csv",
            "ra (deg)|dec\n1|2\n3|4\n",
            json!("|"),
            true,
            json!(["ra (deg)", "dec"]),
            2,
        ),
        (
            "text.csv",
            "name,band\nNGC 1,g\nNGC 2,r\n",
            json!(","),
            true,
            all_text,
            2,
        ),
        (
            "numbers.csv",
            "1,2\n3,4\n",
            json!(","),
            false,
            numbered.clone(),
            2,
        ),
        (
            "comment.csv",
            "# a comment\nra,dec\n1,2\n",
            json!(","),
            true,
            json!(["ra", "dec"]),
            1,
        ),
        (
            "UPPER.CSV",
            "ra;dec\n1.5;2\n",
            json!(";"),
            true,
            json!(["ra", "dec"]),
            1,
        ),
        (
            "tabs.csv",
            "ra\tdec\r\n1\t2\r\n\r\n3\t4\r\n",
            json!("\t"),
            true,
            json!(["ra", "dec"]),
            2,
        ),
        (
            "quoted.csv",
            "\"ra, deg\",dec\n1,2\n",
            json!(","),
            true,
            json!(["ra, deg", "dec"]),
            1,
        ),
        (
            "bom.csv",
            "\u{feff}ra,dec\n1,2\n",
            json!(","),
            true,
            json!(["ra", "dec"]),
            1,
        ),
    ] {
        let product = registered(&alice, name, bytes.as_bytes()).await;
        let main_file = main_file(&alice, &product).await;
        assert_eq!(
            (
                &main_file["delimiter"],
                &main_file["has_header"],
                &main_file["columns"],
                &main_file["n_rows"]
            ),
            (&delimiter, &json!(has_header), &columns, &json!(n_rows)),
            "{name}: {main_file}"
        );
        assert_eq!(main_file["extension"], ".csv");
    }
    for (name, bytes, columns, n_rows) in [
        ("decimals.txt", "1.5 2.5\n3.5 4.5\n", numbered.clone(), 2),
        (
            "named.txt",
            "# ra dec\n1.5 2.5\n3.5 4.5\n",
            json!(["ra", "dec"]),
            2,
        ),
        (
            "aligned.dat",
            "  ra     dec\n 1.5    2.25\n10.5  -2.25\n",
            json!(["ra", "dec"]),
            2,
        ),
    ] {
        let product = registered(&alice, name, bytes.as_bytes()).await;
        let found: Vec<Value> = contents(&alice, &product)
            .await
            .iter()
            .map(|row| row["column_name"].clone())
            .collect();
        assert_eq!(
            (json!(found), &product["n_rows"]),
            (columns, &json!(n_rows)),
            "{name}"
        );
    }
    // What cannot be read as CSV must not hinder showing and deleting the product.
    let product = registered(&alice, "broken.csv", b"a,b\n1,2\n3\n").await;
    let main_file = main_file(&alice, &product).await;
    assert_eq!(
        (
            &main_file["delimiter"],
            &main_file["has_header"],
            &main_file["columns"]
        ),
        (&json!(null), &json!(false), &json!([]))
    );
}

async fn f_39_one_set_of_column_names(app: &TestApp) {
    let alice = app.alice().await;
    let product = registered(&alice, "cat.csv", b"a,a,b,a\n1,2,3,4\n").await;
    let names = json!(["a", "a.1", "b", "a.2"]);
    let main_file = main_file(&alice, &product).await;
    assert_eq!(main_file["columns"], names);
    let associated: Vec<&Value> = main_file["associated_columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| &column["column_name"])
        .collect();
    assert_eq!(json!(associated), names);
    let columns = contents(&alice, &product).await;
    assert_eq!(
        json!(
            columns
                .iter()
                .map(|column| &column["column_name"])
                .collect::<Vec<_>>()
        ),
        names
    );
    let path = format!("/api/products/{}/", product["id"]);
    let page = alice.get(&format!("{path}read_data/")).await.expect(200);
    assert_eq!(
        (&page["columns"], &page["results"]),
        (&names, &json!([{"a": 1, "a.1": 2, "b": 3, "a.2": 4}]))
    );
    let statistics = alice.get(&format!("{path}stats/?columns=a.2")).await.expect(200);
    assert_eq!(statistics["columns"][0]["statistics"]["min"], 4);
}

async fn rows_of_some_columns(app: &TestApp) {
    let alice = app.alice().await;
    let product = registered(&alice, "cat.csv", b"\"a,b\",a,c\n1,2,x\n3,4,y\n5,6,z\n").await;
    let path = format!("/api/products/{}/read_data/", product["id"]);
    let page = alice
        .get(&format!("{path}?columns=c,%20a&page=2&page_size=2"))
        .await
        .expect(200);
    assert_eq!(
        page,
        json!({"count": 3, "total_rows": 3, "columns": ["a", "c"], "results": [{"a": 6, "c": "z"}]}),
        "in file order"
    );
    let page = alice
        .get(&format!("{path}?columns=a,b&page_size=1"))
        .await
        .expect(200);
    assert_eq!(page["results"], json!([{"a,b": 1}]));
    let refused = alice
        .get(&format!("{path}?columns=a,nonsense"))
        .await
        .refused(400, "invalid_parameter");
    assert!(
        refused["columns"][0].as_str().unwrap().contains("nonsense"),
        "{refused}"
    );
    assert_eq!(
        alice.get(&format!("{path}?columns=")).await.expect(200)["columns"],
        json!(["a,b", "a", "c"])
    );
    for query in ["page=1.5", "page_size=0", "page=-1", "page_size=1e2"] {
        alice
            .get(&format!("{path}?{query}"))
            .await
            .refused(400, "invalid_parameter");
    }
    assert_eq!(
        alice.get(&format!("{path}?page_size=1000")).await.expect(200)["results"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

async fn samples_are_exact(app: &TestApp) {
    let alice = app.alice().await;
    let text = b"id,z,flag,name,empty\n\
        1486231857497402613,0.10,true,NGC 1,\n\
        ,inf,,\"say \"\"hi\"\"\",\n\
        1486231857497402615,-99,false,\xc3\xa9,\n\
        1486231857497402616,1e-3,true,d,\n";
    let product = registered(&alice, "cat.csv", text).await;
    let path = format!("/api/product-contents/?product={}", product["id"]);
    let answer = alice.get(&path).await;
    let columns = answer.expect(200)["results"].as_array().unwrap().clone();
    let body = String::from_utf8(answer.bytes).unwrap();
    assert!(
        body.contains(
            r#""sample":[1486231857497402613,1486231857497402615,1486231857497402616],"min":1486231857497402613,"max":1486231857497402616,"null_count":1"#
        ),
        "{body}"
    );
    assert_eq!(
        columns[1]["sample"],
        json!([0.1, -99.0]),
        "what JSON cannot say is left out"
    );
    assert_eq!(
        (&columns[1]["min"], &columns[1]["null_count"]),
        (&json!(-99.0), &json!(0))
    );
    assert_eq!(columns[2]["sample"], json!([true, false, true]));
    assert_eq!(columns[3]["sample"], json!(["NGC 1", "say \"hi\"", "é"]));
    assert_eq!(
        (&columns[3]["min"], &columns[3]["max"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(
        (&columns[4]["sample"], &columns[4]["null_count"]),
        (&json!([]), &json!(4))
    );
    let one = alice
        .get(&format!("/api/product-contents/{}/", columns[1]["id"]))
        .await
        .expect(200);
    assert_eq!(one, columns[1]);
    // A change answers the same, and a column added by hand has none.
    let changed = alice
        .patch_form(
            &format!("/api/product-contents/{}/", columns[1]["id"]),
            &[("alias", "z")],
        )
        .await
        .expect(200);
    assert_eq!(
        (&changed["sample"], &changed["alias"]),
        (&columns[1]["sample"], &json!("z"))
    );
    let body = json!({"product": product["id"], "column_name": "extra"});
    let added = alice.post("/api/product-contents/", body).await.expect(201);
    assert_eq!(
        (&added["sample"], &added["null_count"]),
        (&json!([]), &json!(null))
    );

    let long: Vec<Option<f64>> = (0..2000).map(|number| Some(f64::from(number) / 8.0)).collect();
    let lists =
        ListArray::from_iter_primitive::<Float64Type, _, _>([Some(vec![Some(0.5), None]), None, Some(long)]);
    let bytes = parquet(vec![
        ("whole", Arc::new(Int64Array::from(vec![i64::MAX, i64::MIN, 0]))),
        ("large", Arc::new(UInt64Array::from(vec![u64::MAX, 0, 1]))),
        (
            "single",
            Arc::new(Float32Array::from(vec![0.1_f32, f32::NAN, 1e-9])),
        ),
        (
            "double",
            Arc::new(Float64Array::from(vec![Some(0.1), None, Some(f64::INFINITY)])),
        ),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![123_456_789_012_345_678_901_234_567_890_i128, 10, -5])
                    .with_precision_and_scale(30, 2)
                    .unwrap(),
            ),
        ),
        (
            "flag",
            Arc::new(BooleanArray::from(vec![Some(false), None, Some(true)])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
        ),
        (
            "at",
            Arc::new(TimestampMicrosecondArray::from(vec![1_500_i64, 0, 7_000_000])),
        ),
        ("pdf", Arc::new(lists)),
    ]);
    let product = registered(&alice, "cat.parquet", &bytes).await;
    let answer = alice
        .get(&format!("/api/product-contents/?product={}", product["id"]))
        .await;
    let columns = answer.expect(200)["results"].as_array().unwrap().clone();
    let body = String::from_utf8(answer.bytes).unwrap();
    for exact in [
        r#""sample":[9223372036854775807,-9223372036854775808,0],"min":-9223372036854775808,"max":9223372036854775807"#,
        r#""sample":[18446744073709551615,0,1],"min":0,"max":18446744073709551615"#,
        r#""sample":[0.1,"#,
        r#""sample":[1234567890123456789012345678.90,0.10,-0.05]"#,
        r#""sample":[false,true]"#,
        r#""sample":["a",""]"#,
        r#""sample":[1,0,7000]"#,
    ] {
        assert!(body.contains(exact), "{exact} in {body}");
    }
    let pdf = columns[8]["sample"].as_array().unwrap();
    assert_eq!(pdf[0], json!([0.5, null]));
    let shown = pdf[1].as_array().unwrap();
    assert!(
        shown.len() > 50 && shown.len() < 2000 && shown[8] == 1.0,
        "{}",
        shown.len()
    );
    // What read_data says of the same cells.
    let rows = alice
        .get(&format!("/api/products/{}/read_data/", product["id"]))
        .await
        .expect(200);
    for (column, name) in columns.iter().zip(["whole", "large", "single"]) {
        assert_eq!(column["sample"][0], rows["results"][0][name]);
    }
}

/// As wide as catalogs get: one request, few statements, in a moment.
async fn many_columns(app: &TestApp) {
    let alice = app.alice().await;
    let mut text = String::new();
    for column in 0..1200 {
        write!(text, "{}c{column}", if column > 0 { "," } else { "" }).unwrap();
    }
    for row in 0..30 {
        text.push('\n');
        for column in 0..1200 {
            write!(
                text,
                "{}{}",
                if column > 0 { "," } else { "" },
                row * 1000 + column
            )
            .unwrap();
        }
    }
    let product = registered(&alice, "wide.csv", text.as_bytes()).await;
    let path = format!("/api/product-contents/?product={}", product["id"]);
    let before = app.store().statement_count();
    let start = std::time::Instant::now();
    let answer = alice.get(&path).await;
    let took = start.elapsed();
    assert!(app.store().statement_count() - before <= 5);
    let columns = answer.expect(200)["results"].as_array().unwrap().clone();
    assert_eq!(columns.len(), 1200);
    assert_eq!(
        (&columns[1199]["sample"], &columns[1199]["max"]),
        (&json!([1199, 2199, 3199]), &json!(30_199))
    );
    assert!(took.as_secs_f64() < 5.0, "{took:?}");
}
