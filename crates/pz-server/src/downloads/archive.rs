//! What a download of a product holds.

use bytes::Bytes;
use pz_model::file_name::{self, distinct_safe_names};
use pz_store::entities::product_files;
use pz_store::products::ProductRow;
use pz_store::registration::ContainerMember;
use pz_store::{Store, StoreError};
use sha2::{Digest, Sha256};

use super::content::{Content, Segment};
use super::metadata;
use super::zip::{self, Member};

/// Name of the list of checksums in the archive.
const MANIFEST_FILE_NAME: &str = "manifest-sha256.txt";

/// Something to be downloaded under a name.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) file_name: String,
    /// SHA-256 of the whole, where it is known.
    pub(crate) sha256: Option<String>,
    pub(crate) content: Content,
}

/// The whole product as a zip: its metadata, its files by name, and a list of their checksums.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_product(store: &Store, product: &ProductRow) -> Result<Download, StoreError> {
    let files = store.files_of(product.id).await?;
    let contents = store.contents_of(product.id).await?;
    let document = metadata::document(product, &files, &contents);
    let names = distinct_safe_names(
        files.iter().map(|file| file.name.as_str()),
        &[metadata::FILE_NAME, MANIFEST_FILE_NAME],
    );
    let mut entries = Vec::with_capacity(files.len());
    for (name, file) in names.into_iter().zip(&files) {
        if file.is_directory {
            let container = store.container(file.id).await?;
            entries.extend(
                container
                    .members
                    .into_iter()
                    .map(|member| of_member(&name, file, member)),
            );
        } else {
            entries.push(of_file(name, file));
        }
    }
    entries.sort_by(|a, b| a.member.name.cmp(&b.member.name));
    // The format of sha256sum, so that `sha256sum -c` checks it.
    let mut manifest = format!("{}  {}\n", sha256_hex(document.as_bytes()), metadata::FILE_NAME);
    for Entry { member, sha256 } in &entries {
        manifest.push_str(&format!("{sha256}  {}\n", member.name));
    }
    let tag = sha256_hex(manifest.as_bytes());
    let mut members = vec![made(metadata::FILE_NAME, product, document)];
    members.extend(entries.into_iter().map(|entry| entry.member));
    members.push(made(MANIFEST_FILE_NAME, product, manifest));
    let internal_name = product.internal_name.as_deref().unwrap_or("product");
    Ok(Download {
        file_name: format!("{internal_name}_{}.zip", &tag[..32]),
        sha256: None,
        content: Content {
            segments: zip::archive(members),
            tag,
        },
    })
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
        sha256: Some(file.sha256),
        file_name,
    })
}

/// A member of the archive with its checksum.
struct Entry {
    member: Member,
    sha256: String,
}

fn of_file(name: String, file: &product_files::Model) -> Entry {
    Entry {
        member: Member {
            name,
            modified: file.created_at,
            crc32: u32::try_from(file.crc32).unwrap_or(0),
            data: Segment::Blob {
                key: file.blob_key.clone(),
                start: 0,
                size_bytes: bytes_of(file),
            },
        },
        sha256: file.sha256.clone(),
    }
}

/// A file of a directory, which lies within the directory's blob.
fn of_member(directory: &str, file: &product_files::Model, member: ContainerMember) -> Entry {
    Entry {
        member: Member {
            name: format!("{directory}/{}", member.name),
            modified: file.created_at,
            crc32: member.crc32,
            data: Segment::Blob {
                key: file.blob_key.clone(),
                start: member.offset,
                size_bytes: member.bytes,
            },
        },
        sha256: member.sha256,
    }
}

fn bytes_of(file: &product_files::Model) -> u64 {
    u64::try_from(file.size_bytes).unwrap_or(0)
}

fn made(name: &str, product: &ProductRow, text: String) -> Member {
    Member {
        name: name.to_owned(),
        modified: product.updated_at,
        crc32: pz_store::blobs::crc32(text.as_bytes()),
        data: Segment::Bytes(Bytes::from(text)),
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    pz_store::blobs::hex(&Sha256::digest(bytes))
}
