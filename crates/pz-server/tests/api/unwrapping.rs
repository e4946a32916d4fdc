use std::io::{Cursor, Read};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::archives::{HATS_ROWS, gzip, hats_catalog, hats_collection, members, tar_xz, zip};
use crate::downloads::prepare;
use crate::on_both_databases;

on_both_databases!(
    one_table,
    hats,
    f_17_bombs_and_names_that_lead_out_are_refused,
    a_failure_leaves_the_archive,
    two_at_once
);

async fn main_file(person: &Person, product: &Value) -> Value {
    let path = format!("/api/product-files/?product_id={}", product["id"]);
    let files = person.get(&path).await.expect(200);
    files["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["role"] == 0)
        .unwrap()
        .clone()
}

fn sha256(bytes: &[u8]) -> String {
    pz_store::blobs::hex(&Sha256::digest(bytes))
}

async fn one_table(app: &TestApp) {
    let alice = app.alice().await;
    let cases: [(&str, Vec<u8>, &str, &str); 4] = [
        ("cat.zip", zip(&[("cat.csv", CATALOG)]), "cat.csv", ".csv"),
        (
            "mac.zip",
            zip(&[
                ("data/v 1/Cat.CSV", CATALOG),
                ("__MACOSX/data/._cat.csv", b"litter"),
                ("data/.DS_Store", b"litter"),
            ]),
            "data/v 1/Cat.CSV",
            ".csv",
        ),
        ("cat.csv.gz", gzip(CATALOG), "cat.csv", ".csv"),
        (
            "cat.tar.xz",
            tar_xz(&[("x/cat.txt", CATALOG)]),
            "x/cat.txt",
            ".txt",
        ),
    ];
    for (upload, bytes, name, extension) in cases {
        let product = alice.draft(1, upload).await;
        let path = format!("/api/products/{}/", product["id"]);
        alice.upload(&product, 0, upload, &bytes).await.expect(201);
        let before = main_file(&alice, &product).await;
        let blobs = app.blob_files();
        let registered = alice.get(&format!("{path}registry/")).await.expect(200);
        assert_eq!(
            (&registered["n_rows"], &registered["size"]),
            (&json!(3), &json!(CATALOG.len())),
            "{upload}"
        );
        let file = main_file(&alice, &product).await;
        assert_eq!((&file["id"], &file["type"]), (&before["id"], &before["type"]));
        assert_eq!(
            (&file["name"], &file["extension"]),
            (&json!(name), &json!(extension))
        );
        assert_eq!(
            (&file["is_directory"], &file["sha256"]),
            (&json!(false), &json!(sha256(CATALOG)))
        );
        assert_eq!(app.blob_files(), blobs, "the archive's bytes are gone");

        let info = alice.get(&format!("{path}main_file_info/")).await.expect(200);
        assert_eq!(
            (&info["main_file"]["name"], &info["main_file"]["size"]),
            (&json!(name), &json!(CATALOG.len()))
        );
        if extension == ".csv" {
            assert_eq!(
                info["main_file"]["columns"],
                json!(["id", "ra", "dec", "z", "survey"])
            );
        }
        let rows = alice.get(&format!("{path}read_data/")).await.expect(200);
        assert_eq!(rows["results"][0]["id"], 1_486_231_857_497_402_613i64);

        let base = name.rsplit('/').next().unwrap();
        let prepared = prepare(&alice, &product, "main-file/prepare/").await;
        assert_eq!(
            (&prepared["filename"], &prepared["checksum"]),
            (&json!(base), &json!(sha256(CATALOG)))
        );
        let download = alice.get(prepared["download_url"].as_str().unwrap()).await;
        assert_eq!(download.bytes, CATALOG);
        let download = alice.get(file["file"].as_str().unwrap()).await;
        assert_eq!(download.bytes, CATALOG);
        assert!(download.header("content-disposition").contains(base));
        let whole = whole_product(&alice, &product).await;
        let safe = name.replace(' ', "_");
        assert_eq!(whole.iter().find(|(entry, _)| *entry == safe).unwrap().1, CATALOG);

        // Registering again is registering a table.
        alice.associate(&product, &[("ra", "RA")]).await;
        alice
            .post(&format!("{path}registry/"), json!({}))
            .await
            .expect(200);
        assert_eq!(main_file(&alice, &product).await["sha256"], file["sha256"]);
        let columns = alice
            .get(&format!("/api/product-contents/?product={}", product["id"]))
            .await
            .expect(200);
        assert_eq!(columns["results"][1]["alias"], "RA");
    }
}

/// The members of the whole product's archive, checked against its list of checksums.
async fn whole_product(person: &Person, product: &Value) -> Vec<(String, Vec<u8>)> {
    let prepared = prepare(person, product, "prepare/").await;
    let link = prepared["download_url"].as_str().unwrap();
    let download = person.get(link).await;
    assert_eq!(download.status, 200);
    assert_eq!(download.bytes.len() as u64, prepared["size"].as_u64().unwrap());
    // Any part of it, wherever it starts.
    let total = download.bytes.len();
    for start in [1, 100, total / 3, total / 2, total - 1] {
        let part = person
            .request(Method::GET, link)
            .header("range", format!("bytes={start}-"));
        let part = Answer::of(part).await;
        assert_eq!((part.status, part.bytes == download.bytes[start..]), (206, true));
    }
    let members = unzip(&download.bytes);
    let manifest = String::from_utf8(members.last().unwrap().1.clone()).unwrap();
    assert_eq!(manifest.lines().count(), members.len() - 1);
    for (line, (name, bytes)) in manifest.lines().zip(&members) {
        assert_eq!(line, format!("{}  {name}", sha256(bytes)));
    }
    members
}

fn unzip(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut member = zip.by_index(index).unwrap();
            let name = member.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            // Checks the CRC-32 on the way.
            member.read_to_end(&mut bytes).unwrap();
            (name, bytes)
        })
        .collect()
}

