//! Tables: schema, rows and statistics of a whole file, single pages, and conversion, each beside the libraries that
//! the field uses for it.

mod agreement;
mod formats;
mod generate;
mod measure;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use pz_tables::write::OutputFormat;

use crate::table::{median, say};
use formats::{FORMATS, Format};
use measure::{Cost, Meter};

/// Rows of a page.
const PAGE: u64 = 100;

/// Pages opened, spread over the file.
const PAGES: u64 = 25;

/// What to measure, and with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rows of each table.
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// Repetitions; the median counts.
    #[arg(long, default_value_t = 5)]
    repetitions: usize,
    /// Only these formats: csv, fits, hdf5, parquet, votable.
    #[arg(long, value_delimiter = ',')]
    formats: Vec<String>,
    /// The program to measure; the release build beside this one when not given.
    #[arg(long, env = "PZ_TABLES_BINARY")]
    tables: Option<PathBuf>,
    /// A Python interpreter with pyarrow, pandas, astropy and h5py.
    #[arg(long, env = "PZ_BENCH_PYTHON", default_value = "python3")]
    python: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rows: 10_000_000,
            repetitions: 5,
            formats: Vec::new(),
            tables: None,
            python: std::env::var_os("PZ_BENCH_PYTHON").map_or_else(|| "python3".into(), PathBuf::from),
        }
    }
}

/// Measures all formats.
pub(crate) fn run(options: &Options, base: &Path) -> anyhow::Result<()> {
    let tables = match &options.tables {
        Some(path) => path.clone(),
        None => std::env::current_exe()?.with_file_name("pz-tables"),
    };
    ensure!(
        tables.try_exists()?,
        "{} is missing: build it with `cargo build --release --package pz-tables`",
        tables.display()
    );
    let directory = tempfile::Builder::new()
        .prefix("pz-bench-tables-")
        .tempdir_in(base)?;
    let meter = Meter::new(tables, options.python.clone(), directory.path());
    say(&format!(
        "\nTables of {} columns, {} times in turn, medians",
        generate::COLUMNS,
        options.repetitions
    ))?;
    for format in FORMATS {
        let wanted = options.formats.is_empty() || options.formats.iter().any(|name| name == format.name);
        if wanted {
            measure_format(format, options, &meter, directory.path())?;
        }
    }
    Ok(())
}

fn measure_format(format: &Format, options: &Options, meter: &Meter, directory: &Path) -> anyhow::Result<()> {
    let rows = options.rows.min(format.most_rows);
    let file = directory.join(format!("table.{}", format.output.extension()));
    generate::write(&file, format.output, rows)?;
    let megabytes = fs_err::metadata(&file)?.len() as f64 / 1e6;
    say(&format!(
        "\n{}, {rows} rows, {megabytes:.0} MB",
        format.output.title()
    ))?;
    say("                                     wall s   processor s   peak MB   processor s over ours")?;
    statistics(format, options, meter, &file)?;
    pages(format, meter, &file, rows)?;
    conversions(format, options, meter, &file, directory)?;
    fs_err::remove_file(&file)?;
    Ok(())
}

/// Schema, rows and statistics, ours and the peers' in turn, and whether they agree.
fn statistics(format: &Format, options: &Options, meter: &Meter, file: &Path) -> anyhow::Result<()> {
    let mut ours = Vec::new();
    let mut theirs = vec![Vec::new(); format.peers.len()];
    let mut answers = (String::new(), vec![String::new(); format.peers.len()]);
    for _ in 0..options.repetitions {
        let (cost, answer) = meter.ours(&["inspect".as_ref(), file.as_ref()])?;
        ours.push(cost);
        answers.0 = answer;
        for (index, peer) in format.peers.iter().enumerate() {
            let (cost, answer) = meter.peer("stats", peer, file, &[])?;
            theirs.get_mut(index).context("as many as peers")?.push(cost);
            *answers.1.get_mut(index).context("as many as peers")? = answer;
        }
    }
    report("schema, rows, statistics", format.peers, &ours, &theirs)?;
    let stored = meter.keep("inspection.json", &answers.0)?;
    for (peer, answer) in format.peers.iter().zip(&answers.1) {
        let (_, bounds) = meter.peer("check", peer, file, &[stored.clone().into_os_string()])?;
        let compared =
            agreement::check(&answers.0, answer, &bounds).with_context(|| format!("beside {peer}"))?;
        say(&format!("  equal to {peer}'s: {compared}"))?;
    }
    Ok(())
}

