//! The API beside its peers: lists and single objects, a remembered answer beside the bare framework, downloads
//! beside nginx, and the zip of a product beside the download of its file.

mod peers;
mod wrk;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use reqwest::Client;

use self::peers::Peer;
use self::wrk::{Load, load};
use crate::server::Server;
use crate::table::{median, percentile_99, say};
use crate::{list, transfer};

const MEGABYTE: f64 = 1e6;
/// Connections of one who works alone, and of many.
const CONNECTIONS: [usize; 2] = [1, 64];

/// What is measured, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Repetitions, in turn with the peers; the median counts.
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
    /// Size of the downloaded file in megabytes.
    #[arg(long, default_value_t = 100)]
    megabytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seconds: 5,
            repetitions: 5,
            megabytes: 100,
        }
    }
}

/// Somebody's requests to one address.
struct Target {
    name: String,
    process: u32,
    url: String,
    headers: Vec<String>,
}

/// Measures everything.
pub(crate) async fn run(options: &Options, binary: &Path, base: &Path) -> anyhow::Result<()> {
    say(&format!(
        "\nThe API, {} repetitions of {} s each, medians; wrk, one thread",
        options.repetitions, options.seconds
    ))?;
    lists(options, binary, base).await?;
    downloads(options, binary, base).await
}

async fn lists(options: &Options, binary: &Path, base: &Path) -> anyhow::Result<()> {
    let hello = Peer::hello()?;
    for count in [2_000, 100_000] {
        let server = Server::start(binary, base, async |data_dir| list::fill(data_dir, count).await).await?;
        let authorization = format!("Authorization: {}", server.authorization);
        let target = |name: &str, path: &str, more: Option<String>| Target {
            name: format!("{name}, of {count} products"),
            process: server.process(),
            url: format!("{}{path}", server.root),
            headers: [Some(authorization.clone()), more]
                .into_iter()
                .flatten()
                .collect(),
        };
        let page = "/api/products/?page_size=100";
        let etag = etag(&server, page).await?;
        let mut targets = vec![
            target("100 products", page, None),
            target(
                "100 products by name",
                "/api/products/?status=1&ordering=display_name&page_size=100",
                None,
            ),
            target("one product", "/api/products/17/", None),
            target("product types", "/api/product-types/", None),
        ];
        if let Some(etag) = etag {
            targets.push(target(
                "304 to a list",
                page,
                Some(format!("If-None-Match: {etag}")),
            ));
        }
        targets.push(Target {
            name: "bare actix-web, hello".into(),
            process: hello.process(),
            url: format!("{}/", hello.root),
            headers: Vec::new(),
        });
        for connections in [4, 64] {
            let loads = in_turn(options, &targets, connections)?;
            say(&format!(
                "\n{:<40} {:>11} {:>13} {:>8}",
                format!("{connections} connections"),
                "requests/s",
                "/core-second",
                "p99 ms"
            ))?;
            for (target, loads) in targets.iter().zip(&loads) {
                say(&format!(
                    "{:<40} {:>11.0} {:>13.0} {:>8.2}",
                    target.name,
                    middle(loads, |load| load.per_second),
                    middle(loads, |load| load.per_core_second),
                    middle(loads, |load| load.p99_ms)
                ))?;
            }
            if let [.., cached, hello] = &loads[..]
                && targets.len() == 6
            {
                say(&format!(
                    "304 to a list over bare actix-web: {:.2} of the requests per second, {:.2} per core-second",
                    middle(cached, |load| load.per_second) / middle(hello, |load| load.per_second),
                    middle(cached, |load| load.per_core_second) / middle(hello, |load| load.per_core_second)
                ))?;
            }
        }
    }
    Ok(())
}

/// The `ETag` of an answer.
async fn etag(server: &Server, path: &str) -> anyhow::Result<Option<String>> {
    let answer = Client::new()
        .get(format!("{}{path}", server.root))
        .header("authorization", &server.authorization)
        .send()
        .await?
        .error_for_status()?;
    let etag = answer.headers().get("etag");
    Ok(etag.map(|etag| etag.to_str().map(str::to_owned)).transpose()?)
}

