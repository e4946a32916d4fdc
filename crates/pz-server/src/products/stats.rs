//! Statistics of the columns of a product's table.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use pz_model::ErrorCode;
use pz_model::api::{ColumnWithStatistics, TableStatistics};
use pz_store::entities::product_contents;
use sha2::{Digest, Sha256};

use super::read_data::table_of;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::state::AppState;

/// The statistics of all columns, or of those that the query string names.
///
/// # Errors
/// 400 for a column that there is not; 404 when the product has no table.
pub(super) async fn answer(
    state: &AppState,
    product_id: i64,
    request: &HttpRequest,
) -> ApiResult<HttpResponse> {
    let file = table_of(state, product_id).await?;
    let rows = state.store.statistics_of(product_id).await?;
    let query = QueryMap::of(request);
    let wanted = query
        .get("columns")
        .map(|text| wanted_names(text, &rows))
        .transpose()?;
    let columns = rows
        .into_iter()
        .filter(|row| {
            wanted
                .as_ref()
                .is_none_or(|names| names.contains(&row.column_name))
        })
        .map(column)
        .collect::<ApiResult<Vec<_>>>()?;
    let body = serde_json::to_vec(&TableStatistics {
        product: product_id,
        file: file.id,
        format: file.table_format,
        n_rows: file.n_rows.unwrap_or(0),
        columns,
    })
    .map_err(ApiError::internal)?;
    let etag = format!("\"{}\"", pz_store::blobs::hex(&Sha256::digest(&body)[..16]));
    let known = request
        .headers()
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .any(|tag| tag.trim().trim_start_matches("W/") == etag)
        });
    let mut response = HttpResponse::Ok();
    response.insert_header((ETAG, etag));
    if known {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    Ok(response
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(body))
}

/// The names in a comma list. A name that has a comma itself is found when the rest of the list follows.
fn wanted_names(text: &str, rows: &[product_contents::Model]) -> ApiResult<HashSet<String>> {
    let known: HashSet<&str> = rows.iter().map(|row| row.column_name.as_str()).collect();
    let most_commas = known
        .iter()
        .map(|name| name.matches(',').count())
        .max()
        .unwrap_or(0);
    let pieces: Vec<&str> = text.split(',').collect();
    let mut wanted = HashSet::new();
    let mut rest = pieces.as_slice();
    while !rest.is_empty() {
        // The longest run of pieces that is a name.
        let found = (1..=rest.len().min(most_commas + 1))
            .rev()
            .map(|length| (length, rest[..length].join(",")))
            .find(|(_, name)| known.contains(name.as_str()) || known.contains(name.trim()));
        let Some((length, name)) = found else {
            let message = format!("The table has no column \"{}\".", rest[0].trim());
            return Err(ApiError::field("columns", ErrorCode::InvalidParameter, message));
        };
        let name = if known.contains(name.as_str()) {
            name
        } else {
            name.trim().to_owned()
        };
        wanted.insert(name);
        rest = &rest[length..];
    }
    Ok(wanted)
}

fn column(row: product_contents::Model) -> ApiResult<ColumnWithStatistics> {
    Ok(ColumnWithStatistics {
        shape: row.shape_numbers(),
        statistics: row
            .statistics
            .map(serde_json::from_value)
            .transpose()
            .map_err(ApiError::internal)?,
        column_name: row.column_name,
        dtype: row.dtype,
        unit: row.unit,
        ucd: row.ucd,
        alias: row.alias,
        description: row.description,
    })
}
