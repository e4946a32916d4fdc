//! Content of known length made of segments: bytes of ours and runs of blobs, read as they are needed.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use pz_store::{BlobStore, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes read from the blob store at once, as long as there is room: each read costs a change of threads. Three such
/// chunks are in memory per download.
const CHUNK_BYTES: u64 = 512 << 10;
/// The same when there is no room left.
const SMALL_CHUNK_BYTES: u64 = 64 << 10;
/// Large chunks in memory, of all downloads: a thousand who read slowly must not hold a thousand times three of them.
const LARGE_CHUNKS_MAX: usize = 32;

static ROOMS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(LARGE_CHUNKS_MAX)));

/// A run of bytes of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Made by us.
    Bytes(Bytes),
    /// Bytes of a blob.
    Blob {
        /// Its name in the store.
        key: String,
        /// How long the whole blob is.
        blob_bytes: u64,
        /// Where in it they start.
        start: u64,
        /// How many they are.
        size_bytes: u64,
    },
}

impl Segment {
    /// All of a blob.
    pub(crate) fn of_blob(key: &str, blob_bytes: u64) -> Self {
        Self::Blob {
            key: key.to_owned(),
            blob_bytes,
            start: 0,
            size_bytes: blob_bytes,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Blob { size_bytes, .. } => *size_bytes,
        }
    }
}

/// What is to be sent, and the tag that changes whenever it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) segments: Vec<Segment>,
    /// Hexadecimal; the `ETag` without its quotes.
    pub(crate) tag: String,
    /// SHA-256 of the whole in lower-case hexadecimal, where it is known.
    pub(crate) sha256: Option<String>,
}

