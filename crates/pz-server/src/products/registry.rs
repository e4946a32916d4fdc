//! Registration: reading the main file as a table and keeping what was found.

use std::time::Duration;

use actix_web::http::StatusCode;
use pz_model::{ErrorCode, ProductType};
use pz_store::entities::product_files;
use pz_store::products::ProductRow;
use pz_store::registration::{NewContent, Registered, Registration, UnwrappedFile};
use pz_tables::child::{self, ChildLimits};
use pz_tables::{Inspection, TableError};

use super::unwrap::{self, Found};
use crate::downloads::compress;
use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Registrations of one file that may get in each other's way before giving up.
const ATTEMPTS: usize = 3;

/// Reads the main file of a product and keeps its columns, row count and layout; what came in an archive is
/// kept without the archive. For types that need no table, a file that is none is no failure.
///
/// # Errors
/// 409 without a main file; 422 when the file is not a table and the type needs one: the reason is kept
/// with the product, whose status, columns and file stay as they are.
pub(crate) async fn register(state: &AppState, product: &ProductRow) -> ApiResult<()> {
    let table_required =
        ProductType::from_id(product.product_type_id).is_some_and(|t| t.rules().table_required);
    for _ in 0..ATTEMPTS {
        let Some(file) = state.store.main_file(product.id).await? else {
            return Err(ApiError::error(
                StatusCode::CONFLICT,
                ErrorCode::MissingMainFile,
                "The product has no main file; upload one first.",
            ));
        };
        let registration = match read(state, &file, table_required).await? {
            Ok(registration) => registration,
            Err(fault) if is_fault(&fault) => {
                // Gone from under this one, because another registration was quicker: look again.
                let now = state.store.main_file(product.id).await?;
                if now.is_some_and(|now| now.blob_key == file.blob_key) {
                    return Err(fault.into());
                }
                continue;
            }
            Err(reason) => {
                let message = reason.to_string();
                let error = ApiError::from(reason);
                state
                    .store
                    .note_registry_error(product.id, &message, error.code().as_str())
                    .await?;
                return Err(error);
            }
        };
        if keep(state, product.id, registration).await? {
            return Ok(());
        }
        // Another registration was quicker, or another upload: look again.
    }
    Err(ApiError::error(
        StatusCode::CONFLICT,
        ErrorCode::Conflict,
        "The main file was replaced meanwhile; register the product again.",
    ))
}

/// Keeps a registration and removes the bytes that nothing needs any more. False when it came too late.
async fn keep(state: &AppState, product_id: i64, registration: Registration) -> ApiResult<bool> {
    let new_blob_key = registration
        .unwrapped
        .as_ref()
        .map(|unwrapped| unwrapped.blob.key.clone());
    let file_id = registration.file_id;
    // After an error nobody knows whether the commit reached the disk: the sweep of orphans decides later.
    let (is_kept, needless) = match state.store.register(product_id, registration).await? {
        Registered::Kept { old_blob_key } => (true, old_blob_key),
        Registered::Superseded => (false, new_blob_key),
    };
    if let Some(key) = needless {
        state.store.blobs.remove(&key).await?;
    }
    if is_kept {
        compress::enqueue(state, file_id);
    }
    Ok(is_kept)
}

/// Storage failed: no fault of the file.
fn is_fault(error: &TableError) -> bool {
    error.code() == "io"
}

/// Unwraps and inspects a main file. An error is the file's fault, and the type needs a table; or storage failed.
async fn read(
    state: &AppState,
    file: &product_files::Model,
    table_required: bool,
) -> ApiResult<Result<Registration, TableError>> {
    let _permit = state
        .inspect_permits
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    let unwrapped = match unwrap::main_file(state, file).await? {
        Ok(Found::Unwrapped(unwrapped)) => Some(*unwrapped),
        Ok(Found::AsItIs) => None,
        Err(reason) if table_required || is_fault(&reason) => return Ok(Err(reason)),
        Err(reason) => {
            tracing::info!(file_id = file.id, %reason, "the main file is kept as an archive");
            return Ok(Ok(without_table(file, None)));
        }
    };
    let (key, name) = match &unwrapped {
        Some(unwrapped) => (&unwrapped.blob.key, &unwrapped.name),
        None => (&file.blob_key, &file.name),
    };
    let reason = match inspect(state, key, name).await? {
        Ok(inspection) => return registration(file, unwrapped, inspection).map(Ok),
        Err(reason) => reason,
    };
    if !table_required && !is_fault(&reason) {
        tracing::info!(file_id = file.id, %reason, "the main file is not a table");
        return Ok(Ok(without_table(file, unwrapped)));
    }
    if let Some(unwrapped) = unwrapped {
        state.store.blobs.remove(&unwrapped.blob.key).await?;
    }
    Ok(Err(reason))
}

/// Reads a blob in a process of its own, with limits on time and memory: whatever is in it, the service goes
/// on.
async fn inspect(state: &AppState, key: &str, name: &str) -> ApiResult<Result<Inspection, TableError>> {
    let program = state.tables_program.clone();
    let path = state.store.blobs.local_path(key);
    let name = name.to_owned();
    let limits = child_limits(state);
    tokio::task::spawn_blocking(move || child::inspect(&program, &path, &name, limits))
        .await
        .map_err(ApiError::internal)
}

/// Time and memory that one look into a file may take.
pub(super) fn child_limits(state: &AppState) -> ChildLimits {
    ChildLimits {
        time: Duration::from_secs(state.settings.inspect_timeout_s),
        memory_bytes: state.settings.inspect_memory_mb << 20,
    }
}

/// The format's name as it is serialised everywhere.
fn format_name(format: pz_tables::Format) -> ApiResult<Option<String>> {
    let value = serde_json::to_value(format).map_err(ApiError::internal)?;
    Ok(value.as_str().map(str::to_owned))
}

fn without_table(file: &product_files::Model, unwrapped: Option<UnwrappedFile>) -> Registration {
    Registration {
        file_id: file.id,
        blob_key: file.blob_key.clone(),
        unwrapped,
        n_rows: None,
        table_format: None,
        table_layout: None,
        contents: Vec::new(),
    }
}

fn registration(
    file: &product_files::Model,
    unwrapped: Option<UnwrappedFile>,
    inspection: Inspection,
) -> ApiResult<Registration> {
    let contents = inspection
        .schema
        .columns
        .into_iter()
        .zip(inspection.statistics)
        .map(|(column, mut statistics)| {
            Ok(NewContent {
                samples: std::mem::take(&mut statistics.json_sample),
                column_name: column.name,
                dtype: Some(column.dtype.to_string()),
                shape: column.shape,
                unit: column.unit,
                ucd: column.ucd,
                description: column.description,
                statistics: Some(serde_json::to_value(statistics).map_err(ApiError::internal)?),
            })
        })
        .collect::<ApiResult<Vec<_>>>()?;
    Ok(Registration {
        n_rows: Some(i64::try_from(inspection.n_rows).unwrap_or(i64::MAX)),
        table_format: format_name(inspection.format)?,
        table_layout: Some(serde_json::to_value(inspection.layout).map_err(ApiError::internal)?),
        contents,
        ..without_table(file, unwrapped)
    })
}
