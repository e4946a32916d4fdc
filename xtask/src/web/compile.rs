//! Compiling the app's crate to WebAssembly with cargo.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

use super::Options;
use crate::say;

const TARGET: &str = "wasm32-unknown-unknown";

/// Lets Leptos erase the types of components: a third less code to compile and to download.
const CONFIG: &str = r#"target.wasm32-unknown-unknown.rustflags=["--cfg","erase_components"]"#;

/// Compiles the app and returns the path of the raw module; cargo does nothing when nothing changed.
pub(crate) fn compile(options: &Options) -> anyhow::Result<PathBuf> {
    let profile = if options.dev { "dev" } else { "wasm-release" };
    say(&format!(
        "compiling pz-web for {TARGET}, profile {profile} (minutes the first time)"
    ));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "pz-web",
            "--target",
            TARGET,
            "--profile",
            profile,
        ])
        .args(["--config", CONFIG])
        .current_dir(&options.root)
        .status()
        .context("starting cargo")?;
    anyhow::ensure!(
        status.success(),
        "compiling pz-web for {TARGET} failed, see above"
    );

    let folder = if options.dev { "debug" } else { profile };
    Ok(target_folder(options)
        .join(TARGET)
        .join(folder)
        .join("pz-web.wasm"))
}

/// Where cargo puts its results: `$CARGO_TARGET_DIR`, else `target/` in the workspace.
fn target_folder(options: &Options) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => options.root.join(folder),
        None => options.root.join("target"),
    }
}
