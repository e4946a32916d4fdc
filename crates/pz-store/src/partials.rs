//! Bytes of uploads that may be continued. They lie in a directory of their own, one file an upload, until
//! all are there; then the file gets its key and is a blob like any other.
//!
//! Whoever works on such a file holds its lock, which ends with the process: bytes of two requests never
//! mix. A file found under its key with an upload still unfinished is what a crash left between "named"
//! and "row committed"; the upload takes it back.

use std::fs::TryLockError;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::BytesMut;

use crate::blobs::{BlobStore, StoredBlob, key_of};
use crate::error::StoreError;
use crate::hashes::Hashes;
use crate::staged::{PIECE_BYTES, rename_durably};

/// Directory of the files, within the blob store.
pub(crate) const DIRECTORY: &str = "uploads";
/// Bytes collected before they are written and hashed together.
const BUFFER_BYTES: usize = 128 << 10;
/// A file may be renamed or removed between opening and locking it, hardly this often.
const OPEN_ATTEMPTS: usize = 5;

/// The bytes of an unfinished upload, locked for this request.
#[derive(Debug)]
pub struct Partial {
    key: String,
    path: PathBuf,
    final_path: PathBuf,
    file: Arc<fs_err::File>,
    /// The file has its final name already.
    named: bool,
    /// Bytes in the file.
    written: u64,
    buffer: BytesMut,
    /// Checksums of the whole file; none when some of its bytes came with another request.
    hashes: Option<Hashes>,
}

impl BlobStore {
    fn partial_paths(&self, key: &str) -> (PathBuf, PathBuf) {
        let id = key.rsplit('/').next().unwrap_or(key);
        // Under the kind of name that no listing of blobs shows.
        let path = self.local_path(&format!("{DIRECTORY}/{id}#0"));
        (path, self.local_path(key))
    }

    /// The bytes of an upload, locked; `None` while another request works on them.
    ///
    /// # Errors
    /// When the file cannot be made or opened.
    pub async fn open_partial(&self, key: &str) -> Result<Option<Partial>, StoreError> {
        let (path, final_path) = self.partial_paths(key);
        let key = key.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let Some((file, named)) = open_locked(&path, &final_path)? else {
                return Ok::<_, std::io::Error>(None);
            };
            let written = file.metadata()?.len();
            Ok(Some(Partial {
                key,
                path,
                final_path,
                file: Arc::new(file),
                named,
                written,
                buffer: BytesMut::new(),
                hashes: None,
            }))
        });
        Ok(opened.await??)
    }

    /// Whether a request works on the bytes of an upload right now.
    ///
    /// # Errors
    /// When the file system refuses.
    pub async fn partial_is_locked(&self, key: &str) -> Result<bool, StoreError> {
        let (path, final_path) = self.partial_paths(key);
        let found = tokio::task::spawn_blocking(move || {
            for path in [path, final_path] {
                let Some(file) = open(&path, false)? else {
                    continue;
                };
                match file.try_lock_shared() {
                    Ok(()) => {}
                    Err(TryLockError::WouldBlock) => return Ok(true),
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
            Ok(false)
        });
        Ok(found.await??)
    }

    /// How many bytes of an upload are there.
    ///
    /// # Errors
    /// When the file system refuses.
    pub async fn partial_bytes(&self, key: &str) -> Result<u64, StoreError> {
        let (path, final_path) = self.partial_paths(key);
        let found = tokio::task::spawn_blocking(move || {
            for path in [path, final_path] {
                match fs_err::metadata(path) {
                    Ok(metadata) => return Ok(metadata.len()),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(0)
        });
        Ok(found.await??)
    }

    /// The keys of all files in the directory of unfinished uploads.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) async fn partial_keys(&self) -> Result<Vec<String>, StoreError> {
        let directory = self.local_path(DIRECTORY);
        let found = tokio::task::spawn_blocking(move || {
            let entries = match fs_err::read_dir(directory) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error),
            };
            entries
                .map(|entry| {
                    let name = entry?.file_name().to_string_lossy().into_owned();
                    Ok(key_of(name.trim_end_matches("#0")))
                })
                .collect::<Result<Vec<String>, std::io::Error>>()
        });
        Ok(found.await??)
    }
}

impl Partial {
    /// Bytes that are there, those in memory included.
    pub fn size_bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// The file has its final name: another request, or one before a crash, had all bytes.
    pub(crate) fn is_named(&self) -> bool {
        self.named
    }

    /// Takes the final name away again. Call it only while no row can come to point at that name.
    pub(crate) async fn take_back(&mut self) -> Result<(), StoreError> {
        let (from, to) = (self.final_path.clone(), self.path.clone());
        tokio::task::spawn_blocking(move || rename_durably(&from, &to)).await??;
        self.named = false;
        Ok(())
    }

