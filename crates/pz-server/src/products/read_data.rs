//! Pages of a product's table.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use pz_model::ErrorCode;
use pz_model::limits::TABLE_PAGE_SIZE_MAX;
use pz_store::entities::product_files;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use super::main_file::layout;
use super::stats::wanted_columns;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::state::AppState;

#[derive(Serialize)]
struct TablePage {
    /// Rows that can be paged.
    count: u64,
    /// Rows of the table.
    total_rows: u64,
    /// Names of the columns in file order.
    columns: Vec<String>,
    /// One object per row; written by `pz-tables`, so that no number passes through a float.
    results: Box<RawValue>,
}

/// The page of the table that the query string asks for; one beyond the end gives the last.
///
/// # Errors
/// 400 for a page or page size that is none; 404 when the product has no readable table.
pub(super) async fn page(
    state: &AppState,
    product_id: i64,
    request: &HttpRequest,
) -> ApiResult<HttpResponse> {
    let query = QueryMap::of(request);
    let number = read_number(&query, "page", 1)?;
    let size = read_number(&query, "page_size", TABLE_PAGE_SIZE_MAX)?.min(TABLE_PAGE_SIZE_MAX);
    let file = table_of(state, product_id).await?;
    let path = state.store.blobs.local_path(&file.blob_key);
    let stored_layout = layout(&file);
    let name = file.name;
    let columns = query.get("columns").map(str::to_owned);
    let page = read(state, move || {
        let reader = pz_tables::open(&path, &name, stored_layout.as_ref())?;
        let total = reader.row_count();
        let last_start = total.saturating_sub(1) / size * size;
        let start = (number - 1).saturating_mul(size).min(last_start);
        let end = start.saturating_add(size).min(total);
        let names: Vec<&str> = reader.schema().names().collect();
        let wanted = columns.map(|text| wanted_columns(&text, &names)).transpose()?;
        let columns = match &wanted {
            Some(wanted) => wanted
                .iter()
                .filter_map(|at| names.get(*at))
                .map(ToString::to_string)
                .collect(),
            None => names.into_iter().map(str::to_owned).collect(),
        };
        let rows = pz_tables::rows_json(reader.as_ref(), start..end, wanted.as_deref())?;
        let results = RawValue::from_string(rows).map_err(ApiError::internal)?;
        Ok(TablePage {
            count: total,
            total_rows: total,
            columns,
            results,
        })
    })
    .await?;
    Ok(HttpResponse::Ok().json(page))
}

/// The main file of a product that has been read as a table.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn table_of(state: &AppState, product_id: i64) -> ApiResult<product_files::Model> {
    state
        .store
        .main_file(product_id)
        .await?
        .filter(|file| file.n_rows.is_some())
        .ok_or_else(|| {
            ApiError::detail(
                StatusCode::NOT_FOUND,
                ErrorCode::NotATable,
                "The product has no table to show.",
            )
        })
}

/// Reads from a user's file, off the threads that answer requests. A panic of a reader is the file's fault; a
/// read that takes too long is answered without it, and keeps its place among the few at once until it ends.
async fn read<T: Send + 'static>(
    state: &AppState,
    work: impl FnOnce() -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let patience = Duration::from_secs(state.settings.page_timeout_s);
    let Ok(permit) = timeout(patience, state.page_permits.clone().acquire_owned()).await else {
        return Err(ApiError::detail(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Unavailable,
            "Too many tables are being read right now. Try again in a few seconds.",
        ));
    };
    let permit = permit.map_err(ApiError::internal)?;
    let reading = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    match timeout(patience, reading).await {
        Ok(Ok(result)) => result,
        Ok(Err(join)) if join.is_panic() => Err(ApiError::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::BrokenFile,
            "The file is damaged: its rows cannot be read. Write it again and upload it.",
        )),
        Ok(Err(join)) => Err(ApiError::internal(join)),
        Err(_) => Err(ApiError::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::InspectionLimit,
            format!(
                "Reading these rows takes longer than the limit of {} s. Write the table in another format \
                 (Parquet, for example) and upload it.",
                patience.as_secs()
            ),
        )),
    }
}

fn read_number(query: &QueryMap, name: &str, default: u64) -> ApiResult<u64> {
    match query.get(name) {
        None => Ok(default),
        Some(text) => match text.trim().parse() {
            Ok(number) if number >= 1 => Ok(number),
            _ => Err(ApiError::parameter(name, "Give a whole number from 1.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::ResponseError;
    use clap::Parser;

    use super::*;
    use crate::config::Settings;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    async fn state(directory: &std::path::Path) -> AppState {
        let data_dir = directory.display().to_string();
        let program = directory.join("pz-tables");
        fs_err::write(&program, "").unwrap();
        let settings = Program::parse_from([
            "test",
            "--data-dir",
            &data_dir,
            "--page-timeout-s",
            "1",
            "--tables-program",
            &program.display().to_string(),
        ])
        .settings;
        let mut state = AppState::open(settings).await.unwrap();
        state.page_permits = Arc::new(tokio::sync::Semaphore::new(1));
        state
    }

    #[actix_web::test]
    async fn a_reader_that_panics_or_hangs_harms_nobody_else() {
        let directory = tempfile::tempdir().unwrap();
        let state = state(directory.path()).await;
        let panicked = read(&state, || -> ApiResult<()> { panic!("a reader") }).await;
        let panicked = panicked.unwrap_err();
        assert_eq!(
            (panicked.status_code(), panicked.code()),
            (StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BrokenFile)
        );

        let (release, hold) = std::sync::mpsc::channel::<()>();
        let slow = read(&state, move || Ok(hold.recv().is_ok())).await.unwrap_err();
        assert_eq!(slow.code(), ErrorCode::InspectionLimit);
        // The one place there is stays taken until it ends.
        let waiting = read(&state, || Ok(())).await.unwrap_err();
        assert_eq!(
            (waiting.status_code(), waiting.code()),
            (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Unavailable)
        );
        release.send(()).unwrap();
        read(&state, || Ok(())).await.unwrap();
    }
}
