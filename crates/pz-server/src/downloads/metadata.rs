//! `product_metadata.yaml`: what the archive says of its product.

use std::fmt::Write;

use pz_model::{FileRole, Timestamp};
use pz_store::entities::product_files;
use pz_store::product_contents::Content;
use pz_store::products::ProductRow;
use serde_json::Value;

/// Name of the file in the archive.
pub(super) const FILE_NAME: &str = "product_metadata.yaml";

/// The document: a mapping in block style, every text quoted.
pub(super) fn document(product: &ProductRow, files: &[product_files::Model], contents: &[Content]) -> String {
    let mut yaml = String::new();
    let status = product.status();
    let origin = product
        .pipeline_name
        .clone()
        .unwrap_or_else(|| "Upload".to_owned());
    let fields: [(&str, Value); 20] = [
        ("id", product.id.into()),
        ("internal_name", product.internal_name.clone().into()),
        ("display_name", product.display_name.clone().into()),
        ("product_type", product.product_type_id.into()),
        ("product_type_name", product.product_type_name.clone().into()),
        (
            "product_type_internal_name",
            product.product_type_internal_name.clone().into(),
        ),
        ("release", product.release_id.into()),
        ("release_name", product.release_name.clone().into()),
        ("release_year", product.release_year.into()),
        ("uploaded_by", product.username.clone().into()),
        ("origin", origin.into()),
        ("process_id", product.process_id.into()),
        ("process_status", product.process_status.clone().into()),
        ("official_product", product.official_product.into()),
        ("pz_code", product.pz_code.clone().into()),
        ("description", product.description.clone().into()),
        ("status", product.status.into()),
        ("product_status", status.label().into()),
        (
            "created_at",
            Timestamp::from(product.created_at).to_offset_text().into(),
        ),
        (
            "updated_at",
            Timestamp::from(product.updated_at).to_offset_text().into(),
        ),
    ];
    mapping(&mut yaml, "", "", &fields);
    if let Some(main) = files.iter().find(|file| file.role == FileRole::Main.code()) {
        yaml.push_str("main_file:\n");
        let fields: [(&str, Value); 6] = [
            ("name", main.name.clone().into()),
            ("type", main.mime_type.clone().into()),
            ("extension", main.extension.clone().into()),
            ("size", main.size_bytes.into()),
            ("n_rows", main.n_rows.into()),
            ("is_directory", main.is_directory.into()),
        ];
        mapping(&mut yaml, "  ", "  ", &fields);
    }
    let has_alias = |column: &&Content| column.alias.as_ref().is_some_and(|alias| !alias.is_empty());
    let associated: Vec<_> = contents.iter().filter(has_alias).collect();
    if !associated.is_empty() {
        yaml.push_str("associated_columns:\n");
        for column in associated {
            let fields: [(&str, Value); 3] = [
                ("alias", column.alias.clone().into()),
                ("column_name", column.column_name.clone().into()),
                ("ucd", column.ucd.clone().into()),
            ];
            mapping(&mut yaml, "- ", "  ", &fields);
        }
    }
    let attached: Vec<_> = files
        .iter()
        .filter(|file| file.role != FileRole::Main.code())
        .collect();
    if !attached.is_empty() {
        yaml.push_str("attach_files:\n");
        for file in attached {
            let fields: [(&str, Value); 2] = [
                ("name", file.name.clone().into()),
                ("type", file.mime_type.clone().into()),
            ];
            mapping(&mut yaml, "- ", "  ", &fields);
        }
    }
    yaml
}

/// One `key: value` per line; the first after `first`, the others after `indent`.
fn mapping(yaml: &mut String, first: &str, indent: &str, fields: &[(&str, Value)]) {
    let mut lead = first;
    for (key, value) in fields {
        let _ = match value {
            Value::String(text) => writeln!(yaml, "{lead}{key}: {}", quoted(text)),
            other => writeln!(yaml, "{lead}{key}: {other}"),
        };
        lead = indent;
    }
}

/// A double-quoted scalar. JSON's escapes are YAML's, but YAML also wants DEL, C1 controls and the
/// non-characters escaped.
fn quoted(text: &str) -> String {
    let mut scalar = String::with_capacity(text.len() + 2);
    scalar.push('"');
    for c in text.chars() {
        match c {
            '"' => scalar.push_str("\\\""),
            '\\' => scalar.push_str("\\\\"),
            '\n' => scalar.push_str("\\n"),
            '\t' => scalar.push_str("\\t"),
            '\r' => scalar.push_str("\\r"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let _ = write!(scalar, "\\u{:04X}", u32::from(c));
            }
            c => scalar.push(c),
        }
    }
    scalar.push('"');
    scalar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_quoted() {
        assert_eq!(
            quoted("a\"b\\c\nd\u{7f}\u{85}é名"),
            "\"a\\\"b\\\\c\\nd\\u007F\\u0085é名\""
        );
    }

    #[test]
    fn lists_of_mappings() {
        let mut yaml = String::new();
        mapping(
            &mut yaml,
            "- ",
            "  ",
            &[("a", 1.into()), ("b", Value::Null), ("c", "x".into())],
        );
        assert_eq!(yaml, "- a: 1\n  b: null\n  c: \"x\"\n");
    }
}
