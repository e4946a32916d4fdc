//! Many slow clients at once: half send the head of a request byte by byte, a quarter the body, a quarter read an
//! answer byte by byte. Measured is how long others wait, and how much memory the service takes for it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;
use crate::table::{median, percentile_99, say};
use crate::{list, transfer};

const MEGABYTE: f64 = 1e6;
/// Others wait at most so long, 99 times of 100.
const WAIT_MAX_MS: f64 = 100.0;
/// The service takes at most so much more memory: 0.12 MB for each of a thousand slow clients.
const GROWTH_MAX_BYTES: f64 = 120e6;
/// After the first seconds it takes at most so much more, however long they go on.
const LATER_GROWTH_MAX_BYTES: f64 = 10e6;
/// By then all are connected and have been answered for the first time.
const SETTLED: Duration = Duration::from_secs(10);
/// One byte is sent or read this often.
const TRICKLE: Duration = Duration::from_millis(500);
/// Somebody else asks this often.
const ASKED_EVERY: Duration = Duration::from_millis(5);
/// Products in the list that is asked for, and read slowly.
const PRODUCTS: i64 = 1000;
const FILE_BYTES: u64 = 50_000_000;

/// How many, and how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Slow connections.
    #[arg(long, default_value_t = 1000)]
    connections: usize,
    /// Seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connections: 1000,
            seconds: 60,
        }
    }
}

/// What all slow clients share.
struct Shared {
    address: String,
    heads: [String; 5],
    over: AtomicBool,
    open: AtomicU64,
    /// Connections that the service ended; each was made again.
    ended: AtomicU64,
}

