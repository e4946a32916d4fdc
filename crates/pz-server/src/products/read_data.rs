//! Pages of a product's table.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use pz_model::ErrorCode;
use pz_model::limits::TABLE_PAGE_SIZE_MAX;
use serde::Serialize;
use serde_json::value::RawValue;

use super::main_file::layout;
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
    let file = state
        .store
        .main_file(product_id)
        .await?
        .filter(|file| file.n_rows.is_some());
    let Some(file) = file else {
        return Err(ApiError::detail(
            StatusCode::NOT_FOUND,
            ErrorCode::NotATable,
            "The product has no table to show.",
        ));
    };
    let path = state.store.blobs.local_path(&file.blob_key);
    let stored_layout = layout(&file);
    let name = file.name;
    let read = tokio::task::spawn_blocking(move || -> Result<TablePage, ApiError> {
        let mut reader = pz_tables::open(&path, &name, stored_layout.as_ref())?;
        let total = reader.row_count();
        let last_start = total.saturating_sub(1) / size * size;
        let start = (number - 1).saturating_mul(size).min(last_start);
        let end = start.saturating_add(size).min(total);
        let rows = pz_tables::rows_json(reader.as_mut(), start..end, None)?;
        let columns = reader
            .schema()
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let results = RawValue::from_string(rows).map_err(ApiError::internal)?;
        Ok(TablePage {
            count: total,
            total_rows: total,
            columns,
            results,
        })
    });
    match read.await {
        Ok(page) => Ok(HttpResponse::Ok().json(page?)),
        // A panic of a reader is the fault of the file, not of the service.
        Err(join) if join.is_panic() => Err(ApiError::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::BrokenFile,
            "The file is damaged: its rows cannot be read. Write it again and upload it.",
        )),
        Err(join) => Err(ApiError::internal(join)),
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