impl Content {
    /// One blob; its SHA-256 is the tag.
    pub(crate) fn of_blob(key: &str, size_bytes: u64, sha256: &str) -> Self {
        Self {
            segments: vec![Segment::of_blob(key, size_bytes)],
            tag: sha256.to_owned(),
            sha256: Some(sha256.to_owned()),
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.segments.iter().map(Segment::len).sum()
    }

    /// Each segment that `range` touches, with the part of it that is meant.
    fn parts(&self, range: &Range<u64>) -> impl Iterator<Item = (&Segment, Range<u64>)> {
        let range = range.clone();
        let mut segment_start = 0;
        self.segments.iter().filter_map(move |segment| {
            let segment_end = segment_start + segment.len();
            let start = range.start.max(segment_start);
            let end = range.end.min(segment_end);
            let part = (start < end).then(|| (segment, start - segment_start..end - segment_start));
            segment_start = segment_end;
            part
        })
    }

    /// Looks whether every blob of `range` is there and as long as it should be, before anything is sent.
    ///
    /// # Errors
    /// When one is not: it is named in the log.
    pub(super) async fn check(&self, blobs: &BlobStore, range: &Range<u64>) -> Result<(), StoreError> {
        let mut expected = HashMap::new();
        for (segment, _) in self.parts(range) {
            if let Segment::Blob { key, blob_bytes, .. } = segment {
                expected.insert(key.as_str(), *blob_bytes);
            }
        }
        for (key, blob_bytes) in expected {
            let found = blobs.length(key).await?;
            if found != Some(blob_bytes) {
                tracing::error!(key, blob_bytes, ?found, "a blob is missing or has another length");
                return Err(std::io::Error::other("a file is not as it was stored").into());
            }
        }
        Ok(())
    }

    /// The pieces of `range`, in order.
    fn pieces(&self, range: &Range<u64>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (segment, part) in self.parts(range) {
            match segment {
                // A slice of memory: its length fits.
                Segment::Bytes(bytes) => {
                    pieces.push(Piece::Bytes(bytes.slice(part.start as usize..part.end as usize)));
                }
                Segment::Blob { key, start, .. } => {
                    pieces.push(Piece::Blob {
                        key: key.clone(),
                        range: start + part.start..start + part.end,
                    });
                }
            }
        }
        pieces
    }

    /// The bytes of `range`, read as they are needed. Ends with an error where a blob is shorter than it
    /// should be: the client then sees an answer that is cut off, never a wrong one.
    pub(super) fn stream(
        &self,
        blobs: &BlobStore,
        range: &Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + use<> {
        let blobs = blobs.clone();
        stream::iter(Chunks::new(self.pieces(range), ROOMS.clone()))
            .map(move |chunk| {
                let blobs = blobs.clone();
                async move { chunk.read(&blobs).await }
            })
            .buffered(2)
    }
}

/// A run of bytes to be sent.
#[derive(Debug, Clone)]
enum Piece {
    Bytes(Bytes),
    Blob { key: String, range: Range<u64> },
}

/// Cuts pieces into chunks, one by one: how large the next one is turns out when it is to be read.
struct Chunks {
    pieces: std::vec::IntoIter<Piece>,
    /// What is left of the blob that is being cut.
    blob: Option<(String, Range<u64>)>,
    rooms: Arc<Semaphore>,
}

impl Chunks {
    fn new(pieces: Vec<Piece>, rooms: Arc<Semaphore>) -> Self {
        Self {
            pieces: pieces.into_iter(),
            blob: None,
            rooms,
        }
    }
}

impl Iterator for Chunks {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        let (key, range) = match self.blob.take() {
            Some(blob) => blob,
            None => match self.pieces.next()? {
                Piece::Blob { key, range } => (key, range),
                piece @ Piece::Bytes(_) => return Some(Chunk { piece, room: None }),
            },
        };
        let wants_room = range.end - range.start > SMALL_CHUNK_BYTES;
        let room = wants_room
            .then(|| self.rooms.clone().try_acquire_owned().ok())
            .flatten();
        let length = if room.is_some() {
            CHUNK_BYTES
        } else {
            SMALL_CHUNK_BYTES
        };
        let end = range.end.min(range.start + length);
        if end < range.end {
            self.blob = Some((key.clone(), end..range.end));
        }
        let range = range.start..end;
        Some(Chunk {
            piece: Piece::Blob { key, range },
            room,
        })
    }
}

/// What is read at once, and the room it takes.
struct Chunk {
    piece: Piece,
    room: Option<OwnedSemaphorePermit>,
}

/// Bytes that take room until they are sent.
struct InRoom {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for InRoom {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Chunk {
    async fn read(self, blobs: &BlobStore) -> Result<Bytes, StoreError> {
        let (key, range) = match self.piece {
            Piece::Bytes(bytes) => return Ok(bytes),
            Piece::Blob { key, range } => (key, range),
        };
        let wanted = range.end - range.start;
        let read = match blobs.read(&key, range.start, range.end).await {
            Ok(bytes) if bytes.len() as u64 == wanted => Ok(match self.room {
                Some(room) => Bytes::from_owner(InRoom { bytes, _room: room }),
                None => bytes,
            }),
            Ok(bytes) => {
                let message = format!("{} bytes where {wanted} were expected", bytes.len());
                Err(std::io::Error::other(message).into())
            }
            Err(error) => Err(error),
        };
        read.inspect_err(|error| tracing::error!(key, %error, "a blob cannot be read during a download"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_exactly_the_range() {
        let content = Content {
            segments: vec![
                Segment::Bytes(Bytes::from_static(b"abc")),
                Segment::Blob {
                    key: "k".into(),
                    blob_bytes: 3 * CHUNK_BYTES,
                    start: 7,
                    size_bytes: 2 * CHUNK_BYTES + 5,
                },
                Segment::Bytes(Bytes::from_static(b"xyz")),
            ],
            tag: "t".into(),
            sha256: None,
        };
        let total = content.len();
        let rooms = Arc::new(Semaphore::new(1));
        let chunks = |range: &Range<u64>| -> Vec<Piece> {
            let chunks = Chunks::new(content.pieces(range), rooms.clone());
            chunks.map(|chunk| chunk.piece).collect()
        };
        for range in [
            0..total,
            1..2,
            2..4,
            3..total,
            total - 1..total,
            5..CHUNK_BYTES * 2,
        ] {
            let lengths: Vec<u64> = chunks(&range)
                .iter()
                .map(|piece| match piece {
                    Piece::Bytes(bytes) => bytes.len() as u64,
                    Piece::Blob { range, .. } => range.end - range.start,
                })
                .collect();
            assert_eq!(lengths.iter().sum::<u64>(), range.end - range.start);
            assert!(lengths.iter().all(|length| *length <= CHUNK_BYTES));
        }
        // Chunks that are waiting to be sent take the room of the next ones.
        let waiting: Vec<Chunk> = Chunks::new(content.pieces(&(3..total)), rooms.clone()).collect();
        let lengths: Vec<u64> = waiting
            .iter()
            .filter_map(|chunk| match &chunk.piece {
                Piece::Bytes(_) => None,
                Piece::Blob { range, .. } => Some(range.end - range.start),
            })
            .collect();
        assert_eq!(lengths[..2], [CHUNK_BYTES, SMALL_CHUNK_BYTES]);
        assert!(lengths[1..].iter().all(|length| *length <= SMALL_CHUNK_BYTES));
        assert_eq!(rooms.available_permits(), 0);
        drop(waiting);
        assert_eq!(rooms.available_permits(), 1);
        let [Piece::Bytes(_), Piece::Blob { range, .. }] = &chunks(&(2..5))[..] else {
            panic!("a byte of the first segment and two of the blob")
        };
        assert_eq!(*range, 7..9);
    }

    #[tokio::test]
    async fn a_short_blob_cuts_the_answer_off() {
        let directory = tempfile::tempdir().unwrap();
        let blobs = BlobStore::local(directory.path()).unwrap();
        let blob = blobs.put(b"twenty bytes of text").await.unwrap();
        let read = async |said: u64, range: Range<u64>| {
            let content = Content::of_blob(&blob.key, said, &blob.sha256);
            let checked = content.check(&blobs, &range).await.is_ok();
            let pieces: Vec<_> = content.stream(&blobs, &range).collect().await;
            let sent: Result<Vec<Bytes>, StoreError> = pieces.into_iter().collect();
            (checked, sent.ok().map(|pieces| pieces.concat()))
        };
        assert_eq!(
            read(20, 7..12).await,
            (true, Some(b"bytes".to_vec())),
            "as it should be"
        );
        assert_eq!(read(30, 0..30).await, (false, None));
        assert_eq!(read(30, 20..30).await, (false, None));
        // A blob that is longer is no wrong piece, but it is not the blob that was stored.
        assert_eq!(read(12, 7..12).await, (false, Some(b"bytes".to_vec())));
    }
}
