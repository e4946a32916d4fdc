//! Submitting a process: everything is checked before a row or a byte is kept.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use pz_model::api::NamedOption;
use pz_model::limits::{DESCRIPTION_MAX_CHARS, DISPLAY_NAME_MAX_CHARS, PZ_CODE_MAX_CHARS};
use pz_model::pipelines::{
    INPUTS_MAX, InputColumns, PipelineKind, PipelineParam, TrainingSetParam, UsedConfig, choose_option,
};
use pz_model::{ErrorCode, ProductStatus, ProductType, file_name};
use pz_store::entities::releases;
use pz_store::pipelines::PipelineWithTypes;
use pz_store::process_submission::{CreatedProcess, FlagsFile, NewProcess};
use pz_store::products::{NewProduct, ProductRow};
use pz_store::releases::ReleaseWithGroups;
use serde_json::{Value, json};

use super::flags_file;
use crate::auth::Caller;
use crate::body::{Fields, FilePart};
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::products::{check_official, check_type_rules, unknown_id};
use crate::state::AppState;
use crate::yaml;

/// The part that holds a file with translations of quality flags.
pub(super) const FLAGS_PART: &str = "flags_translation_file";

/// What a body says, each field by itself in order.
struct Request {
    display_name: Option<String>,
    pipeline: Option<i64>,
    inputs: Vec<i64>,
    release: Option<i64>,
    used_config: Value,
    output_format: Option<String>,
    description: Option<String>,
    pz_code: Option<String>,
    official_product: bool,
}

impl Request {
    fn read(fields: &Fields, errors: &mut FieldErrors) -> Self {
        Self {
            display_name: fields.required_text("display_name", DISPLAY_NAME_MAX_CHARS, false, errors),
            pipeline: fields.required_integer("pipeline", false, errors),
            inputs: read_inputs(fields, errors),
            release: fields.integer("release", errors).flatten(),
            used_config: read_used_config(fields, errors),
            output_format: fields
                .text("output_format", 64, errors)
                .flatten()
                .filter(|text| !text.is_empty()),
            description: fields
                .text("description", DESCRIPTION_MAX_CHARS, errors)
                .flatten(),
            pz_code: fields.text("pz_code", PZ_CODE_MAX_CHARS, errors).flatten(),
            official_product: fields.flag("official_product", errors).unwrap_or(false),
        }
    }
}

/// The ids of the inputs, each once.
fn read_inputs(fields: &Fields, errors: &mut FieldErrors) -> Vec<i64> {
    let mut inputs: Vec<i64> = Vec::new();
    match fields.ids("inputs", errors) {
        Some(ids) if ids.is_empty() => {
            errors.add(
                "inputs",
                ErrorCode::ValidationFailed,
                "This list may not be empty.",
            );
        }
        Some(ids) if ids.len() > INPUTS_MAX => errors.add(
            "inputs",
            ErrorCode::ValidationFailed,
            format!("Give at most {INPUTS_MAX} inputs."),
        ),
        Some(ids) => {
            for id in ids {
                if !inputs.contains(&id) {
                    inputs.push(id);
                }
            }
        }
        None if fields.value("inputs").is_none_or(Value::is_null) => {
            errors.add("inputs", ErrorCode::ValidationFailed, "This field is required.");
        }
        None => {}
    }
    inputs
}

/// The configuration: an object, or the text of one, as the Python library and forms send it.
fn read_used_config(fields: &Fields, errors: &mut FieldErrors) -> Value {
    match fields.value("used_config") {
        None => Value::Null,
        Some(Value::String(text)) if text.trim().is_empty() => Value::Null,
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let message = format!("This is not JSON: {error}.");
                errors.add("used_config", ErrorCode::ValidationFailed, message);
                Value::Null
            }
        },
        Some(value) => value.clone(),
    }
}

