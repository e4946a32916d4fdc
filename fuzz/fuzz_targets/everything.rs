//! What a server does with a stranger's file.

use std::io::Write;

use pz_tables::unwrap::{UnwrapLimits, unwrap};
use pz_tables::{Limits, TableError};

/// Describes, opens and previews the bytes as a file called `name`. Errors are fine; anything else is a finding.
pub fn with(bytes: &[u8], name: &str) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    let out = tempfile::tempdir().expect("a temporary directory");
    let _ = read(file.path(), name, &out.path().join("out"));
}

fn read(path: &std::path::Path, name: &str, out: &std::path::Path) -> Result<(), TableError> {
    let limits = UnwrapLimits {
        max_total_bytes: 64 << 20,
        ..UnwrapLimits::default()
    };
    let _ = unwrap(path, name, out, &limits)?;
    let inspection = pz_tables::inspect(path, name, &Limits::default())?;
    let reader = pz_tables::open(path, name, Some(&inspection.layout))?;
    pz_tables::rows_json(reader.as_ref(), 0..100, None)?;
    Ok(())
}
