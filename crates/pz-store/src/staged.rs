//! Blobs that another program writes: it gets a path within the blob store, under the kind of name that
//! unfinished uploads have, so that a crash leaves only what is swept anyway. Must never show such a file
//! under a blob's name before its bytes are durable.

use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::blobs::{BlobStore, StoredBlob, fresh_key};
use crate::error::StoreError;
use crate::hashes::Hashes;

/// Bytes read at once while hashing.
pub(crate) const PIECE_BYTES: usize = 1 << 20;

/// A place for a blob to come. Dropped before it is adopted, it takes its file along.
#[derive(Debug)]
pub struct StagedBlob {
    key: String,
    path: PathBuf,
    final_path: PathBuf,
}

impl StagedBlob {
    /// Where to write; nothing is there yet.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for StagedBlob {
    fn drop(&mut self) {
        // Gone when it was adopted, never there when nothing was written.
        let _ = fs_err::remove_file(&self.path);
    }
}

/// Checksums of a run of bytes within a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartDigest {
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
    /// CRC-32 (IEEE 802.3, as zip stores it).
    pub crc32: u32,
}

impl BlobStore {
    /// A place within the store for another program to write a blob to.
    ///
    /// # Errors
    /// When its directory cannot be made.
    pub fn stage(&self) -> Result<StagedBlob, StoreError> {
        let key = fresh_key();
        let final_path = self.local_path(&key);
        if let Some(directory) = final_path.parent() {
            fs_err::create_dir_all(directory)?;
        }
        // As `object_store` names what it has not finished: no listing shows it, the sweep finds it.
        let path = self.local_path(&format!("{key}#0"));
        Ok(StagedBlob {
            key,
            path,
            final_path,
        })
    }

    /// Takes over what was written: hashes it, makes it durable and gives it its name. Also gives the
    /// checksums of `parts`, ascending ranges of its bytes that do not overlap.
    ///
    /// # Errors
    /// When the file cannot be read or kept, or a part is not in it; nothing is left behind.
    pub async fn adopt(
        &self,
        staged: StagedBlob,
        parts: Vec<Range<u64>>,
    ) -> Result<(StoredBlob, Vec<PartDigest>), StoreError> {
        tokio::task::spawn_blocking(move || adopt(&staged, &parts)).await?
    }
}

fn adopt(staged: &StagedBlob, parts: &[Range<u64>]) -> Result<(StoredBlob, Vec<PartDigest>), StoreError> {
    let file = fs_err::File::open(staged.path())?;
    let mut whole = Hashes::default();
    let mut reader = BufReader::with_capacity(PIECE_BYTES, &file);
    let mut digests = Vec::with_capacity(parts.len());
    let mut buffer = vec![0; PIECE_BYTES];
    let mut at = 0;
    for part in parts {
        let gap = part.start.checked_sub(at).ok_or_else(parts_wrong)?;
        take(&mut reader, gap, &mut buffer, &mut [&mut whole])?;
        let mut of_part = Hashes::default();
        let bytes = part.end.checked_sub(part.start).ok_or_else(parts_wrong)?;
        take(&mut reader, bytes, &mut buffer, &mut [&mut whole, &mut of_part])?;
        digests.push(of_part.finish());
        at = part.end;
    }
    loop {
        let got = reader.read(&mut buffer)?;
        if got == 0 {
            break;
        }
        whole.update(&buffer[..got]);
        at += got as u64;
    }
    file.sync_all()?;
    rename_durably(staged.path(), &staged.final_path)?;
    let whole = whole.finish();
    let blob = StoredBlob {
        key: staged.key.clone(),
        size_bytes: at,
        sha256: whole.sha256,
        crc32: whole.crc32,
    };
    Ok((blob, digests))
}

/// Gives a file whose bytes are durable its name.
pub(crate) fn rename_durably(from: &Path, to: &Path) -> Result<(), std::io::Error> {
    fs_err::rename(from, to)?;
    // The name is durable only with its directory, which may be new itself.
    for directory in to.ancestors().skip(1).take(2) {
        fs_err::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn parts_wrong() -> StoreError {
    std::io::Error::other("the parts of a blob overlap or are out of order").into()
}

/// Reads exactly `bytes` into these hashes.
fn take(
    reader: &mut impl Read,
    mut bytes: u64,
    buffer: &mut [u8],
    hashes: &mut [&mut Hashes],
) -> Result<(), StoreError> {
    while bytes > 0 {
        let want = usize::try_from(bytes).unwrap_or(usize::MAX).min(buffer.len());
        let piece = &mut buffer[..want];
        reader.read_exact(piece)?;
        for hash in hashes.iter_mut() {
            hash.update(piece);
        }
        bytes -= want as u64;
    }
    Ok(())
}
