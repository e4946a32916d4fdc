//! Versions of a product: listing them, beginning a new one.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use pz_model::api::{Product, ProductVersion, ProductVersions};
use pz_model::{ErrorCode, ProductStatus, Timestamp};
use pz_store::versions::VersionRow;
use serde_json::json;

use super::{LIST, VisibleProduct, WritableProduct, view};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Versions", &LIST) => [list_versions, create_version],
    );
}

/// The latest of versions that are sorted newest first.
pub(super) fn latest(rows: &[VersionRow]) -> Option<&VersionRow> {
    rows.iter()
        .find(|row| row.status() == ProductStatus::Published)
        .or(rows.first())
}

/// List the versions of the product that the caller may see, newest first.
#[utoipa::path(get, path = "/api/products/{id}/versions/", tag = "products", responses(
    (status = 200, description = "The versions", body = ProductVersions),
))]
async fn list_versions(
    product: VisibleProduct,
    state: web::Data<AppState>,
) -> ApiResult<web::Json<ProductVersions>> {
    let concept = product.row.concept_id.unwrap_or(product.row.id);
    let rows = state.store.versions_of(product.caller.viewer(), concept).await?;
    let latest_id = latest(&rows).map(|row| row.id);
    Ok(web::Json(ProductVersions {
        latest: latest(&rows).and_then(|row| row.internal_name.clone()),
        results: rows
            .into_iter()
            .map(|row| ProductVersion {
                id: row.id,
                status: row.status(),
                internal_name: row.internal_name.unwrap_or_default(),
                display_name: row.display_name,
                version_number: row.version_number,
                created_at: Timestamp::from(row.created_at),
                is_latest: Some(row.id) == latest_id,
            })
            .collect(),
    }))
}

/// Begin a new version of a published product: a draft with the same metadata. When its file is registered, its
/// columns take over the meanings of those of the same names.
#[utoipa::path(post, path = "/api/products/{id}/versions/", tag = "products", responses(
    (status = 201, description = "The draft", body = Product),
    (status = 409, description = "The product is not published"),
))]
async fn create_version(product: WritableProduct, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let WritableProduct { caller, row } = product;
    let Some(id) = state.store.create_version(&row).await? else {
        return Err(ApiError::detail(
            StatusCode::CONFLICT,
            ErrorCode::NotPublished,
            format!(
                "Only a published product can have a new version; this one is {}.",
                row.status().label()
            ),
        ));
    };
    let mut entry = caller.audit("product.create_version", "product", id);
    entry.detail = Some(json!({"of": row.id}));
    state.store.audit(entry).await?;
    let row = state
        .store
        .product(caller.viewer(), id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(HttpResponse::Created().json(view(&caller, row)))
}
