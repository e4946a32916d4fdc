//! The client: attaching, fetching and showing files.

use std::io::{Cursor, Read};

use pz_client::{Client, Error, NewProduct, ProductPatch, Upload};
use pz_model::api::ProductFile;
use pz_model::{ErrorCode, FileRole, ProductStatus};

use crate::app::TestApp;
use crate::client_coverage::{client, refused, refused_field};
use crate::downloads::sha256_hex;

/// A draft of notes.
async fn draft(client: &Client, name: &str) -> i64 {
    let new = NewProduct {
        display_name: name.to_owned(),
        product_type: 7,
        description: Some("Notes.".to_owned()),
        ..NewProduct::default()
    };
    client.create_product(&new).await.unwrap().id
}

fn upload(product: i64, role: FileRole, name: &str, bytes: &[u8]) -> Upload {
    Upload {
        product,
        role,
        name: name.to_owned(),
        mime_type: None,
        body: bytes.to_vec().into(),
        size_bytes: Some(bytes.len() as u64),
    }
}

async fn attached(client: &Client, product: i64, role: FileRole, name: &str, bytes: &[u8]) -> ProductFile {
    client
        .upload_product_file(upload(product, role, name, bytes))
        .await
        .unwrap()
}

async fn bytes_at(client: &Client, link: &str) -> Vec<u8> {
    client.fetch(link).await.unwrap().bytes().await.unwrap().to_vec()
}

#[actix_web::test]
async fn attaching_and_removing() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let product = draft(&alice, "Notes").await;
    let extra = attached(&alice, product, FileRole::Auxiliary, "extra.bin", &[7; 1000]).await;
    let chunks = ["read ", "me"].map(|text| Ok::<_, std::io::Error>(text.as_bytes()));
    let streamed = Upload {
        mime_type: Some("text/markdown".to_owned()),
        body: reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)),
        size_bytes: None,
        ..upload(product, FileRole::Description, "Read ü me.md", b"")
    };
    let readme = alice.upload_product_file(streamed).await.unwrap();
    assert_eq!(
        (
            readme.product,
            readme.role,
            readme.name.as_deref(),
            readme.mime_type.as_deref()
        ),
        (
            product,
            FileRole::Description,
            Some("Read ü me.md"),
            Some("text/markdown")
        )
    );
    assert_eq!(
        (readme.size, readme.sha256.clone()),
        (Some(7), Some(sha256_hex(b"read me")))
    );
    let main = attached(&alice, product, FileRole::Main, "data.bin", b"data").await;
    assert_eq!(alice.product_file(main.id).await.unwrap(), main);
    let files = alice.product_files(product).await.unwrap();
    assert_eq!(files, [main.clone(), readme.clone(), extra.clone()], "by role");

    let address = Client::product_file_address(readme.id);
    assert!(readme.file.ends_with(&address));
    for link in [address.clone(), format!("{}{address}", app.root), readme.file] {
        assert_eq!(bytes_at(&alice, &link).await, b"read me", "{link}");
    }
    refused(bob.fetch(&address).await, 404, ErrorCode::NotFound);
    refused(
        Client::new(&app.root).fetch(&address).await,
        401,
        ErrorCode::NotAuthenticated,
    );

    refused_field(
        alice
            .upload_product_file(upload(product, FileRole::Main, "x", b""))
            .await,
        ErrorCode::EmptyFile,
        "file",
    );
    refused_field(
        bob.upload_product_file(upload(product, FileRole::Main, "x", b"x"))
            .await,
        ErrorCode::ValidationFailed,
        "product",
    );
    let nonsense = Upload {
        mime_type: Some("no mime type".to_owned()),
        ..upload(product, FileRole::Main, "x", b"x")
    };
    let unsent = alice.upload_product_file(nonsense).await.unwrap_err();
    assert!(matches!(unsent, Error::Request(_)), "{unsent}");
    let publish = ProductPatch {
        status: Some(ProductStatus::Published),
        ..ProductPatch::default()
    };
    alice.update_product(product, &publish).await.unwrap();
    refused(
        bob.upload_product_file(upload(product, FileRole::Auxiliary, "x", b"x"))
            .await,
        403,
        ErrorCode::PermissionDenied,
    );
    refused(
        alice
            .upload_product_file(upload(product, FileRole::Main, "x", b"x"))
            .await,
        409,
        ErrorCode::MainFileExists,
    );
    refused(
        bob.delete_product_file(extra.id).await,
        403,
        ErrorCode::PermissionDenied,
    );
    alice.delete_product_file(extra.id).await.unwrap();
    refused(alice.product_file(extra.id).await, 404, ErrorCode::NotFound);
    assert_eq!(bob.product_files(product).await.unwrap().len(), 2);
}

