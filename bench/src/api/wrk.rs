//! The load generator `wrk`, and the processor time of what it loads.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, ensure};

/// What one run of `wrk` saw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Requests per second on the clock.
    pub(super) per_second: f64,
    /// Requests per second of the server's processor time.
    pub(super) per_core_second: f64,
    /// Bytes received per second on the clock.
    pub(super) bytes_per_second: f64,
    /// Bytes received per second of the server's processor time.
    pub(super) bytes_per_core_second: f64,
    /// Milliseconds that 99 of 100 requests do not exceed.
    pub(super) p99_ms: f64,
}

/// Loads `url` for `seconds` over `connections`; `process` is the server's.
pub(super) fn load(
    process: u32,
    url: &str,
    headers: &[String],
    connections: usize,
    seconds: u64,
) -> anyhow::Result<Load> {
    let mut command = Command::new("wrk");
    command
        .args(["--threads", "1", "--latency", "--timeout", "60"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{seconds}s")]);
    for header in headers {
        command.args(["--header", header]);
    }
    let before = processor_seconds(process)?;
    let done = command
        .arg(url)
        .output()
        .context("cannot run wrk; `just bench` installs it")?;
    let used = processor_seconds(process)? - before;
    let said = String::from_utf8(done.stdout)?;
    ensure!(
        done.status.success() && !said.contains("Non-2xx") && !said.contains("Socket errors"),
        "{url}: {said}"
    );
    let read = |key: &str| {
        let line = said.lines().find(|line| line.trim_start().starts_with(key));
        let value = line.and_then(|line| line.split_ascii_whitespace().nth(1));
        value.with_context(|| format!("wrk does not say {key}: {said}"))
    };
    let per_second: f64 = read("Requests/sec:")?.parse()?;
    let bytes_per_second = quantity(read("Transfer/sec:")?)?;
    let per_core = seconds as f64 / used.max(0.01);
    Ok(Load {
        per_second,
        per_core_second: per_second * per_core,
        bytes_per_second,
        bytes_per_core_second: bytes_per_second * per_core,
        p99_ms: quantity(read("99%")?)? * 1e3,
    })
}

/// A number with the unit that `wrk` gives it: bytes (binary multiples) or seconds.
fn quantity(text: &str) -> anyhow::Result<f64> {
    for (unit, factor) in [
        ("KB", 1024.0),
        ("MB", 1_048_576.0),
        ("GB", 1_073_741_824.0),
        ("B", 1.0),
        ("us", 1e-6),
        ("ms", 1e-3),
        ("m", 60.0),
        ("s", 1.0),
    ] {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    anyhow::bail!("'{text}' has no unit known here")
}

/// Processor time of a process and of the processes it started, seconds: user and system, all threads.
pub(super) fn processor_seconds(process: u32) -> anyhow::Result<f64> {
    let mut family = BTreeSet::from([process]);
    let mut total = 0.0;
    // Children have greater numbers than their parents, but for numbers that begin anew: look twice.
    for _ in 0..2 {
        for entry in fs_err::read_dir("/proc")? {
            let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            if let Ok((parent, _)) = stat(id)
                && family.contains(&parent)
            {
                family.insert(id);
            }
        }
    }
    for id in family {
        total += stat(id).map_or(0.0, |(_, seconds)| seconds);
    }
    Ok(total)
}

/// The parent of a process, and its processor time.
fn stat(process: u32) -> anyhow::Result<(u32, f64)> {
    let stat = fs_err::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name in parentheses; the parent, utime and stime are the fields 4, 14 and 15 of the line.
    let (_, rest) = stat.rsplit_once(')').context("odd stat")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |index: usize| fields.get(index).copied().context("odd stat");
    let ticks = field(11)?.parse::<f64>()? + field(12)?.parse::<f64>()?;
    // Linux counts hundredths of a second.
    Ok((field(1)?.parse()?, ticks / 100.0))
}
