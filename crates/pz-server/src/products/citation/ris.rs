//! One RIS record: a tag a line, each value on its line.

use std::fmt::Write;

use super::facts::{Facts, one_line};

pub(super) fn record(facts: &Facts) -> String {
    let mut record = String::new();
    let mut line = |tag: &str, value: &str| {
        let value = one_line(value);
        if !value.is_empty() {
            let _ = write!(record, "{tag}  - {value}\r\n");
        }
    };
    line("TY", "DATA");
    line("TI", &facts.title);
    for creator in &facts.creators {
        line("AU", &creator.name);
    }
    line("PY", &facts.year.to_string());
    line("DA", &facts.created.date_text().replace('-', "/"));
    line("PB", &facts.publisher);
    line("ET", &facts.version.to_string());
    if let Some(doi) = &facts.doi {
        line("DO", doi);
    }
    line("UR", &facts.permanent_url());
    if let Some(description) = &facts.description {
        line("AB", description);
    }
    for subject in &facts.subjects {
        line("KW", subject);
    }
    record.push_str("ER  - \r\n");
    record
}
