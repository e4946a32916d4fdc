//! What can be ticked beside the list of products.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::ProductFacets;

use super::{LIST, list};
use crate::auth::Caller;
use crate::endpoints;
use crate::error::ApiResult;
use crate::etag;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::summary("Product Facets", &LIST) => [product_facets],
    );
}

/// Count the products of the list by everything that can be ticked; each facet leaves its own filter out of account.
#[utoipa::path(get, path = "/api/products/facets/", tag = "products", responses(
    (status = 200, description = "The facets; the ETag changes whenever they do", body = ProductFacets),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn product_facets(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let asked = LIST.read_filters(&request)?;
    asked.check_ids(&state.store, caller.viewer()).await?;
    let with_deleted = list::asks_for_deleted(asked.conditions());
    let facets = state
        .store
        .product_facets(caller.viewer(), asked.query(), with_deleted)
        .await?;
    etag::json(&request, &*facets)
}
