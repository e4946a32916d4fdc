//! Ranges, conditions and digests: any part of any download is the same part of the whole.

use std::io::{Cursor, Read};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::Value;
use zip::{CompressionMethod, ZipArchive};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::archives::{hats_catalog, members, zip};
use crate::compressed::{text, tried};
use crate::downloads::{prepare, sha256_hex};
use crate::on_both_databases;

on_both_databases!(
    any_range_of_any_archive,
    f_27_a_range_beyond_the_end_gets_the_whole,
    conditions,
    digests_of_files,
    blobs_that_are_not_what_they_were,
);

async fn with_range(person: &Person, link: &str, range: &str) -> Answer {
    Answer::of(person.request(Method::GET, link).header("range", range)).await
}

/// A product whose archive has members of every kind: made, compressed, stored, and of a directory.
async fn mixture(app: &TestApp, alice: &Person) -> Value {
    let product = alice.draft(1, "Mixture").await;
    let catalog = zip(&members(&hats_catalog()));
    alice.upload(&product, 0, "tiny.zip", &catalog).await.expect(201);
    let path = format!("/api/products/{}/registry/", product["id"]);
    alice.post(&path, serde_json::json!({})).await.expect(200);
    let binary: Vec<u8> = (0..300_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    for (name, bytes) in [("notes.csv", text(700_000)), ("binary.fits", binary)] {
        let file = alice.upload(&product, 2, name, &bytes).await.expect(201);
        tried(app, &file).await;
    }
    product
}

async fn any_range_of_any_archive(app: &TestApp) {
    let alice = app.alice().await;
    let product = mixture(app, &alice).await;
    let prepared = prepare(&alice, &product, "prepare/").await;
    let link = prepared["download_url"].as_str().unwrap();
    let whole = alice.get(link).await;
    let total = whole.bytes.len();
    assert_eq!(whole.header("content-length"), total.to_string());
    let mut archive = ZipArchive::new(Cursor::new(&whole.bytes)).unwrap();
    let mut methods = Vec::new();
    let mut borders = vec![0, total as u64];
    for number in 0..archive.len() {
        let mut member = archive.by_index(number).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        methods.push((member.name().unwrap().into_owned(), member.compression()));
        let start = member.data_start().unwrap();
        borders.extend([start, start + member.compressed_size()]);
    }
    for (name, method) in [
        ("notes.csv", CompressionMethod::Deflated),
        ("binary.fits", CompressionMethod::Stored),
        ("ro-crate-metadata.json", CompressionMethod::Stored),
    ] {
        assert!(methods.contains(&(name.to_owned(), method)), "{methods:?}");
    }
    assert!(methods.iter().any(|(name, _)| name.ends_with("Npix=7.parquet")));

    let mut random = ChaCha8Rng::seed_from_u64(20_261_121);
    for number in 0..160 {
        // Every other one starts or ends around a border between segments.
        let border = borders[random.random_range(0..borders.len())] as usize;
        let (a, b) = if number % 2 == 0 {
            (random.random_range(0..total), random.random_range(0..total))
        } else {
            let near = (border + random.random_range(0..3_usize)).saturating_sub(1);
            (near.min(total - 1), random.random_range(0..total))
        };
        let (start, end) = (a.min(b), a.max(b));
        let (text, expected) = match number % 5 {
            0 => (format!("bytes={start}-"), start..total),
            1 => (format!("bytes=-{}", total - start), start..total),
            2 => (format!("bytes={start}-{}", end + total), start..total),
            _ => (format!("bytes={start}-{end}"), start..end + 1),
        };
        let part = with_range(&alice, link, &text).await;
        assert_eq!(part.status, 206, "{text}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {}-{}/{total}", expected.start, expected.end - 1)
        );
        assert_eq!(part.header("content-length"), expected.len().to_string());
        assert_eq!(part.header("content-encoding"), "");
        assert!(part.bytes == whole.bytes[expected], "{text}");
    }
}

async fn f_27_a_range_beyond_the_end_gets_the_whole(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    for what in ["prepare/", "main-file/prepare/"] {
        let prepared = prepare(&alice, &product, what).await;
        let link = prepared["download_url"].as_str().unwrap();
        let total = prepared["size"].as_u64().unwrap();
        for range in [
            format!("bytes={total}-"),
            format!("bytes={}-", total + 1000),
            format!("bytes={}-{}", u64::MAX - 1, u64::MAX),
            "bytes=-0".to_owned(),
            "bytes=0-1,3-4".to_owned(),
            "bytes=4-2".to_owned(),
            "bytes=x-".to_owned(),
            "bytes=+1-".to_owned(),
            "lines=0-1".to_owned(),
        ] {
            let answer = with_range(&alice, link, &range).await;
            assert_eq!(
                (answer.status, answer.bytes.len() as u64),
                (200, total),
                "{range}"
            );
            assert_eq!(answer.header("content-range"), "", "{range}");
        }
    }
}

