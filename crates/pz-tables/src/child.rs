//! Inspection in a process of its own. A crash, an endless loop or a memory balloon in a reader of a stranger's
//! file ends that process, and here becomes an error about that file. Must never let it take the server along.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Inspection;
use crate::error::{ErrorReport, TableError};
use crate::plot::{PlotCounts, PlotQuestion};
use crate::unwrap::{UnwrapLimits, Unwrapped};

/// Longest answer of the child. A table of 100,000 columns has some ten megabytes.
const MAX_ANSWER: u64 = 512 * 1024 * 1024;

/// Last bytes of the child's complaints that are looked at.
const MAX_COMPLAINT: u64 = 64 * 1024;

/// What the child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildLimits {
    /// Time on the clock, and of the processor.
    pub time: Duration,
    /// Address space in bytes.
    pub memory_bytes: u64,
}

impl Default for ChildLimits {
    /// Ten minutes and 2 GiB.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            memory_bytes: 2 << 30,
        }
    }
}

/// What the programs `pz-tables inspect`, `pz-tables unwrap` and `pz-tables plot` print.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T = Inspection> {
    /// The file was described, or unwrapped.
    Ok(Box<T>),
    /// The file cannot be described, or unwrapped.
    Error(ErrorReport),
}

/// Runs `program inspect path` (the binary `pz-tables` of this crate) and waits for its answer. Blocks the thread.
///
/// # Errors
/// What the program finds, as [`TableError::Reported`]; [`TableError::LimitExceeded`] when it needs more time
/// or memory than `limits`; [`TableError::InspectionFailed`] when it ends in any other way;
/// [`TableError::Io`] when the program cannot be started.
pub fn inspect(
    program: &Path,
    path: &Path,
    file_name: &str,
    limits: ChildLimits,
) -> Result<Inspection, TableError> {
    run(program, "inspect", &[], None, path, file_name, limits)
}

/// Runs `program plot path` as [`inspect`] does: [`crate::plot::plot`] in a process of its own.
///
/// # Errors
/// As [`inspect`], and what the counting finds.
pub fn plot(
    program: &Path,
    path: &Path,
    file_name: &str,
    question: &PlotQuestion,
    limits: ChildLimits,
) -> Result<PlotCounts, TableError> {
    // A layout may be longer than an argument can be.
    let question = serde_json::to_vec(question).map_err(|error| TableError::InspectionFailed {
        file: file_name.to_owned(),
        reason: format!("the question cannot be written: {error}"),
    })?;
    run(program, "plot", &[], Some(question), path, file_name, limits)
}

/// Runs `program unwrap path` as [`inspect`] does: [`crate::unwrap::unwrap`] in a process of its own.
///
/// # Errors
/// As [`inspect`], and what the unwrapping finds. After an error there is no file `out`.
pub fn unwrap(
    program: &Path,
    path: &Path,
    file_name: &str,
    out: &Path,
    limits: ChildLimits,
    unwrap_limits: &UnwrapLimits,
) -> Result<Unwrapped, TableError> {
    let mut out_argument = OsString::from("--out=");
    out_argument.push(out);
    let UnwrapLimits {
        max_entries,
        max_total_bytes,
        max_ratio,
        free_bytes_before_ratio,
    } = unwrap_limits;
    let arguments = [
        out_argument,
        format!("--max-entries={max_entries}").into(),
        format!("--max-total-bytes={max_total_bytes}").into(),
        format!("--max-ratio={max_ratio}").into(),
        format!("--free-bytes-before-ratio={free_bytes_before_ratio}").into(),
    ];
    let result = run(program, "unwrap", &arguments, None, path, file_name, limits);
    if result.is_err() {
        // A process that was ended could not tidy up after itself.
        match fs_err::remove_file(out) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(TableError::io(file_name, source));
            }
            _ => {}
        }
    }
    result
}

/// Runs `program action --name=… … -- path`, with `input` on its standard input, and waits for its answer.
fn run<T: DeserializeOwned>(
    program: &Path,
    action: &str,
    arguments: &[OsString],
    input: Option<Vec<u8>>,
    path: &Path,
    file_name: &str,
    limits: ChildLimits,
) -> Result<T, TableError> {
    let deadline = Instant::now() + limits.time;
    let mut child = Command::new(program)
        .arg(action)
        .arg("--memory-limit-mb")
        .arg((limits.memory_bytes >> 20).max(1).to_string())
        .arg("--cpu-limit-s")
        .arg(limits.time.as_secs().max(1).to_string())
        // One argument, so that a name that begins with a dash is no option.
        .arg(format!("--name={file_name}"))
        .args(arguments)
        .arg("--")
        .arg(path)
        .env_clear()
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| TableError::io(file_name, source))?;
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // A child that ended early, or was ended, reads no more; what became of it says its status.
        std::thread::spawn(move || pipe.write_all(&input));
    }
    let answer = read_in_background(child.stdout.take(), MAX_ANSWER);
    let complaint = read_in_background(child.stderr.take(), MAX_COMPLAINT);
    let status = wait_until(&mut child, deadline).map_err(|source| TableError::io(file_name, source))?;
    let Some(status) = status else {
        return Err(too_slow(file_name, action, limits));
    };
    let answer = answer.join().unwrap_or_default();
    let complaint = complaint.join().unwrap_or_default();
    match serde_json::from_slice(&answer) {
        Ok(Answer::<T>::Ok(found)) if status.success() => Ok(*found),
        Ok(Answer::Error(report)) => Err(TableError::Reported(Box::new(report))),
        _ => Err(abnormal(file_name, action, status, &complaint, limits)),
    }
}

/// Drains a pipe so that the child never waits for a reader.
fn read_in_background(
    pipe: Option<impl Read + Send + 'static>,
    limit: u64,
) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What cannot be read is missing from the answer, which is then no valid one.
            let _ = pipe.take(limit).read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The child's end, or none when it had to be killed at `deadline`.
fn wait_until(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_micros(500);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

fn too_slow(file_name: &str, action: &str, limits: ChildLimits) -> TableError {
    let what = format!("the time to {action} it");
    TableError::limit(file_name, &what, format!("{} s", limits.time.as_secs_f64()))
}

fn abnormal(
    file_name: &str,
    action: &str,
    status: ExitStatus,
    complaint: &[u8],
    limits: ChildLimits,
) -> TableError {
    use std::os::unix::process::ExitStatusExt;
    let complaint = String::from_utf8_lossy(complaint);
    if complaint.contains("memory allocation of") || complaint.contains("capacity overflow") {
        let limit = format!("{} MiB", limits.memory_bytes >> 20);
        return TableError::limit(file_name, &format!("the memory to {action} it"), limit);
    }
    if let Some(signal) = status.signal() {
        use rustix::process::Signal;
        if signal == Signal::XCPU.as_raw() {
            return too_slow(file_name, action, limits);
        }
        if signal == Signal::XFSZ.as_raw() {
            return TableError::limit(file_name, "its unpacked size", "what is allowed".to_owned());
        }
        return TableError::InspectionFailed {
            file: file_name.to_owned(),
            reason: format!("the program was ended by signal {signal}"),
        };
    }
    let reason = match status.code() {
        Some(0) => "the program gave no answer".to_owned(),
        Some(code) => format!("the program ended with code {code} and no answer"),
        None => "the program ended in an unknown way".to_owned(),
    };
    TableError::InspectionFailed {
        file: file_name.to_owned(),
        reason,
    }
}
