//! `pz-tables`: describes tables. `inspect` is run by the server as a process of its own, with limits that it
//! sets upon itself before it looks at the file; `rows` and `schema` are for people.

#![forbid(unsafe_code)]

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use pz_tables::child::Answer;
use pz_tables::plot::{self, PlotQuestion};
use pz_tables::unwrap::{self, UnwrapLimits};
use pz_tables::write::{self, OutputFormat, Rules, WriteOptions};
use pz_tables::{ErrorReport, Inspection, Limits, ReadOptions, TableError};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Describe tables.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print format, columns, row count, statistics and layout as one JSON document.
    Inspect {
        /// The file.
        file: PathBuf,
        /// The user's name of the file (default: its own).
        #[arg(long)]
        name: Option<String>,
        /// Address space allowed, in MiB.
        #[arg(long)]
        memory_limit_mb: Option<u64>,
        /// Processor time allowed, in seconds.
        #[arg(long)]
        cpu_limit_s: Option<u64>,
    },
    /// Unpack the one table, or the HATS catalog, that an archive or compressed file holds, and print what it is as
    /// JSON.
    Unwrap {
        /// The file.
        file: PathBuf,
        /// The user's name of the file (default: its own).
        #[arg(long)]
        name: Option<String>,
        /// The file to write; one that is there already is replaced.
        #[arg(long)]
        out: PathBuf,
        /// Address space allowed, in MiB.
        #[arg(long)]
        memory_limit_mb: Option<u64>,
        /// Processor time allowed, in seconds.
        #[arg(long)]
        cpu_limit_s: Option<u64>,
        /// Entries allowed.
        #[arg(long, default_value_t = UnwrapLimits::default().max_entries)]
        max_entries: u64,
        /// Unpacked bytes allowed.
        #[arg(long, default_value_t = UnwrapLimits::default().max_total_bytes)]
        max_total_bytes: u64,
        /// Unpacked bytes allowed for each packed byte.
        #[arg(long, default_value_t = UnwrapLimits::default().max_ratio)]
        max_ratio: u64,
        /// Unpacked bytes allowed whatever the ratio.
        #[arg(long, default_value_t = UnwrapLimits::default().free_bytes_before_ratio)]
        free_bytes_before_ratio: u64,
    },
    /// Count what a plot shows, over all rows, and print it as JSON. What to count is read from the standard input:
    /// `{"request": {"kind": "sky", "ra": "ra", "dec": "dec"}}`.
    Plot {
        /// The file.
        file: PathBuf,
        /// The user's name of the file (default: its own).
        #[arg(long)]
        name: Option<String>,
        /// Address space allowed, in MiB.
        #[arg(long)]
        memory_limit_mb: Option<u64>,
        /// Processor time allowed, in seconds.
        #[arg(long)]
        cpu_limit_s: Option<u64>,
    },
    /// Print rows as a JSON array of objects.
    Rows {
        /// The file.
        file: PathBuf,
        /// Which table of a file of several.
        #[arg(long)]
        table: Option<String>,
        /// First row, from 0.
        #[arg(long, default_value_t = 0)]
        start: u64,
        /// Number of rows.
        #[arg(long, default_value_t = 10)]
        count: u64,
    },
    /// Print one line per column: name, type, unit.
    Schema {
        /// The file.
        file: PathBuf,
        /// Which table of a file of several.
        #[arg(long)]
        table: Option<String>,
    },
    /// Write a table in another format, the one of the new file's extension.
    Convert {
        /// The file.
        input: PathBuf,
        /// The new file (.csv, .fits, .hdf5, .parquet, .vot); one that is there already is replaced.
        output: PathBuf,
        /// Which table of a file of several.
        #[arg(long)]
        table: Option<String>,
        /// Put booleans and missing values as the redshift pipelines do.
        #[arg(long)]
        pipeline_rules: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        // Nobody listens any more, or the disk is full: nothing is left to say.
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(action: Action) -> std::io::Result<ExitCode> {
    match action {
        Action::Inspect {
            file,
            name,
            memory_limit_mb,
            cpu_limit_s,
        } => {
            limit_self(memory_limit_mb, cpu_limit_s)?;
            let name = name.unwrap_or_else(|| own_name(&file));
            answer(guarded(&name, || {
                pz_tables::inspect(&file, &name, &Limits::default())
            }))
        }
        Action::Unwrap {
            file,
            name,
            out,
            memory_limit_mb,
            cpu_limit_s,
            max_entries,
            max_total_bytes,
            max_ratio,
            free_bytes_before_ratio,
        } => {
            limit_self(memory_limit_mb, cpu_limit_s)?;
            let limits = UnwrapLimits {
                max_entries,
                max_total_bytes,
                max_ratio,
                free_bytes_before_ratio,
            };
            limit_files(&limits)?;
            let name = name.unwrap_or_else(|| own_name(&file));
            answer(guarded(&name, || unwrap::unwrap(&file, &name, &out, &limits)))
        }
        Action::Plot {
            file,
            name,
            memory_limit_mb,
            cpu_limit_s,
        } => {
            limit_self(memory_limit_mb, cpu_limit_s)?;
            let name = name.unwrap_or_else(|| own_name(&file));
            let question: PlotQuestion = serde_json::from_reader(std::io::stdin().lock())?;
            answer(guarded(&name, || plot::plot(&file, &name, &question)))
        }
        Action::Rows {
            file,
            table,
            start,
            count,
        } => {
            let name = own_name(&file);
            finish(guarded(&name, || {
                let reader = pz_tables::open_with(&file, &name, &choice(table), None)?;
                pz_tables::rows_json(reader.as_ref(), start..start.saturating_add(count), None)
            }))
        }
        Action::Schema { file, table } => {
            let name = own_name(&file);
            let inspection = guarded(&name, || pz_tables::inspect_with(&file, &name, &choice(table)));
            finish(inspection.map(|inspection| schema_text(&inspection)))
        }
        Action::Convert {
            input,
            output,
            table,
            pipeline_rules,
        } => {
            let name = own_name(&input);
            let rules = if pipeline_rules {
                Rules::Pipelines
            } else {
                Rules::Faithful
            };
            finish(guarded(&name, || {
                let format = OutputFormat::of_name(&own_name(&output)).ok_or_else(unknown_output)?;
                let reader = pz_tables::open_with(&input, &name, &choice(table), None)?;
                write::convert(reader.as_ref(), &output, format, &WriteOptions { rules })?;
                Ok(format!("{} rows written", reader.row_count()))
            }))
        }
    }
}

fn choice(table: Option<String>) -> ReadOptions {
    ReadOptions {
        table,
        ..ReadOptions::default()
    }
}

fn unknown_output() -> TableError {
    TableError::Unwritable {
        format: "new",
        reason: "its extension must be .csv, .fits, .hdf5, .parquet or .vot".to_owned(),
        column: None,
    }
}

fn schema_text(inspection: &Inspection) -> String {
    let mut text = format!(
        "{} rows, {} columns",
        inspection.n_rows,
        inspection.schema.columns.len()
    );
    for column in &inspection.schema.columns {
        let shape = if column.shape.is_empty() {
            String::new()
        } else {
            format!("{:?}", column.shape)
        };
        let unit = column
            .unit
            .as_ref()
            .map(|unit| format!(" ({unit})"))
            .unwrap_or_default();
        text.push_str(&format!("\n{}: {}{shape}{unit}", column.name, column.dtype));
    }
    text
}

/// Prints what was found, or the error, as JSON.
fn answer<T: serde::Serialize>(result: Result<T, TableError>) -> std::io::Result<ExitCode> {
    let (answer, code) = match result {
        Ok(found) => (Answer::Ok(Box::new(found)), ExitCode::SUCCESS),
        Err(error) => (Answer::Error(error.report()), ExitCode::from(2)),
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, &answer)?;
    writeln!(out)?;
    out.flush()?;
    Ok(code)
}

/// Prints the text, or the error as JSON.
fn finish(result: Result<String, TableError>) -> std::io::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match result {
        Ok(text) => {
            writeln!(out, "{text}")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(
                out,
                "{}",
                serde_json::to_string(&Answer::<()>::Error(error.report()))?
            )?;
            Ok(ExitCode::from(2))
        }
    }
}

