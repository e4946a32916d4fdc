//! The bytes of users' files: written once under a name made here, never under a name of theirs.
//!
//! A blob is written to a temporary name, hashed on the way, made durable, then renamed; only then may a
//! row point at it. Removing goes the other way round: first the row, then the bytes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as BlobPath;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use uuid::Uuid;

use crate::compressed::copy_key;
use crate::error::StoreError;
use crate::hashes::Hashes;
use crate::partials;

/// Bytes collected before they are hashed and written together.
const PART_BYTES: usize = 128 << 10;

/// Where blobs are kept.
#[derive(Clone)]
pub struct BlobStore {
    objects: Arc<dyn ObjectStore>,
    local_root: PathBuf,
}

impl fmt::Debug for BlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobStore")
            .field("local_root", &self.local_root)
            .finish_non_exhaustive()
    }
}

/// A blob that is complete and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its name in the store.
    pub key: String,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
    /// CRC-32 of its bytes (IEEE 802.3, as zip stores it).
    pub crc32: u32,
}

impl BlobStore {
    /// Blobs in a local directory, which is made when it is not there.
    ///
    /// # Errors
    /// When the directory cannot be made or opened.
    pub fn local(directory: &Path) -> Result<Self, StoreError> {
        fs_err::create_dir_all(directory)?;
        let local_root = fs_err::canonicalize(directory)?;
        fs_err::create_dir_all(local_root.join(partials::DIRECTORY))?;
        fs_err::File::open(&local_root)?.sync_all()?;
        let objects = LocalFileSystem::new_with_prefix(&local_root)?.with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            local_root,
        })
    }

    /// Starts a new blob under a fresh name.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub async fn writer(&self) -> Result<BlobWriter, StoreError> {
        self.writer_as(fresh_key()).await
    }

    /// Starts a blob under this name, in the place of one that has it.
    pub(crate) async fn writer_as(&self, key: String) -> Result<BlobWriter, StoreError> {
        let upload = self.objects.put_multipart(&BlobPath::from(key.as_str())).await?;
        Ok(BlobWriter {
            key,
            upload,
            // It grows with what arrives: a thousand slow uploads take little.
            buffer: BytesMut::new(),
            hashes: Some(Hashes::default()),
            size_bytes: 0,
        })
    }

    /// Stores these bytes as a new blob.
    ///
    /// # Errors
    /// When the store cannot take them.
    pub async fn put(&self, bytes: &[u8]) -> Result<StoredBlob, StoreError> {
        let mut writer = self.writer().await?;
        for part in bytes.chunks(PART_BYTES) {
            writer.write(part).await?;
        }
        writer.finish().await
    }

    /// The bytes `start..end` of a blob.
    ///
    /// # Errors
    /// When the blob is not there or shorter.
    pub async fn read(&self, key: &str, start: u64, end: u64) -> Result<Bytes, StoreError> {
        Ok(self.objects.get_range(&BlobPath::from(key), start..end).await?)
    }

    /// The blob as a file on this machine, for readers that need one.
    pub fn local_path(&self, key: &str) -> PathBuf {
        self.local_root.join(key)
    }

    /// How long a blob is; none when it is not there.
    ///
    /// # Errors
    /// When the store cannot tell.
    pub async fn length(&self, key: &str) -> Result<Option<u64>, StoreError> {
        match self.objects.head(&BlobPath::from(key)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a blob and its compressed copy; one that is not there is no error. Call it only after the row
    /// is gone.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.remove_one(&copy_key(key)).await?;
        self.remove_one(key).await
    }

    pub(crate) async fn remove_one(&self, key: &str) -> Result<(), StoreError> {
        match self.objects.delete(&BlobPath::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Names and ages of all complete blobs, for comparing with the rows.
    ///
    /// # Errors
    /// When the store cannot list.
    pub async fn list(&self) -> Result<Vec<(String, Duration)>, StoreError> {
        let now = SystemTime::now();
        let blobs = self
            .objects
            .list(None)
            .map_ok(|meta| {
                let age = now
                    .duration_since(SystemTime::from(meta.last_modified))
                    .unwrap_or_default();
                (meta.location.to_string(), age)
            })
            .try_collect()
            .await?;
        Ok(blobs)
    }

    /// Removes what interrupted uploads left under temporary names more than `older_than` ago; says how
    /// many there were.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn sweep_unfinished(&self, older_than: Duration) -> Result<usize, StoreError> {
        let mut removed = 0;
        for folder in fs_err::read_dir(&self.local_root)? {
            let folder = folder?;
            // Uploads that may be continued end otherwise.
            if !folder.file_type()?.is_dir() || folder.file_name() == partials::DIRECTORY {
                continue;
            }
            for file in fs_err::read_dir(folder.path())? {
                let file = file?;
                // object_store stages uploads as `<key>#<number>`.
                let staged = file.file_name().to_string_lossy().contains('#');
                let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
                if staged && age >= older_than {
                    fs_err::remove_file(file.path())?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

/// A blob being written. Dropped before [`BlobWriter::finish`], it leaves nothing behind.
pub struct BlobWriter {
    key: String,
    upload: Box<dyn MultipartUpload>,
    buffer: BytesMut,
    /// Always there between calls; handed to the hashing thread during one.
    hashes: Option<Hashes>,
    size_bytes: u64,
}

impl fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobWriter")
            .field("key", &self.key)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

impl BlobWriter {
    /// Adds bytes. Holds at most one part in memory besides the one being written.
    ///
    /// # Errors
    /// When the store cannot take them.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        self.size_bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = PART_BYTES - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == PART_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Bytes taken so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let part = self.buffer.split().freeze();
        let mut hashes = self.hashes.take().unwrap_or_default();
        let to_hash = part.clone();
        // Hashing takes longer than writing: side by side, off the request's thread.
        let hashing = tokio::task::spawn_blocking(move || {
            hashes.update(&to_hash);
            hashes
        });
        let written = self.upload.put_part(PutPayload::from_bytes(part)).await;
        self.hashes = Some(hashing.await?);
        written.map_err(|error| no_space_or(error, self.size_bytes))
    }

    /// Makes the blob durable and gives it its name.
    ///
    /// # Errors
    /// When the store cannot keep it; nothing is left behind.
    pub async fn finish(mut self) -> Result<StoredBlob, StoreError> {
        self.flush().await?;
        self.upload
            .complete()
            .await
            .map_err(|error| no_space_or(error, self.size_bytes))?;
        let digest = self.hashes.take().unwrap_or_default().finish();
        Ok(StoredBlob {
            key: self.key,
            size_bytes: self.size_bytes,
            sha256: digest.sha256,
            crc32: digest.crc32,
        })
    }
}

/// A key that no blob has.
pub(crate) fn fresh_key() -> String {
    key_of(&Uuid::now_v7().simple().to_string())
}

/// The key with this id. The last digits are random: directories stay small whatever the order of uploads.
pub(crate) fn key_of(id: &str) -> String {
    format!(
        "{}/{id}",
        id.get(id.len().saturating_sub(2)..).unwrap_or_default()
    )
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|half| DIGITS[usize::from(half)])
        .collect()
}

/// Finds "no space left" in the causes of an error.
fn no_space_or(error: object_store::Error, size_bytes: u64) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<std::io::Error>()
            && matches!(
                io.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            )
        {
            return StoreError::NoSpace { size_bytes };
        }
        cause = current.source();
    }
    error.into()
}

/// CRC-32 of these bytes (IEEE 802.3, as zip stores it).
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}
