//! A sentence for a list of references, on one line of plain text.

use super::facts::{Facts, one_line};

/// Names before "et al.".
const NAMES_MAX: usize = 10;

pub(super) fn sentence(facts: &Facts) -> String {
    let mut names = facts
        .creators
        .iter()
        .take(NAMES_MAX)
        .map(|creator| one_line(&creator.name))
        .collect::<Vec<_>>()
        .join("; ");
    if facts.creators.len() > NAMES_MAX {
        names.push_str("; et al.");
    }
    format!(
        "{names} ({}). {} (Version {}) [Data set]. {}. {}",
        facts.year,
        one_line(&facts.title),
        facts.version,
        one_line(&facts.publisher),
        facts.permanent_url()
    )
}
