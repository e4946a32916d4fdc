//! Benchmarks: the release build of the service, driven from outside, beside a peer in the same run.
//!
//! Figures are medians. Processor time is the server's own, from `/proc`, so that the load generator on
//! the same machine does not count.

mod api;
mod list;
mod server;
mod slow;
mod table;
mod tables;
mod transfer;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures the Photo-z Server.
#[derive(Debug, Parser)]
struct Program {
    /// The server to measure; the release build beside this program when not given.
    #[arg(long, env = "PZ_SERVER_BINARY")]
    server: Option<PathBuf>,
    /// Directory for data; a temporary one when not given. Must have room for several gigabytes.
    #[arg(long)]
    directory: Option<PathBuf>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists of products, 100 a page, of 2,000 and of 100,000 products.
    List {
        /// Requests per measurement.
        #[arg(long, default_value_t = 400)]
        requests: usize,
    },
    /// Lists, single objects, downloads and zips, beside nginx and the bare framework.
    Api(api::Options),
    /// Upload and download beside cp, fsync and sha256sum.
    Transfer {
        /// Size of the file in megabytes.
        #[arg(long, default_value_t = 1000)]
        megabytes: u64,
        /// Repetitions; the median counts.
        #[arg(long, default_value_t = 5)]
        repetitions: usize,
    },
    /// Schema, rows and statistics of tables, pages and conversion, beside pyarrow, pandas, astropy and h5py.
    Tables(tables::Options),
    /// Many slow clients at once: how long others wait, and what it costs in memory.
    Slow(slow::Options),
    /// The long run: a file of 2 GB through the server and a thousand slow clients, and what it costs in memory.
    Soak,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let program = Program::parse();
    let binary = match program.server {
        Some(path) => path,
        None => std::env::current_exe()?.with_file_name("pz-server"),
    };
    let base = program.directory.unwrap_or_else(std::env::temp_dir);
    match program.what {
        Some(What::List { requests }) => list::run(&binary, &base, requests).await,
        Some(What::Api(options)) => api::run(&options, &binary, &base).await,
        Some(What::Transfer {
            megabytes,
            repetitions,
        }) => transfer::run(&binary, &base, megabytes * 1_000_000, repetitions).await,
        Some(What::Tables(options)) => tables::run(&options, &base),
        Some(What::Slow(options)) => slow::run(&options, &binary, &base).await,
        Some(What::Soak) => {
            transfer::run(&binary, &base, 2_000_000_000, 1).await?;
            slow::run(&slow::Options::default(), &binary, &base).await
        }
        None => {
            list::run(&binary, &base, 400).await?;
            api::run(&api::Options::default(), &binary, &base).await?;
            transfer::run(&binary, &base, 1_000_000_000, 5).await?;
            tables::run(&tables::Options::default(), &base)
        }
    }
}
