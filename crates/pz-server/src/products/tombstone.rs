//! What remains of a product that was published and is deleted.

use actix_web::{HttpRequest, web};
use pz_model::Timestamp;
use pz_model::api::Tombstone;
use pz_store::products::ProductRow;

use super::{LIST, citation, restore};
use crate::auth::{Caller, app_state};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::policy;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Tombstone", &LIST) => [get_tombstone],
    );
}

/// A deleted product that the caller could see when it was published.
struct VisibleTombstone {
    caller: Caller,
    row: ProductRow,
}

async fn visible_tombstone(request: &HttpRequest) -> ApiResult<VisibleTombstone> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let row = app_state(request)?
        .store
        .tombstone(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(VisibleTombstone { caller, row })
}

policy!(
    VisibleTombstone,
    visible_tombstone,
    Access::Visible("deleted product")
);

/// Get what remains of a deleted product.
#[utoipa::path(get, path = "/api/products/{id}/tombstone/", tag = "products", responses(
    (status = 200, description = "Who, when, why, and how it is cited", body = Tombstone),
))]
async fn get_tombstone(tombstone: VisibleTombstone, state: web::Data<AppState>) -> web::Json<Tombstone> {
    let VisibleTombstone { caller, row } = tombstone;
    let restorable_until = restore::restorable_until(&state, &row);
    let citation = citation::sentence(&state, &row);
    web::Json(Tombstone {
        id: row.id,
        reason: row.delete_reason,
        can_restore: restorable_until.is_some() && caller.may_change(row.user_id),
        restorable_until,
        citation,
        internal_name: row.internal_name.unwrap_or_default(),
        display_name: row.display_name,
        owner: row.username,
        created_at: Timestamp::from(row.created_at),
        deleted_at: row.deleted_at.map(Timestamp::from),
    })
}
