//! Pipelines that the service offers.

use actix_web::{HttpRequest, web};
use pz_model::Timestamp;
use pz_model::api::{Page, Pipeline};
use pz_store::pipelines::{PipelineField, PipelineWithTypes};

use crate::auth::Caller;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec};
use crate::routing::{ApiRouter, IdPath, PathMeta};
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
        PathMeta { name: "Pipeline List", list: Some(&LIST), paged: true } => [list_pipelines],
        PathMeta { name: "Pipeline Instance", list: Some(&LIST), paged: false } => [get_pipeline],
    );
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
    (status = 400, description = "A filter has a value that it cannot have"),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such page"),
))]
async fn list_pipelines(
    _: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Page<Pipeline>>> {
    let asked = LIST.read(&request)?;
    let page = asked
        .fetch(async |query| state.store.list_pipelines(query).await, view)
        .await?;
    Ok(web::Json(page))
}

/// Get a pipeline.
#[utoipa::path(get, path = "/api/pipelines/{id}/", tag = "pipelines", params(("id" = i64, Path, description = "Id of the pipeline")), responses(
    (status = 200, description = "The pipeline", body = Pipeline),
    (status = 401, description = "No or bad credentials"),
    (status = 404, description = "No such pipeline"),
))]
async fn get_pipeline(_: Caller, state: web::Data<AppState>, id: IdPath) -> ApiResult<web::Json<Pipeline>> {
    let row = state
        .store
        .pipeline(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(web::Json(view(row)))
}
