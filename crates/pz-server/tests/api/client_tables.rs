//! The client: main files as tables, their columns, rows, statistics and plots.

use pz_client::{Cell, Client, ContentPatch, NewProduct, RedshiftQuery, Upload};
use pz_model::api::Product;
use pz_model::{ColumnMeaning, ErrorCode, FileRole};

use crate::app::{CATALOG, TestApp};
use crate::client_coverage::{client, refused, refused_field};

/// Positions, redshifts and magnitudes in two bins of each.
const TABLE: &str = "id,ra,dec,z,mag_i_lsst\n\
    1486231857497402613,10.5,-3.25,0.1,20.5\n\
    1486231857497402614,10.5,-3.25,0.15,20.6\n\
    1486231857497402615,200.5,45.25,0.3,22.5\n\
    1486231857497402616,200.5,45.25,,22.6\n";

/// A draft whose main file is registered.
async fn registered(client: &Client, name: &str, bytes: &'static [u8]) -> Product {
    let new = NewProduct {
        display_name: name.to_owned(),
        product_type: 7,
        ..NewProduct::default()
    };
    let product = client.create_product(&new).await.unwrap().id;
    let upload = Upload {
        product,
        role: FileRole::Main,
        name: name.to_owned(),
        mime_type: None,
        body: bytes.into(),
        size_bytes: Some(bytes.len() as u64),
    };
    client.upload_product_file(upload).await.unwrap();
    client.registry(product).await.unwrap()
}

/// Gives these columns meanings.
async fn mean(client: &Client, product: i64, meanings: &[(&str, ColumnMeaning)]) {
    let columns = client.product_contents(product).await.unwrap();
    for (name, meaning) in meanings {
        let column = columns.iter().find(|column| column.column_name == *name).unwrap();
        let changed = client
            .update_product_content(column.id, &ContentPatch::meaning(*meaning))
            .await
            .unwrap();
        assert_eq!(
            (changed.ucd.as_deref(), changed.alias.as_deref()),
            (Some(meaning.ucd()), Some(meaning.alias()))
        );
    }
}

#[actix_web::test]
async fn columns_and_rows() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let product = registered(&alice, "cat.csv", CATALOG).await;
    assert_eq!(
        (product.n_rows, product.size),
        (Some(3), Some(CATALOG.len() as i64))
    );
    let columns = alice.product_contents(product.id).await.unwrap();
    let names: Vec<&str> = columns.iter().map(|column| column.column_name.as_str()).collect();
    assert_eq!(names, ["id", "ra", "dec", "z", "survey"]);
    assert_eq!(columns[3].null_count, Some(1));
    assert_eq!(columns[0].max.as_ref().unwrap().get(), "1486231857497402615");

    mean(&alice, product.id, &[("ra", ColumnMeaning::Ra)]).await;
    let info = alice.main_file_info(product.id).await.unwrap();
    let main_file = info.main_file.unwrap();
    assert_eq!(
        (info.product.id, main_file.name.as_str()),
        (product.id, "cat.csv")
    );
    assert_eq!(main_file.columns.as_deref().unwrap(), names);
    assert_eq!(main_file.associated_columns[1].alias.as_deref(), Some("RA"));
    assert_eq!(
        (main_file.has_header, main_file.delimiter),
        (Some(true), Some(Some(",".to_owned())))
    );
    let cleared = alice
        .update_product_content(columns[1].id, &ContentPatch::clear())
        .await
        .unwrap();
    assert_eq!((cleared.alias, cleared.ucd), (None, None));
    let long = ContentPatch {
        ucd: Some("x".repeat(129)),
        alias: None,
    };
    refused_field(
        alice.update_product_content(columns[1].id, &long).await,
        ErrorCode::ValidationFailed,
        "ucd",
    );
    let patch = ContentPatch::clear();
    refused(
        bob.update_product_content(columns[1].id, &patch).await,
        404,
        ErrorCode::NotFound,
    );
    refused_field(
        bob.product_contents(product.id).await,
        ErrorCode::InvalidFilter,
        "product",
    );
    refused(bob.main_file_info(product.id).await, 404, ErrorCode::NotFound);

    // Every digit of a number, and the missing ones as such.
    let rows = alice.read_data(product.id, 1, 2).await.unwrap().unwrap();
    assert_eq!((rows.count, rows.total_rows, rows.rows.len()), (3, 3, 2));
    assert_eq!(rows.columns, names);
    let texts: Vec<_> = rows.rows[1].iter().map(|cell| cell.text().into_owned()).collect();
    assert_eq!(texts, ["1486231857497402614", "11.5", "-4.25", "", "B"]);
    assert_eq!(rows.rows[1][3], Cell::Missing);
    let some = alice
        .read_columns(product.id, &["survey", "id"], 2, 2)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(some.columns, ["id", "survey"], "in file order");
    assert_eq!(
        some.rows,
        [vec![
            Cell::Number("1486231857497402615".into()),
            Cell::Text("C".into())
        ]]
    );
    refused_field(
        alice.read_columns(product.id, &["nothing"], 1, 1).await,
        ErrorCode::InvalidParameter,
        "columns",
    );
    refused_field(
        alice.read_data(product.id, 0, 1).await,
        ErrorCode::InvalidParameter,
        "page",
    );
    let model = registered(&alice, "model.pkl", b"\x80\x04K\x01.").await;
    assert_eq!(model.n_rows, None);
    refused(alice.read_data(model.id, 1, 1).await, 404, ErrorCode::NotATable);
}

