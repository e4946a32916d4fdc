//! Product types: public reference data.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::{Page, ProductTypeView};
use pz_store::entities::product_types;
use pz_store::product_types::ProductTypeField;
use serde_json::Value;

use crate::auth::{Caller, Public};
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::routing::{ApiRouter, IdPath, Metadata, PathMeta};
use crate::state::AppState;

/// What lists of product types can be asked.
pub(crate) static LIST: ListSpec<ProductTypeField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(ProductTypeField::Id),
        },
        Filter {
            name: "name",
            kind: FilterKind::Text(ProductTypeField::Name),
        },
    ],
    describes_classes: false,
    search_names: &["display_name", "description"],
    search_fields: &[ProductTypeField::TextSearch],
    ordering: &[
        ("id", ProductTypeField::Id),
        ("name", ProductTypeField::Name),
        ("display_name", ProductTypeField::DisplayName),
        ("order", ProductTypeField::Position),
        ("description", ProductTypeField::Description),
        ("created_at", ProductTypeField::CreatedAt),
    ],
    describes_ordering: false,
    default_order: &[(ProductTypeField::Id, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Product Type List", &LIST) => [list_product_types],
        PathMeta::instance("Product Type Instance", &LIST) => [get_product_type],
        PathMeta::instance("Api Schema", &LIST) => [product_type_api_schema],
    );
}

/// A product type as everybody sees it.
pub(crate) fn view(row: product_types::Model) -> ProductTypeView {
    ProductTypeView {
        id: row.id,
        name: row.name,
        display_name: row.display_name,
        order: row.position,
        description: row.description,
        created_at: Timestamp::from(row.created_at),
    }
}

/// List product types.
#[utoipa::path(get, path = "/api/product-types/", tag = "product types", responses(
    (status = 200, description = "A page of product types", body = Page<ProductTypeView>),
))]
async fn list_product_types(
    _: Public,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, None, &request, async || {
        let asked = LIST.read(&request)?;
        asked
            .fetch(async |query| state.store.list_product_types(query).await, view)
            .await
    })
    .await
}

/// Get a product type.
#[utoipa::path(get, path = "/api/product-types/{id}/", tag = "product types", responses(
    (status = 200, description = "The product type", body = ProductTypeView),
))]
async fn get_product_type(
    _: Public,
    state: web::Data<AppState>,
    id: IdPath,
) -> ApiResult<web::Json<ProductTypeView>> {
    let row = state
        .store
        .product_type(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(row)))
}

/// Get what OPTIONS says of the product type.
#[utoipa::path(get, path = "/api/product-types/{id}/api_schema/", tag = "product types", responses(
    (status = 200, description = "Name, encodings, filters and fields", body = Object),
))]
async fn product_type_api_schema(
    _: Caller,
    state: web::Data<AppState>,
    id: IdPath,
    metadata: web::Data<Metadata>,
    request: HttpRequest,
) -> ApiResult<web::Json<Value>> {
    state
        .store
        .product_type(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(metadata.of_instance(&request).await))
}
