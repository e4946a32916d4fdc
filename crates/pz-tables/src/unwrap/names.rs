//! Names of archive members: which are refused, which are litter, which are tables. Must never be used as paths on
//! this machine.

use crate::error::TableError;
use crate::recognise::extension;
use crate::statistics::shown;

/// Longest name of a member, in bytes (as long as paths are anywhere).
const MAX_NAME: usize = 4_096;

/// Extensions of tables, without the dot, in lower case.
const TABULAR: &[&str] = &[
    "csv", "tsv", "tab", "txt", "dat", "tbl", "cat", "ascii", "asc", "psv", "ecsv", // text
    "fits", "fit", "fts", // FITS
    "h5", "hf5", "hdf5", "hdf", // HDF5
    "parquet", "pq", "parq", // Parquet
    "vot", "vo", "votable", "xml", // VOTable
];

/// Extensions of things that are compressed or archives themselves.
const WRAPPED: &[&str] = &[
    "gz", "gzip", "bz2", "xz", "zst", "zstd", "zip", "tar", "tgz", "tbz2", "tbz", "txz", "tzst", "7z", "rar",
    "z", "lz4", "lz", "lzma",
];

/// The name without `.` and empty parts.
///
/// # Errors
/// [`TableError::OutsideReference`] for a name that could lead out of a directory it is unpacked into.
pub(crate) fn cleaned(file_name: &str, name: &str) -> Result<String, TableError> {
    let refused = |why: &str| TableError::OutsideReference {
        file: file_name.to_owned(),
        what: format!("its member '{}' {why}", shown(name)),
        remedy: "Make the archive again from within the directory of the files.",
    };
    if name.len() > MAX_NAME {
        return Err(refused("has a name longer than any file may have"));
    }
    if name.contains('\\') {
        return Err(refused(
            "has a backslash in its name, which points elsewhere on other systems",
        ));
    }
    if name.chars().any(char::is_control) {
        return Err(refused("has a control character in its name"));
    }
    let mut characters = name.chars();
    let drive = matches!((characters.next(), characters.next()), (Some(letter), Some(':')) if letter.is_ascii_alphabetic());
    if name.starts_with('/') || drive {
        return Err(refused("has an absolute path"));
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    if parts.contains(&"..") {
        return Err(refused("points out of the archive"));
    }
    Ok(parts.join("/"))
}

/// What operating systems leave behind in archives.
pub(crate) fn is_litter(name: &str) -> bool {
    let base = base(name);
    name.split('/')
        .any(|part| matches!(part, "__MACOSX" | ".Trashes" | ".Spotlight-V100" | ".fseventsd"))
        || base.starts_with("._")
        || base == ".DS_Store"
        || base.eq_ignore_ascii_case("thumbs.db")
        || base.eq_ignore_ascii_case("desktop.ini")
}

/// Its extension is one of a table.
pub(super) fn is_tabular(name: &str) -> bool {
    TABULAR.contains(&extension(name).as_str())
}

/// Its extension is one of something that wraps another file.
pub(super) fn is_wrapped(name: &str) -> bool {
    WRAPPED.contains(&extension(name).as_str())
}

/// It is called like a tar, compressed or not.
pub(super) fn is_called_tar(name: &str) -> bool {
    let tar = |name: &str| {
        matches!(
            extension(name).as_str(),
            "tar" | "tgz" | "tbz2" | "tbz" | "txz" | "tzst"
        )
    };
    tar(name) || tar(without_compression(name))
}

/// It is called like a Parquet file.
pub(crate) fn is_parquet(name: &str) -> bool {
    matches!(extension(name).as_str(), "parquet" | "pq" | "parq")
}

/// The last part.
pub(crate) fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// All but the last part, with the slash behind it; nothing at the top level.
pub(crate) fn directory(name: &str) -> &str {
    name.get(..name.len() - base(name).len()).unwrap_or_default()
}

/// Name of what a compressed file holds: its own without the suffix that says so.
pub(super) fn without_compression(file_name: &str) -> &str {
    let base = base(file_name);
    match base.rsplit_once('.') {
        Some((stem, suffix)) if !stem.is_empty() && is_wrapped(base) && !suffix.is_empty() => stem,
        _ => base,
    }
}

/// The names for people: the first few.
pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let mut text = names.take(SHOWN).map(shown).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "../x.csv",
            "a/../../x.csv",
            "/etc/passwd",
            "a\\b.csv",
            "C:/x.csv",
            "c:x.csv",
            "..",
            "a/..",
            "x\0.csv",
            "a\nb.csv",
        ] {
            let error = cleaned("a.zip", name).unwrap_err();
            assert_eq!(error.code(), "outside_reference", "{name}");
        }
        assert!(cleaned("a.zip", &"x".repeat(5_000)).is_err());
        assert_eq!(cleaned("a.zip", "./a//b/./c.csv").unwrap(), "a/b/c.csv");
        assert_eq!(cleaned("a.zip", "a..b/...csv").unwrap(), "a..b/...csv");
        assert_eq!(cleaned("a.zip", "./").unwrap(), "");
    }

    #[test]
    fn suffixes_are_taken_off_once() {
        for (name, expected) in [
            ("x.csv.gz", "x.csv"),
            ("X.FITS.GZ", "X.FITS"),
            ("x.csv.bz2", "x.csv"),
            ("x.tgz", "x"),
            ("x.csv", "x.csv"),
            (".gz", ".gz"),
            ("x", "x"),
            ("d/x.txt.zst", "x.txt"),
        ] {
            assert_eq!(without_compression(name), expected);
        }
    }

    #[test]
    fn litter_is_known() {
        for name in [
            "__MACOSX/._a.csv",
            "a/.DS_Store",
            "Thumbs.db",
            "x/THUMBS.DB",
            "a/._b.csv",
            "a/desktop.ini",
        ] {
            assert!(is_litter(name), "{name}");
        }
        for name in ["a.csv", "DS_Store", "a/b.parquet", "MACOSX/a.csv"] {
            assert!(!is_litter(name), "{name}");
        }
    }
}
