//! A server of our own, and what it costs.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::Client;
use tempfile::TempDir;

/// A running server in a directory of its own, with the user `bench` and a token of theirs.
pub(crate) struct Server {
    process: Child,
    pub(crate) root: String,
    pub(crate) authorization: String,
    pub(crate) data_dir: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// Prepares the data directory, runs `fill` on it, then starts the server.
    pub(crate) async fn start(
        binary: &Path,
        base: &Path,
        fill: impl AsyncFnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("pz-bench-").tempdir_in(base)?;
        let data_dir = directory.path().join("data");
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let listen = format!("127.0.0.1:{port}");
        let command = |arguments: &[&str]| {
            let mut command = Command::new(binary);
            command
                .args(arguments)
                .arg("--data-dir")
                .arg(&data_dir)
                .args(["--listen", &listen]);
            command
        };
        let mut add = command(&["user", "add", "--username", "bench", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        if let Some(mut stdin) = add.stdin.take() {
            std::io::Write::write_all(&mut stdin, b"a password for bench\n")?;
        }
        if !add.wait()?.success() {
            bail!("cannot add the user");
        }
        let token = command(&["token", "new", "--username", "bench"]).output()?;
        let authorization = format!("Token {}", String::from_utf8(token.stdout)?.trim());
        fill(&data_dir).await?;
        let process = command(&[
            "serve",
            "--upload-max-bytes",
            "10000000000",
            "--rate-limits",
            "off",
            "--log",
            "warn",
        ])
        .stdout(Stdio::null())
        .spawn()?;
        let root = format!("http://{listen}");
        let mut server = Self {
            process,
            root,
            authorization,
            data_dir,
            _directory: directory,
        };
        server.wait_until_ready().await?;
        Ok(server)
    }

    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let client = Client::new();
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server ended at once: {status}");
            }
            let answer = client.get(format!("{}/health/ready", self.root)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bail!("the server was not ready in time")
    }

    /// Its process.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Processor time used so far, seconds: user and system, all threads.
    pub(crate) fn processor_seconds(&self) -> anyhow::Result<f64> {
        let stat = fs_err::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // After the name in parentheses; utime and stime are the fields 14 and 15 of the line.
        let (_, rest) = stat.rsplit_once(')').context("odd stat")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let ticks =
            |index: usize| -> anyhow::Result<f64> { Ok(fields.get(index).context("odd stat")?.parse()?) };
        // Linux counts hundredths of a second.
        Ok((ticks(11)? + ticks(12)?) / 100.0)
    }

    /// Resident memory now, bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        self.status_kilobytes("VmRSS:")
    }

    /// Most resident memory since the last [`Server::reset_peak`], bytes.
    pub(crate) fn peak_bytes(&self) -> anyhow::Result<u64> {
        self.status_kilobytes("VmHWM:")
    }

    /// Starts the count of the peak anew.
    pub(crate) fn reset_peak(&self) -> anyhow::Result<()> {
        Ok(fs_err::write(
            format!("/proc/{}/clear_refs", self.process.id()),
            "5",
        )?)
    }

    fn status_kilobytes(&self, key: &str) -> anyhow::Result<u64> {
        let status = fs_err::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(key))
            .context("no such field")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kilobytes * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
