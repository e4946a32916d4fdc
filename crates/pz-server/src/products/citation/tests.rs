use proptest::prelude::*;
use pz_model::api::Creator;
use pz_model::{License, Timestamp};
use serde_json::Value;

use super::facts::{File, one_line};
use super::*;

fn facts(title: &str) -> Facts {
    let time: Timestamp = "2026-11-20T09:31:47Z".parse().unwrap();
    Facts {
        base: "https://pz.example.org".into(),
        id: 16,
        internal_name: "16_cat".into(),
        title: title.into(),
        creators: vec![Creator {
            name: title.into(),
            orcid: Some("0000-0002-1825-0097".into()),
            affiliation: Some(title.into()),
        }],
        publisher: "Photo-z Server".into(),
        year: 2026,
        created: time,
        changed: time,
        version: 2,
        url: "https://pz.example.org/product/16_cat".into(),
        doi: Some("10.1234/x".into()),
        license: License::from_id("CC-BY-4.0"),
        description: Some(title.into()),
        subjects: vec![title.into()],
        funding: Vec::new(),
        related: Vec::new(),
        resource_type: "Reference Redshift Catalog".into(),
        files: vec![File {
            id: 3,
            name: title.into(),
            url: "https://pz.example.org/api/product-files/3/download/".into(),
            media_type: "text/csv".into(),
            size_bytes: 9,
            sha256: "0".repeat(64),
            is_main: true,
            is_directory: false,
        }],
        columns: Vec::new(),
        n_rows: Some(3),
    }
}

const HOSTILE: &str = "A \"quoted\" {title} }{ \\ 100% & #1 $x_y^2~ @misc{evil,\n  title = {x}}\r\nER  - \u{2028}</script><b>\u{7f}";

#[test]
fn bibtex_has_one_entry_with_balanced_braces() {
    for title in [HOSTILE, "}}}", "{{{", "\\", "a and b", "and", "@article{x,"] {
        let entry = bibtex::entry(&facts(title));
        let mut depth = 0_i32;
        for (at, c) in entry.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            assert!(depth > 0 || at + 2 >= entry.len() || at < 5, "{title}: {entry}");
        }
        assert_eq!(depth, 0, "{entry}");
        assert_eq!(
            entry
                .lines()
                .filter(|line| line.trim_start().starts_with('@'))
                .count(),
            1
        );
        for field in ["author", "title", "year", "version", "url", "doi"] {
            let fields = entry.lines().filter(|line| line.trim_start().starts_with(field));
            assert_eq!(fields.count(), 1, "{field}: {entry}");
        }
    }
    assert!(bibtex::entry(&facts("Tom and Jerry")).contains("author    = {{Tom and Jerry}}"));
    assert!(bibtex::entry(&facts("5 % & more")).contains("{{5 \\% \\& more}}"));
}

#[test]
fn ris_keeps_every_value_on_its_line() {
    let record = ris::record(&facts(HOSTILE));
    assert!(record.starts_with("TY  - DATA\r\n") && record.ends_with("ER  - \r\n"));
    for line in record.trim_end_matches("\r\n").split("\r\n") {
        assert!(line.len() >= 6 && &line[2..6] == "  - ", "{line:?}");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
    assert_eq!(record.matches("\r\nER  - ").count(), 1);
}

#[test]
fn json_formats_keep_texts_exactly_and_never_end_a_script() {
    for format in [
        CitationFormat::DataCite,
        CitationFormat::JsonLd,
        CitationFormat::Croissant,
    ] {
        let text = written(&facts(HOSTILE), format).unwrap();
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let value: Value = serde_json::from_str(&text).unwrap();
        let description = match format {
            CitationFormat::DataCite => &value["descriptions"][0]["description"],
            _ => &value["description"],
        };
        assert_eq!(description, HOSTILE);
    }
}

#[test]
fn documents_as_they_are_written() {
    for format in CitationFormat::ALL {
        let text = written(&facts("My \"Cat\" & {co}"), format).unwrap();
        insta::assert_snapshot!(format!("citation_{}", format.as_str()), text);
    }
}

proptest! {
    #[test]
    fn whatever_the_title_the_formats_hold(title in "\\PC{0,80}") {
        let facts = facts(&title);
        let entry = bibtex::entry(&facts);
        let opened = entry.matches('{').count();
        prop_assert_eq!(opened, entry.matches('}').count());
        prop_assert_eq!(text::sentence(&facts).lines().count(), 1);
        prop_assert!(!one_line(&title).contains(['\n', '\r']));
        for format in [CitationFormat::DataCite, CitationFormat::JsonLd, CitationFormat::Croissant] {
            let parsed = serde_json::from_str::<Value>(&written(&facts, format).unwrap());
            prop_assert!(parsed.is_ok());
        }
    }
}