/// Checks a submission and keeps it; the id of the process.
///
/// # Errors
/// 400 naming what is wrong, 403 for an official product by a member.
pub(super) async fn submit(
    state: &AppState,
    caller: &Caller,
    fields: &Fields,
    file: Option<FilePart>,
) -> ApiResult<i64> {
    let mut errors = FieldErrors::default();
    let request = Request::read(fields, &mut errors);
    let pipeline = find_pipeline(state, request.pipeline, &mut errors).await?;
    let release = find_release(state, caller, request.release, &mut errors).await?;
    let inputs = find_inputs(state, caller, &request.inputs, &mut errors).await?;
    let file_name = check_file(file.as_ref(), &mut errors);
    let Some((kind, pipeline)) = pipeline else {
        return Err(errors.into_error());
    };
    check_kind(kind, &request, &inputs, file.is_some(), &mut errors);
    let used_config = read_config(kind, &pipeline, &request, release.as_ref(), &mut errors);
    errors.check()?;
    let (Some(display_name), Some(mut used_config)) = (request.display_name, used_config) else {
        return Err(ApiError::internal(
            "a submission passed validation without its fields",
        ));
    };
    if request.official_product {
        check_official(caller)?;
    }
    check_type_rules(
        kind.output_type(),
        request.release.is_some(),
        request.pz_code.as_deref(),
    )?;
    let described = describe_inputs(state, &inputs).await?;
    used_config.set_flags_file(file_name.as_deref());
    let product = NewProduct {
        product_type_id: kind.output_type().id(),
        release_id: request.release,
        user_id: caller.account.id,
        display_name,
        official_product: request.official_product,
        pz_code: request.pz_code,
        description: request.description,
        status: ProductStatus::Processing,
        release_year: None,
    };
    let new = NewProcess {
        pipeline_id: pipeline.pipeline.id,
        pipeline_version: pipeline.pipeline.version,
        used_config: job(&used_config, &described),
        inputs: request.inputs,
        product,
        flags_file: None,
        max_at_once: u64::from(state.settings.limits.processes_at_once),
    };
    keep(state, new, file.zip(file_name)).await
}

/// The bytes first, so that the row never points at nothing.
async fn keep(state: &AppState, mut new: NewProcess, file: Option<(FilePart, String)>) -> ApiResult<i64> {
    let mut blob_key = None;
    if let Some((part, name)) = file {
        let blob = state.store.blobs.put(&part.bytes).await?;
        blob_key = Some(blob.key.clone());
        new.flags_file = Some(FlagsFile {
            extension: file_name::extension(&name),
            name,
            blob,
        });
    }
    let max = new.max_at_once;
    let refused = match state.store.create_process(new).await? {
        CreatedProcess::Created(id) => return Ok(id),
        CreatedProcess::InputGone(id) => {
            ApiError::field("inputs", ErrorCode::ValidationFailed, unknown_id(id))
        }
        CreatedProcess::TooMany => ApiError::detail(
            StatusCode::CONFLICT,
            ErrorCode::LimitReached,
            format!(
                "{max} of your processes wait or run, as many as may at once. Wait until one ends, or stop one."
            ),
        ),
    };
    if let Some(key) = blob_key {
        state.store.blobs.remove(&key).await?;
    }
    Err(refused)
}

async fn find_pipeline(
    state: &AppState,
    id: Option<i64>,
    errors: &mut FieldErrors,
) -> ApiResult<Option<(PipelineKind, PipelineWithTypes)>> {
    let Some(id) = id else { return Ok(None) };
    let row = state.store.pipeline(id).await?;
    let known = row.and_then(|row| Some((PipelineKind::from_name(&row.pipeline.name)?, row)));
    if known.is_none() {
        errors.add("pipeline", ErrorCode::ValidationFailed, unknown_id(id));
    }
    Ok(known)
}

async fn find_release(
    state: &AppState,
    caller: &Caller,
    id: Option<i64>,
    errors: &mut FieldErrors,
) -> ApiResult<Option<ReleaseWithGroups>> {
    let Some(id) = id else { return Ok(None) };
    let release = state.store.release(caller.viewer(), id).await?;
    if release.is_none() {
        errors.add("release", ErrorCode::ValidationFailed, unknown_id(id));
    }
    Ok(release)
}

/// The inputs that the caller may see, in their order; the others are unknown.
async fn find_inputs(
    state: &AppState,
    caller: &Caller,
    ids: &[i64],
    errors: &mut FieldErrors,
) -> ApiResult<Vec<ProductRow>> {
    let rows = state.store.visible_products(caller.viewer(), ids).await?;
    let mut by_id: HashMap<i64, ProductRow> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut inputs = Vec::with_capacity(ids.len());
    for id in ids {
        match by_id.remove(id) {
            Some(row) => inputs.push(row),
            None => errors.add("inputs", ErrorCode::ValidationFailed, unknown_id(*id)),
        }
    }
    Ok(inputs)
}

fn check_file(file: Option<&FilePart>, errors: &mut FieldErrors) -> Option<String> {
    let file = file?;
    match yaml::mapping(&file.bytes).and_then(|_| flags_file::name(file)) {
        Ok(name) => Some(name),
        Err(message) => {
            errors.add(FLAGS_PART, ErrorCode::ValidationFailed, message);
            None
        }
    }
}

