//! Turns `texts/*.json` into an enum of keys and one table per language.
//!
//! A key that is missing in a language, is not in English, or has other placeholders than in English
//! stops the build: no text can be forgotten and no key misspelt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Language tags in the order of the generated tables; English first.
const LANGUAGES: [&str; 3] = ["en", "pt-BR", "es"];

type Texts = BTreeMap<String, String>;
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    println!("cargo::rerun-if-changed=texts");
    let folder = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("texts");
    let mut tables = Vec::new();
    for language in LANGUAGES {
        tables.push((language, read(&folder.join(format!("{language}.json")))?));
    }
    let Some(((_, english), others)) = tables.split_first() else {
        return Err("no languages".into());
    };
    for (language, texts) in others {
        compare(language, english, texts)?;
    }
    let out = PathBuf::from(std::env::var("OUT_DIR")?).join("texts.rs");
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script has no other dependency than the JSON reader"
    )]
    std::fs::write(out, generate(&tables)?)?;
    Ok(())
}

fn read(path: &Path) -> Result<Texts, Failure> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script has no other dependency than the JSON reader"
    )]
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let texts = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(texts)
}

fn compare(language: &str, english: &Texts, texts: &Texts) -> Result<(), Failure> {
    let keys = |texts: &Texts| texts.keys().cloned().collect::<BTreeSet<_>>();
    let (wanted, found) = (keys(english), keys(texts));
    let missing: Vec<_> = wanted.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&wanted).collect();
    if !missing.is_empty() || !unknown.is_empty() {
        return Err(format!("texts/{language}.json: missing {missing:?}, not in English {unknown:?}").into());
    }
    for (key, text) in english {
        let (wanted, found) = (placeholders(text), texts.get(key).map(|text| placeholders(text)));
        if found.as_ref() != Some(&wanted) {
            return Err(format!(
                "texts/{language}.json: {key} has placeholders {found:?}, English {wanted:?}"
            )
            .into());
        }
    }
    Ok(())
}

/// The `{names}` in a text.
fn placeholders(text: &str) -> BTreeSet<String> {
    text.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn generate(tables: &[(&str, Texts)]) -> Result<String, Failure> {
    let mut code = String::from(
        "/// Key of a text.\n#[derive(Debug, Clone, Copy, PartialEq, Eq)]\npub(crate) enum Text {\n",
    );
    let english = tables.first().map(|(_, texts)| texts).ok_or("no languages")?;
    for key in english.keys() {
        writeln!(code, "    #[doc = \"`{key}`\"]\n    {},", variant(key))?;
    }
    code.push_str("}\n\n");
    writeln!(
        code,
        "const TABLES: [[&str; {}]; {}] = [",
        english.len(),
        tables.len()
    )?;
    for (_, texts) in tables {
        code.push_str("    [\n");
        for text in texts.values() {
            writeln!(code, "        {text:?},")?;
        }
        code.push_str("    ],\n");
    }
    code.push_str("];\n");
    Ok(code)
}

/// `product.not_found` becomes `ProductNotFound`.
fn variant(key: &str) -> String {
    key.split(['.', '_'])
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect::<String>()
        })
        .collect()
}
