//! Pipelines that the service offers.

mod service;

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::{Page, Pipeline};
use pz_store::pipelines::{PipelineField, PipelineWithTypes};
use serde_json::Value;

use crate::auth::Caller;
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::routing::{ApiRouter, IdPath, Metadata, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<PipelineField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(PipelineField::Id),
        },
        Filter {
            name: "name",
            kind: FilterKind::Text(PipelineField::Name),
        },
    ],
    describes_classes: false,
    search_names: &["display_name", "description"],
    search_fields: &[PipelineField::TextSearch],
    ordering: &[
        ("id", PipelineField::Id),
        ("name", PipelineField::Name),
        ("created_at", PipelineField::CreatedAt),
    ],
    describes_ordering: false,
    default_order: &[(PipelineField::CreatedAt, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Pipeline List", &LIST) => [list_pipelines],
        PathMeta::instance("Pipeline Instance", &LIST) => [get_pipeline],
        PathMeta::instance("Api Schema", &LIST) => [pipeline_api_schema],
    );
    service::mount(router);
}

fn view(row: PipelineWithTypes) -> Pipeline {
    let PipelineWithTypes {
        pipeline,
        product_types_accepted,
    } = row;
    Pipeline {
        id: pipeline.id,
        name: pipeline.name,
        display_name: pipeline.display_name,
        version: pipeline.version,
        description: pipeline.description,
        created_at: Timestamp::from(pipeline.created_at),
        system_config: pipeline.system_config.unwrap_or_default(),
        output_product_type: pipeline.output_product_type_id,
        product_types_accepted,
    }
}

/// List pipelines, newest first.
#[utoipa::path(get, path = "/api/pipelines/", tag = "pipelines", responses(
    (status = 200, description = "A page of pipelines", body = Page<Pipeline>),
))]
async fn list_pipelines(
    _: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, None, &request, async || {
        let asked = LIST.read(&request)?;
        asked
            .fetch(async |query| state.store.list_pipelines(query).await, view)
            .await
    })
    .await
}

/// Get a pipeline.
#[utoipa::path(get, path = "/api/pipelines/{id}/", tag = "pipelines", responses(
    (status = 200, description = "The pipeline", body = Pipeline),
))]
async fn get_pipeline(_: Caller, state: web::Data<AppState>, id: IdPath) -> ApiResult<web::Json<Pipeline>> {
    let row = state
        .store
        .pipeline(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(row)))
}

/// Get what OPTIONS says of the pipeline.
#[utoipa::path(get, path = "/api/pipelines/{id}/api_schema/", tag = "pipelines", responses(
    (status = 200, description = "Name, encodings, filters and fields", body = Object),
))]
async fn pipeline_api_schema(
    _: Caller,
    state: web::Data<AppState>,
    id: IdPath,
    metadata: web::Data<Metadata>,
    request: HttpRequest,
) -> ApiResult<web::Json<Value>> {
    state
        .store
        .pipeline(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(metadata.of_instance(&request).await))
}
