//! Column names: unique, and never empty, whatever the file says. Must never reorder columns.

use std::collections::HashSet;

/// Gives every column a name of its own, as pandas does: the second `a` becomes `a.1`, the third `a.2`; an
/// empty name becomes `Unnamed: 3` (its position from 0). A suffix that is taken already is skipped.
pub(crate) fn unique(names: Vec<String>) -> Vec<String> {
    let names: Vec<String> = names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            if name.trim().is_empty() {
                format!("Unnamed: {index}")
            } else {
                name
            }
        })
        .collect();
    let written: HashSet<&str> = names.iter().map(String::as_str).collect();
    if written.len() == names.len() {
        return names;
    }
    let mut used: HashSet<String> = HashSet::with_capacity(names.len());
    let mut next_suffix: std::collections::HashMap<&str, u64> = std::collections::HashMap::new();
    let mut result = Vec::with_capacity(names.len());
    for name in &names {
        let mut candidate = name.clone();
        if used.contains(&candidate) {
            let suffix = next_suffix.entry(name).or_insert(1);
            loop {
                candidate = format!("{name}.{suffix}");
                *suffix += 1;
                // A name that the file itself uses, earlier or later, stays with its own column.
                if !used.contains(&candidate) && !written.contains(candidate.as_str()) {
                    break;
                }
            }
        }
        used.insert(candidate.clone());
        result.push(candidate);
    }
    result
}

/// Names of a table without a header: `"0"`, `"1"`, …
pub(crate) fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|index| index.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Vec<String> {
        unique(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn duplicates_get_suffixes() {
        assert_eq!(of(&["a", "b", "a", "a"]), ["a", "b", "a.1", "a.2"]);
    }

    #[test]
    fn a_suffix_that_is_a_name_already_is_skipped() {
        assert_eq!(of(&["a", "a", "a.1"]), ["a", "a.2", "a.1"]);
        assert_eq!(of(&["a.1", "a", "a"]), ["a.1", "a", "a.2"]);
    }

    #[test]
    fn empty_names_are_numbered_by_position() {
        assert_eq!(
            of(&["", "x", " ", "Unnamed: 0"]),
            ["Unnamed: 0", "x", "Unnamed: 2", "Unnamed: 0.1"]
        );
    }
}
