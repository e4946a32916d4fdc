//! `pz-server user` and `pz-server group`, as somebody on the machine uses them beside a running service.

use std::io::Write;
use std::process::{Command, Stdio};

use pz_server::cache::STALE_AT_MOST;
use serde_json::json;

use crate::app::{TestApp, password};
use crate::on_both_databases;
use crate::sessions::{log_in, sign_in};

on_both_databases!(accounts, groups);

/// Runs the program on the database of the service; what it prints, or what it says is wrong.
async fn run(app: &TestApp, words: &[&str], input: &str) -> Result<String, String> {
    let settings = &app.state.settings;
    let mut command = Command::new(env!("CARGO_BIN_EXE_pz-server"));
    command
        .args(words)
        .arg("--data-dir")
        .arg(&settings.data_dir)
        .args(["--listen", &settings.listen, "--tables-program"])
        .arg(env!("CARGO_BIN_EXE_pz-server"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(url) = &settings.database_url {
        command.args(["--database-url", url]);
    }
    let input = input.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    // The service sees what another program did a little later.
    tokio::time::sleep(STALE_AT_MOST).await;
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

async fn accounts(app: &TestApp) {
    let people = app.anonymous();
    let opens =
        async |username: &str, password: &str| log_in(&people, username, password).await.status == 200;
    run(app, &["group", "add", "dp1"], "").await.unwrap();
    let add = [
        "user",
        "add",
        "--username",
        "carol",
        "--group",
        "dp1",
        "--password-stdin",
    ];
    for weak in ["short\n", "password1234\n", "carolcarolcarol\n", "\n"] {
        let error = run(app, &add, weak).await.unwrap_err();
        assert!(error.contains("characters") || error.contains("guess"), "{error}");
    }
    run(app, &add, "vesuvius umbrella tango\n").await.unwrap();
    assert!(opens("carol", "vesuvius umbrella tango").await);
    let error = run(app, &add, "vesuvius umbrella tango\n").await.unwrap_err();
    assert!(error.contains("carol"), "{error}");
    let list = run(app, &["user", "list"], "").await.unwrap();
    assert!(list.contains("carol\tmember\tactive\tdp1\t"), "{list}");
    assert!(list.contains("root\tadmin\tactive\t\tROOT Tester"), "{list}");

    // A password, or a link to set one, ends the sessions.
    let jar = sign_in(&people, "alice").await;
    let passwd = ["user", "passwd", "--username", "alice", "--password-stdin"];
    run(app, &passwd, "qwertyuiop12\n").await.unwrap_err();
    jar.get(&people, "/api/products/").await.expect(200);
    run(app, &passwd, "vesuvius umbrella tango").await.unwrap();
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    let link = run(app, &["user", "reset-link", "alice"], "").await.unwrap();
    let (address, secret) = link.lines().next().unwrap().split_once('#').unwrap();
    assert_eq!(address, format!("{}/reset-password", app.root));
    let body = json!({"token": secret, "new_password": "tango umbrella vesuvius"});
    assert_eq!(people.post("/api/password-reset/", body).await.status, 204);
    assert!(opens("alice", "tango umbrella vesuvius").await);

    let (bob, jar) = (app.bob().await, sign_in(&people, "bob").await);
    run(app, &["user", "deactivate", "bob"], "").await.unwrap();
    bob.get("/api/products/").await.refused(401, "inactive_user");
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    assert!(!opens("bob", &password("bob")).await);
    let error = run(app, &["user", "reset-link", "bob"], "").await.unwrap_err();
    assert!(error.contains("activate it first"), "{error}");
    run(app, &["user", "activate", "bob"], "").await.unwrap();
    assert!(opens("bob", &password("bob")).await);
    bob.get("/api/products/").await.refused(401, "invalid_token");

    let (bob, jar) = (app.bob().await, sign_in(&people, "bob").await);
    run(app, &["user", "sign-out", "bob"], "").await.unwrap();
    jar.get(&people, "/api/products/")
        .await
        .refused(401, "session_expired");
    bob.get("/api/products/").await.expect(200);
    run(app, &["user", "sign-out", "bob", "--tokens"], "")
        .await
        .unwrap();
    bob.get("/api/products/").await.refused(401, "invalid_token");

    let bob = app.bob().await;
    run(app, &["user", "admin", "bob"], "").await.unwrap();
    let audit = bob.get("/api/admin/audit/").await.expect(200);
    assert_eq!(
        (
            &audit["results"][0]["action"],
            &audit["results"][0]["user"],
            &audit["results"][0]["detail"]
        ),
        (&json!("user.change"), &json!(null), &json!({"is_admin": true}))
    );
    assert!(!audit.to_string().contains(secret));
    run(app, &["user", "admin", "bob", "--revoke"], "").await.unwrap();
    bob.get("/api/admin/audit/")
        .await
        .refused(403, "permission_denied");
    let error = run(app, &["user", "admin", "root", "--revoke"], "")
        .await
        .unwrap_err();
    assert!(error.contains("nobody would be left"), "{error}");
    let error = run(app, &["user", "deactivate", "nobody"], "").await.unwrap_err();
    assert!(error.contains("there is no user 'nobody'"), "{error}");
}

async fn groups(app: &TestApp) {
    run(app, &["group", "add", "dp1"], "").await.unwrap();
    run(app, &["group", "add", "dp1"], "").await.unwrap_err();
    run(app, &["group", "add", " "], "").await.unwrap_err();
    let members = run(app, &["group", "join", "dp1", "alice", "bob"], "")
        .await
        .unwrap();
    assert_eq!(members, "alice\nbob\n");
    let error = run(app, &["group", "join", "dp1", "nobody"], "")
        .await
        .unwrap_err();
    assert!(error.contains("there is no user 'nobody'"), "{error}");
    let error = run(app, &["group", "members", "dp2"], "").await.unwrap_err();
    assert!(error.contains("there is no group 'dp2'"), "{error}");
    run(app, &["group", "leave", "dp1", "alice"], "").await.unwrap();
    assert_eq!(run(app, &["group", "members", "dp1"], "").await.unwrap(), "bob\n");
    assert_eq!(
        run(app, &["group", "list"], "").await.unwrap(),
        "dp1\t1 members\t0 releases\n"
    );
    run(app, &["group", "remove", "dp1"], "").await.unwrap();
    assert_eq!(run(app, &["group", "list"], "").await.unwrap(), "");
}
