//! `pending_publication`: uploads that somebody began and has not published.

use actix_web::web;
use pz_model::api::{PendingPublication, Product};
use pz_model::limits::PAGE_SIZE_MAX;

use super::view;
use crate::auth::Caller;
use crate::endpoints;
use crate::error::ApiResult;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Pending Publication") => [pending_publication],
    );
}

/// Get the caller's own drafts, newest first; never the output of a process.
#[utoipa::path(get, path = "/api/products/pending_publication/", tag = "products", responses(
    (status = 200, description = "`product` is the newest draft, null when there is none", body = PendingPublication),
))]
async fn pending_publication(
    caller: Caller,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<PendingPublication>> {
    let rows = state.store.drafts_of(caller.viewer(), PAGE_SIZE_MAX).await?;
    let drafts: Vec<Product> = rows.into_iter().map(|row| view(&caller, row)).collect();
    Ok(web::Json(PendingPublication {
        product: drafts.first().cloned(),
        drafts,
    }))
}
