//! Texts and order of product types; their names and rules are part of the program.

use actix_web::web;
use pz_model::api::{ProductTypePatch, ProductTypeView};
use pz_model::limits::{DESCRIPTION_MAX_CHARS, DISPLAY_NAME_MAX_CHARS};
use pz_store::product_types::ProductTypeChanges;

use super::taken;
use crate::auth::Admin;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::json_body::{Input, JsonBody};
use crate::product_types::{LIST, view};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Product Type Instance", &LIST) => [patch_product_type],
    );
}

/// Change the texts or the position of a product type.
#[utoipa::path(patch, path = "/api/admin/product-types/{id}/", tag = "administration",
    request_body = ProductTypePatch, responses(
    (status = 200, description = "The product type", body = ProductTypeView),
))]
async fn patch_product_type(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<ProductTypeView>> {
    let changes = read(body.read().await?)?;
    if changes != ProductTypeChanges::default() {
        let changed = state
            .store
            .change_product_type(id.0, changes)
            .await
            .map_err(|error| taken(error, &["display_name"]))?;
        if !changed {
            return Err(ApiError::not_found());
        }
        state
            .store
            .audit(caller.audit("product_type.change", "product_type", id.0))
            .await?;
    }
    let row = state
        .store
        .product_type(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(row)))
}

fn read(mut input: Input) -> ApiResult<ProductTypeChanges> {
    let order = input.nullable_integer("order", i64::from(i32::MIN)..=i64::from(i32::MAX));
    let changes = ProductTypeChanges {
        display_name: input.text("display_name", 1, DISPLAY_NAME_MAX_CHARS),
        description: input.nullable_text("description", DESCRIPTION_MAX_CHARS),
        position: order.map(|order| order.and_then(|order| i32::try_from(order).ok())),
    };
    input.check()?;
    Ok(changes)
}
