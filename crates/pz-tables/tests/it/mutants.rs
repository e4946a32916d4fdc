//! Damaged files by the thousand, for every reader: always a table or an error, never a panic, an abort, a hang or
//! a memory balloon. `PZ_MUTANTS` sets how many (2,000), `PZ_MUTANTS_SEED` where they start.
//!
//! The mutants are read in a process of its own, this very test program run again, because an abort or a balloon
//! cannot be caught from within.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pz_tables::unwrap::{UnwrapLimits, unwrap};
use pz_tables::{Limits, TableError};
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::broken::seeded;

const MUTANTS: u64 = 2_000;
const SEED: u64 = 20_261_121;

/// Address space of the process that reads them: 512 MiB on top of what the test program itself maps.
const MEMORY: u64 = (512 + 128) << 20;

/// Longest time for one mutant, on a busy machine and without optimisation.
const LONGEST: Duration = Duration::from_secs(10);

/// Larger samples make slow tests and find no more.
const LARGEST_SAMPLE: u64 = 64 * 1024;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// The committed files of a format, in the order of their names.
fn samples(format: &str) -> Vec<(String, Vec<u8>)> {
    // At run time: the test program may be shared between checkouts.
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let mut found = Vec::new();
    collect(&root.join("tests/fixtures").join(format), &mut found);
    found.sort();
    assert!(!found.is_empty(), "no samples of {format}");
    found
        .into_iter()
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs_err::read(path).unwrap())
        })
        .collect()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs_err::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, found);
        } else if !matches!(extension, Some("json" | "py"))
            && fs_err::metadata(&path).unwrap().len() <= LARGEST_SAMPLE
        {
            found.push(path);
        }
    }
}

/// Damages `bytes` in one to four places: bits, bytes, whole numbers of the sizes that formats count with, blocks.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], next: &mut impl FnMut() -> u64) {
    const NUMBERS: [u64; 8] = [
        0,
        1,
        0x7f,
        0xff,
        0x7fff_ffff,
        0xffff_ffff,
        0x7fff_ffff_ffff_ffff,
        u64::MAX,
    ];
    for _ in 0..=next() % 4 {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        // Headers and footers are where harm is done; half of the damage goes there.
        let at = match next() % 4 {
            0 => next() as usize % length.min(512),
            1 => length - 1 - next() as usize % length.min(512),
            _ => next() as usize % length,
        };
        match next() % 8 {
            0..=2 => bytes[at] ^= 1 << (next() % 8),
            3 => bytes[at] = NUMBERS[next() as usize % 4] as u8,
            4 => {
                let number = NUMBERS[next() as usize % NUMBERS.len()];
                let width = [2, 4, 8][next() as usize % 3].min(length - at);
                let mut digits = number.to_le_bytes();
                if next().is_multiple_of(2) {
                    digits[..width].reverse();
                }
                bytes[at..at + width].copy_from_slice(&digits[..width]);
            }
            5 => {
                let end = (at + 1 + next() as usize % 64).min(length);
                bytes.drain(at..end);
            }
            6 => {
                let end = (at + 1 + next() as usize % 64).min(length);
                let block = bytes[at..end].to_vec();
                bytes.splice(at..at, block);
            }
            _ if !other.is_empty() => {
                let from = next() as usize % other.len();
                let end = (from + 1 + next() as usize % 64).min(other.len());
                let width = (end - from).min(length - at);
                bytes[at..at + width].copy_from_slice(&other[from..from + width]);
            }
            _ => bytes.truncate(at),
        }
    }
}

/// Everything that a server does with a file.
fn use_file(path: &Path, name: &str, out: &Path) -> Result<(), TableError> {
    let limits = UnwrapLimits::default();
    let _ = unwrap(path, name, out, &limits)?;
    let inspection = pz_tables::inspect(path, name, &Limits::default())?;
    let reader = pz_tables::open(path, name, Some(&inspection.layout))?;
    pz_tables::rows_json(reader.as_ref(), 0..100, None)?;
    let middle = inspection.n_rows / 2;
    pz_tables::rows_json(reader.as_ref(), middle..middle.saturating_add(10), Some(&[0]))?;
    Ok(())
}

/// Reads the mutants when [`survive`] runs it; alone it has nothing to read.
#[test]
#[ignore = "it is run by the other tests of this module"]
fn worker() {
    let Ok(format) = std::env::var("PZ_MUTANTS_FORMAT") else {
        return;
    };
    let directory = PathBuf::from(std::env::var_os("PZ_MUTANTS_DIRECTORY").unwrap());
    let samples = samples(&format);
    let limit = Rlimit {
        current: Some(MEMORY),
        maximum: Some(MEMORY),
    };
    setrlimit(Resource::As, limit).unwrap();
    let seed = number("PZ_MUTANTS_SEED", SEED);
    let mut refused = 0u64;
    let count = number("PZ_MUTANTS", MUTANTS);
    for mutant in 0..count {
        let mut next = seeded(seed.wrapping_add(mutant));
        let (name, sample) = &samples[next() as usize % samples.len()];
        let (_, other) = &samples[next() as usize % samples.len()];
        let mut bytes = sample.clone();
        mutate(&mut bytes, other, &mut next);
        let path = directory.join("mutant");
        fs_err::write(&path, &bytes).unwrap();
        fs_err::write(directory.join("progress"), format!("mutant {mutant} of {name}")).unwrap();
        refused += u64::from(use_file(&path, name, &directory.join("out")).is_err());
    }
    fs_err::write(directory.join("refused"), refused.to_string()).unwrap();
}

#[expect(clippy::print_stdout, reason = "the seed is what a failure is found again by")]
fn survive(format: &str) {
    let directory = tempfile::tempdir().unwrap();
    let (seed, count) = (number("PZ_MUTANTS_SEED", SEED), number("PZ_MUTANTS", MUTANTS));
    println!("{count} mutants of {format}, PZ_MUTANTS_SEED={seed}");
    let output = fs_err::File::create(directory.path().join("output")).unwrap();
    let (output, _) = output.into_parts();
    let mut worker = Command::new(std::env::current_exe().unwrap())
        .args(["mutants::worker", "--exact", "--ignored", "--nocapture"])
        .env("PZ_MUTANTS_FORMAT", format)
        .env("PZ_MUTANTS_DIRECTORY", directory.path())
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let read = |name: &str| fs_err::read_to_string(directory.path().join(name)).unwrap_or_default();
    let (mut progress, mut since) = (String::new(), Instant::now());
    let status = loop {
        if let Some(status) = worker.try_wait().unwrap() {
            break status;
        }
        let now = read("progress");
        if now != progress {
            (progress, since) = (now, Instant::now());
        } else if since.elapsed() > LONGEST {
            worker.kill().unwrap();
            worker.wait().unwrap();
            panic!("{progress} ({format}) takes more than {LONGEST:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let output = read("output");
    let tail = output
        .get(output.len().saturating_sub(4_000)..)
        .unwrap_or(&output);
    assert!(
        status.success(),
        "{} ({format}) ended the process: {status}\n{tail}",
        read("progress")
    );
    let refused: u64 = read("refused").parse().expect(tail);
    assert!(
        refused * 10 > count,
        "only {refused} of {count} mutants of {format} were refused: do they reach the reader?"
    );
}

#[test]
fn of_text() {
    survive("text");
}

#[test]
fn of_parquet() {
    survive("parquet");
}

#[test]
fn of_fits() {
    survive("fits");
}

#[test]
fn of_hdf5() {
    survive("hdf5");
}

#[test]
fn of_votable() {
    survive("votable");
}

#[test]
fn of_archives() {
    survive("archives");
}
