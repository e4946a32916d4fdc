//! One style sheet out of many: `@import` lines are replaced by the files they name.

use std::path::Path;

use anyhow::Context;

/// Returns `entry` with every `@import "file";` line inlined, without comments and indentation.
pub(crate) fn bundle(entry: &Path) -> anyhow::Result<String> {
    let mut style = String::new();
    inline(entry, &mut style)?;
    Ok(squeeze(&style))
}

fn inline(file: &Path, style: &mut String) -> anyhow::Result<()> {
    let folder = file
        .parent()
        .with_context(|| format!("{} has no folder", file.display()))?;
    for line in fs_err::read_to_string(file)?.lines() {
        match imported(line) {
            Some(name) => inline(&folder.join(name), style)?,
            None => {
                style.push_str(line);
                style.push('\n');
            }
        }
    }
    Ok(())
}

/// The file named by an `@import "file";` line.
fn imported(line: &str) -> Option<&str> {
    line.trim().strip_prefix("@import \"")?.strip_suffix("\";")
}

/// Drops comments, indentation and empty lines; everything else is left to compression.
fn squeeze(style: &str) -> String {
    let mut rest = style;
    let mut without_comments = String::with_capacity(style.len());
    while let Some((before, after)) = rest.split_once("/*") {
        without_comments.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    without_comments.push_str(rest);
    without_comments
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_inlined_in_order_and_comments_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("parts")).unwrap();
        fs_err::write(folder.path().join("parts/a.css"), "/* why */\na {\n  b: c;\n}\n").unwrap();
        fs_err::write(
            folder.path().join("all.css"),
            "@import \"parts/a.css\";\nd { e: f } /* x */\n",
        )
        .unwrap();

        let style = bundle(&folder.path().join("all.css")).unwrap();

        assert_eq!(style, "a {\nb: c;\n}\nd { e: f }");
    }

    #[test]
    fn a_missing_import_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("all.css"), "@import \"gone.css\";\n").unwrap();

        let error = bundle(&folder.path().join("all.css")).unwrap_err();

        assert!(error.to_string().contains("gone.css"), "{error}");
    }
}
