//! The endpoints below `/api/processes/`.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{Page, Process, ProcessLogs};
use pz_model::limits::{COMMENT_MAX_CHARS, DISPLAY_NAME_MAX_CHARS};
use pz_model::pipelines::FLAGS_FILE_MAX_BYTES;
use pz_store::processes::{ProcessChanges, ProcessRow};
use serde_json::Value;

use super::list::LIST;
use super::policy::{OwnProcess, Runner, VisibleProcess, WritableProcess};
use super::view::view;
use super::{create, logs};
use crate::auth::Caller;
use crate::body::Body;
use crate::cache;
use crate::endpoints;
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::routing::{ApiRouter, Metadata, PathMeta};
use crate::state::AppState;

pub(crate) fn mount(router: &mut ApiRouter) {
    let multipart_first = |meta| PathMeta {
        multipart_first: true,
        ..meta
    };
    let instance = |name| multipart_first(PathMeta::instance(name, &LIST));
    endpoints!(router;
        multipart_first(PathMeta::list("Process List", &LIST)) => [list_processes, create_process],
        instance("Process Instance") => [get_process, patch_process, put_process],
        instance("Stop") => [stop_process, stop_process_by_get],
        instance("Logs") => [process_logs],
        instance("Api Schema") => [process_api_schema],
    );
}

/// A process to be submitted.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
struct ProcessInput {
    /// Name of the process and of the product that it makes.
    #[schema(example = "my crc", min_length = 1, max_length = 255)]
    display_name: String,
    /// Id of the pipeline.
    #[schema(example = 1)]
    pipeline: i64,
    /// Ids of the products that it reads, published ones; in a form a repeated field.
    #[schema(example = json!([136, 137]), min_items = 1, max_items = 1000)]
    inputs: Vec<i64>,
    /// `param` and, unless it stands beside, `output_format`: an object, or its JSON text. What is absent comes
    /// from the pipeline's `system_config`.
    #[schema(value_type = Option<Object>, example = json!({"param": {"combine_type": "concatenate_and_mark_duplicates"}}))]
    used_config: Option<Value>,
    /// Id of the release whose photometry is read; only for training sets.
    release: Option<i64>,
    /// Format of the product: parquet, csv, fits, hdf5, votable or hats; for training sets also specz, the same as
    /// the redshift catalog.
    #[schema(example = "parquet")]
    output_format: Option<String>,
    /// Description of the product, Markdown.
    description: Option<String>,
    /// Algorithm or code; not for redshift catalogs and training sets.
    pz_code: Option<String>,
    /// For administrators only.
    official_product: Option<bool>,
}

/// A process to be submitted with a file.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents a body that is read part by part")]
struct ProcessUpload {
    /// Name of the process and of the product that it makes.
    #[schema(example = "my crc", min_length = 1, max_length = 255)]
    display_name: String,
    /// Id of the pipeline.
    #[schema(example = 1)]
    pipeline: i64,
    /// Ids of the products that it reads, one part each.
    #[schema(example = json!([136, 137]), min_items = 1, max_items = 1000)]
    inputs: Vec<i64>,
    /// `param` and, unless it stands beside, `output_format`, as JSON text.
    #[schema(example = "{\"param\": {\"combine_type\": \"concatenate\"}}")]
    used_config: Option<String>,
    /// Id of the release whose photometry is read; only for training sets.
    release: Option<i64>,
    /// Format of the product.
    output_format: Option<String>,
    /// Description of the product, Markdown.
    description: Option<String>,
    /// Algorithm or code; not for redshift catalogs and training sets.
    pz_code: Option<String>,
    /// For administrators only.
    official_product: Option<bool>,
    /// YAML file with translations of quality flags, at most 1 MiB; only for combining catalogs.
    #[schema(value_type = Option<String>, format = Binary, content_media_type = "application/yaml")]
    flags_translation_file: Option<String>,
}

/// What a client may change of a process.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
struct ProcessPatch {
    /// Name for people; that of the product stays.
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    display_name: Option<String>,
    /// Note, at most 10,000 characters.
    #[schema(example = "for the spring run", max_length = 10_000)]
    comment: Option<String>,
}

/// What a client may change of a process; the name is required.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
struct ProcessChange {
    /// Name for people; that of the product stays.
    #[schema(example = "my crc", min_length = 1, max_length = 255)]
    display_name: String,
    /// Note, at most 10,000 characters.
    #[schema(example = "for the spring run", max_length = 10_000)]
    comment: Option<String>,
}

/// List the processes that the caller may see, newest first: their own, and those whose product they may see.
#[utoipa::path(get, path = "/api/processes/", tag = "processes", responses(
    (status = 200, description = "A page of processes", body = Page<Process>),
))]
async fn list_processes(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, Some(caller.viewer()), &request, async || {
        let asked = LIST.read(&request)?;
        asked.check_ids(&state.store, caller.viewer()).await?;
        asked
            .fetch(
                async |query| state.store.list_processes(caller.viewer(), query).await,
                |row| view(&caller, row),
            )
            .await
    })
    .await
}