#[actix_web::test]
async fn more_columns_than_a_page_has() {
    let app = TestApp::sqlite().await;
    let alice = client(&app, "alice").await;
    let names: Vec<String> = (0..1201).map(|number| format!("c{number}")).collect();
    let csv = format!("{}\n{}\n", names.join(","), vec!["1"; names.len()].join(","));
    let product = registered(&alice, "wide.csv", Box::leak(csv.into_bytes().into_boxed_slice())).await;
    let columns = alice.product_contents(product.id).await.unwrap();
    assert!(columns.iter().map(|column| &column.column_name).eq(&names));
}

#[actix_web::test]
async fn statistics() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let product = registered(&alice, "cat.csv", CATALOG).await;
    let all = alice.table_statistics(product.id, &[]).await.unwrap();
    assert_eq!(
        (all.n_rows, all.columns.len(), all.format.as_deref()),
        (3, 5, Some("csv"))
    );
    let some = alice.table_statistics(product.id, &["z", "ra"]).await.unwrap();
    let names: Vec<&str> = some
        .columns
        .iter()
        .map(|column| column.column_name.as_str())
        .collect();
    assert_eq!(names, ["ra", "z"]);
    let z = some.columns[1].statistics.as_ref().unwrap();
    assert_eq!((z.count, z.missing, z.mean), (2, 1, Some(1.125)));
    refused_field(
        alice.table_statistics(product.id, &["nothing"]).await,
        ErrorCode::InvalidParameter,
        "columns",
    );
    refused(
        bob.table_statistics(product.id, &[]).await,
        404,
        ErrorCode::NotFound,
    );
}

#[actix_web::test]
async fn plots() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let product = registered(&alice, "cat.csv", TABLE.as_bytes()).await.id;
    refused(
        alice.sky_plot(product, None).await,
        404,
        ErrorCode::MissingColumns,
    );
    let meanings = [
        ("ra", ColumnMeaning::Ra),
        ("dec", ColumnMeaning::Dec),
        ("z", ColumnMeaning::Z),
    ];
    mean(&alice, product, &meanings).await;
    let sky = alice.sky_plot(product, Some(3)).await.unwrap();
    assert_eq!((sky.ra_column.as_str(), sky.counts.order), ("ra", 3));
    let counts: Vec<u64> = sky.counts.cells.iter().map(|(_, count)| *count).collect();
    assert_eq!((sky.counts.n_rows, counts), (4, vec![2, 2]));
    refused_field(
        alice.sky_plot(product, Some(99)).await,
        ErrorCode::InvalidParameter,
        "order",
    );

    let query = RedshiftQuery {
        bins: Some(2),
        min: Some(0.0),
        max: Some(0.4),
        split: None,
    };
    let redshifts = alice.redshift_plot(product, &query).await.unwrap();
    assert_eq!(
        (redshifts.column.as_str(), &redshifts.counts.counts),
        ("z", &vec![2, 1])
    );
    assert_eq!(
        (redshifts.counts.missing, &redshifts.counts.edges),
        (1, &vec![0.0, 0.2, 0.4])
    );
    let split = RedshiftQuery {
        split: Some("nothing".to_owned()),
        ..RedshiftQuery::default()
    };
    refused_field(
        alice.redshift_plot(product, &split).await,
        ErrorCode::InvalidParameter,
        "split",
    );

    let chosen = alice.magnitude_plot(product, None).await.unwrap();
    let named = alice.magnitude_plot(product, Some("mag_i_lsst")).await.unwrap();
    assert_eq!(chosen, named);
    assert_eq!(
        (
            named.column.as_str(),
            named.z_column.as_str(),
            named.counts.n_rows,
            named.counts.n
        ),
        ("mag_i_lsst", "z", 4, 3)
    );
    refused_field(
        alice.magnitude_plot(product, Some("nothing")).await,
        ErrorCode::InvalidParameter,
        "column",
    );
    refused(bob.magnitude_plot(product, None).await, 404, ErrorCode::NotFound);
}
