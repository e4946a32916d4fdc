use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    upload_list_download_remove,
    roles_and_replacement,
    refusals,
    f_13_names_are_base_names,
    f_14_internal_names_are_names_like_any_other,
    f_15_long_names_and_extensions,
    f_16_storage_uses_no_names,
    f_19_a_second_main_file_replaces_the_first,
    parts_come_in_any_order,
);

async fn upload_list_download_remove(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Catalog").await;
    let added = alice
        .upload(&product, 2, "../../notes ü;1.txt", b"some notes")
        .await
        .expect(201);
    assert_eq!(
        (&added["name"], &added["role_name"]),
        (&json!("notes ü;1.txt"), &json!("Auxiliary"))
    );
    assert_eq!(
        (&added["extension"], &added["size"]),
        (&json!(".txt"), &json!(10))
    );
    // From sha256sum.
    assert_eq!(
        added["sha256"],
        "237bac67a518e2dfc901ecbf060f59cde465d4644cf9d0783a877a321f9bbcb3"
    );
    let list = bob
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    assert_eq!(list["count"], 2);
    assert_eq!(list["results"][0]["n_rows"], 3);
    assert_eq!(
        (
            &list["results"][1]["can_delete"],
            &list["results"][0]["role_name"]
        ),
        (&json!(false), &json!("Main"))
    );
    let path = format!("/api/product-files/{}/", added["id"]);
    let download = bob.get(added["file"].as_str().unwrap()).await;
    assert_eq!((download.status, &download.bytes[..]), (200, &b"some notes"[..]));
    assert_eq!(
        download.header("content-disposition"),
        "attachment; filename*=UTF-8''notes%20%C3%BC%3B1.txt"
    );
    assert!(download.header("content-security-policy").contains("sandbox"));
    app.anonymous()
        .get(added["file"].as_str().unwrap())
        .await
        .refused(401, "not_authenticated");

    bob.delete(&path).await.refused(403, "permission_denied");
    let blobs = app.blob_files();
    assert_eq!(alice.delete(&path).await.status, 204);
    assert_eq!(app.blob_files(), blobs - 1);
    alice.get(&path).await.refused(404, "not_found");

    // Others' drafts: neither their files nor their existence.
    alice
        .patch(&format!("/api/products/{}/", product["id"]), json!({"status": 0}))
        .await
        .expect(200);
    bob.get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .refused(400, "invalid_filter");
    bob.get(&format!("/api/product-files/{}/", list["results"][0]["id"]))
        .await
        .refused(404, "not_found");
    assert_eq!(bob.get("/api/product-files/").await.expect(200)["count"], 0);
    let refused = bob
        .upload(&product, 2, "x.txt", b"x")
        .await
        .refused(400, "validation_failed");
    assert!(refused["product"].is_array());
    app.root()
        .await
        .upload(&product, 2, "x.txt", b"x")
        .await
        .expect(201);
}

async fn roles_and_replacement(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    let first = alice
        .upload(&product, 0, "first.csv", b"a\n1\n")
        .await
        .expect(201);
    assert_eq!(app.blob_files(), 1);
    let second = alice.upload(&product, 0, "second.csv", CATALOG).await.expect(201);
    assert_eq!(app.blob_files(), 1, "the replaced one is gone");
    alice
        .get(&format!("/api/product-files/{}/", first["id"]))
        .await
        .refused(404, "not_found");
    let note = alice.upload(&product, 2, "note.txt", b"x").await.expect(201);
    let path = format!("/api/product-files/{}/", note["id"]);
    assert_eq!(
        alice.patch(&path, json!({"role": 1})).await.expect(200)["role_name"],
        "Description"
    );
    alice
        .patch(&path, json!({"role": 0}))
        .await
        .refused(400, "validation_failed");
    let main = format!("/api/product-files/{}/", second["id"]);
    alice
        .patch(&main, json!({"role": 1}))
        .await
        .refused(400, "validation_failed");
    Answer::of(alice.request(Method::PUT, &path).json(&json!({"role": 1})))
        .await
        .refused(405, "method_not_allowed");

    let published = alice.published_catalog("Published").await;
    let blobs = app.blob_files();
    alice
        .upload(&published, 0, "other.csv", CATALOG)
        .await
        .refused(409, "main_file_exists");
    assert_eq!(app.blob_files(), blobs);
}

