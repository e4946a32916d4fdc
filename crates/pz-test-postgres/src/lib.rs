//! For tests: databases in a PostgreSQL that the tests start themselves.
//!
//! The first test that asks starts one cluster for all (tests run in processes of their own), from the
//! system's packages, in a temporary directory, without durability; it stops and removes itself when
//! nobody has been connected for a minute. A missing PostgreSQL is a failure, never a skip.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use fs_err::File;
use rustix::fs::{FlockOperation, flock};
use uuid::Uuid;

/// The address of a new, empty database.
///
/// # Errors
/// When PostgreSQL is not installed or does not start; the message says what to install.
pub fn fresh_database() -> anyhow::Result<String> {
    let cluster = Cluster::locate()?;
    let port = cluster.ensure_running()?;
    let name = format!("test_{}", Uuid::now_v7().simple());
    run(cluster
        .server_command("createdb")
        .args(["-h", "127.0.0.1", "-p", &port, "-U", "postgres", &name]))?;
    Ok(format!("postgres://postgres@127.0.0.1:{port}/{name}"))
}

struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
    is_root: bool,
}

impl Cluster {
    fn locate() -> anyhow::Result<Self> {
        let user = rustix::process::getuid();
        let directory = std::env::temp_dir().join(format!("pz-test-postgres-{}", user.as_raw()));
        Ok(Self {
            programs: server_programs()?,
            directory,
            is_root: user.is_root(),
        })
    }

    /// Starts the cluster unless it runs; says its port. One process at a time.
    fn ensure_running(&self) -> anyhow::Result<String> {
        let lock = File::create(self.directory.with_extension("lock"))?;
        flock(lock.file(), FlockOperation::LockExclusive).context("cannot lock")?;
        let port_file = self.directory.join("test-port");
        if let Ok(port) = fs_err::read_to_string(&port_file) {
            let status = self
                .server_command("pg_isready")
                .args(["-q", "-h", "127.0.0.1", "-p", &port])
                .status()?;
            if status.success() {
                return Ok(port);
            }
        }
        if self.directory.try_exists()? {
            fs_err::remove_dir_all(&self.directory)?;
        }
        self.make_directory()?;
        let data = self.directory.join("data");
        run(self
            .server_command("initdb")
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D"])
            .arg(&data))?;
        let port = TcpListener::bind(("127.0.0.1", 0))?
            .local_addr()?
            .port()
            .to_string();
        let options = format!(
            "-p {port} -h 127.0.0.1 -k {} -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400",
            self.directory.display()
        );
        run(self
            .server_command("pg_ctl")
            .args(["-w", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(self.directory.join("log"))
            .args(["-o", &options, "start"]))?;
        self.start_watch(&port)?;
        fs_err::write(&port_file, &port)?;
        Ok(port)
    }

    fn make_directory(&self) -> anyhow::Result<()> {
        fs_err::create_dir(&self.directory)?;
        if self.is_root {
            // PostgreSQL refuses to run as root; Debian's package makes this user.
            run(Command::new("chown").arg("postgres").arg(&self.directory))?;
        }
        Ok(())
    }

    /// Leaves a process behind that ends the cluster when nobody uses it.
    fn start_watch(&self, port: &str) -> anyhow::Result<()> {
        let script = r#"
            idle=0
            while [ "$idle" -lt 6 ] && sleep 10; do
                used=$("$1/psql" -h 127.0.0.1 -p "$2" -U postgres -Atc \
                    "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'test_%'" 2>/dev/null) || break
                if [ "$used" = 0 ]; then idle=$((idle + 1)); else idle=0; fi
            done
            "$1/pg_ctl" -D "$3/data" -m immediate stop
            rm -rf "$3"/data "$3"/test-port
        "#;
        self.as_server_user("setsid")
            .args(["sh", "-c", script, "watch"])
            .arg(&self.programs)
            .arg(port)
            .arg(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the watch")?;
        Ok(())
    }

    fn server_command(&self, program: &str) -> Command {
        let mut command = self.as_server_user(&self.programs.join(program).to_string_lossy());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn as_server_user(&self, program: &str) -> Command {
        let mut command = if self.is_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", program]);
            command
        } else {
            Command::new(program)
        };
        // A directory that the server's user may enter.
        command.current_dir("/");
        command
    }
}

/// Debian keeps the server's programs off the search path.
fn server_programs() -> anyhow::Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    if let Ok(versions) = fs_err::read_dir("/usr/lib/postgresql") {
        for version in versions {
            let directory = version?.path();
            let number = directory
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| name.parse().ok());
            if let (Some(number), true) = (number, directory.join("bin/initdb").is_file()) {
                found.push((number, directory.join("bin")));
            }
        }
    }
    if let Some((_, programs)) = found.into_iter().max() {
        return Ok(programs);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .find(|directory| directory.join("initdb").is_file())
        .context("PostgreSQL is not installed: on Debian and Ubuntu, apt-get install postgresql")
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let child = output.with_context(|| format!("cannot run {command:?}"))?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
