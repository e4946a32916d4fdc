//! One BibTeX entry. Braces in texts are written by name: BibTeX counts even escaped ones.

use std::fmt::Write;

use super::facts::{Facts, one_line};

pub(super) fn entry(facts: &Facts) -> String {
    let mut entry = format!("@misc{{{},\n", key(facts));
    let authors: Vec<String> = facts
        .creators
        .iter()
        .map(|creator| author(&creator.name))
        .collect();
    let mut field = |name: &str, value: &str| {
        let _ = writeln!(entry, "  {name:<9} = {{{value}}},");
    };
    field("author", &authors.join(" and "));
    // A second pair of braces keeps the capitals.
    field("title", &format!("{{{}}}", escaped(&facts.title)));
    field("year", &facts.year.to_string());
    field("version", &facts.version.to_string());
    field("publisher", &escaped(&facts.publisher));
    if let Some(doi) = &facts.doi {
        field("doi", doi);
    }
    field("url", &facts.permanent_url());
    field("note", "Data set");
    entry.push_str("}\n");
    entry
}

/// ASCII letters and digits of the internal name, which starts with the id.
fn key(facts: &Facts) -> String {
    let name: String = facts
        .internal_name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .take(60)
        .collect();
    format!("photoz_{name}")
}

/// A name; one with the word that parts names is kept together.
fn author(name: &str) -> String {
    let text = escaped(name);
    let parts_names = text
        .split(' ')
        .any(|word| word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("others"));
    if parts_names { format!("{{{text}}}") } else { text }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '\\' => safe.push_str("\\textbackslash{}"),
            '{' => safe.push_str("\\textbraceleft{}"),
            '}' => safe.push_str("\\textbraceright{}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '"' => safe.push_str("{\\textquotedbl}"),
            '@' => safe.push_str("{@}"),
            '#' | '$' | '%' | '&' | '_' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}