/// Runs `work`; a panic in it becomes an error about the file.
fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    std::panic::set_hook(Box::new(|_| {}));
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = format!("{name} is broken: its reader gave up on it. Write or upload it again.");
        let code = "broken_file".to_owned();
        let report = ErrorReport {
            code,
            message,
            row: None,
            column: None,
            line: None,
            byte: None,
        };
        Err(TableError::Reported(Box::new(report)))
    })
}

fn own_name(file: &Path) -> String {
    file.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Lowers the limits of this very process. There is no way back up.
fn limit_self(memory_mb: Option<u64>, cpu_s: Option<u64>) -> std::io::Result<()> {
    let limit = |value: u64| Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    if let Some(megabytes) = memory_mb {
        setrlimit(Resource::As, limit(megabytes.saturating_mul(1 << 20)))?;
    }
    if let Some(seconds) = cpu_s {
        // The signal comes at the soft limit; at the hard one the process is killed without a word.
        setrlimit(
            Resource::Cpu,
            Rlimit {
                current: Some(seconds),
                maximum: Some(seconds.saturating_add(1)),
            },
        )?;
    }
    setrlimit(Resource::Core, limit(0))?;
    Ok(())
}

/// Lets this process write no file longer than what may be unpacked, with headers and directory of a container.
fn limit_files(limits: &UnwrapLimits) -> std::io::Result<()> {
    let headers = limits.max_entries.saturating_mul(16 * 1024);
    let bytes = limits
        .max_total_bytes
        .saturating_add(headers)
        .saturating_add(1 << 20);
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::Fsize, limit)?;
    Ok(())
}
