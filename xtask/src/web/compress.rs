//! Compressed copies beside each file, so that the server never compresses on the fly.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Extensions that shrink; fonts are compressed already.
const COMPRESSIBLE: [&str; 6] = ["css", "html", "js", "svg", "txt", "wasm"];

/// Writes `.br` and `.gz` beside every file below `folder` that shrinks.
pub(crate) fn folder(folder: &Path) -> anyhow::Result<()> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    // The largest first: it alone decides how long the whole takes.
    files.sort_by_key(|(_, content)| std::cmp::Reverse(content.len()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .iter()
            .flat_map(|(path, content)| {
                [
                    scope.spawn(move || write_beside(path, "br", &brotli(content)?)),
                    scope.spawn(move || write_beside(path, "gz", &gzip(content)?)),
                ]
            })
            .collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => Err(anyhow::anyhow!("a compression thread panicked")),
        })
    })
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .and_then(|found| found.to_str())
            .is_some_and(|e| COMPRESSIBLE.contains(&e))
        {
            let content = fs_err::read(&path)?;
            files.push((path, content));
        }
    }
    Ok(())
}

fn write_beside(path: &Path, suffix: &str, content: &[u8]) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    fs_err::write(PathBuf::from(name), content)?;
    Ok(())
}

fn brotli(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: content.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &parameters).context("Brotli")?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).context("gzip")?;
    encoder.finish().context("gzip")
}
