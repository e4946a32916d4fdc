//! Product types: public reference data.

use actix_web::{HttpRequest, web};
use pz_model::Timestamp;
use pz_model::api::{Page, ProductTypeView};
use pz_store::entities::product_types;
use pz_store::product_types::ProductTypeField;

use crate::auth::Public;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<ProductTypeField> = ListSpec {
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
        PathMeta { name: "Product Type List", list: Some(&LIST), paged: true } => [list_product_types],
        PathMeta { name: "Product Type Instance", list: Some(&LIST), paged: false } => [get_product_type],
    );
}

fn view(row: product_types::Model) -> ProductTypeView {
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
    (status = 400, description = "A filter has a value that it cannot have"),
    (status = 404, description = "No such page"),
))]
async fn list_product_types(
    _: Public,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Page<ProductTypeView>>> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(async |query| state.store.list_product_types(query).await, view)
        .await?;
    Ok(web::Json(page))
}

/// Get a product type.
#[utoipa::path(get, path = "/api/product-types/{id}/", tag = "product types", params(("id" = i64, Path, description = "Id of the product type")), responses(
    (status = 200, description = "The product type", body = ProductTypeView),
    (status = 404, description = "No such product type"),
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
