//! What a download of a product holds.

use bytes::Bytes;
use pz_model::file_name::distinct_safe_names;
use pz_store::entities::product_files;
use pz_store::products::ProductRow;
use pz_store::{Store, StoreError};
use sha2::{Digest, Sha256};

use super::content::{Content, Segment};
use super::metadata;
use super::zip::{self, Member};

/// Name of the list of checksums in the archive.
const MANIFEST_FILE_NAME: &str = "manifest-sha256.txt";

/// Something to be downloaded under a name.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) file_name: String,
    /// SHA-256 of the whole, where it is known.
    pub(super) sha256: Option<String>,
    pub(super) content: Content,
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
    let mut named: Vec<(String, &product_files::Model)> = names.into_iter().zip(&files).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    // The format of sha256sum, so that `sha256sum -c` checks it.
    let mut manifest = format!("{}  {}\n", sha256_hex(document.as_bytes()), metadata::FILE_NAME);
    for (name, file) in &named {
        manifest.push_str(&format!("{}  {name}\n", file.sha256));
    }
    let tag = sha256_hex(manifest.as_bytes());
    let mut members = vec![made(metadata::FILE_NAME, product, document)];
    members.extend(named.into_iter().map(|(name, file)| Member {
        name,
        modified: file.created_at,
        crc32: u32::try_from(file.crc32).unwrap_or(0),
        data: blob(file),
    }));
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

/// The main file as it was uploaded, if there is one.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_main_file(store: &Store, product_id: i64) -> Result<Option<Download>, StoreError> {
    Ok(store.main_file(product_id).await?.map(|file| Download {
        content: Content::of_blob(&file.blob_key, file.size_bytes, &file.sha256),
        sha256: Some(file.sha256),
        file_name: file.name,
    }))
}

fn blob(file: &product_files::Model) -> Segment {
    Segment::Blob {
        key: file.blob_key.clone(),
        size_bytes: u64::try_from(file.size_bytes).unwrap_or(0),
    }
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