async fn refusals(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.draft(7, "Draft").await;
    let post = |form: Form| Answer::of(alice.request(Method::POST, "/api/product-files/").multipart(form));
    let file = || Part::bytes(b"x".to_vec()).file_name("x.txt");
    let id = product["id"].to_string();
    let fields = async |form: Form| -> Vec<String> {
        let body = post(form).await.expect(400);
        body.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(
        fields(Form::new().text("role", "7")).await,
        ["file", "product", "role"]
    );
    assert_eq!(fields(Form::new().text("product", id.clone())).await, ["file"]);
    assert_eq!(fields(Form::new().part("file", file())).await, ["product"]);
    assert_eq!(
        fields(Form::new().text("product", "99999").part("file", file())).await,
        ["product"]
    );
    assert_eq!(
        fields(Form::new().text("product", "x").part("file", file())).await,
        ["product"]
    );
    let role = Form::new()
        .text("product", id.clone())
        .text("role", "3")
        .part("file", file());
    assert_eq!(fields(role).await, ["role"]);
    let long = Form::new()
        .text("product", id.clone())
        .text("type", "x".repeat(129))
        .part("file", file());
    assert_eq!(fields(long).await, ["type"]);
    let empty = Form::new()
        .text("product", id.clone())
        .part("file", Part::bytes(vec![]).file_name("x.txt"));
    post(empty).await.refused(400, "empty_file");
    for name in ["..", "a/..", ""] {
        let part = Part::bytes(b"x".to_vec()).file_name(name);
        post(Form::new().text("product", id.clone()).part("file", part))
            .await
            .refused(400, "invalid_file_name");
    }
    let part = Part::bytes(b"x".to_vec()).file_name("é".repeat(200));
    post(Form::new().text("product", id.clone()).part("file", part))
        .await
        .refused(400, "invalid_file_name");
    let nameless = Form::new()
        .text("product", id.clone())
        .part("file", Part::bytes(b"x".to_vec()));
    post(nameless).await.refused(400, "invalid_file_name");
    alice
        .post("/api/product-files/", json!({"product": 1}))
        .await
        .refused(400, "validation_failed");
    let odd = alice
        .request(Method::POST, "/api/product-files/")
        .header("content-type", "text/plain")
        .body("x");
    Answer::of(odd).await.refused(415, "unsupported_media_type");
    let broken = alice
        .request(Method::POST, "/api/product-files/")
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x\r\nContent-Disposition: form-data; name=\"product\"\r\n\r\n1");
    Answer::of(broken).await.refused(400, "malformed_body");
    bob.upload(&product, 0, "x.txt", b"x")
        .await
        .refused(400, "validation_failed");
    // An upload that was refused halfway removes its bytes in the background.
    for _ in 0..200 {
        if app.blob_files() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.blob_files(), 0, "nothing was kept");
}

