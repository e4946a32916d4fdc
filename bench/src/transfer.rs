//! Upload and download of one large file, beside what the system's own programs need for the same bytes.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};
use futures_util::StreamExt;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client};
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;

use crate::server::Server;
use crate::table::{median, say};

const MEGABYTE: f64 = 1e6;

/// One way over: seconds on the clock, and of the server's processor time.
pub(crate) struct Passage {
    wall_s: f64,
    processor_s: f64,
}

/// Sends a file of `size` bytes up and down, `repetitions` times.
pub(crate) async fn run(binary: &Path, base: &Path, size: u64, repetitions: usize) -> anyhow::Result<()> {
    let directory = tempfile::Builder::new()
        .prefix("pz-bench-file-")
        .tempdir_in(base)?;
    let file = directory.path().join("large.bin");
    make_file(&file, size)?;
    let server = Server::start(binary, base, async |_| Ok(())).await?;
    let client = Client::new();
    let before = server.resident_bytes()?;
    server.reset_peak()?;
    let (mut ups, mut downs, mut zips, mut peers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repetitions {
        // In turn, so that a drift of the machine touches all alike.
        peers.push(copy_and_hash(&file, &directory.path().join("copy.bin"))?);
        let (product, up) = upload(&server, &client, &file, size).await?;
        ups.push(up);
        downs.push(download(&server, &client, &product, "download/main-file/prepare/", size).await?);
        zips.push(download(&server, &client, &product, "download/prepare/", size).await?);
        delete(&server, &client, &product).await?;
    }
    let growth = server.peak_bytes()?.saturating_sub(before) as f64 / MEGABYTE;
    let megabytes = size as f64 / MEGABYTE;
    say(&format!(
        "\nOne file of {megabytes:.0} MB, {repetitions} times, medians"
    ))?;
    say("                                   wall s     MB/s   server processor s")?;
    let peer = median(peers);
    say(&format!(
        "cp, fsync, sha256sum (peer)     {peer:>9.2} {:>8.0}",
        megabytes / peer
    ))?;
    for (name, passages) in [
        ("upload, hashed and durable", ups),
        ("download, main file", downs),
        ("download, whole product as zip", zips),
    ] {
        let wall = median(passages.iter().map(|passage| passage.wall_s).collect());
        let processor = median(passages.iter().map(|passage| passage.processor_s).collect());
        say(&format!(
            "{name:<31} {wall:>9.2} {:>8.0} {processor:>20.2}",
            megabytes / wall
        ))?;
        if name.starts_with("upload") {
            say(&format!("  upload speed over the peer's: {:.2}", peer / wall))?;
        }
    }
    say(&format!(
        "Growth of the server's memory over all of it: {growth:.1} MB (from {:.1} MB)",
        before as f64 / MEGABYTE
    ))?;
    ensure!(
        growth < 32.0,
        "the server's memory grew by {growth:.1} MB; 32 MB is the limit"
    );
    Ok(())
}

/// Bytes that no compression makes smaller, the same every time.
pub(crate) fn make_file(path: &Path, size: u64) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = std::io::BufWriter::new(fs_err::File::create(path)?);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..size / 8 {
        // xorshift64 (Marsaglia 2003)
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.write_all(&state.to_le_bytes())?;
    }
    out.flush()?;
    Ok(())
}

fn copy_and_hash(from: &Path, to: &Path) -> anyhow::Result<f64> {
    let started = Instant::now();
    for command in [
        Command::new("cp").arg(from).arg(to),
        Command::new("sync").arg(to),
        Command::new("sha256sum")
            .arg(to)
            .stdout(std::process::Stdio::null()),
    ] {
        ensure!(command.status()?.success(), "{command:?} failed");
    }
    let seconds = started.elapsed().as_secs_f64();
    fs_err::remove_file(to)?;
    Ok(seconds)
}

pub(crate) async fn upload(
    server: &Server,
    client: &Client,
    file: &Path,
    size: u64,
) -> anyhow::Result<(Value, Passage)> {
    let product: Value = client
        .post(format!("{}/api/products/", server.root))
        .header("authorization", &server.authorization)
        .json(&json!({"display_name": "large", "product_type": 7}))
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let opened = tokio::fs::File::from_std(fs_err::File::open(file)?.into_parts().0);
    let body = Body::wrap_stream(ReaderStream::with_capacity(opened, 256 << 10));
    let form = Form::new()
        .text("product", product["id"].to_string())
        .text("role", "0")
        .part(
            "file",
            Part::stream_with_length(body, size).file_name("large.bin"),
        );
    let before = server.processor_seconds()?;
    let started = Instant::now();
    let stored: Value = client
        .post(format!("{}/api/product-files/", server.root))
        .header("authorization", &server.authorization)
        .multipart(form)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    let wall_s = started.elapsed().as_secs_f64();
    ensure!(stored["size"] == size, "{stored}");
    Ok((
        product,
        Passage {
            wall_s,
            processor_s: server.processor_seconds()? - before,
        },
    ))
}

/// Id of the first file of a product.
pub(crate) async fn file_of(server: &Server, client: &Client, product: &Value) -> anyhow::Result<i64> {
    let files: Value = client
        .get(format!(
            "{}/api/product-files/?product_id={}",
            server.root, product["id"]
        ))
        .header("authorization", &server.authorization)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?;
    files["results"][0]["id"].as_i64().context("no file")
}

async fn download(
    server: &Server,
    client: &Client,
    product: &Value,
    prepare: &str,
    at_least: u64,
) -> anyhow::Result<Passage> {
    let started = Instant::now();
    let before = server.processor_seconds()?;
    let prepared = self::prepare(server, client, product, prepare).await?;
    let link = prepared["download_url"].as_str().context("no link")?;
    let answer = client
        .get(format!("{}{link}", server.root))
        .header("authorization", &server.authorization)
        .send()
        .await?
        .error_for_status()?;
    let mut received = 0;
    let mut bytes = answer.bytes_stream();
    while let Some(chunk) = bytes.next().await {
        received += chunk?.len() as u64;
    }
    ensure!(
        received >= at_least && prepared["size"] == received,
        "{received} bytes of {prepared}"
    );
    Ok(Passage {
        wall_s: started.elapsed().as_secs_f64(),
        processor_s: server.processor_seconds()? - before,
    })
}

/// Asks for a download; the answer says where it is.
pub(crate) async fn prepare(
    server: &Server,
    client: &Client,
    product: &Value,
    action: &str,
) -> anyhow::Result<Value> {
    Ok(client
        .post(format!("{}/api/products/{}/{action}", server.root, product["id"]))
        .header("authorization", &server.authorization)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await?)
}

async fn delete(server: &Server, client: &Client, product: &Value) -> anyhow::Result<()> {
    // Its file, so that the bytes go at once.
    let files: Value = client
        .get(format!(
            "{}/api/product-files/?product_id={}",
            server.root, product["id"]
        ))
        .header("authorization", &server.authorization)
        .send()
        .await?
        .json()
        .await?;
    for file in files["results"].as_array().into_iter().flatten() {
        client
            .delete(format!("{}/api/product-files/{}/", server.root, file["id"]))
            .header("authorization", &server.authorization)
            .send()
            .await?
            .error_for_status()?;
    }
    Ok(())
}
