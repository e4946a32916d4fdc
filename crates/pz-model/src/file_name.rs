//! Names of users' files: only ever data, never a path.

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
/// extension. Comparison ignores case, so that the archive unpacks on every file system.
pub fn distinct_safe_names<'a>(names: impl IntoIterator<Item = &'a str>, reserved: &[&str]) -> Vec<String> {
    let mut taken: Vec<String> = reserved.iter().map(|name| name.to_lowercase()).collect();
    names
        .into_iter()
        .map(|name| {
            let safe = safe_name(name);
            let (stem, extension) = safe.split_at(extension_start(&safe));
            let mut candidate = safe.clone();
            let mut number = 2;
            while taken.contains(&candidate.to_lowercase()) {
                candidate = format!("{stem}_{number}{extension}");
                number += 1;
            }
            taken.push(candidate.to_lowercase());
            candidate
        })
        .collect()
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
