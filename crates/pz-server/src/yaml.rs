//! YAML from strangers: one document that holds a mapping, bounded in depth, size and expansion of aliases.

use serde_json::{Map, Value};

/// Reads a mapping; keys that are numbers become texts, as JSON has it.
///
/// # Errors
/// What is wrong, with line and column where the parser knows them.
pub(crate) fn mapping(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "The file is not UTF-8 text.".to_owned())?;
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_nodes: 50_000,
            max_events: 200_000,
            max_aliases: 1000,
            max_anchors: 1000,
            max_documents: 1,
            max_merge_keys: 1000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 200_000,
            max_replay_stack_depth: 8,
            max_alias_expansions_per_anchor: 1000,
        },
    };
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(Value::Object(mapping)) => Ok(mapping),
        Ok(_) => Err("The file must hold a YAML mapping.".to_owned()),
        Err(error) => {
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default();
            Err(format!(
                "The file is not YAML as it should be: {}.",
                first.trim_start_matches("error: ")
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_becomes_json() {
        let text = "translation_rules:\n  2DFGRS:\n    z_flag_translation:\n      1: 0\n      2: 1.5\n    note: &n yes please\n    same: *n\n    none: ~\n";
        assert_eq!(
            Value::Object(mapping(text.as_bytes()).unwrap()),
            json!({"translation_rules": {"2DFGRS": {"z_flag_translation": {"1": 0, "2": 1.5},
                "note": "yes please", "same": "yes please", "none": null}}})
        );
        assert!(mapping(b"---\na: 1\n...\n").is_ok());
        let rules = "delta_z_threshold: 0.001\ntranslation_rules:\n  A: &a\n    z_flag_translation:\n      1: 0\n      \
            conditions:\n        - {expr: \"z_err == 0\", value: 3}\n  B: *a\n";
        assert!(mapping(rules.as_bytes()).is_ok());
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        for (text, says) in [
            (b"a: [1".as_slice(), "line 1"),
            (b"a: &a [*a]", "YAML"),
            (b"- 1\n- 2\n", "a YAML mapping"),
            (b"just text", "a YAML mapping"),
            (b"", "a YAML mapping"),
            (b"a: 1\n---\nb: 2\n", "YAML"),
            (b"a: 1\nb: 2\na: 3\n", "line 3"),
            (b"a: \xff", "UTF-8"),
            (b"\x89PNG\r\n", "UTF-8"),
        ] {
            let refused = mapping(text).unwrap_err();
            assert!(refused.contains(says), "{refused} should say {says}");
        }
    }

    #[test]
    fn bombs_are_refused() {
        let mut laughs = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*l{}", level - 1);
            laughs.push_str(&format!(
                "l{level}: &l{level} [{}]\n",
                [before.as_str(); 9].join(", ")
            ));
        }
        let nested = format!("a: {}1{}\n", "[".repeat(5000), "]".repeat(5000));
        let many: String = (0..60_000).map(|n| format!("k{n}: 1\n")).collect();
        for bomb in [laughs, nested, many] {
            let start = std::time::Instant::now();
            assert!(mapping(bomb.as_bytes()).is_err());
            assert!(start.elapsed().as_secs() < 5);
        }
    }
}
