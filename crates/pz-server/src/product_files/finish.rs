//! The end of every upload, however its bytes came: they are durable by now, and become a file of the
//! product, or nothing.

use pz_model::{FileRole, file_name};
use pz_store::StoredBlob;
use pz_store::entities::product_files;
use pz_store::events::NewEvent;
use pz_store::product_files::{AddedFile, Admission, NewFile};

use super::target::{main_file_exists, quota_exceeded};
use crate::auth::Caller;
use crate::downloads::compress;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// A file whose bytes have arrived and are durable.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) product_id: i64,
    pub(crate) role: FileRole,
    pub(crate) name: String,
    pub(crate) mime_type: Option<String>,
    /// The resumable upload that they came with: when the file is refused, it keeps the bytes.
    pub(crate) upload_id: Option<String>,
    pub(crate) blob: StoredBlob,
}

/// Makes what arrived a file of the product. What the checks before the first byte found is checked again,
/// in the transaction of the row.
///
/// # Errors
/// 404 when the product or the upload is gone, 409 for a second main file of a published product, 413 over
/// the quota. The bytes are gone then, unless they belong to a resumable upload.
pub(crate) async fn finish(
    state: &AppState,
    caller: &Caller,
    arrived: Arrived,
) -> ApiResult<product_files::Model> {
    let Arrived {
        product_id,
        role,
        name,
        mime_type,
        upload_id,
        blob,
    } = arrived;
    let key = blob.key.clone();
    let resumable = upload_id.is_some();
    let new = NewFile {
        product_id,
        role,
        extension: file_name::stored_extension(&name),
        name: name.clone(),
        mime_type,
        blob,
    };
    let admission = Admission {
        default_quota_bytes: state.settings.user_quota_bytes,
        upload_id,
    };
    // After an error nobody knows whether the commit reached the disk: the sweep of orphans decides later.
    let refusal = match state.store.add_uploaded_file(new, &admission).await? {
        AddedFile::Added(file) => return kept(state, caller, file).await,
        AddedFile::Replaced { file, old_blob_key } => {
            if let Err(error) = state.store.blobs.remove(&old_blob_key).await {
                tracing::warn!(%error, "the file that was replaced is left to the sweep of orphans");
            }
            return kept(state, caller, file).await;
        }
        AddedFile::MainFileExists => main_file_exists(),
        AddedFile::QuotaExceeded { left_bytes } => quota_exceeded(&name, left_bytes),
        AddedFile::ProductGone | AddedFile::UploadGone => ApiError::not_found(),
    };
    if !resumable {
        state.store.blobs.remove(&key).await?;
    }
    Err(refusal)
}

async fn kept(
    state: &AppState,
    caller: &Caller,
    file: product_files::Model,
) -> ApiResult<product_files::Model> {
    state
        .store
        .audit(caller.audit("file.upload", "product_file", file.id))
        .await?;
    state
        .store
        .add_event(NewEvent::product(file.product_id, "file.upload"))
        .await?;
    compress::enqueue(state, file.id);
    Ok(file)
}
