//! Build tasks that need code: bundling the web app.
//!
//! Nothing here reaches the network: the compiler and the library that makes the browser bindings are
//! all there is to it.

mod web;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Build tasks of the Photo-z Server.
#[derive(Parser)]
#[command(name = "xtask", about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Compile the web app to WebAssembly and assemble everything a server has to serve.
    Web {
        /// Folder to (re)create with the finished files.
        #[arg(long, default_value = "dist", value_name = "DIST_DIR")]
        out: PathBuf,
        /// Compile quickly, with debug assertions and without compression.
        #[arg(long)]
        dev: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Web { out, dev } => web::build(&web::Options::new(out, dev)?),
    }
}

/// Tells the person waiting what the next long step does.
#[expect(clippy::print_stderr, reason = "a build task talks to a person at a terminal")]
fn say(message: &str) {
    eprintln!("web: {message}");
}