async fn conditions(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    for what in ["prepare/", "main-file/prepare/"] {
        let prepared = prepare(&alice, &product, what).await;
        let link = prepared["download_url"].as_str().unwrap();
        let whole = alice.get(link).await;
        let etag = whole.header("etag").to_owned();
        assert_eq!(whole.header("accept-ranges"), "bytes");
        let status = async |method: Method, headers: &[(&str, &str)]| {
            let request = headers
                .iter()
                .fold(alice.request(method, link), |request, (name, value)| {
                    request.header(*name, *value)
                });
            let answer = Answer::of(request).await;
            if answer.status == 304 {
                assert_eq!((answer.bytes.len(), answer.header("etag")), (0, &*etag));
            }
            answer.status
        };
        let get = Method::GET;
        let weak = format!("W/{etag}");
        let list = format!("\"other\", {etag}");
        for (value, expected) in [
            (&*etag, 304),
            (&weak, 304),
            (&list, 304),
            ("*", 304),
            ("\"other\"", 200),
            ("other", 200),
        ] {
            assert_eq!(
                status(get.clone(), &[("if-none-match", value)]).await,
                expected,
                "{value}"
            );
            assert_eq!(
                status(Method::HEAD, &[("if-none-match", value)]).await,
                expected,
                "{value}"
            );
        }
        let range = ("range", "bytes=5-9");
        for (value, expected) in [
            (&*etag, 206),
            (&weak, 200),
            ("\"other\"", 200),
            ("Sat, 21 Nov 2026 10:00:00 GMT", 200),
        ] {
            assert_eq!(
                status(get.clone(), &[range, ("if-range", value)]).await,
                expected,
                "{value}"
            );
        }
        // Known already: nothing is sent, whatever part was asked for.
        assert_eq!(status(get.clone(), &[range, ("if-none-match", &etag)]).await, 304);
        // Ranges are for GET.
        let head = Answer::of(alice.request(Method::HEAD, link).header("range", "bytes=5-9")).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
        assert_eq!(head.header("content-length"), whole.bytes.len().to_string());
        let digest = head.header("repr-digest");
        assert!(digest.starts_with("sha-256=:") || what == "prepare/", "{digest}");
    }
}

async fn digests_of_files(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let prepared = prepare(&alice, &product, "main-file/prepare/").await;
    assert_eq!(prepared["checksum"], sha256_hex(CATALOG));
    let files = alice
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    // From `openssl dgst -sha256 -binary | base64` of the catalog.
    let digest = "sha-256=:oQKBTAaI2dsnagQbg+h6C3jey5CAsMGL7TIoalo41wE=:";
    for link in [
        prepared["download_url"].as_str().unwrap(),
        files["results"][0]["file"].as_str().unwrap(),
        &format!("/api/products/{}/download_main_file/", product["id"]),
    ] {
        assert_eq!(alice.get(link).await.header("repr-digest"), digest);
        let part = with_range(&alice, link, "bytes=3-8").await;
        assert_eq!((part.status, part.header("repr-digest")), (206, digest));
        assert_eq!(part.bytes, &CATALOG[3..9]);
    }
}

async fn blobs_that_are_not_what_they_were(app: &TestApp) {
    let alice = app.alice().await;
    let product = alice.published_catalog("Catalog").await;
    let file = app
        .store()
        .main_file(product["id"].as_i64().unwrap())
        .await
        .unwrap()
        .unwrap();
    let blob = app.store().blobs.local_path(&file.blob_key);
    let links = [
        prepare(&alice, &product, "prepare/").await,
        prepare(&alice, &product, "main-file/prepare/").await,
    ]
    .map(|prepared| prepared["download_url"].as_str().unwrap().to_owned());
    let refuse = async || {
        for link in &links {
            let refused = alice.get(link).await.refused(500, "internal");
            assert!(!refused.to_string().contains("blob"), "{refused}");
            let head = Answer::of(alice.request(Method::HEAD, link)).await;
            assert_eq!(head.status, 500);
        }
    };
    fs_err::write(&blob, &CATALOG[..20]).unwrap();
    refuse().await;
    fs_err::write(&blob, [CATALOG, b"more"].concat()).unwrap();
    refuse().await;
    fs_err::remove_file(&blob).unwrap();
    refuse().await;
    // What does not touch the blob can be had.
    assert_eq!(with_range(&alice, &links[0], "bytes=0-9").await.status, 206);
    fs_err::write(&blob, CATALOG).unwrap();
    assert_eq!(alice.get(&links[1]).await.bytes, CATALOG);
}
