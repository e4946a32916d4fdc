//! What this server has to run pipelines with: for administrators only, because it tells directories.

use actix_web::web;
use pz_model::ProcessStatus;
use pz_model::api::{ServicePipeline, ServicePipelines, SystemInfo};
use pz_model::pipelines::PipelineKind;

use crate::auth::Admin;
use crate::endpoints;
use crate::error::ApiResult;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("Sysinfo") => [system_info],
        PathMeta::action("Orch Pipelines") => [service_pipelines],
    );
}

/// Say where this server works.
#[utoipa::path(get, path = "/api/sysinfo/", tag = "service", responses(
    (status = 200, description = "Directories", body = SystemInfo),
))]
async fn system_info(_: Admin, state: web::Data<AppState>) -> web::Json<SystemInfo> {
    web::Json(SystemInfo {
        pipelines_dir: None,
        processing_dir: state.settings.process_dir().display().to_string(),
        datasets_dir: None,
    })
}

/// List the pipelines that this server can run, and how busy they are.
#[utoipa::path(get, path = "/api/orch_pipelines/", tag = "service", responses(
    (status = 200, description = "The pipelines by name", body = ServicePipelines),
))]
async fn service_pipelines(_: Admin, state: web::Data<AppState>) -> ApiResult<web::Json<ServicePipelines>> {
    let load = state.store.pipeline_load().await?;
    let processes = |kind: PipelineKind, statuses: &[ProcessStatus]| {
        let counted = |status: &str| statuses.iter().any(|wanted| wanted.as_str() == status);
        load.iter()
            .filter(|row| row.name == kind.name() && row.status.as_deref().is_some_and(counted))
            .map(|row| u64::try_from(row.processes).unwrap_or(0))
            .sum()
    };
    let pipelines = PipelineKind::ALL.into_iter().map(|kind| {
        let pipeline = ServicePipeline {
            display_name: kind.display_name().to_owned(),
            version: kind.version().to_owned(),
            pending: processes(kind, &[ProcessStatus::Pending]),
            running: processes(kind, &[ProcessStatus::Running, ProcessStatus::Stopping]),
        };
        (kind.name().to_owned(), pipeline)
    });
    Ok(web::Json(ServicePipelines {
        pipelines: pipelines.collect(),
    }))
}