async fn hats(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let catalog = hats_catalog();
    let below: Vec<(String, Vec<u8>)> = catalog
        .iter()
        .map(|(name, bytes)| (format!("my cats/tiny/{name}"), bytes.clone()))
        .collect();
    let collection = hats_collection();
    let inner: Vec<(String, Vec<u8>)> = collection
        .iter()
        .map(|(name, bytes)| (name.trim_start_matches("tiny/").to_owned(), bytes.clone()))
        .collect();
    for (upload, bytes, name, expected) in [
        ("v1.zip", zip(&members(&catalog)), "v1_hats", &catalog),
        ("tiny.tar.xz", tar_xz(&members(&below)), "my cats/tiny", &catalog),
        ("collection.zip", zip(&members(&collection)), "tiny", &inner),
    ] {
        let product = alice.draft(1, upload).await;
        let path = format!("/api/products/{}/", product["id"]);
        alice.upload(&product, 0, upload, &bytes).await.expect(201);
        let blobs = app.blob_files();
        let registered = alice.get(&format!("{path}registry/")).await.expect(200);
        assert_eq!(registered["n_rows"], HATS_ROWS);
        assert_eq!(app.blob_files(), blobs);
        let file = main_file(&alice, &product).await;
        let size: usize = expected.iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(
            (
                &file["name"],
                &file["extension"],
                &file["is_directory"],
                &file["size"]
            ),
            (&json!(name), &json!(""), &json!(true), &json!(size)),
            "{upload}"
        );
        let info = alice.get(&format!("{path}main_file_info/")).await.expect(200);
        assert_eq!(
            (
                &info["main_file"]["is_directory"],
                &info["main_file"]["size"],
                &info["main_file"]["extension"]
            ),
            (&json!(true), &json!(size), &json!(""))
        );
        let columns: Vec<_> = info["main_file"]["associated_columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["column_name"].clone())
            .collect();
        assert_eq!(columns, ["id", "ra", "dec", "z"], "without the spatial index");

        // Pages through all partitions.
        let last = alice.get(&format!("{path}read_data/?page=3")).await.expect(200);
        assert_eq!(
            (&last["count"], &last["total_rows"]),
            (&json!(HATS_ROWS), &json!(HATS_ROWS))
        );
        assert_eq!(last["results"][99]["id"], 1_486_231_857_497_402_613i64 + 299);
        assert_eq!(last["results"][99]["z"], 299.0 / 128.0);
        let statistics = alice.get(&format!("{path}stats/?columns=z")).await.expect(200);
        assert_eq!(statistics["columns"][0]["statistics"]["max"], 299.0 / 128.0);
        assert_eq!(statistics["format"], "hats");

        // Published, and read by somebody else.
        alice
            .associate(&product, &[("ra", "RA"), ("dec", "Dec"), ("z", "z")])
            .await;
        alice.patch_form(&path, &[("status", "1")]).await.expect(200);
        alice.upload(&product, 2, "tiny", b"a note").await.expect(201);
        let base = name.rsplit('/').next().unwrap();
        let prepared = prepare(&bob, &product, "main-file/prepare/").await;
        assert_eq!(prepared["filename"], format!("{base}.zip"));
        let link = prepared["download_url"].as_str().unwrap();
        let download = bob.get(link).await;
        assert_eq!(download.bytes.len() as u64, prepared["size"].as_u64().unwrap());
        assert_eq!(prepared["checksum"], sha256(&download.bytes));
        assert_eq!(
            download.header("etag"),
            format!("\"{}\"", sha256(&download.bytes))
        );
        assert_eq!(download.header("content-type"), "application/zip");
        let mut sorted = expected.clone();
        sorted.sort();
        let mut found = unzip(&download.bytes);
        found.sort();
        assert_eq!(found, sorted, "entries relative to the directory, byte for byte");
        let part = Answer::of(bob.request(Method::GET, link).header("range", "bytes=77-")).await;
        assert_eq!((part.status, &part.bytes[..]), (206, &download.bytes[77..]));
        let single = bob.get(file["file"].as_str().unwrap()).await;
        assert_eq!(single.bytes, download.bytes);
        assert_eq!(
            single.header("content-disposition"),
            format!("attachment; filename=\"{base}.zip\"")
        );

        let whole = whole_product(&bob, &product).await;
        let directory = name.replace(' ', "_");
        for (member, bytes) in expected {
            let entry = format!("{directory}/{member}");
            let found = whole.iter().find(|(name, _)| *name == entry);
            assert_eq!(found.map(|(_, found)| found), Some(bytes), "{entry}");
        }
        let note = whole.iter().find(|(_, bytes)| bytes == b"a note").unwrap();
        assert!(
            !whole
                .iter()
                .any(|(name, _)| name.starts_with(&format!("{}/", note.0)))
        );
        let yaml = String::from_utf8(whole[0].1.clone()).unwrap();
        assert!(
            yaml.contains(&format!("  name: \"{name}\"\n")) && yaml.contains("  is_directory: true\n"),
            "{yaml}"
        );

        // Again, on what is unwrapped already.
        alice.get(&format!("{path}registry/")).await.expect(200);
        assert_eq!(main_file(&alice, &product).await["sha256"], file["sha256"]);
    }
}

async fn f_17_bombs_and_names_that_lead_out_are_refused(app: &TestApp) {
    let alice = app.alice().await;
    let two = zip(&[("a.csv", CATALOG), ("b.csv", CATALOG)]);
    let bomb = gzip(&vec![b'1'; 60_000_000]);
    let mut cut = zip(&[("cat.csv", CATALOG)]);
    cut.truncate(cut.len() / 2);
    let mut flipped = gzip(CATALOG);
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    let outside = zip(&[("../../evil.csv", CATALOG)]);
    for (name, bytes, codes) in [
        ("two.zip", two, &["not_a_table"][..]),
        ("empty.zip", zip(&[]), &["not_a_table"]),
        (
            "note.zip",
            zip(&[("readme.pdf", b"%PDF-1.5 \0\x01")]),
            &["not_a_table"],
        ),
        ("bomb.csv.gz", bomb, &["inspection_limit"]),
        ("cut.zip", cut, &["broken_file"]),
        ("flipped.csv.gz", flipped, &["broken_file"]),
        ("outside.zip", outside, &["outside_reference"]),
        (
            "nested.zip",
            zip(&[("inner.zip", &zip(&[("cat.csv", CATALOG)]))]),
            &["not_a_table"],
        ),
    ] {
        // A redshift catalog must be a table …
        let product = alice.draft(1, name).await;
        let path = format!("/api/products/{}/", product["id"]);
        alice.upload(&product, 0, name, &bytes).await.expect(201);
        let before = main_file(&alice, &product).await;
        let blobs = app.blob_files();
        let answer = alice.get(&format!("{path}registry/")).await;
        let body = answer.expect(422);
        assert!(codes.contains(&answer.header("x-error-code")), "{name}: {body}");
        let message = body["error"].as_str().unwrap();
        assert!(message.starts_with(name), "{message}");
        assert!(message.ends_with('.') && !message.contains("/tmp"), "{message}");
        assert_eq!(main_file(&alice, &product).await, before, "nothing has changed");
        assert_eq!(app.blob_files(), blobs, "nothing is left of {name}");
        let draft = alice.get(&path).await.expect(200);
        assert_eq!(
            (&draft["status"], &draft["registry_error"]),
            (&json!(0), &body["error"])
        );

        // … another product keeps the archive as it is.
        let product = alice.draft(7, name).await;
        let path = format!("/api/products/{}/", product["id"]);
        alice.upload(&product, 0, name, &bytes).await.expect(201);
        let blobs = app.blob_files();
        alice.get(&format!("{path}registry/")).await.expect(200);
        let kept = main_file(&alice, &product).await;
        assert_eq!(
            (&kept["name"], &kept["size"], &kept["n_rows"]),
            (&json!(name), &json!(bytes.len()), &json!(null))
        );
        assert_eq!(app.blob_files(), blobs);
        alice
            .get(&format!("{path}read_data/"))
            .await
            .refused(404, "not_a_table");
    }
}

async fn a_failure_leaves_the_archive(app: &TestApp) {
    let alice = app.alice().await;
    // It unwraps, but what is within is broken.
    let product = alice.draft(1, "Ragged within").await;
    let path = format!("/api/products/{}/", product["id"]);
    let bytes = zip(&[("in/ragged.csv", b"a,b\n1,2\n3,4\n5,6\n7,8,9\n")]);
    alice.upload(&product, 0, "ragged.zip", &bytes).await.expect(201);
    let before = main_file(&alice, &product).await;
    let blobs = app.blob_files();
    let body = alice
        .get(&format!("{path}registry/"))
        .await
        .refused(422, "not_a_table");
    assert!(
        body["error"]
            .as_str()
            .unwrap()
            .starts_with("in/ragged.csv: row 4 (line 5)")
    );
    assert_eq!((&body["row"], &body["line"]), (&json!(4), &json!(5)));
    assert_eq!(main_file(&alice, &product).await, before);
    assert_eq!(app.blob_files(), blobs);

    // What a crash leaves behind on the way is swept, and the archive is what is registered.
    let staged = app.store().blobs.stage().unwrap();
    fs_err::write(staged.path(), b"half").unwrap();
    std::mem::forget(staged);
    let orphan = app.store().blobs.stage().unwrap();
    fs_err::write(orphan.path(), b"whole, but no row").unwrap();
    app.store().blobs.adopt(orphan, Vec::new()).await.unwrap();
    assert_eq!(app.blob_files(), blobs + 2);
    let at_once = std::time::Duration::ZERO;
    assert_eq!(app.store().blobs.sweep_unfinished(at_once).unwrap(), 1);
    assert_eq!(app.store().collect_orphan_blobs(at_once).await.unwrap(), 1);
    assert_eq!(app.blob_files(), blobs);
    let download = alice.get(before["file"].as_str().unwrap()).await;
    assert_eq!(download.bytes, bytes);
}

async fn two_at_once(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.draft(1, "Twice").await;
    alice
        .upload(&product, 0, "cat.zip", &zip(&[("cat.csv", CATALOG)]))
        .await
        .expect(201);
    let path = format!("/api/products/{}/registry/", product["id"]);
    let blobs = app.blob_files();
    let answers = futures_util::future::join_all((0..4).map(|_| alice.get(&path))).await;
    for answer in &answers {
        assert_eq!(answer.expect(200)["n_rows"], 3);
    }
    assert_eq!(app.blob_files(), blobs, "one blob, whoever was first");
    assert_eq!(main_file(&alice, &product).await["name"], "cat.csv");
}
