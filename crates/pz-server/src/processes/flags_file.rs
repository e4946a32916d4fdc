//! The file with translations of quality flags: checked to be YAML of a bounded size before anything is made of
//! it. What its rules mean is the pipeline's to read; nothing in it is ever run here.

use pz_model::file_name;
use pz_model::limits::FILE_NAME_MAX_BYTES;
use saphyr_parser::{Event, Parser};

use crate::body::FilePart;

/// Deepest nesting; the rules need six levels.
const DEPTH_MAX: usize = 32;
/// Most nodes, counted as often as aliases repeat them.
const NODES_MAX: u64 = 200_000;
/// Name of a file that was sent without one.
const DEFAULT_NAME: &str = "flags_translation.yaml";

/// The base name to keep the file under.
pub(super) fn name(file: &FilePart) -> Result<String, String> {
    let name = file.file_name.as_deref().and_then(file_name::base_name);
    let name = name.unwrap_or_else(|| DEFAULT_NAME.to_owned());
    if name.len() > FILE_NAME_MAX_BYTES {
        return Err(format!(
            "The file name is longer than {FILE_NAME_MAX_BYTES} bytes; give it a shorter one."
        ));
    }
    Ok(name)
}

/// Checks that the bytes are one YAML document that holds a map.
///
/// # Errors
/// What is wrong, with the line where the parser says one.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "The file is not UTF-8 text.".to_owned())?;
    let mut nodes = Nodes::default();
    let mut documents = 0;
    let mut is_map = false;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let marker = error.marker();
            format!(
                "The file is not YAML: line {}, column {}: {}.",
                marker.line(),
                marker.col() + 1,
                error.info()
            )
        })?;
        let line = span.start.line();
        let at_root = nodes.open.is_empty();
        match event {
            Event::DocumentStart(_) => documents += 1,
            Event::MappingStart(anchor, _) => {
                is_map |= at_root;
                nodes.open(anchor, line)?;
            }
            Event::SequenceStart(anchor, _) => nodes.open(anchor, line)?,
            Event::Scalar(_, _, anchor, _) => {
                nodes.add(1, line)?;
                nodes.sizes.insert(anchor, 1);
            }
            Event::Alias(anchor) => {
                // An alias within its own anchor would have no end.
                let size = nodes.sizes.get(&anchor).copied();
                nodes.add(
                    size.ok_or_else(|| format!("Line {line}: an alias refers to what holds it."))?,
                    line,
                )?;
            }
            Event::MappingEnd | Event::SequenceEnd => nodes.close(),
            _ => {}
        }
    }
    if documents != 1 || !is_map {
        return Err(
            "The file must hold one YAML document, a map with translation_rules and the like.".to_owned(),
        );
    }
    Ok(())
}

#[derive(Default)]
struct Nodes {
    total: u64,
    /// Anchor of each open collection and the nodes before it.
    open: Vec<(usize, u64)>,
    /// Nodes of what an anchor names, all aliases followed.
    sizes: std::collections::HashMap<usize, u64>,
}

impl Nodes {
    fn add(&mut self, nodes: u64, line: usize) -> Result<(), String> {
        self.total = self.total.saturating_add(nodes);
        if self.total > NODES_MAX {
            return Err(format!(
                "Line {line}: the file holds more than {NODES_MAX} values."
            ));
        }
        Ok(())
    }

    fn open(&mut self, anchor: usize, line: usize) -> Result<(), String> {
        self.open.push((anchor, self.total));
        if self.open.len() > DEPTH_MAX {
            return Err(format!(
                "Line {line}: values are nested deeper than {DEPTH_MAX} levels."
            ));
        }
        self.add(1, line)
    }

    fn close(&mut self) {
        if let Some((anchor, before)) = self.open.pop()
            && anchor > 0
        {
            self.sizes.insert(anchor, self.total - before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_taken() {
        let rules = "delta_z_threshold: 0.001\ntranslation_rules:\n  A: &a\n    z_flag_translation:\n      1: 0\n      \
            conditions:\n        - {expr: \"z_err == 0\", value: 3}\n  B: *a\n";
        assert_eq!(check(rules.as_bytes()), Ok(()));
        assert_eq!(check(b"---\na: 1\n...\n"), Ok(()));
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
            let before = n - 1;
            format!(
                "{text}a{n}: &a{n} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n"
            )
        });
        for (text, says) in [
            (bomb.as_bytes(), "more than"),
            (b"a: &a [*a]".as_slice(), "refers to"),
            (&[b'['; 100], "not YAML"),
            (
                format!("a: {}{}", "[".repeat(40), "]".repeat(40)).as_bytes(),
                "nested deeper",
            ),
            (b"a: [1", "not YAML"),
            (b"- 1\n- 2\n", "a map"),
            (b"just text", "a map"),
            (b"", "a map"),
            (b"a: 1\n---\nb: 2\n", "one YAML document"),
            (b"a: \xff", "UTF-8"),
            (b"\x89PNG\r\n", "UTF-8"),
        ] {
            let refused = check(text).unwrap_err();
            let deep_enough = says == "not YAML" && refused.contains("nested deeper");
            assert!(
                refused.contains(says) || deep_enough,
                "{refused} should say {says}"
            );
        }
    }

    #[test]
    fn names_are_base_names() {
        let file = |name: Option<&str>| FilePart {
            file_name: name.map(str::to_owned),
            bytes: Default::default(),
        };
        assert_eq!(
            name(&file(Some("../../etc/rules.yml"))).as_deref(),
            Ok("rules.yml")
        );
        assert_eq!(name(&file(None)).as_deref(), Ok(DEFAULT_NAME));
        assert!(name(&file(Some(&"x".repeat(300)))).is_err());
    }
}
