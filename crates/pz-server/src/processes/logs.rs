//! What a process wrote, read from its work directory: `<data>/processes/<id, eight digits>/`. A worker writes
//! `pipeline.log` there or below, and what the program printed as `run.out` and `run.err`. Links are never
//! followed, and only the end of a long log is shown.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use pz_model::api::{LogFile, ProcessLogs};

/// Bytes of a log that are shown at most.
const SHOWN_BYTES: u64 = 1 << 20;
/// Levels of directories that are looked through.
const DEPTH_MAX: usize = 4;
/// Entries of directories that are looked at.
const ENTRIES_MAX: usize = 10_000;

/// Name of the work directory of a process.
pub(super) fn directory_name(id: i64) -> String {
    format!("{id:08}")
}

/// The logs in a work directory that may not be there.
///
/// # Errors
/// When the disk fails.
pub(super) fn read(directory: &Path) -> std::io::Result<ProcessLogs> {
    let mut files = Vec::new();
    let mut left = ENTRIES_MAX;
    walk(directory, 0, &mut left, &mut files)?;
    files.sort();
    Ok(ProcessLogs {
        pipeline: read_first(&files, &["pipeline.log", "*.log"])?,
        slurm: read_first(&files, &["run.out", "run.err"])?,
    })
}

fn walk(directory: &Path, depth: usize, left: &mut usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let entries = match fs_err::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_MAX {
            walk(&entry.path(), depth + 1, left, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// The first file with one of these names that is not empty.
fn read_first(files: &[PathBuf], names: &[&str]) -> std::io::Result<LogFile> {
    let mut content = String::new();
    for name in names {
        let fits = |path: &&PathBuf| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            name.strip_prefix('*')
                .map_or(file == *name, |ending| file.ends_with(ending))
        };
        for path in files.iter().filter(fits) {
            content = end_of(path)?;
            if !content.is_empty() {
                break;
            }
        }
        if !content.is_empty() {
            break;
        }
    }
    Ok(LogFile {
        filename: names.iter().map(|name| (*name).to_owned()).collect(),
        content,
    })
}

/// The text of a file, or its end from the start of a line on.
fn end_of(path: &Path) -> std::io::Result<String> {
    let mut file = fs_err::File::open(path)?;
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(SHOWN_BYTES);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(SHOWN_BYTES).read_to_end(&mut bytes)?;
    let start = match skipped {
        0 => 0,
        _ => bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1),
    };
    Ok(String::from_utf8_lossy(&bytes[start..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_log_and_no_links() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read(&directory.path().join("none")).unwrap().pipeline.content, "");
        let inner = directory.path().join("process_info");
        fs_err::create_dir(&inner).unwrap();
        let long = "a line of the log\n".repeat(100_000) + "the last one\n";
        fs_err::write(inner.join("pipeline.log"), long).unwrap();
        fs_err::write(directory.path().join("run.err"), "it broke\n").unwrap();
        fs_err::write(directory.path().join("run.out"), "").unwrap();
        fs_err::os::unix::fs::symlink("/etc/passwd", directory.path().join("a.log")).unwrap();
        let logs = read(directory.path()).unwrap();
        assert!(logs.pipeline.content.starts_with("a line of the log\n"));
        assert!(logs.pipeline.content.ends_with("the last one\n"));
        assert!(logs.pipeline.content.len() as u64 <= SHOWN_BYTES);
        assert_eq!(logs.slurm.content, "it broke\n");
        fs_err::remove_file(inner.join("pipeline.log")).unwrap();
        assert_eq!(read(directory.path()).unwrap().pipeline.content, "");
    }
}
