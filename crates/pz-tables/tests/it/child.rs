//! The program `pz-tables`, run as the server runs it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use pz_tables::child::{self, ChildLimits};

use crate::parquet::sample;
use crate::table;

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_pz-tables"))
}

/// A stand-in for the program that misbehaves.
fn script(directory: &Path, body: &str) -> PathBuf {
    let path = directory.join("program");
    fs_err::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn the_answer_is_that_of_the_library() {
    for file in [
        table("a.csv", "id,x\n9007199254740993,0.1\n2,inf\n"),
        table("--help", "id,x\n1,0.1\n"),
        table("a.parquet", sample(1_000, 300, 50, true)),
    ] {
        let found = child::inspect(program(), &file.path, &file.name, ChildLimits::default()).unwrap();
        assert_eq!(found, file.inspect().unwrap());
    }
}

#[test]
fn errors_cross_with_their_position() {
    let file = table("r.csv", "a,b\n1,2\n3\n");
    let error = child::inspect(program(), &file.path, &file.name, ChildLimits::default()).unwrap_err();
    assert_eq!(error.code(), "ragged_row");
    assert_eq!(error.report(), file.error());
    assert_eq!(error.report().row, Some(2));
}

#[test]
fn too_little_memory_is_a_clear_error() {
    let file = table("w.csv", format!("a,b\n1,{}\n", "x".repeat(15 << 20)));
    let limits = ChildLimits {
        memory_bytes: 24 << 20,
        ..ChildLimits::default()
    };
    let error = child::inspect(program(), &file.path, &file.name, limits).unwrap_err();
    assert_eq!(error.code(), "limit_exceeded", "{error}");
    assert!(
        error.to_string().contains("memory") && error.to_string().contains("w.csv"),
        "{error}"
    );
    assert!(child::inspect(program(), &file.path, &file.name, ChildLimits::default()).is_ok());
}

#[test]
fn endless_loops_are_ended() {
    let directory = tempfile::tempdir().unwrap();
    let file = table("a.csv", "a\n1\n");
    let limits = ChildLimits {
        time: Duration::from_millis(300),
        ..ChildLimits::default()
    };
    let start = Instant::now();
    let error = child::inspect(
        &script(directory.path(), "while :; do :; done"),
        &file.path,
        "a.csv",
        limits,
    )
    .unwrap_err();
    assert_eq!(error.code(), "limit_exceeded", "{error}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn abnormal_ends_are_errors() {
    let directory = tempfile::tempdir().unwrap();
    let file = table("a.csv", "a\n1\n");
    for (body, code) in [
        ("kill -SEGV $$", "inspection_failed"),
        ("kill -KILL $$", "inspection_failed"),
        ("kill -XCPU $$", "limit_exceeded"),
        ("exit 0", "inspection_failed"),
        ("echo '{\"ok\": 3}'", "inspection_failed"),
        ("exit 7", "inspection_failed"),
        (
            "echo 'memory allocation of 5 bytes failed' >&2; kill -ABRT $$",
            "limit_exceeded",
        ),
    ] {
        let program = script(directory.path(), body);
        let error = child::inspect(&program, &file.path, "a.csv", ChildLimits::default()).unwrap_err();
        assert_eq!(error.code(), code, "{body}: {error}");
        assert!(error.to_string().contains("a.csv"), "{error}");
    }
    let missing = child::inspect(
        Path::new("/nowhere/pz-tables"),
        &file.path,
        "a.csv",
        ChildLimits::default(),
    );
    assert_eq!(missing.unwrap_err().code(), "io");
}

#[test]
fn the_environment_is_not_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    let file = table("a.csv", "a\n1\n");
    let program = script(directory.path(), "test -z \"$HOME$CARGO\" && exit 3; exit 4");
    let error = child::inspect(&program, &file.path, "a.csv", ChildLimits::default()).unwrap_err();
    assert!(error.to_string().contains("code 3"), "{error}");
}

#[test]
fn processor_time_is_limited() {
    let mut text = String::from("a,b,c\n");
    for row in 0..3_000_000 {
        text.push_str(&format!("{row},{row}.5,text{row}\n"));
    }
    let file = table("long.csv", text);
    let output = Command::new(program())
        .args(["inspect", "--cpu-limit-s", "1", "--name", "long.csv"])
        .arg(&file.path)
        .output()
        .unwrap();
    // A debug build needs more than a second for it; a release build may make it.
    use std::os::unix::process::ExitStatusExt;
    assert!(
        output.status.signal() == Some(24) || output.status.success(),
        "{:?}",
        output.status
    );
}

#[test]
fn rows_and_schema_for_people() {
    let file = table("a.csv", "id,x\n1,0.5\n2,1.5\n3,2.5\n");
    let run = |arguments: &[&str]| {
        let output = Command::new(program())
            .args(arguments)
            .arg(&file.path)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(
        run(&["rows", "--start", "1", "--count", "1"]),
        (Some(0), "[{\"id\":2,\"x\":1.5}]\n".to_owned())
    );
    assert_eq!(
        run(&["schema"]),
        (Some(0), "3 rows, 2 columns\nid: int64\nx: float64\n".to_owned())
    );
    let (code, text) = run(&["rows", "--start", "9"]);
    assert_eq!((code, text.as_str()), (Some(0), "[]\n"));
    let empty = table("a.csv", "");
    let output = Command::new(program())
        .arg("rows")
        .arg(&empty.path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["error"]["code"], "empty_file");
}

#[test]
fn unwrapping_in_a_process_of_its_own() {
    use crate::archives::{gz, zipped};
    use pz_tables::unwrap::{UnwrapLimits, Unwrapped};

    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let text = "a,b\n1,2\n".repeat(1_000);
    let limits = UnwrapLimits::default();
    let run = |bytes: &[u8], name: &str, child_limits, limits: &UnwrapLimits| {
        let file = table(name, bytes);
        child::unwrap(program(), &file.path, name, &out, child_limits, limits)
    };
    let found = run(
        &gz(text.as_bytes()),
        "--help.csv.gz",
        ChildLimits::default(),
        &limits,
    )
    .unwrap();
    let expected = Unwrapped::Table {
        name: "--help.csv".to_owned(),
        bytes: text.len() as u64,
    };
    assert_eq!(found, expected);
    assert_eq!(fs_err::read_to_string(&out).unwrap(), text);
    fs_err::remove_file(&out).unwrap();

    assert_eq!(
        run(b"a\n1\n", "a.csv", ChildLimits::default(), &limits).unwrap(),
        Unwrapped::Plain
    );
    let two = zipped(
        &[("a.csv", b"a\n"), ("b.csv", b"b\n")],
        zip::CompressionMethod::Stored,
    );
    let found = run(&two, "t.zip", ChildLimits::default(), &limits).unwrap();
    assert!(matches!(found, Unwrapped::Other { reason } if reason.contains("a.csv, b.csv")));
    let cut = &gz(text.as_bytes())[..40];
    let error = run(cut, "cut.csv.gz", ChildLimits::default(), &limits).unwrap_err();
    assert_eq!(error.code(), "broken_file", "{error}");
    let few = UnwrapLimits {
        max_total_bytes: 7_999,
        ..limits
    };
    let error = run(&gz(text.as_bytes()), "much.csv.gz", ChildLimits::default(), &few).unwrap_err();
    assert_eq!(error.code(), "limit_exceeded", "{error}");
    assert!(!out.try_exists().unwrap());

    // A process that is ended leaves nothing behind, either.
    let scripted = |body: &str| {
        let file = table("a.csv.gz", b"x");
        let program = script(
            directory.path(),
            &format!("for last; do :; done; out={}; {body}", out.display()),
        );
        child::unwrap(
            &program,
            &file.path,
            "a.csv.gz",
            &out,
            ChildLimits {
                time: Duration::from_millis(300),
                ..ChildLimits::default()
            },
            &limits,
        )
        .unwrap_err()
    };
    for (body, code) in [
        ("echo partial > $out; kill -XFSZ $$", "limit_exceeded"),
        ("echo partial > $out; kill -SEGV $$", "inspection_failed"),
        ("echo partial > $out; while :; do :; done", "limit_exceeded"),
    ] {
        let error = scripted(body);
        assert_eq!(error.code(), code, "{body}: {error}");
        assert!(!out.try_exists().unwrap(), "{body}");
    }
}