/// Pages all through the file, each with opening it anew.
fn pages(format: &Format, meter: &Meter, file: &Path, rows: u64) -> anyhow::Result<()> {
    let count = PAGES.min(rows / PAGE).max(1);
    // In disorder, so that nothing that lies ahead is read by accident.
    let starts: Vec<u64> = (0..count)
        .map(|page| (page * 7 % count) * (rows.saturating_sub(PAGE) / count))
        .collect();
    let name = file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let inspection = pz_tables::inspect(file, &name, &pz_tables::Limits::default())?;
    let mut taken = Vec::new();
    for start in &starts {
        let began = Instant::now();
        let reader = pz_tables::open(file, &name, Some(&inspection.layout))?;
        let json = pz_tables::rows_json(reader.as_ref(), *start..start + PAGE, None)?;
        taken.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(json.len() > 100, "an empty page at {start}");
    }
    say_pages("pz-tables", taken)?;
    for peer in format.page_peers {
        let arguments: Vec<OsString> = std::iter::once(&PAGE)
            .chain(&starts)
            .map(|number| number.to_string().into())
            .collect();
        let (_, answer) = meter.peer("pages", peer, file, &arguments)?;
        say_pages(peer, serde_json::from_str(&answer)?)?;
    }
    Ok(())
}

fn say_pages(program: &str, taken: Vec<f64>) -> anyhow::Result<()> {
    let slowest = taken.iter().copied().fold(0.0, f64::max);
    let pages = taken.len();
    let middle = median(taken);
    say(&format!(
        "  page of {PAGE} rows, {program:<10}  median {middle:>8.2} ms   slowest of {pages} {slowest:>8.2} ms"
    ))
}

/// To Parquet (or from it to CSV), beside the peers that can.
fn conversions(
    format: &Format,
    options: &Options,
    meter: &Meter,
    file: &Path,
    directory: &Path,
) -> anyhow::Result<()> {
    let into = if format.output == OutputFormat::Parquet {
        OutputFormat::Csv
    } else {
        OutputFormat::Parquet
    };
    let new = directory.join(format!("converted.{}", into.extension()));
    let mut ours = Vec::new();
    let mut theirs = vec![Vec::new(); format.convert_peers.len()];
    for _ in 0..options.repetitions {
        let (cost, _) = meter.ours(&["convert".as_ref(), file.as_ref(), new.as_os_str()])?;
        ours.push(cost);
        for (peer, costs) in format.convert_peers.iter().zip(&mut theirs) {
            let (cost, _) = meter.peer("convert", peer, file, &[new.clone().into_os_string()])?;
            costs.push(cost);
        }
    }
    fs_err::remove_file(&new)?;
    report(
        &format!("conversion to {}", into.title()),
        format.convert_peers,
        &ours,
        &theirs,
    )
}

fn report(what: &str, peers: &[&str], ours: &[Cost], theirs: &[Vec<Cost>]) -> anyhow::Result<()> {
    let middle = Cost::median(ours);
    say(&format!("  {what:<24} pz-tables {}", middle.columns()))?;
    for (peer, costs) in peers.iter().zip(theirs) {
        let cost = Cost::median(costs);
        let ratio = cost.processor_s / middle.processor_s;
        say(&format!(
            "  {what:<24} {peer:<9} {} {ratio:>23.1}",
            cost.columns()
        ))?;
    }
    Ok(())
}
