//! The checksum of an archive that was asked for: it is read through once, in the background, and what comes
//! out is kept under the signature of its content.

use futures_util::StreamExt;
use sha2::{Digest, Sha256};

use super::archive::Download;
use super::content::Content;
use super::links::Kind;
use crate::error::ApiResult;
use crate::state::AppState;

/// The checksum where it is known.
///
/// # Errors
/// When the database fails.
pub(super) async fn known(
    state: &AppState,
    product_id: i64,
    kind: Kind,
    content: &Content,
) -> ApiResult<Option<String>> {
    if content.sha256.is_some() {
        return Ok(content.sha256.clone());
    }
    let store = &state.store;
    Ok(store
        .archive_checksum(product_id, kind.name(), &content.tag)
        .await?)
}

/// Has the checksum computed, unless that is under way.
pub(super) fn enqueue(state: &AppState, product_id: i64, kind: Kind, download: &Download) {
    let Some(place) = state.background.place(&download.content.tag) else {
        return;
    };
    let (state, content) = (state.clone(), download.content.clone());
    tokio::spawn(async move {
        if let Err(error) = compute(&state, product_id, kind, &content).await {
            tracing::warn!(product_id, %error, "the checksum of an archive cannot be computed");
        }
        drop(place);
    });
}

async fn compute(state: &AppState, product_id: i64, kind: Kind, content: &Content) -> anyhow::Result<()> {
    let _turn = state.background.reading.acquire().await?;
    let blobs = &state.store.blobs;
    let whole = 0..content.len();
    content.check(blobs, &whole).await?;
    let mut hash = Sha256::new();
    let mut pieces = Box::pin(content.stream(blobs, &whole));
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        // Off the thread that answers requests.
        hash = tokio::task::spawn_blocking(move || {
            hash.update(&piece);
            hash
        })
        .await?;
    }
    let sha256 = pz_store::blobs::hex(&hash.finalize());
    state
        .store
        .keep_archive_checksum(product_id, kind.name(), &content.tag, whole.end, &sha256)
        .await?;
    Ok(())
}
