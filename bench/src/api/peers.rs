//! The servers that the service is measured beside: nginx with a file, and the least that actix-web can do.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// A running peer; it ends with this.
pub(super) struct Peer {
    process: Child,
    /// Its address, without a slash at the end.
    pub(super) root: String,
    _directory: Option<TempDir>,
}

impl Peer {
    /// nginx, serving the files of a directory, with as many workers as processors and without a log.
    pub(super) fn nginx(files: &Path, sendfile: bool) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("pz-bench-nginx-").tempdir()?;
        let address = free_address()?;
        let own = directory.path().display();
        let configuration = format!(
            "daemon off; pid {own}/pid; error_log {own}/error.log; worker_processes auto; user root;
             events {{ worker_connections 1024; }}
             http {{
               access_log off; sendfile {}; tcp_nopush on; keepalive_requests 1000000000;
               default_type application/octet-stream;
               client_body_temp_path {own}/body; proxy_temp_path {own}/proxy; fastcgi_temp_path {own}/fastcgi;
               uwsgi_temp_path {own}/uwsgi; scgi_temp_path {own}/scgi;
               server {{ listen {address}; root {}; }}
             }}",
            if sendfile { "on" } else { "off" },
            files.display()
        );
        let path = directory.path().join("nginx.conf");
        fs_err::write(&path, configuration)?;
        let mut command = Command::new("nginx");
        command
            .arg("-c")
            .arg(&path)
            .arg("-e")
            .arg(directory.path().join("error.log"));
        let process = command
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run nginx; `just bench` installs it")?;
        Self::wait(process, &address, Some(directory))
    }

    /// The bare framework: the program `hello` beside this one.
    pub(super) fn hello() -> anyhow::Result<Self> {
        let address = free_address()?;
        let program = std::env::current_exe()?.with_file_name("hello");
        let process = Command::new(&program)
            .arg(&address)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        Self::wait(process, &address, None)
    }

    /// Its process; those it started count with it.
    pub(super) fn process(&self) -> u32 {
        self.process.id()
    }

    fn wait(process: Child, address: &str, directory: Option<TempDir>) -> anyhow::Result<Self> {
        let mut peer = Self {
            process,
            root: format!("http://{address}"),
            _directory: directory,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            if let Some(status) = peer.process.try_wait()? {
                bail!("the peer at {address} ended at once: {status}");
            }
            if Instant::now() > deadline {
                bail!("the peer at {address} does not answer");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(peer)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Asked to, so that nginx ends its workers.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

fn free_address() -> anyhow::Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
