//! Lists of products: requests per second of processor time, latency, and SQL statements.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use futures_util::{StreamExt, stream};
use pz_model::{ProductType, Timestamp, internal_name::internal_name};
use pz_store::entities::products;
use pz_store::list::ListQuery;
use pz_store::products::ProductField;
use pz_store::text::search_text;
use pz_store::{Store, StoreOptions, Viewer};
use reqwest::Client;
use sea_orm::{EntityTrait, Set};
use serde_json::Value;

use crate::server::Server;
use crate::table::{median, percentile_99, say};

const PAGE: u64 = 100;
const CONNECTIONS: usize = 4;
/// What is remembered takes so little time that it must be asked for more often to be measured.
const WARM: usize = 20;

/// What the server can know of an answer beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Nothing: no such query came before.
    First,
    /// The same query came before, and nothing changed.
    Again,
    /// The client has the answer already.
    Known,
}

/// Measures both sizes.
pub(crate) async fn run(binary: &Path, base: &Path, requests: usize) -> anyhow::Result<()> {
    say(&format!(
        "\nProducts list, {PAGE} a page, {requests} requests ({WARM} times as many when asked again), {CONNECTIONS} connections"
    ))?;
    say("products   query                asked      requests/core-s   median ms   p99 ms   statements")?;
    for count in [2_000, 100_000] {
        let server = Server::start(binary, base, async |data_dir| fill(data_dir, count).await).await?;
        for (name, query) in [
            ("first page", "page_size=100"),
            (
                "published, by name",
                "status=1&ordering=display_name&page_size=100",
            ),
            ("search", "search=galaxies+17&page_size=100"),
            ("last page", "page=last&page_size=100"),
        ] {
            let url = format!("{}/api/products/?{query}", server.root);
            for asked in [Asked::First, Asked::Again, Asked::Known] {
                let requests = if asked == Asked::First {
                    requests
                } else {
                    requests * WARM
                };
                let (per_core_second, latencies) = measure(&server, &url, asked, requests).await?;
                let statements = match asked {
                    Asked::First => statements(&server.data_dir).await?,
                    _ => 0,
                };
                say(&format!(
                    "{count:>8}   {name:<20} {:<8} {per_core_second:>17.0} {:>11.2} {:>8.2} {statements:>12}",
                    format!("{asked:?}").to_lowercase(),
                    median(latencies.clone()),
                    percentile_99(latencies)
                ))?;
            }
        }
    }
    Ok(())
}

async fn measure(
    server: &Server,
    url: &str,
    asked: Asked,
    requests: usize,
) -> anyhow::Result<(f64, Vec<f64>)> {
    let client = Client::new();
    let get = |url: &str| client.get(url).header("authorization", &server.authorization);
    let first = get(url).send().await?;
    let tag = first.headers().get("etag").cloned();
    let tag = tag.with_context(|| format!("{url}: no ETag"))?;
    let list: Value = serde_json::from_slice(&first.bytes().await?)?;
    ensure!(
        list["results"].as_array().is_some_and(|rows| !rows.is_empty()),
        "{url}: no rows"
    );
    let once = async |number: usize| -> anyhow::Result<f64> {
        let request = match asked {
            // A parameter that means nothing makes another query of it.
            Asked::First => get(&format!("{url}&n={number}")),
            Asked::Again => get(url),
            Asked::Known => get(url).header("if-none-match", &tag),
        };
        let started = Instant::now();
        let answer = request.send().await?;
        let expected = if asked == Asked::Known { 304 } else { 200 };
        ensure!(answer.status().as_u16() == expected, "{url}: {}", answer.status());
        let body = answer.bytes().await?;
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        ensure!(
            body.is_empty() == (asked == Asked::Known),
            "{url}: {} bytes",
            body.len()
        );
        Ok(milliseconds)
    };
    for number in 0..20 {
        once(requests + number).await?;
    }
    let before = server.processor_seconds()?;
    let latencies: Vec<anyhow::Result<f64>> = stream::iter(0..requests)
        .map(once)
        .buffer_unordered(CONNECTIONS)
        .collect()
        .await;
    let used = server.processor_seconds()? - before;
    let latencies = latencies.into_iter().collect::<anyhow::Result<Vec<f64>>>()?;
    Ok((requests as f64 / used, latencies))
}

fn options(data_dir: &Path) -> StoreOptions {
    StoreOptions {
        database_url: Store::sqlite_url(&data_dir.join("pz-server.sqlite3")),
        max_connections: 1,
        blob_directory: data_dir.join("blobs"),
    }
}

/// Statements of the list itself; the server adds at most two, to find the token and to see whether anything changed.
async fn statements(data_dir: &Path) -> anyhow::Result<u64> {
    let store = Store::open(&options(data_dir)).await?;
    let before = store.statement_count();
    let viewer = Viewer {
        user_id: 1,
        is_admin: false,
    };
    let query = ListQuery {
        order: vec![(ProductField::CreatedAt, true)],
        limit: PAGE,
        ..ListQuery::default()
    };
    store.list_products(viewer, &query, false).await?;
    let statements = store.statement_count() - before;
    store.close().await?;
    Ok(statements + 2)
}

/// Puts `count` published products of ten users into the database.
pub(crate) async fn fill(data_dir: &Path, count: i64) -> anyhow::Result<()> {
    let store = Store::open(&options(data_dir)).await?;
    let mut owners = vec![1];
    for number in 0..9 {
        let user = pz_store::accounts::NewUser {
            username: format!("user{number}"),
            ..Default::default()
        };
        owners.push(store.add_user(user).await?.id);
    }
    let start = Timestamp::now().to_utc();
    for chunk in (0..count).collect::<Vec<_>>().chunks(1000) {
        let rows = chunk.iter().map(|&number| {
            let name = format!("Galaxies {number} of field {}", number % 97);
            let created_at = start - std::time::Duration::from_secs((count - number).unsigned_abs());
            let product_type = ProductType::ALL[number as usize % ProductType::ALL.len()];
            products::ActiveModel {
                product_type_id: Set(product_type.id()),
                user_id: Set(owners[number as usize % owners.len()]),
                internal_name: Set(Some(internal_name(number + 1, &name))),
                name_search: Set(search_text(&[&name])),
                display_name: Set(name),
                official_product: Set(number % 50 == 0),
                description: Set(Some(
                    "A catalog of galaxies with redshifts and magnitudes in six bands.".repeat(3),
                )),
                status: Set(1),
                created_at: Set(created_at),
                updated_at: Set(created_at),
                ..Default::default()
            }
        });
        products::Entity::insert_many(rows)
            .exec(store.connection())
            .await?;
    }
    store.close().await?;
    Ok(())
}
