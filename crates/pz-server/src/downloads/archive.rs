//! What a download of a product holds.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use pz_model::file_name::{self, distinct_safe_names};
use pz_store::entities::product_files;
use pz_store::products::ProductRow;
use pz_store::registration::ContainerMember;
use pz_store::{Store, StoreError};
use sha2::{Digest, Sha256};

use super::content::{Content, Segment};
use super::zip::{self, Member};
use super::{metadata, ro_crate};

/// Name of the list of checksums in the archive.
const MANIFEST_FILE_NAME: &str = "manifest-sha256.txt";
/// Names that no file of a user has in the archive.
const RESERVED: [&str; 3] = [metadata::FILE_NAME, ro_crate::FILE_NAME, MANIFEST_FILE_NAME];

/// Something to be downloaded under a name.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) file_name: String,
    pub(crate) content: Content,
}

/// A file of the archive.
pub(super) struct Entry {
    /// Path in the archive.
    pub(super) name: String,
    pub(super) size_bytes: u64,
    /// Lower-case hexadecimal.
    pub(super) sha256: String,
    pub(super) modified: DateTime<Utc>,
    crc32: u32,
    /// The bytes, or raw deflate of them.
    data: Segment,
    is_deflated: bool,
}

/// The whole product as a zip: its metadata twice, for people and for programs; its files by name; and a
/// list of the checksums of all these.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_product(
    store: &Store,
    public_url: Option<&str>,
    product: &ProductRow,
) -> Result<Download, StoreError> {
    let files = store.files_of(product.id).await?;
    let contents = store.contents_of(product.id).await?;
    let provenance = ro_crate::Provenance::read(store, product).await?;
    let mut entries = entries_of(store, &files).await?;
    let yaml = metadata::document(product, &files, &contents);
    entries.insert(0, of_text(metadata::FILE_NAME, product, yaml));
    let document = ro_crate::document(product, &provenance, public_url, &entries);
    entries.insert(1, of_text(ro_crate::FILE_NAME, product, document));
    // The format of sha256sum, so that `sha256sum -c` checks it.
    let manifest: String = entries
        .iter()
        .map(|entry| format!("{}  {}\n", entry.sha256, entry.name))
        .collect();
    entries.push(of_text(MANIFEST_FILE_NAME, product, manifest));
    let segments = zip::archive(entries.into_iter().map(Entry::into_member).collect());
    let tag = tag_of(&segments);
    let internal_name = product.internal_name.as_deref().unwrap_or("product");
    Ok(Download {
        file_name: format!("{internal_name}_{}.zip", &tag[..32]),
        content: Content {
            segments,
            tag,
            sha256: None,
        },
    })
}

/// The files of users by their path in the archive; of a directory every file it holds.
async fn entries_of(store: &Store, files: &[product_files::Model]) -> Result<Vec<Entry>, StoreError> {
    let names = distinct_safe_names(files.iter().map(|file| file.name.as_str()), &RESERVED);
    let mut entries = Vec::with_capacity(files.len());
    for (name, file) in names.into_iter().zip(files) {
        if !file.is_directory {
            entries.push(of_file(name, file));
            continue;
        }
        let container = store.container(file.id).await?;
        let blob_bytes = container.blob_bytes;
        entries.extend(
            container
                .members
                .into_iter()
                .map(|member| of_member(&name, file, blob_bytes, member)),
        );
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// The main file, if there is one.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_main_file(store: &Store, product_id: i64) -> Result<Option<Download>, StoreError> {
    match store.main_file(product_id).await? {
        Some(file) => Ok(Some(of_one_file(store, file).await?)),
        None => Ok(None),
    }
}

/// One file as it is; a directory as a zip, which is what its blob is.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of_one_file(store: &Store, file: product_files::Model) -> Result<Download, StoreError> {
    // The name may be a path within the archive that the file came in.
    let base = file_name::base_name(&file.name).unwrap_or_else(|| "file".to_owned());
    let (file_name, size_bytes) = if file.is_directory {
        (format!("{base}.zip"), store.container(file.id).await?.blob_bytes)
    } else {
        (base, bytes_of(&file))
    };
    Ok(Download {
        content: Content::of_blob(&file.blob_key, size_bytes, &file.sha256),
        file_name,
    })
}

impl Entry {
    fn into_member(self) -> Member {
        Member {
            name: self.name,
            modified: self.modified,
            crc32: self.crc32,
            data: self.data,
            inflated_bytes: self.is_deflated.then_some(self.size_bytes),
        }
    }
}

fn of_file(name: String, file: &product_files::Model) -> Entry {
    let (data, is_deflated) = match file.compressed_copy() {
        Some((key, bytes)) => (Segment::of_blob(key, bytes), true),
        None => (Segment::of_blob(&file.blob_key, bytes_of(file)), false),
    };
    Entry {
        name,
        size_bytes: bytes_of(file),
        sha256: file.sha256.clone(),
        modified: file.created_at,
        crc32: u32::try_from(file.crc32).unwrap_or(0),
        data,
        is_deflated,
    }
}

/// A file of a directory, which lies within the directory's blob.
fn of_member(
    directory: &str,
    file: &product_files::Model,
    blob_bytes: u64,
    member: ContainerMember,
) -> Entry {
    Entry {
        name: format!("{directory}/{}", member.name),
        size_bytes: member.bytes,
        sha256: member.sha256,
        modified: file.created_at,
        crc32: member.crc32,
        data: Segment::Blob {
            key: file.blob_key.clone(),
            blob_bytes,
            start: member.offset,
            size_bytes: member.bytes,
        },
        is_deflated: false,
    }
}

fn of_text(name: &str, product: &ProductRow, text: String) -> Entry {
    Entry {
        name: name.to_owned(),
        size_bytes: text.len() as u64,
        sha256: pz_store::blobs::hex(&Sha256::digest(text.as_bytes())),
        modified: product.updated_at,
        crc32: pz_store::blobs::crc32(text.as_bytes()),
        data: Segment::Bytes(Bytes::from(text)),
        is_deflated: false,
    }
}

fn bytes_of(file: &product_files::Model) -> u64 {
    u64::try_from(file.size_bytes).unwrap_or(0)
}

/// A hash over every byte that is made here and every run of a blob, whose bytes never change: two archives of
/// one tag are equal at every position, however their members are stored.
fn tag_of(segments: &[Segment]) -> String {
    let mut hash = Sha256::new();
    for segment in segments {
        hash.update(segment.len().to_le_bytes());
        match segment {
            Segment::Bytes(bytes) => hash.update(bytes),
            Segment::Blob { key, start, .. } => {
                hash.update(start.to_le_bytes());
                hash.update(key.as_bytes());
            }
        }
    }
    pz_store::blobs::hex(&hash.finalize())
}
