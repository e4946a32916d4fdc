//! Bringing deleted products back, and giving up those whose time of grace is over.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::Product;
use pz_model::{ErrorCode, ProductStatus, ProductType, Timestamp};
use pz_store::products::ProductRow;
use serde_json::json;

use super::policy::{visible, writable};
use super::{LIST, change, conditional, view};
use crate::auth::token::Scope;
use crate::auth::{Caller, app_state};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::policy;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

/// How often deleted products are looked for whose time is over.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Restore", &LIST) => [restore_product],
    );
}

/// A deleted product of the caller; any, for administrators.
struct DeletedProduct {
    caller: Caller,
    row: ProductRow,
}

async fn deleted_product(request: &HttpRequest) -> ApiResult<DeletedProduct> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let store = &app_state(request)?.store;
    if let Some(row) = store.deleted_product(caller.viewer(), id.0).await? {
        caller.need_scope(Scope::Upload)?;
        return Ok(DeletedProduct { caller, row });
    }
    let product = visible(request).await?;
    writable(&caller, product.row.user_id)?;
    Err(ApiError::detail(
        StatusCode::CONFLICT,
        ErrorCode::Conflict,
        "The product is not deleted.",
    ))
}

policy!(
    DeletedProduct,
    deleted_product,
    Access::Writable("deleted product")
);

/// When deleted products must have been deleted to be given up now.
fn grace_began(state: &AppState) -> Timestamp {
    let days = chrono::Duration::days(i64::from(state.settings.restore_days));
    Timestamp::from(Timestamp::now().to_utc() - days)
}

/// Until when a deleted product can be brought back; `None` when it cannot (any more).
pub(super) fn restorable_until(state: &AppState, row: &ProductRow) -> Option<Timestamp> {
    let deleted_at = row.deleted_at.filter(|_| row.purged_at.is_none())?;
    let days = chrono::Duration::days(i64::from(state.settings.restore_days));
    Some(Timestamp::from(deleted_at + days)).filter(|end| *end > Timestamp::now())
}

/// Bring a deleted product back. One that was published is published again if it still may be; what a process
/// had not finished has failed; all others are drafts.
#[utoipa::path(post, path = "/api/products/{id}/restore/", tag = "products", responses(
    (status = 200, description = "The product is back", body = Product),
    (status = 409, description = "The product is not deleted, or was brought back meanwhile"),
    (status = 410, description = "The time in which it could be brought back is over"),
))]
async fn restore_product(product: DeletedProduct, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let DeletedProduct { caller, row } = product;
    if restorable_until(&state, &row).is_none() {
        return Err(ApiError::detail(
            StatusCode::GONE,
            ErrorCode::Gone,
            format!(
                "The product was deleted more than {} days ago and cannot be brought back.",
                state.settings.restore_days
            ),
        ));
    }
    let status = status_after(&state, &row).await?;
    let since = grace_began(&state).to_utc();
    if !state.store.restore_product(row.id, status, since).await? {
        return Err(ApiError::detail(
            StatusCode::CONFLICT,
            ErrorCode::Conflict,
            "The product was brought back or given up meanwhile. Read it again.",
        ));
    }
    let mut entry = caller.audit("product.restore", "product", row.id);
    entry.detail = Some(json!({"status": status}));
    state.store.audit(entry).await?;
    let row = state
        .store
        .product(caller.viewer(), row.id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    conditional::answer(&view(&caller, row))
}

async fn status_after(state: &AppState, row: &ProductRow) -> ApiResult<ProductStatus> {
    let product_type = ProductType::from_id(row.product_type_id)
        .ok_or_else(|| ApiError::internal(format!("product {} has an unknown type", row.id)))?;
    Ok(
        match row.status_before_delete.and_then(ProductStatus::from_code) {
            Some(ProductStatus::Published) => {
                let description = row.description.as_deref();
                match change::publish_obstacle(&state.store, row, product_type, description).await? {
                    None => ProductStatus::Published,
                    Some(_) => ProductStatus::Registering,
                }
            }
            Some(ProductStatus::Processing | ProductStatus::Failed) => ProductStatus::Failed,
            _ => ProductStatus::Registering,
        },
    )
}

/// Removes the bytes of products whose time of grace is over, now and every hour.
pub(crate) async fn purge_for_ever(state: &AppState) {
    loop {
        match state.store.purge_deleted(grace_began(state).to_utc()).await {
            Ok(0) => {}
            Ok(products) => tracing::info!(products, "removed the bytes of deleted products"),
            Err(error) => tracing::warn!(%error, "cannot remove the bytes of deleted products"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
