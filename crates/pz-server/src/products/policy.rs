//! Who may do what with a product: the policies of every endpoint below `/api/products/{id}/`.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use pz_store::products::ProductRow;

use crate::auth::token::Scope;
use crate::auth::{Caller, app_state};
use crate::error::{ApiError, ApiResult};
use crate::routing::{IdPath, Policy};

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

async fn visible(request: &HttpRequest) -> ApiResult<(Caller, ProductRow)> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let row = app_state(request)?
        .store
        .product(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok((caller, row))
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

impl FromRequest for VisibleProduct {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (caller, row) = visible(&request).await?;
            Ok(Self { caller, row })
        })
    }
}

impl FromRequest for WritableProduct {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let (caller, row) = visible(&request).await?;
            writable(&caller, row.user_id)?;
            Ok(Self { caller, row })
        })
    }
}

impl Policy for VisibleProduct {}
impl Policy for WritableProduct {}