/// Submit a process: it waits for a worker, and its product with it.
#[utoipa::path(post, path = "/api/processes/", tag = "processes",
    request_body(content((ProcessInput = "application/json"), (ProcessUpload = "multipart/form-data"))),
    responses(
    (status = 201, description = "The process, waiting", body = Process),
    (status = 400, description = "A field is wrong; the body names it, such as `used_config.param.crossmatch.radius_arcsec`. Nothing is kept"),
    (status = 409, description = "As many of the caller's processes wait or run as may at once"),
    (status = 507, description = "There is no space left for the file"),
))]
async fn create_process(
    Runner(caller): Runner,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<HttpResponse> {
    let (fields, file) = body
        .fields_with_file(create::FLAGS_PART, FLAGS_FILE_MAX_BYTES)
        .await?;
    let id = create::submit(&state, &caller, &fields, file).await?;
    state
        .store
        .audit(caller.audit("process.create", "process", id))
        .await?;
    Ok(HttpResponse::Created().json(show(&state, &caller, id).await?))
}

async fn show(state: &AppState, caller: &Caller, id: i64) -> ApiResult<Process> {
    let row = state
        .store
        .process(caller.viewer(), id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    show_row(state, caller, row).await
}

async fn show_row(state: &AppState, caller: &Caller, row: ProcessRow) -> ApiResult<Process> {
    let mut rows = state.store.with_inputs(caller.viewer(), vec![row]).await?;
    let row = rows.pop().ok_or_else(ApiError::not_found)?;
    Ok(view(caller, row))
}

/// Get a process.
#[utoipa::path(get, path = "/api/processes/{id}/", tag = "processes", responses(
    (status = 200, description = "The process", body = Process),
))]
async fn get_process(process: VisibleProcess, state: web::Data<AppState>) -> ApiResult<web::Json<Process>> {
    let VisibleProcess { caller, row } = process;
    Ok(web::Json(show_row(&state, &caller, row).await?))
}

/// Change the name or the note of a process.
#[utoipa::path(patch, path = "/api/processes/{id}/", tag = "processes",
    request_body = ProcessPatch,
    responses((status = 200, description = "The process", body = Process)),
)]
async fn patch_process(
    process: WritableProcess,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<Process>> {
    change_process(process, &state, body, true).await
}

/// Change the name and the note of a process; the name is required.
#[utoipa::path(put, path = "/api/processes/{id}/", tag = "processes",
    request_body = ProcessChange,
    responses((status = 200, description = "The process", body = Process)),
)]
async fn put_process(
    process: WritableProcess,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<Process>> {
    change_process(process, &state, body, false).await
}

async fn change_process(
    process: WritableProcess,
    state: &AppState,
    body: Body,
    partial: bool,
) -> ApiResult<web::Json<Process>> {
    let WritableProcess { caller, row } = process;
    let fields = body.fields().await?;
    let mut errors = FieldErrors::default();
    let changes = ProcessChanges {
        display_name: fields.required_text("display_name", DISPLAY_NAME_MAX_CHARS, partial, &mut errors),
        comment: fields.text("comment", COMMENT_MAX_CHARS, &mut errors),
    };
    errors.check()?;
    if changes != ProcessChanges::default() {
        state.store.change_process(row.id, changes).await?;
        state
            .store
            .audit(caller.audit("process.change", "process", row.id))
            .await?;
    }
    Ok(web::Json(show(state, &caller, row.id).await?))
}

/// Stop a process: one that waits stops at once, one that runs is asked to; one that is over stays as it is.
#[utoipa::path(post, path = "/api/processes/{id}/stop/", tag = "processes", responses(
    (status = 200, description = "The process as it is now", body = Process),
))]
async fn stop_process(process: WritableProcess, state: web::Data<AppState>) -> ApiResult<web::Json<Process>> {
    let WritableProcess { caller, row } = process;
    let status = state.store.stop_process(row.id).await?;
    if status != row.status() {
        state
            .store
            .audit(caller.audit("process.stop", "process", row.id))
            .await?;
    }
    Ok(web::Json(show(&state, &caller, row.id).await?))
}

/// Stop a process: for the Python library, which uses GET.
#[utoipa::path(get, path = "/api/processes/{id}/stop/", tag = "processes", responses(
    (status = 200, description = "The process as it is now", body = Process),
    (status = 403, description = "Neither owner nor administrator, or a browser session"),
))]
async fn stop_process_by_get(
    process: WritableProcess,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<Process>> {
    if process.caller.credential.is_of_browser() {
        // A link on another site could make a browser send this GET.
        return Err(ApiError::detail(
            StatusCode::FORBIDDEN,
            ErrorCode::CsrfFailed,
            "With a browser session, use POST.",
        ));
    }
    if request.method() == Method::HEAD {
        let WritableProcess { caller, row } = process;
        return Ok(web::Json(show_row(&state, &caller, row).await?));
    }
    let cache = state.cache.clone();
    let answer = stop_process(process, state).await;
    // A GET that changes things.
    cache.forget();
    answer
}

/// Get what a process wrote: the last mebibyte of its logs.
#[utoipa::path(get, path = "/api/processes/{id}/logs/", tag = "processes", responses(
    (status = 200, description = "The logs; empty while nothing is written", body = ProcessLogs),
))]
async fn process_logs(process: OwnProcess, state: web::Data<AppState>) -> ApiResult<web::Json<ProcessLogs>> {
    let directory = state
        .settings
        .process_dir()
        .join(logs::directory_name(process.row.id));
    let logs = web::block(move || logs::read(&directory))
        .await
        .map_err(ApiError::internal)?
        .map_err(ApiError::internal)?;
    Ok(web::Json(logs))
}

/// Get what OPTIONS says of the process.
#[utoipa::path(get, path = "/api/processes/{id}/api_schema/", tag = "processes", responses(
    (status = 200, description = "Name, encodings, filters and fields", body = Object),
))]
async fn process_api_schema(
    _: VisibleProcess,
    metadata: web::Data<Metadata>,
    request: HttpRequest,
) -> web::Json<Value> {
    web::Json(metadata.of_instance(&request).await)
}
