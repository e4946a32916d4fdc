//! Names of users' files: only ever data, never a path.

/// Extensions of main files that are usually tables, in lower case with their dot: formats first, then what a
/// table may be wrapped in. A hint for forms; what a file is, its bytes say.
pub const TABLE_EXTENSIONS: [&str; 27] = [
    ".csv", ".tsv", ".txt", ".dat", ".ecsv", ".fits", ".fit", ".h5", ".hf5", ".hdf5", ".hdf", ".parquet",
    ".parq", ".pq", ".vot", ".votable", ".xml", ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz",
    ".gz", ".bz2", ".xz", ".zst",
];

/// The base name of an uploaded file's name: what follows the last `/` or `\`, without control
/// characters and surrounding blanks. `None` when nothing usable is left (empty, `.` or `..`).
pub fn base_name(raw: &str) -> Option<String> {
    let last = raw.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).collect();
    let name = name.trim();
    if matches!(name, "" | "." | "..") {
        None
    } else {
        Some(name.to_owned())
    }
}

/// The extension in lower case with its dot; `.tar.gz`, `.tar.bz2` and `.tar.xz` are kept whole; empty
/// when there is none (a leading dot does not start an extension).
pub fn extension(name: &str) -> String {
    name[extension_start(name)..].to_lowercase()
}

/// The extension as it is stored: nothing that is longer than 16 characters or has blanks, so that no odd
/// name becomes one.
pub fn stored_extension(name: &str) -> String {
    let extension = extension(name.rsplit('/').next().unwrap_or(name));
    if extension.chars().count() > 16 || extension.contains(char::is_whitespace) {
        String::new()
    } else {
        extension
    }
}

/// Byte position where the extension starts: the length of the name when there is none.
fn extension_start(name: &str) -> usize {
    for whole in [".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"] {
        if let Some(start) = name.len().checked_sub(whole.len())
            && start > 0
            && name
                .get(start..)
                .is_some_and(|end| end.eq_ignore_ascii_case(whole))
        {
            return start;
        }
    }
    match name.rfind('.') {
        Some(dot) if dot > 0 && dot + 1 < name.len() => dot,
        _ => name.len(),
    }
}

/// A file name for an archive member or a download: the base name reduced to letters, digits, `_`, `-`
/// and `.`; blanks become `_`, other characters are dropped, Unicode letters are kept.
pub fn safe_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('_'),
            '_' | '-' | '.' => Some(c),
            c if c.is_alphanumeric() => Some(c),
            _ => None,
        })
        .collect();
    let safe = safe.trim_start_matches('.');
    if safe.is_empty() {
        "file".to_owned()
    } else {
        safe.to_owned()
    }
}

/// Gives every name of a product a distinct safe form, in order: a clash gets `_2`, `_3`… before the
/// extension. Comparison ignores case, so that the archive unpacks on every file system. A name with `/`
/// (what was unwrapped from an archive) stays a path; a clash then changes its first directory.
pub fn distinct_safe_names<'a>(names: impl IntoIterator<Item = &'a str>, reserved: &[&str]) -> Vec<String> {
    // A path takes its directories, too: no file may be called like one.
    let mut taken: Vec<String> = reserved.iter().map(|name| name.to_lowercase()).collect();
    names
        .into_iter()
        .map(|name| {
            let components: Vec<String> = name.split('/').filter_map(safe_component).collect();
            let (first, rest) = match components.split_first() {
                Some((first, rest)) => (first.clone(), rest.join("/")),
                None => (safe_name(""), String::new()),
            };
            let (stem, extension) = if rest.is_empty() {
                first.split_at(extension_start(&first))
            } else {
                (first.as_str(), "")
            };
            let mut candidate = first.clone();
            let mut number = 2;
            while taken.contains(&candidate.to_lowercase()) {
                candidate = format!("{stem}_{number}{extension}");
                number += 1;
            }
            taken.push(candidate.to_lowercase());
            if rest.is_empty() {
                candidate
            } else {
                format!("{candidate}/{rest}")
            }
        })
        .collect()
}

/// A safe form of a component of a path; none for what is no name.
fn safe_component(component: &str) -> Option<String> {
    (!matches!(component.trim(), "" | "." | "..")).then(|| safe_name(component))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn directories_are_stripped() {
        assert_eq!(base_name("../../x.csv").as_deref(), Some("x.csv"));
        assert_eq!(base_name("/etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(base_name("C:\\data\\x.fits").as_deref(), Some("x.fits"));
        assert_eq!(base_name("a\0b\n.csv").as_deref(), Some("ab.csv"));
        for nothing in ["", "..", "a/..", "/", "  ", "\n"] {
            assert_eq!(base_name(nothing), None, "for {nothing:?}");
        }
    }

    #[test]
    fn extensions() {
        assert_eq!(extension("Cat.CSV"), ".csv");
        assert_eq!(extension("a.tar.gz"), ".tar.gz");
        assert_eq!(extension("archive"), "");
        assert_eq!(extension(".bashrc"), "");
        assert_eq!(extension("dot."), "");
        assert_eq!(extension("v1.0.parquet"), ".parquet");
        assert_eq!(stored_extension("v1.0/Cat.FITS"), ".fits");
        assert_eq!(stored_extension("v1.0/README"), "");
        assert_eq!(stored_extension("no. 7 of many"), "");
    }

    #[test]
    fn safe_names_are_distinct() {
        let names = distinct_safe_names(
            ["a b.csv", "a_b.csv", "A;B.csv", "product_metadata.yaml"],
            &["product_metadata.yaml"],
        );
        assert_eq!(
            names,
            ["a_b.csv", "a_b_2.csv", "AB.csv", "product_metadata_2.yaml"]
        );
        assert_eq!(safe_name("名前 ü.csv"), "名前_ü.csv");
        assert_eq!(safe_name("…"), "file");
    }

    #[test]
    fn paths_stay_paths() {
        let names = distinct_safe_names(
            [
                "data/v 1/cat.csv",
                "data",
                "Data/other.csv",
                "../../x/./y.csv",
                "/",
            ],
            &["product_metadata.yaml"],
        );
        assert_eq!(
            names,
            [
                "data/v_1/cat.csv",
                "data_2",
                "Data_3/other.csv",
                "x/y.csv",
                "file"
            ]
        );
    }

    proptest! {
        #[test]
        fn safe_names_are_single_components(name in "\\PC{0,60}") {
            let safe = safe_name(&name);
            prop_assert!(!safe.is_empty() && safe != "." && safe != "..");
            prop_assert!(!safe.contains(['/', '\\', '\0', '"', ';']));
        }

        #[test]
        fn any_two_names_differ(names in proptest::collection::vec("[a-cA-C. ;]{0,4}", 0..12)) {
            let safe = distinct_safe_names(names.iter().map(String::as_str), &["a"]);
            let mut lower: Vec<String> = safe.iter().map(|s| s.to_lowercase()).collect();
            lower.sort();
            lower.dedup();
            prop_assert_eq!(lower.len(), names.len());
        }
    }
}