#[actix_web::test]
async fn f_47_a_file_over_the_limit_is_refused_while_it_streams() {
    let app = TestApp::start(&["--upload-max-bytes", "1000000"]).await;
    let alice = app.alice().await;
    let product = alice.draft(7, "Large").await;
    let answer = alice.upload(&product, 0, "large.bin", &vec![7; 5_000_000]).await;
    let body = answer.refused(413, "file_too_large");
    assert!(
        body["detail"].as_str().unwrap().contains("1000000 bytes"),
        "{body}"
    );
    // Without a declared length, it is counted while it comes: what is beyond the limit never gets to the disk.
    let blobs = app.state.settings.blob_dir();
    let most = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let seen = std::sync::Arc::clone(&most);
    let chunks = (0..400).map(move |_| {
        seen.fetch_max(largest_file(&blobs), std::sync::atomic::Ordering::Relaxed);
        Ok::<_, std::io::Error>(vec![7u8; 100_000])
    });
    let part = Part::stream(reqwest::Body::wrap_stream(futures_util::stream::iter(chunks)));
    let form = Form::new()
        .text("product", product["id"].to_string())
        .part("file", part.file_name("large.bin"));
    let request = alice.request(Method::POST, "/api/product-files/").multipart(form);
    Answer::of(request).await.refused(413, "file_too_large");
    let most = most.load(std::sync::atomic::Ordering::Relaxed);
    assert!(most <= 1_000_000, "{most} bytes were on disk");
    let exact = alice.upload(&product, 0, "exact.bin", &vec![7; 1_000_000]).await;
    assert_eq!(exact.expect(201)["size"], 1_000_000);
    for _ in 0..200 {
        if app.blob_files() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(app.blob_files(), 1);
}

/// Bytes of the largest file below a directory.
fn largest_file(directory: &std::path::Path) -> u64 {
    let Ok(entries) = fs_err::read_dir(directory) else {
        return 0;
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => largest_file(&entry.path()),
            Ok(metadata) => metadata.len(),
            // Gone meanwhile.
            Err(_) => 0,
        })
        .max()
        .unwrap_or(0)
}

async fn main_name(person: &Person, product: &Value) -> Value {
    let path = format!("/api/products/{}/main_file_info/", product["id"]);
    person.get(&path).await.expect(200)["main_file"]["name"].clone()
}

async fn f_13_names_are_base_names(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    for (raw, name) in [
        ("../../x.txt", "x.txt"),
        ("/etc/x.txt", "x.txt"),
        ("..\\..\\x.txt", "x.txt"),
        ("C:\\data\\x.txt", "x.txt"),
        ("…/ü ö.txt", "ü ö.txt"),
    ] {
        let part = Part::bytes(b"x".to_vec()).file_name(raw);
        let form = Form::new()
            .text("product", product["id"].to_string())
            .text("role", "2")
            .part("file", part);
        let request = alice.request(Method::POST, "/api/product-files/");
        assert_eq!(
            Answer::of(request.multipart(form)).await.expect(201)["name"],
            name,
            "{raw:?}"
        );
    }
    // As a client writes it that escapes what a header cannot hold.
    let escaped = format!(
        "--x\r\nContent-Disposition: form-data; name=\"product\"\r\n\r\n{}\r\n--x\r\n\
         Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''..%2Fa%00b%0D%0Ac%7F.txt\r\n\r\nx\r\n--x--\r\n",
        product["id"]
    );
    let request = alice
        .request(Method::POST, "/api/product-files/")
        .header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(
        Answer::of(request.body(escaped)).await.expect(201)["name"],
        "abc.txt"
    );
    for raw in ["..", ".", "/", "a/..", "..\\", " "] {
        alice
            .upload(&product, 2, raw, b"x")
            .await
            .refused(400, "invalid_file_name");
    }
}

async fn f_14_internal_names_are_names_like_any_other(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let table = format!("/api/products/{}/read_data/", product["id"]);
    let before = alice.get(&table).await.expect(200);
    let names = [
        "__table_preview.json",
        "product_metadata.yaml",
        "process.yml",
        "manifest-sha256.txt",
        "secret.key",
        "pz-server.sqlite3",
    ];
    for name in names {
        let file = alice.upload(&product, 2, name, b"spoof").await.expect(201);
        assert_eq!(file["name"], name);
    }
    assert_eq!(alice.get(&table).await.expect(200), before);
    let path = format!("/api/products/{}/download/prepare/", product["id"]);
    let archive = alice.post(&path, json!({})).await.expect(200);
    let zip = alice.get(archive["download_url"].as_str().unwrap()).await;
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&zip.bytes)).unwrap();
    let spoofed = (0..zip.len())
        .filter(|index| {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut zip.by_index(*index).unwrap(), &mut text).unwrap();
            text == "spoof"
        })
        .count();
    assert_eq!(spoofed, names.len(), "each is there, in nobody's place");
    assert!(app.state.settings.data_dir.join("secret.key").is_file());
}

