//! Registration: reading the main file as a table and keeping what was found.

use std::time::Duration;

use actix_web::http::StatusCode;
use pz_model::{ErrorCode, ProductType};
use pz_store::entities::product_files;
use pz_store::product_contents::{NewContent, Registration};
use pz_store::products::ProductRow;
use pz_tables::child::{self, ChildLimits};
use pz_tables::{Inspection, TableError};

use crate::error::{ApiError, ApiResult};
use crate::state::AppState;

/// Reads the main file of a product and keeps its columns, row count and layout. For types that need no
/// table, a file that is none is no failure.
///
/// # Errors
/// 409 without a main file; 422 when the file is not a table and the type needs one: the reason is kept
/// with the product, whose status and columns stay as they are.
pub(crate) async fn register(state: &AppState, product: &ProductRow) -> ApiResult<()> {
    let table_required =
        ProductType::from_id(product.product_type_id).is_some_and(|t| t.rules().table_required);
    let Some(file) = state.store.main_file(product.id).await? else {
        return Err(ApiError::error(
            StatusCode::CONFLICT,
            ErrorCode::MissingMainFile,
            "The product has no main file; upload one first.",
        ));
    };
    let registration = match inspect(state, &file).await? {
        Ok(inspection) => registration(&file, inspection)?,
        Err(reason) if table_required => {
            let message = reason.to_string();
            let error = ApiError::from(reason);
            state
                .store
                .note_registry_error(product.id, &message, error.code().as_str())
                .await?;
            return Err(error);
        }
        Err(reason) => {
            tracing::info!(product_id = product.id, %reason, "the main file is not a table");
            Registration {
                file_id: file.id,
                n_rows: None,
                table_format: None,
                table_layout: None,
                contents: Vec::new(),
            }
        }
    };
    if state.store.register(product.id, registration).await? {
        return Ok(());
    }
    Err(ApiError::error(
        StatusCode::CONFLICT,
        ErrorCode::Conflict,
        "The main file was replaced meanwhile; register the product again.",
    ))
}

/// Reads a file in a process of its own, with limits on time and memory: whatever is in the file, the
/// service goes on.
async fn inspect(state: &AppState, file: &product_files::Model) -> ApiResult<Result<Inspection, TableError>> {
    let _permit = state
        .inspect_permits
        .acquire()
        .await
        .map_err(ApiError::internal)?;
    let program = state.tables_program.clone();
    let path = state.store.blobs.local_path(&file.blob_key);
    let name = file.name.clone();
    let limits = ChildLimits {
        time: Duration::from_secs(state.settings.inspect_timeout_s),
        memory_bytes: state.settings.inspect_memory_mb << 20,
    };
    tokio::task::spawn_blocking(move || child::inspect(&program, &path, &name, limits))
        .await
        .map_err(ApiError::internal)
}

/// The format's name as it is serialised everywhere.
fn format_name(format: pz_tables::Format) -> ApiResult<Option<String>> {
    let value = serde_json::to_value(format).map_err(ApiError::internal)?;
    Ok(value.as_str().map(str::to_owned))
}

fn registration(file: &product_files::Model, inspection: Inspection) -> ApiResult<Registration> {
    let contents = inspection
        .schema
        .columns
        .into_iter()
        .zip(inspection.statistics)
        .map(|(column, statistics)| {
            Ok(NewContent {
                column_name: column.name,
                dtype: Some(column.dtype.to_string()),
                unit: column.unit,
                ucd: column.ucd,
                description: column.description,
                statistics: Some(serde_json::to_value(statistics).map_err(ApiError::internal)?),
            })
        })
        .collect::<ApiResult<Vec<_>>>()?;
    Ok(Registration {
        file_id: file.id,
        n_rows: Some(i64::try_from(inspection.n_rows).unwrap_or(i64::MAX)),
        table_format: format_name(inspection.format)?,
        table_layout: Some(serde_json::to_value(inspection.layout).map_err(ApiError::internal)?),
        contents,
    })
}
