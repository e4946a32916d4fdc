//! The client against the real service: who uses it in these tests, and whether every public method of it is used.

use std::path::Path;

use pz_client::{Client, Rejection, Result};
use pz_model::ErrorCode;
use pz_server::auth::token::{self, Scope};

use crate::app::TestApp;

/// A client of this member with a token that may do all that the account may.
pub async fn client(app: &TestApp, username: &str) -> Client {
    let account = app.store().account_by_username(username).await.unwrap().unwrap();
    let text = token::create(app.store(), account.id, "client", &Scope::ALL)
        .await
        .unwrap();
    Client::with_token(&app.root, &text)
}

/// Asserts how a call was refused.
#[track_caller]
pub fn refused<T>(result: Result<T>, status: u16, code: ErrorCode) -> Rejection {
    let error = result.err().unwrap();
    assert_eq!(
        (error.status(), error.code()),
        (Some(status), Some(code)),
        "{error}"
    );
    let rejection = error.rejection().unwrap().clone();
    assert_eq!(rejection.request_id.as_ref().map(String::len), Some(32));
    assert!(!rejection.text().is_empty(), "it says what is wrong");
    rejection
}

/// Asserts that a call was refused with 400 for one field, which is named.
#[track_caller]
pub fn refused_field<T>(result: Result<T>, code: ErrorCode, field: &str) -> Rejection {
    let rejection = refused(result, 400, code);
    let fields: Vec<&String> = rejection.fields.keys().collect();
    assert_eq!(fields, [field], "{rejection}");
    rejection
}

/// What is in the files of a directory and below it whose names are wanted.
fn sources(directory: &Path, wanted: &impl Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for entry in fs_err::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path, wanted));
        } else if wanted(path.file_name().unwrap().to_str().unwrap()) {
            text.push_str(&fs_err::read_to_string(path).unwrap());
        }
    }
    text
}

/// Names of the public functions in a source.
fn public_functions(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter_map(|line| {
            let rest = line.trim_start().strip_prefix("pub ")?;
            let rest = rest.strip_prefix("const ").unwrap_or(rest);
            let rest = rest.strip_prefix("async ").unwrap_or(rest);
            rest.strip_prefix("fn ")?.split(['(', '<']).next()
        })
        .collect()
}

/// A method that nobody tests is noticed here.
#[test]
fn every_public_method_is_used_against_the_service() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let client = sources(&here.join("../pz-client/src"), &|name: &str| {
        name.ends_with(".rs")
    });
    let tests = sources(&here.join("tests/api"), &|name: &str| {
        name.starts_with("client_") && name.ends_with(".rs")
    });
    let methods = public_functions(&client);
    assert!(
        methods.len() > 100 && methods.contains(&"product_named") && methods.contains(&"with_token"),
        "{methods:?}"
    );
    let missing: Vec<&str> = methods
        .into_iter()
        .filter(|name| !tests.contains(&format!(".{name}(")) && !tests.contains(&format!("::{name}(")))
        .collect();
    assert!(missing.is_empty(), "without a test in client_*.rs: {missing:?}");
}