/// Measures it.
pub(crate) async fn run(options: &Options, binary: &Path, base: &Path) -> anyhow::Result<()> {
    let directory = tempfile::Builder::new()
        .prefix("pz-bench-slow-")
        .tempdir_in(base)?;
    let file = directory.path().join("large.bin");
    transfer::make_file(&file, FILE_BYTES)?;
    let server = Server::start(binary, base, async |data_dir| {
        list::fill(data_dir, PRODUCTS).await
    })
    .await?;
    let client = Client::new();
    let (product, _) = transfer::upload(&server, &client, &file, FILE_BYTES).await?;
    let file_id = transfer::file_of(&server, &client, &product).await?;
    let shared = Arc::new(Shared {
        address: server.root.trim_start_matches("http://").to_owned(),
        heads: heads(&server.authorization, file_id),
        over: AtomicBool::new(false),
        open: AtomicU64::new(0),
        ended: AtomicU64::new(0),
    });
    // What slow readers ask for is remembered by then: measured is what reading slowly costs.
    get(&server, &client, "/api/products/").await?;
    let alone = ask(&server, &client, Duration::from_secs(3)).await?;
    let before = server.resident_bytes()?;
    server.reset_peak()?;
    for number in 0..options.connections {
        tokio::spawn(slow_client(shared.clone(), number));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut among = ask(&server, &client, SETTLED).await?;
    let settled = server.peak_bytes()?;
    let rest = Duration::from_secs(options.seconds).saturating_sub(SETTLED);
    among.extend(ask(&server, &client, rest).await?);
    let open = shared.open.load(Ordering::Relaxed);
    shared.over.store(true, Ordering::Relaxed);
    let peak = server.peak_bytes()?;
    let growth = peak.saturating_sub(before) as f64;
    let later_growth = peak.saturating_sub(settled) as f64;
    say(&format!(
        "\n{} slow connections for {} s ({open} open at the end, {} ended by the service and made again)",
        options.connections,
        options.seconds,
        shared.ended.load(Ordering::Relaxed)
    ))?;
    say("a list of 100 products        requests    median ms      p99 ms")?;
    for (name, waits) in [("alone", &alone), ("among slow clients", &among)] {
        say(&format!(
            "{name:<28} {:>9} {:>12.2} {:>11.2}",
            waits.len(),
            median(waits.clone()),
            percentile_99(waits.clone())
        ))?;
    }
    say(&format!(
        "growth of the service's memory: {:.1} MB (from {:.1} MB), {:.1} MB of it after the first {} s",
        growth / MEGABYTE,
        before as f64 / MEGABYTE,
        later_growth / MEGABYTE,
        SETTLED.as_secs()
    ))?;
    let p99 = percentile_99(among);
    ensure!(
        open > options.connections as u64 / 2,
        "only {open} slow connections were open"
    );
    ensure!(
        p99 < WAIT_MAX_MS,
        "others waited {p99:.0} ms; {WAIT_MAX_MS:.0} ms is the limit"
    );
    ensure!(
        growth < GROWTH_MAX_BYTES,
        "the memory grew by {:.1} MB; {:.1} MB is the limit",
        growth / MEGABYTE,
        GROWTH_MAX_BYTES / MEGABYTE
    );
    ensure!(
        later_growth < LATER_GROWTH_MAX_BYTES,
        "the memory went on growing, by {:.1} MB; {:.1} MB is the limit",
        later_growth / MEGABYTE,
        LATER_GROWTH_MAX_BYTES / MEGABYTE
    );
    Ok(())
}

/// How requests begin: two that end their head never, one with a body, one with a large answer, one with a list.
fn heads(authorization: &str, file_id: i64) -> [String; 5] {
    let with_token = format!("host: x\r\nauthorization: {authorization}\r\n");
    let slow_head = "GET /api/products/ HTTP/1.1\r\nhost: x\r\nx-".to_owned();
    [
        slow_head.clone(),
        slow_head,
        format!(
            "POST /api/products/ HTTP/1.1\r\n{with_token}content-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
        ),
        format!("GET /api/product-files/{file_id}/download/ HTTP/1.1\r\n{with_token}\r\n"),
        format!("GET /api/products/ HTTP/1.1\r\n{with_token}\r\n"),
    ]
}

/// Waits of somebody who asks again and again, in milliseconds.
async fn ask(server: &Server, client: &Client, length: Duration) -> anyhow::Result<Vec<f64>> {
    let until = Instant::now() + length;
    let mut waits = Vec::new();
    while Instant::now() < until {
        let asked = Instant::now();
        get(server, client, "/api/products/?page_size=100").await?;
        waits.push(asked.elapsed().as_secs_f64() * 1e3);
        tokio::time::sleep(ASKED_EVERY).await;
    }
    Ok(waits)
}

async fn get(server: &Server, client: &Client, path: &str) -> anyhow::Result<()> {
    let answer = client
        .get(format!("{}{path}", server.root))
        .header("authorization", &server.authorization)
        .timeout(Duration::from_secs(30))
        .send()
        .await?
        .error_for_status()?;
    answer.bytes().await?;
    Ok(())
}

/// One slow client; when the service ends its connection it makes another, as an attacker would.
async fn slow_client(shared: Arc<Shared>, number: usize) {
    while !shared.over.load(Ordering::Relaxed) {
        if let Ok(connection) = TcpStream::connect(&shared.address).await {
            shared.open.fetch_add(1, Ordering::Relaxed);
            // However it ends, it is over.
            let _ = be_slow(&shared, connection, number).await;
            shared.open.fetch_sub(1, Ordering::Relaxed);
            shared.ended.fetch_add(1, Ordering::Relaxed);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn be_slow(shared: &Shared, mut connection: TcpStream, number: usize) -> anyhow::Result<()> {
    // Of the readers, every other reads a list, which the service holds in memory.
    let kind = match number % 8 {
        7 => 4,
        other => other % 4,
    };
    let head = &shared.heads[kind];
    connection.write_all(head.as_bytes()).await?;
    let mut byte = [0];
    while !shared.over.load(Ordering::Relaxed) {
        if kind >= 3 {
            ensure!(connection.read(&mut byte).await? > 0, "ended");
        } else {
            connection.write_all(b"a").await?;
        }
        tokio::time::sleep(TRICKLE).await;
    }
    Ok(())
}
