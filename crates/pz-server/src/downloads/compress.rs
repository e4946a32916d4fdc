//! Files of text are compressed once, when they arrive, and stand compressed in every archive from then on.
//! Must never hold up an upload or a download: a file without a copy is simply stored.

use std::io::Write;

use anyhow::bail;
use bytes::Bytes;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use pz_model::api::ViewKind;
use pz_store::StoredBlob;
use pz_store::entities::product_files;

use crate::state::AppState;

/// Smaller files gain less than the copy costs.
const MIN_BYTES: u64 = 4096;
/// Bytes compressed at once: what is in memory, beside what comes out of it.
const CHUNK_BYTES: u64 = 512 << 10;
/// A copy is kept when it takes at most this much of the file, in percent.
const WORTH_PERCENT: u64 = 90;
/// Level of deflate.
const LEVEL: u32 = 6;
/// Files looked for at once by the sweep.
const SWEEP_PAGE: u64 = 200;

/// Has a file compressed that has just arrived, or whose bytes have just changed.
pub(crate) fn enqueue(state: &AppState, file_id: i64) {
    let state = state.clone();
    tokio::spawn(async move { compress_or_log(&state, file_id).await });
}

/// Compresses what has not been tried: files that arrived just before the service ended.
pub(crate) async fn sweep(state: &AppState) {
    let mut after = 0;
    loop {
        let ids = match state.store.untried_files(after, SWEEP_PAGE).await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::warn!(%error, "cannot look for files to be compressed");
                return;
            }
        };
        let Some(last) = ids.last() else { return };
        after = *last;
        for id in ids {
            compress_or_log(state, id).await;
        }
    }
}

async fn compress_or_log(state: &AppState, file_id: i64) {
    if let Err(error) = compress(state, file_id).await {
        tracing::warn!(
            file_id, %error,
            "a file is not compressed; archives hold it as it is until the next start"
        );
    }
}

async fn compress(state: &AppState, file_id: i64) -> anyhow::Result<()> {
    let _turn = state.background.compressing.acquire().await?;
    // Read when it is its turn: it may be gone by now, or have other bytes.
    let Some(file) = state.store.untried_file(file_id).await? else {
        return Ok(());
    };
    let copy = if is_candidate(&file) {
        copy_of(state, &file).await?
    } else {
        None
    };
    state.store.note_compression(&file, copy.as_ref()).await?;
    Ok(())
}

/// Worth a look, by size and name: files of text have a name that says so, or no extension at all.
fn is_candidate(file: &product_files::Model) -> bool {
    let named_text = file.extension.is_empty()
        || ViewKind::of_name(&format!("x{}", file.extension)).is_some_and(ViewKind::is_text);
    !file.is_directory && named_text && size_of(file) >= MIN_BYTES
}

fn size_of(file: &product_files::Model) -> u64 {
    u64::try_from(file.size_bytes).unwrap_or(0)
}

/// Writes the copy; none when the bytes are no text, or hardly shrink. Dropped halfway it leaves nothing.
async fn copy_of(state: &AppState, file: &product_files::Model) -> anyhow::Result<Option<StoredBlob>> {
    let blobs = &state.store.blobs;
    let total = size_of(file);
    let limit = total / 100 * WORTH_PERCENT;
    let mut deflater = Deflater::new();
    let mut writer = None;
    let mut at = 0;
    while at < total {
        let end = total.min(at + CHUNK_BYTES);
        let chunk = blobs.read(&file.blob_key, at, end).await?;
        if chunk.len() as u64 != end - at {
            bail!("its blob ends before {total} bytes");
        }
        if at == 0 && !is_text(&chunk) {
            return Ok(None);
        }
        at = end;
        let is_last = at == total;
        let out;
        (deflater, out) = tokio::task::spawn_blocking(move || deflater.take(&chunk, is_last)).await??;
        let writer = match &mut writer {
            Some(writer) => writer,
            none => none.insert(blobs.copy_writer(&file.blob_key).await?),
        };
        writer.write(&out).await?;
        if writer.size_bytes() > limit {
            return Ok(None);
        }
    }
    // The last thing before it counts: a blob that is not what it was must not get a copy.
    if i64::from(deflater.crc.sum()) != file.crc32 {
        bail!("its blob has another checksum than when it arrived");
    }
    match writer {
        Some(writer) => Ok(Some(writer.finish().await?)),
        None => Ok(None),
    }
}

/// Text by its first bytes: no control characters but those that lay out text.
fn is_text(head: &[u8]) -> bool {
    !head
        .iter()
        .any(|byte| matches!(byte, 0..=8 | 0x0e..=0x1a | 0x1c..=0x1f))
}

/// Raw deflate of a stream of chunks, and the CRC-32 of what went in.
struct Deflater {
    encoder: DeflateEncoder<Vec<u8>>,
    crc: Crc,
}

impl Deflater {
    fn new() -> Self {
        Self {
            encoder: DeflateEncoder::new(Vec::new(), Compression::new(LEVEL)),
            crc: Crc::new(),
        }
    }

    /// Takes a chunk; gives back what is ready.
    fn take(mut self, chunk: &Bytes, is_last: bool) -> std::io::Result<(Self, Vec<u8>)> {
        self.crc.update(chunk);
        self.encoder.write_all(chunk)?;
        if is_last {
            self.encoder.try_finish()?;
        }
        let ready = std::mem::take(self.encoder.get_mut());
        Ok((self, ready))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    #[test]
    fn chunks_become_one_stream() {
        let chunks: Vec<Bytes> = (0..40)
            .map(|number| Bytes::from(format!("{number},1486231857497402613,0.5\n").repeat(500)))
            .collect();
        let whole: Vec<u8> = chunks.iter().flatten().copied().collect();
        let mut deflater = Deflater::new();
        let mut copy = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            let ready;
            (deflater, ready) = deflater.take(chunk, number + 1 == chunks.len()).unwrap();
            copy.extend(ready);
        }
        let mut inflated = Vec::new();
        DeflateDecoder::new(&copy[..]).read_to_end(&mut inflated).unwrap();
        assert!(inflated == whole && copy.len() * 5 < whole.len());
        assert_eq!(deflater.crc.sum(), pz_store::blobs::crc32(&whole));
    }

    #[test]
    fn text_has_no_control_characters() {
        assert!(is_text("id\tra\r\n1,ünï \x1b[1mlog\x1b[0m\n".as_bytes()));
        assert!(!is_text(b"SIMPLE\0") && !is_text(&[1, 2, 3]));
    }
}
