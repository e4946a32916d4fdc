//! The blob store: hashed while writing, nothing left of what was not finished.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::time::Duration;

use pz_store::BlobStore;

const SHA256: &str = "4c47cf2213b62ff9d5b31b83e3d9a7ebbda3cc54d22ee469f640373740bab739";
const CRC32: u32 = 0x89d8_01ee;

#[tokio::test]
async fn blobs_are_hashed_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = BlobStore::local(directory.path()).unwrap();
    // More than one part, and not a multiple of it.
    let bytes: Vec<u8> = (0..700_001u32).map(|i| (i % 251) as u8).collect();
    let mut writer = blobs.writer().await.unwrap();
    for chunk in bytes.chunks(10_007) {
        writer.write(chunk).await.unwrap();
    }
    let stored = writer.finish().await.unwrap();
    assert_eq!(stored.size_bytes, bytes.len() as u64);
    // From `sha256sum` and Python's zlib.crc32 over the same bytes.
    assert_eq!(stored.sha256, SHA256);
    assert_eq!(stored.crc32, CRC32);
    assert_eq!(
        &blobs.read(&stored.key, 0, stored.size_bytes).await.unwrap()[..],
        &bytes[..]
    );
    assert_eq!(
        &blobs.read(&stored.key, 131_070, 131_075).await.unwrap()[..],
        &bytes[131_070..131_075]
    );
    assert_eq!(blobs.list().await.unwrap().len(), 1);
    blobs.remove(&stored.key).await.unwrap();
    blobs.remove(&stored.key).await.unwrap();
    assert!(blobs.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn unfinished_blobs_leave_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let blobs = BlobStore::local(directory.path()).unwrap();
    let files = || walk(directory.path());
    let mut writer = blobs.writer().await.unwrap();
    writer.write(&[7; 300_000]).await.unwrap();
    assert_eq!(files(), 1, "it is being written");
    assert!(blobs.list().await.unwrap().is_empty(), "but it is no blob yet");
    drop(writer);
    for _ in 0..100 {
        if files() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(files(), 0);

    // What a crash leaves is swept by age.
    fs_err::create_dir_all(directory.path().join("ab")).unwrap();
    fs_err::write(directory.path().join("ab/0123#1"), b"half").unwrap();
    assert_eq!(blobs.sweep_unfinished(Duration::from_secs(3600)).unwrap(), 0);
    assert_eq!(blobs.sweep_unfinished(Duration::ZERO).unwrap(), 1);
    assert_eq!(files(), 0);
}

fn walk(directory: &std::path::Path) -> usize {
    fs_err::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { walk(&path) } else { 1 })
        .sum()
}
