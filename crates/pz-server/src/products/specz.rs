//! `/api/products-specz/`: published redshift catalogs, to be read only.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::{Page, Product};
use pz_model::{ProductStatus, ProductType};
use pz_store::list::ListCondition;
use pz_store::products::ProductField;

use super::policy::visible;
use super::{LIST, VisibleProduct, conditional, view};
use crate::auth::Caller;
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::policy;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Product Specz List", &LIST) => [list_products_specz],
        PathMeta::instance("Product Specz Instance", &LIST) => [get_product_specz],
    );
}

/// A published redshift catalog that the caller may see.
struct VisibleCatalog(VisibleProduct);

async fn visible_catalog(request: &HttpRequest) -> ApiResult<VisibleCatalog> {
    let product = visible(request).await?;
    let is_catalog = product.row.product_type_id == ProductType::RedshiftCatalog.id();
    if is_catalog && product.row.status() == ProductStatus::Published {
        Ok(VisibleCatalog(product))
    } else {
        Err(ApiError::not_found())
    }
}

policy!(
    VisibleCatalog,
    visible_catalog,
    Access::Visible("published redshift catalog")
);

/// List the published redshift catalogs that the caller may see, newest first.
#[utoipa::path(get, path = "/api/products-specz/", tag = "products", responses(
    (status = 200, description = "A page of redshift catalogs", body = Page<Product>),
))]
async fn list_products_specz(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, Some(caller.viewer()), &request, async || {
        let asked = LIST.read(&request)?;
        asked.check_ids(&state.store, caller.viewer()).await?;
        let published = i64::from(ProductStatus::Published.code());
        asked
            .fetch(
                async |query| {
                    let mut query = query.clone();
                    query.conditions.extend([
                        ListCondition::NumberIn(
                            ProductField::ProductTypeId,
                            vec![ProductType::RedshiftCatalog.id()],
                        ),
                        ListCondition::NumberIn(ProductField::Status, vec![published]),
                    ]);
                    state.store.list_products(caller.viewer(), &query, false).await
                },
                |row| view(&caller, row),
            )
            .await
    })
    .await
}

/// Get a published redshift catalog.
#[utoipa::path(get, path = "/api/products-specz/{id}/", tag = "products", responses(
    (status = 200, description = "The redshift catalog", body = Product),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn get_product_specz(catalog: VisibleCatalog, request: HttpRequest) -> ApiResult<HttpResponse> {
    let VisibleCatalog(product) = catalog;
    conditional::answer_unless_known(&request, &view(&product.caller, product.row))
}
