//! Who may do what with a product: the policies of every endpoint below `/api/products/{id}/`.

use actix_web::HttpRequest;
use pz_store::products::ProductRow;

use crate::auth::token::Scope;
use crate::auth::{Caller, app_state};
use crate::error::{ApiError, ApiResult};
use crate::policy;
use crate::routing::IdPath;

/// A product that the caller may see; anything else is 404.
pub(crate) struct VisibleProduct {
    pub(crate) caller: Caller,
    pub(crate) row: ProductRow,
}

/// A product that the caller may change: seen but foreign is 403.
pub(crate) struct WritableProduct {
    pub(crate) caller: Caller,
    pub(crate) row: ProductRow,
}

/// Refuses a caller who may not change what this user owns.
///
/// # Errors
/// 403.
pub(crate) fn writable(caller: &Caller, owner_id: i64) -> ApiResult<()> {
    // A GET with effects needs the scope of a write, too.
    caller.need_scope(Scope::Upload)?;
    if caller.may_change(owner_id) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

/// The product in the path, when the caller may see it.
///
/// # Errors
/// 401, 403, 404.
pub(super) async fn visible(request: &HttpRequest) -> ApiResult<VisibleProduct> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let store = &app_state(request)?.store;
    let row = store
        .product(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(VisibleProduct { caller, row })
}

async fn writable_product(request: &HttpRequest) -> ApiResult<WritableProduct> {
    let VisibleProduct { caller, row } = visible(request).await?;
    writable(&caller, row.user_id)?;
    Ok(WritableProduct { caller, row })
}

policy!(VisibleProduct, visible, Access::Visible("product"));
policy!(WritableProduct, writable_product, Access::Writable("product"));
