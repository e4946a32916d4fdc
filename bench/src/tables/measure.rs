//! Runs programs and says what they cost.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::table::median;

/// What one run of a program cost.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Cost {
    pub(super) wall_s: f64,
    /// Its own and the system's, all threads.
    pub(super) processor_s: f64,
    pub(super) peak_bytes: f64,
}

impl Cost {
    /// The median of each figure.
    pub(super) fn median(costs: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(costs.iter().map(figure).collect());
        Self {
            wall_s: of(|cost| cost.wall_s),
            processor_s: of(|cost| cost.processor_s),
            peak_bytes: of(|cost| cost.peak_bytes),
        }
    }

    /// For the report.
    pub(super) fn columns(&self) -> String {
        format!(
            "{:>9.2} {:>13.2} {:>9.0}",
            self.wall_s,
            self.processor_s,
            self.peak_bytes / 1e6
        )
    }
}

/// Measures `pz-tables` and its peers.
#[derive(Debug)]
pub(super) struct Meter {
    tables: PathBuf,
    python: PathBuf,
    peers: PathBuf,
    directory: PathBuf,
}

impl Meter {
    pub(super) fn new(tables: PathBuf, python: PathBuf, directory: &Path) -> Self {
        Self {
            tables,
            python,
            peers: Path::new(env!("CARGO_MANIFEST_DIR")).join("peers"),
            directory: directory.to_owned(),
        }
    }

    /// Runs `pz-tables`; its cost and what it printed.
    pub(super) fn ours(&self, arguments: &[&OsStr]) -> anyhow::Result<(Cost, String)> {
        self.run(&[&[self.tables.as_os_str()], arguments].concat())
    }

    /// Has the peer `library` do something with the file, by the script of the peers.
    pub(super) fn peer(
        &self,
        action: &str,
        library: &str,
        file: &Path,
        more: &[OsString],
    ) -> anyhow::Result<(Cost, String)> {
        let script = self.peers.join("tables.py");
        let mut program = vec![self.python.as_os_str(), script.as_os_str()];
        program.extend([OsStr::new(action), OsStr::new(library), file.as_os_str()]);
        program.extend(more.iter().map(OsString::as_os_str));
        self.run(&program)
    }

    fn run(&self, program: &[&OsStr]) -> anyhow::Result<(Cost, String)> {
        let output = self.directory.join("answer.json");
        let measured = Command::new(&self.python)
            .arg("-S")
            .arg(self.peers.join("measure.py"))
            .arg(&output)
            .args(program)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", self.python.display()))?;
        ensure!(measured.status.success(), "{program:?} failed");
        let answer = fs_err::read_to_string(&output)?;
        Ok((serde_json::from_slice(&measured.stdout)?, answer))
    }

    /// Keeps a text as a file beside the tables.
    pub(super) fn keep(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.directory.join(name);
        fs_err::write(&path, text)?;
        Ok(path)
    }
}