/// What the pipeline says of its inputs, release and file.
fn check_kind(
    kind: PipelineKind,
    request: &Request,
    inputs: &[ProductRow],
    has_file: bool,
    errors: &mut FieldErrors,
) {
    let mut wrong = |field: &str, message: String| errors.add(field, ErrorCode::ValidationFailed, message);
    let accepted = kind.accepted_types();
    for input in inputs {
        let product_type = ProductType::from_id(input.product_type_id);
        let name = input.internal_name.as_deref().unwrap_or_default();
        if !product_type.is_some_and(|product_type| accepted.contains(&product_type)) {
            let names: Vec<&str> = accepted.iter().map(|accepted| accepted.display_name()).collect();
            let message = format!(
                "{name} is of the type {}; this pipeline takes {}.",
                input.product_type_name,
                names.join(", ")
            );
            wrong("inputs", message);
        } else if input.status() != ProductStatus::Published {
            let message = format!(
                "{name} is {}; only published products are read.",
                input.status().label()
            );
            wrong("inputs", message);
        } else if input.size_bytes.is_none() {
            wrong("inputs", format!("{name} has no main file."));
        }
    }
    if kind.takes_one_input() && request.inputs.len() > 1 {
        wrong("inputs", "This pipeline takes exactly one input.".to_owned());
    }
    if kind.needs_release() && request.release.is_none() {
        wrong(
            "release",
            "This pipeline needs a release, whose photometry it reads.".to_owned(),
        );
    }
    if has_file && !kind.takes_flags_file() {
        wrong(FLAGS_PART, "This pipeline takes no such file.".to_owned());
    }
}

fn read_config(
    kind: PipelineKind,
    pipeline: &PipelineWithTypes,
    request: &Request,
    release: Option<&ReleaseWithGroups>,
    errors: &mut FieldErrors,
) -> Option<UsedConfig> {
    let system_config = pipeline.pipeline.system_config.as_ref().unwrap_or(&Value::Null);
    let read = UsedConfig::read(
        kind,
        &request.used_config,
        request.output_format.as_deref(),
        system_config,
    );
    let mut config = match read {
        Ok(config) => config,
        Err(wrong) => {
            for error in wrong {
                errors.add(&error.field, ErrorCode::ValidationFailed, error.message);
            }
            return None;
        }
    };
    if let (PipelineParam::TrainingSet(param), Some(release)) = (&mut config.param, release) {
        let defaults = system_config.get("param").unwrap_or(&Value::Null);
        choose_photometry(param, &release.release, defaults, errors);
    }
    Some(config)
}

/// Checks what a training set asks of its release; defaults that the release does not offer become its own.
fn choose_photometry(
    param: &mut TrainingSetParam,
    release: &releases::Model,
    defaults: &Value,
    errors: &mut FieldErrors,
) {
    for (key, offered, chosen) in [
        ("flux_type", &release.fluxes, &mut param.flux_type),
        ("dereddening", &release.dereddening, &mut param.dereddening),
    ] {
        let offered: Option<Vec<NamedOption>> = offered
            .clone()
            .and_then(|offered| serde_json::from_value(offered).ok());
        let default = defaults.get(key).and_then(Value::as_str).unwrap_or_default();
        match choose_option(&offered.unwrap_or_default(), chosen, default) {
            Ok(option) => *chosen = option,
            Err(message) => errors.add(
                &format!("used_config.param.{key}"),
                ErrorCode::ValidationFailed,
                message,
            ),
        }
    }
    let name = &release.display_name;
    if !release.has_mag_hats && !release.has_flux_hats {
        let message = format!("{name} has no photometric catalog.");
        errors.add("release", ErrorCode::ValidationFailed, message);
    } else if !release.has_flux_hats && !param.convert_flux_to_mag {
        errors.add(
            "used_config.param.convert_flux_to_mag",
            ErrorCode::ValidationFailed,
            format!("{name} has magnitudes only; leave this true."),
        );
    }
}

/// Each input with the columns that are read of it.
///
/// # Errors
/// 400 naming the catalog and the column that is missing or claimed twice.
async fn describe_inputs(state: &AppState, inputs: &[ProductRow]) -> ApiResult<Vec<Value>> {
    let ids: Vec<i64> = inputs.iter().map(|input| input.id).collect();
    let aliases = state.store.column_aliases(&ids).await?;
    let mut errors = FieldErrors::default();
    let mut described = Vec::with_capacity(inputs.len());
    for input in inputs {
        let name = input.internal_name.as_deref().unwrap_or_default();
        let columns: Vec<(&str, Option<&str>)> = aliases
            .iter()
            .filter(|column| column.product_id == input.id)
            .map(|column| (column.column_name.as_str(), column.alias.as_deref()))
            .collect();
        match InputColumns::find(&columns) {
            Ok(columns) => {
                described.push(json!({"product": input.id, "internal_name": name, "columns": columns}));
            }
            Err(wrong) => {
                for error in wrong {
                    errors.add(
                        "inputs",
                        ErrorCode::MissingColumns,
                        format!("{name}: {}.", error.message),
                    );
                }
            }
        }
    }
    errors.check()?;
    Ok(described)
}

/// What the process is to do, without any place on the server.
fn job(config: &UsedConfig, inputs: &[Value]) -> Value {
    json!({
        "param": config.param,
        "output_format": config.output_format,
        "inputs": {"specz": inputs},
    })
}
