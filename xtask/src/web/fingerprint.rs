//! Knowing when there is nothing to do: a hash of everything the bundle is made from.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::Options;

/// File in the finished folder that remembers what it was made from.
const FILE: &str = ".fingerprint";

/// Hash of the compiled module, the static files and this program itself.
pub(crate) fn of(options: &Options, module: &Path) -> anyhow::Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(fs_err::read(module)?);
    hasher.update(if options.dev { "dev" } else { "release" });
    for folder in [
        options.app(),
        options.ui_kit().join("styles"),
        options.ui_kit().join("assets"),
    ] {
        add(&folder, &mut hasher)?;
    }
    if let Ok(program) = std::env::current_exe() {
        hasher.update(fs_err::read(program)?);
    }
    Ok(hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn add(folder: &Path, hasher: &mut Sha256) -> anyhow::Result<()> {
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            // Code counts through the compiled module.
            if path.file_name().is_none_or(|name| name != "src") {
                add(&path, hasher)?;
            }
        } else {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(fs_err::read(&path)?);
        }
    }
    Ok(())
}

/// Whether `out` was made from exactly this.
pub(crate) fn matches(out: &Path, fingerprint: &str) -> bool {
    fs_err::read_to_string(out.join(FILE)).is_ok_and(|found| found == fingerprint)
}

/// Remembers what `out` was made from.
pub(crate) fn write(out: &Path, fingerprint: &str) -> anyhow::Result<()> {
    fs_err::write(out.join(FILE), fingerprint)?;
    Ok(())
}
