//! Texts and defaults of pipelines; what they do is part of the program.

use actix_web::web;
use pz_model::ErrorCode;
use pz_model::api::{PipelinePatch, PipelineTexts};
use pz_model::limits::{DESCRIPTION_MAX_CHARS, DISPLAY_NAME_MAX_CHARS};
use pz_model::pipelines::{PipelineKind, UsedConfig};
use pz_store::entities::pipelines;
use pz_store::pipeline_texts::PipelineChanges;
use serde_json::{Map, Value, json};

use super::taken;
use crate::auth::Admin;
use crate::endpoints;
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::json_body::JsonBody;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Pipeline Instance") => [patch_pipeline],
    );
}

fn view(row: pipelines::Model) -> PipelineTexts {
    PipelineTexts {
        id: row.id,
        name: row.name,
        display_name: row.display_name,
        description: row.description,
        system_config: row.system_config.unwrap_or_default(),
    }
}

/// Change the texts or the defaults of a pipeline.
#[utoipa::path(patch, path = "/api/admin/pipelines/{id}/", tag = "administration", request_body = PipelinePatch,
    responses(
    (status = 200, description = "The pipeline", body = PipelineTexts),
))]
async fn patch_pipeline(
    Admin(caller): Admin,
    state: web::Data<AppState>,
    id: IdPath,
    body: JsonBody,
) -> ApiResult<web::Json<PipelineTexts>> {
    let mut input = body.read().await?;
    let display_name = input.text("display_name", 1, DISPLAY_NAME_MAX_CHARS);
    let description = input.nullable_text("description", DESCRIPTION_MAX_CHARS);
    let param = input.object("param");
    input.check()?;
    let row = state
        .store
        .pipeline_row(id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    let changes = PipelineChanges {
        display_name,
        description,
        system_config: param
            .map(|param| with_param(&row.name, row.system_config.clone().unwrap_or_default(), &param))
            .transpose()?,
    };
    if changes == PipelineChanges::default() {
        return Ok(web::Json(view(row)));
    }
    let row = state
        .store
        .change_pipeline(id.0, changes)
        .await
        .map_err(|error| taken(error, &["display_name"]))?
        .ok_or_else(ApiError::not_found)?;
    state
        .store
        .audit(caller.audit("pipeline.change", "pipeline", id.0))
        .await?;
    Ok(web::Json(view(row)))
}

/// The configuration with these defaults, checked like those of a run; what they lack comes from the pipeline's own.
fn with_param(pipeline: &str, mut system_config: Value, param: &Map<String, Value>) -> ApiResult<Value> {
    let kind = PipelineKind::from_name(pipeline)
        .ok_or_else(|| ApiError::internal(format!("there is no pipeline {pipeline}")))?;
    let used = json!({"param": param});
    match UsedConfig::read(kind, &used, None, &kind.system_config()) {
        Ok(config) => {
            system_config["param"] = serde_json::to_value(config.param).map_err(ApiError::internal)?;
            Ok(system_config)
        }
        Err(wrong) => {
            let mut errors = FieldErrors::default();
            for error in wrong {
                let field = error.field.trim_start_matches("used_config.");
                errors.add(field, ErrorCode::ValidationFailed, error.message);
            }
            Err(errors.into_error())
        }
    }
}