    /// Drops every byte from `offset` on; what is written next comes there.
    ///
    /// # Errors
    /// When the file cannot be cut.
    pub async fn cut(&mut self, offset: u64) -> Result<(), StoreError> {
        self.buffer.clear();
        let file = Arc::clone(&self.file);
        tokio::task::spawn_blocking(move || {
            file.set_len(offset)?;
            (&*file).seek(SeekFrom::Start(offset))
        })
        .await??;
        self.written = offset;
        self.hashes = (offset == 0).then(Hashes::default);
        Ok(())
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            let room = BUFFER_BYTES - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BUFFER_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let part = self.buffer.split().freeze();
        let part_bytes = part.len() as u64;
        let file = Arc::clone(&self.file);
        let hashes = self.hashes.take();
        let writing = tokio::task::spawn_blocking(move || {
            (&*file).write_all(&part)?;
            let hashed = hashes.map(|mut hashes| {
                hashes.update(&part);
                hashes
            });
            Ok::<_, std::io::Error>(hashed)
        });
        self.hashes = writing.await??;
        self.written += part_bytes;
        Ok(())
    }

    /// Makes all bytes so far durable; says how many they are.
    ///
    /// # Errors
    /// When the disk refuses them.
    pub async fn sync(&mut self) -> Result<u64, StoreError> {
        self.flush().await?;
        let file = Arc::clone(&self.file);
        let directory = self.path.parent().map(Path::to_owned);
        tokio::task::spawn_blocking(move || {
            file.sync_data()?;
            // The file may be new, and its name is in the directory.
            directory.map_or(Ok(()), |directory| fs_err::File::open(directory)?.sync_all())
        })
        .await??;
        Ok(self.written)
    }

    /// Makes the file a blob: hashed, durable, under its key. It stays locked, and the row must follow.
    ///
    /// # Errors
    /// When the file cannot be read or kept.
    pub async fn publish(&mut self) -> Result<StoredBlob, StoreError> {
        self.flush().await?;
        let file = Arc::clone(&self.file);
        let hashes = self.hashes.take();
        let (from, to) = (self.path.clone(), self.final_path.clone());
        let digest = tokio::task::spawn_blocking(move || {
            let hashes = match hashes {
                Some(hashes) => hashes,
                None => hash_again(&file)?,
            };
            if let Some(directory) = to.parent() {
                fs_err::create_dir_all(directory)?;
            }
            file.sync_all()?;
            rename_durably(&from, &to)?;
            Ok::<_, std::io::Error>(hashes.finish())
        })
        .await??;
        self.named = true;
        Ok(StoredBlob {
            key: self.key.clone(),
            size_bytes: self.written,
            sha256: digest.sha256,
            crc32: digest.crc32,
        })
    }

    /// Removes the bytes. Call it only when no row points at them.
    ///
    /// # Errors
    /// When the file system refuses.
    pub async fn remove(self) -> Result<(), StoreError> {
        let path = if self.named { self.final_path } else { self.path };
        Ok(tokio::task::spawn_blocking(move || fs_err::remove_file(path)).await??)
    }
}

/// Opens the file wherever it is, or makes it, and locks it. The flag says that it has its final name.
fn open_locked(path: &Path, final_path: &Path) -> Result<Option<(fs_err::File, bool)>, std::io::Error> {
    for _ in 0..OPEN_ATTEMPTS {
        let (file, named) = if let Some(file) = open(path, false)? {
            (file, false)
        } else if let Some(file) = open(final_path, false)? {
            (file, true)
        } else if let Some(file) = open(path, true)? {
            (file, false)
        } else {
            continue;
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever held the lock before may have renamed or removed what was opened here.
        if is_at(&file, if named { final_path } else { path })? {
            return Ok(Some((file, named)));
        }
    }
    Ok(None)
}

/// The file; none when it is not there, or when it was to be made and is there by now.
fn open(path: &Path, make: bool) -> Result<Option<fs_err::File>, std::io::Error> {
    let mut options = fs_err::OpenOptions::new();
    options.read(true).write(true).create_new(make);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::AlreadyExists) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether this open file is the one with this name.
fn is_at(file: &fs_err::File, path: &Path) -> Result<bool, std::io::Error> {
    let here = file.metadata()?;
    match fs_err::metadata(path) {
        Ok(there) => Ok((here.dev(), here.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn hash_again(file: &fs_err::File) -> Result<Hashes, std::io::Error> {
    let mut hashes = Hashes::default();
    let mut buffer = vec![0; PIECE_BYTES];
    let mut reader = file;
    reader.seek(SeekFrom::Start(0))?;
    loop {
        let got = reader.read(&mut buffer)?;
        if got == 0 {
            return Ok(hashes);
        }
        hashes.update(&buffer[..got]);
    }
}