#[actix_web::test]
async fn showing() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let product = draft(&alice, "Pages").await;
    let page = attached(&alice, product, FileRole::Auxiliary, "page.html", b"<p>x").await;
    for scripts in [false, true] {
        let view = alice.view_url(page.id, scripts).await.unwrap();
        assert_eq!(
            (view.scripts, view.content_type.as_str()),
            (scripts, "text/html; charset=utf-8")
        );
        // The address is enough.
        assert_eq!(bytes_at(&Client::new(&app.root), &view.url).await, b"<p>x");
    }
    let other = attached(&alice, product, FileRole::Auxiliary, "x.fits", b"x").await;
    refused(alice.view_url(other.id, false).await, 404, ErrorCode::NotViewable);
    refused(bob.view_url(page.id, false).await, 404, ErrorCode::NotFound);
}

#[actix_web::test]
async fn downloads() {
    let app = TestApp::sqlite().await;
    let (alice, bob) = (client(&app, "alice").await, client(&app, "bob").await);
    let product = draft(&alice, "Notes").await;
    refused(
        alice.prepare_main_file_download(product).await,
        404,
        ErrorCode::NotFound,
    );
    refused(
        alice.main_file_download_status(product).await,
        404,
        ErrorCode::NotFound,
    );
    attached(&alice, product, FileRole::Main, "data.bin", b"data").await;
    let main = alice.prepare_main_file_download(product).await.unwrap();
    assert_eq!(
        (main.id, main.status.as_str(), main.filename.as_str(), main.size),
        (product, "ready", "data.bin", Some(4))
    );
    assert_eq!(main.checksum, Some(sha256_hex(b"data")));
    assert_eq!(bytes_at(&alice, &main.download_url).await, b"data");
    let again = alice.main_file_download_status(product).await.unwrap();
    assert_eq!(again.source_signature, main.source_signature);
    assert_eq!(bytes_at(&alice, &again.download_url).await, b"data");

    let whole = alice.prepare_download(product).await.unwrap();
    assert_eq!((whole.status.as_str(), whole.id), ("ready", product));
    let zip = bytes_at(&alice, &whole.download_url).await;
    assert_eq!(whole.size, Some(zip.len() as i64));
    let mut member = Vec::new();
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    archive
        .by_name("data.bin")
        .unwrap()
        .read_to_end(&mut member)
        .unwrap();
    assert_eq!(member, b"data");
    let status = alice.download_status(product).await.unwrap();
    assert_eq!(
        (&status.source_signature, &status.filename),
        (&whole.source_signature, &whole.filename)
    );

    refused(bob.prepare_download(product).await, 404, ErrorCode::NotFound);
    refused(bob.download_status(product).await, 404, ErrorCode::NotFound);
    let forged = alice.fetch(&format!("{}x", whole.download_url)).await;
    refused(forged, 403, ErrorCode::InvalidLink);
}

/// The token goes to its own server and to no other, however a link begins.
#[actix_web::test]
async fn links_to_other_servers_are_not_followed() {
    let app = TestApp::sqlite().await;
    let alice = client(&app, "alice").await;
    for link in [
        "https://elsewhere.example.org/x",
        &format!("{}0/api/", app.root),
        &format!("{}.example.org/api/", app.root),
        &format!("{}@elsewhere.example.org/api/", app.root),
        ".example.org/api/",
        "@elsewhere.example.org/api/",
        "0/api/",
        "",
    ] {
        let refused = alice.fetch(link).await.unwrap_err();
        assert!(matches!(refused, Error::Request(_)), "{link}: {refused}");
    }
}