async fn f_15_long_names_and_extensions(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(7, "Draft").await;
    let long = "x".repeat(300);
    for (name, extension) in [
        (format!("x.{}", "e".repeat(40)), ""),
        (format!("{}.csv", "x".repeat(251)), ".csv"),
        ("x.tar.gz".to_owned(), ".tar.gz"),
        ("no. 7 of many".to_owned(), ""),
    ] {
        let file = alice.upload(&product, 2, &name, b"x").await.expect(201);
        assert_eq!(
            (&file["name"], &file["extension"]),
            (&json!(name), &json!(extension))
        );
    }
    for name in [long.clone(), format!("{long}.csv"), "é".repeat(128)] {
        let said = alice
            .upload(&product, 2, &name, b"x")
            .await
            .refused(400, "invalid_file_name");
        assert!(said["file"][0].as_str().unwrap().contains("255 bytes"), "{said}");
    }
}

async fn f_16_storage_uses_no_names(app: &TestApp) {
    let alice = app.alice().await;
    let display_name = format!("../{}/..", "ü".repeat(249));
    let product = alice.draft(7, &display_name).await;
    alice
        .upload(&product, 0, &"n".repeat(255), b"x")
        .await
        .expect(201);
    alice
        .upload(&product, 2, "x; rm -rf $(pwd)", b"x")
        .await
        .expect(201);
    let root = app.state.settings.blob_dir();
    let mut files = 0;
    for folder in fs_err::read_dir(&root).unwrap() {
        let folder = folder.unwrap();
        for file in fs_err::read_dir(folder.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(
                name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{name}"
            );
            files += 1;
        }
    }
    assert_eq!(files, 2);
}

async fn f_19_a_second_main_file_replaces_the_first(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Catalog").await;
    alice
        .upload(&product, 0, "first.csv", b"a\n1\n")
        .await
        .expect(201);
    let path = format!("/api/products/{}/", product["id"]);
    alice.get(&format!("{path}registry/")).await.expect(200);
    // One that does not come to its end replaces nothing.
    alice
        .upload(&product, 0, "empty.csv", b"")
        .await
        .refused(400, "empty_file");
    assert_eq!(main_name(&alice, &product).await, "first.csv");
    alice.upload(&product, 0, "second.csv", CATALOG).await.expect(201);
    assert_eq!(main_name(&alice, &product).await, "second.csv");
    let registered = alice.get(&format!("{path}registry/")).await.expect(200);
    assert_eq!(registered["n_rows"], 3);
    alice.get(&format!("{path}main_file_info/")).await.expect(200);
    let prepare = format!("{path}download/main-file/prepare/");
    let link = alice.post(&prepare, json!({})).await.expect(200);
    let bytes = alice.get(link["download_url"].as_str().unwrap()).await.bytes;
    assert_eq!(bytes, CATALOG);

    let published = alice.published_catalog("Published").await;
    alice
        .upload(&published, 0, "other.csv", b"a\n1\n")
        .await
        .refused(409, "main_file_exists");
    assert_eq!(main_name(&alice, &published).await, "cat.csv");
}

async fn parts_come_in_any_order(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.draft(7, "Any order").await;
    let id = product["id"].to_string();
    let body = [
        ("name=\"file\"; filename=\"notes.txt\"", "text"),
        ("name=\"product\"", id.as_str()),
        ("name=\"role\"", "2"),
    ]
    .map(|(name, content)| format!("--x\r\nContent-Disposition: form-data; {name}\r\n\r\n{content}\r\n"))
    .concat()
        + "--x--\r\n";
    let send = async |person: &Person| -> Answer {
        let request = person
            .request(Method::POST, "/api/product-files/")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(body.clone());
        Answer::of(request).await
    };
    let file = send(&alice).await.expect(201);
    assert_eq!((&file["role"], &file["name"]), (&json!(2), &json!("notes.txt")));
    // A draft of somebody else does not exist.
    assert!(send(&bob).await.expect(400)["product"].is_array());
}
