//! The files of the bundle, named by their content.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use sha2::{Digest, Sha256};

/// Files to be written, by path in the finished folder.
#[derive(Default)]
pub(crate) struct Bundle {
    files: BTreeMap<String, Vec<u8>>,
    /// From the address sources use (`/assets/pz-web.css`) to the one with the hash.
    addresses: Vec<(String, String)>,
}

impl Bundle {
    /// Adds a file below `assets/` under a name that contains the hash of its content.
    pub(crate) fn add_asset(&mut self, name: &str, content: Vec<u8>) {
        let hashed = hashed_name(name, &content);
        self.addresses
            .push((format!("/assets/{name}"), format!("/assets/{hashed}")));
        self.files.insert(format!("assets/{hashed}"), content);
    }

    /// Like [`Self::add_asset`], for text that may name assets added before it.
    pub(crate) fn add_text_asset(&mut self, name: &str, content: &str) {
        let content = self.with_addresses(content);
        self.add_asset(name, content.into_bytes());
    }

    /// Adds a page under its own name; it may name any asset added before it.
    pub(crate) fn add_page(&mut self, name: &str, content: &str) {
        let content = self.with_addresses(content);
        self.add_plain(name, content.into_bytes());
    }

    /// Adds a file exactly as it is.
    pub(crate) fn add_plain(&mut self, name: &str, content: Vec<u8>) {
        self.files.insert(name.to_owned(), content);
    }

    /// Adds every file of `folder` with this extension as an asset.
    pub(crate) fn add_folder(&mut self, folder: &Path, extension: &str) -> anyhow::Result<()> {
        let mut paths = Vec::new();
        for entry in fs_err::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == extension) {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .with_context(|| format!("{} has an unreadable name", path.display()))?;
            self.add_asset(name, fs_err::read(&path)?);
        }
        Ok(())
    }

    /// Writes everything into `folder`, which must not exist yet.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        for (name, content) in &self.files {
            let path = folder.join(name);
            let parent = path
                .parent()
                .with_context(|| format!("{} has no folder", path.display()))?;
            fs_err::create_dir_all(parent)?;
            fs_err::write(&path, content)?;
        }
        Ok(())
    }

    fn with_addresses(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (plain, hashed) in &self.addresses {
            text = text.replace(plain, hashed);
        }
        text
    }
}

/// `name.ext` with ten hexadecimal digits of the content's SHA-256 before the extension.
fn hashed_name(name: &str, content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let hash: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{name}.{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_content_and_are_used_by_later_files() {
        let mut bundle = Bundle::default();
        bundle.add_asset("font.woff2", b"glyphs".to_vec());
        bundle.add_text_asset("all.css", "src: url(\"/assets/font.woff2\")");
        bundle.add_page("index.html", "<link href=\"/assets/all.css\">");

        let font = hashed_name("font.woff2", b"glyphs");
        let style = bundle
            .files
            .iter()
            .find(|(name, _)| name.ends_with(".css"))
            .unwrap();
        let page = String::from_utf8(bundle.files["index.html"].clone()).unwrap();

        assert_eq!(
            String::from_utf8(style.1.clone()).unwrap(),
            format!("src: url(\"/assets/{font}\")")
        );
        assert_eq!(page, format!("<link href=\"/{}\">", style.0));
        assert_ne!(font, hashed_name("font.woff2", b"other glyphs"));
    }
}