async fn downloads(options: &Options, binary: &Path, base: &Path) -> anyhow::Result<()> {
    let size = options.megabytes * 1_000_000;
    let directory = tempfile::Builder::new()
        .prefix("pz-bench-file-")
        .tempdir_in(base)?;
    let file = directory.path().join("large.bin");
    transfer::make_file(&file, size)?;
    let server = Server::start(binary, base, async |_| Ok(())).await?;
    let client = Client::new();
    let (product, _) = transfer::upload(&server, &client, &file, size).await?;
    let id = transfer::file_of(&server, &client, &product).await?;
    let zip = transfer::prepare(&server, &client, &product, "download/prepare/").await?;
    let zip = zip["download_url"].as_str().context("no link")?.to_owned();
    let copied = Peer::nginx(directory.path(), false)?;
    let sent = Peer::nginx(directory.path(), true)?;
    let ours = |name: &str, path: &str| Target {
        name: name.into(),
        process: server.process(),
        url: format!("{}{path}", server.root),
        headers: vec![format!("Authorization: {}", server.authorization)],
    };
    let theirs = |name: &str, peer: &Peer| Target {
        name: name.into(),
        process: peer.process(),
        url: format!("{}/large.bin", peer.root),
        headers: Vec::new(),
    };
    let targets = [
        ours("file", &format!("/api/product-files/{id}/download/")),
        ours("the product as a zip", &zip),
        theirs("nginx, sendfile off", &copied),
        theirs("nginx, sendfile on", &sent),
    ];
    for connections in CONNECTIONS {
        let loads = in_turn(options, &targets, connections)?;
        say(&format!(
            "\n{:<40} {:>9} {:>17}",
            format!("{} MB, {connections} connections", options.megabytes),
            "MB/s",
            "MB/core-second"
        ))?;
        let speeds: Vec<f64> = loads
            .iter()
            .map(|loads| middle(loads, |load| load.bytes_per_second))
            .collect();
        for ((target, loads), speed) in targets.iter().zip(&loads).zip(&speeds) {
            say(&format!(
                "{:<40} {:>9.0} {:>17.0}",
                target.name,
                speed / MEGABYTE,
                middle(loads, |load| load.bytes_per_core_second) / MEGABYTE
            ))?;
        }
        if let [file, zip, copied, sent] = speeds[..] {
            say(&format!(
                "file over nginx: {:.2} (sendfile off), {:.2} (on); zip over file: {:.2}",
                file / copied,
                file / sent,
                zip / file
            ))?;
        }
    }
    first_byte(&server, &client, &zip).await
}

/// How long until the first byte of a zip is there.
async fn first_byte(server: &Server, client: &Client, zip: &str) -> anyhow::Result<()> {
    let mut waits = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        let mut answer = get(server, client, zip).await?;
        ensure!(answer.chunk().await?.is_some(), "an empty zip");
        waits.push(started.elapsed().as_secs_f64() * 1e3);
    }
    say(&format!(
        "first byte of the zip: {:.2} ms, p99 {:.2} ms",
        median(waits.clone()),
        percentile_99(waits)
    ))
}

async fn get(server: &Server, client: &Client, path: &str) -> anyhow::Result<reqwest::Response> {
    Ok(client
        .get(format!("{}{path}", server.root))
        .header("authorization", &server.authorization)
        .send()
        .await?
        .error_for_status()?)
}

/// Loads every target in turn, so that a drift of the machine touches all alike.
fn in_turn(options: &Options, targets: &[Target], connections: usize) -> anyhow::Result<Vec<Vec<Load>>> {
    let mut loads = vec![Vec::new(); targets.len()];
    for _ in 0..options.repetitions {
        for (target, loads) in targets.iter().zip(&mut loads) {
            let Target {
                process,
                url,
                headers,
                ..
            } = target;
            loads.push(load(*process, url, headers, connections, options.seconds)?);
        }
    }
    Ok(loads)
}

fn middle(loads: &[Load], of: impl Fn(&Load) -> f64) -> f64 {
    median(loads.iter().map(of).collect())
}
