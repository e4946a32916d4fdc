//! Statistics of the columns of a product's table.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse};
use pz_model::api::{ColumnWithStatistics, TableStatistics};
use pz_store::entities::product_contents;

use super::read_data::table_of;
use crate::error::{ApiError, ApiResult};
use crate::etag;
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
    let names: Vec<&str> = rows.iter().map(|row| row.column_name.as_str()).collect();
    let wanted = query
        .get("columns")
        .map(|text| wanted_columns(text, &names))
        .transpose()?;
    let columns = rows
        .into_iter()
        .enumerate()
        .filter(|(position, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(position)))
        .map(|(_, row)| column(row))
        .collect::<ApiResult<Vec<_>>>()?;
    let statistics = TableStatistics {
        product: product_id,
        file: file.id,
        format: file.table_format,
        n_rows: file.n_rows.unwrap_or(0),
        columns,
    };
    etag::json(request, &statistics)
}

/// The positions of the names in a comma list, ascending. A name that has a comma itself is found when the rest of the
/// list follows; blanks around a name are left out unless the name has them.
///
/// # Errors
/// 400 with the first name that there is not.
pub(super) fn wanted_columns(text: &str, names: &[&str]) -> ApiResult<Vec<usize>> {
    let known: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let most_commas = names
        .iter()
        .map(|name| name.matches(',').count())
        .max()
        .unwrap_or(0);
    let pieces: Vec<&str> = text.split(',').collect();
    let mut wanted = Vec::new();
    let mut rest = pieces.as_slice();
    while !rest.is_empty() {
        // The longest run of pieces that is a name.
        let found = (1..=rest.len().min(most_commas + 1)).rev().find_map(|length| {
            let name = rest[..length].join(",");
            let position = known.get(name.as_str()).or_else(|| known.get(name.trim()))?;
            Some((length, *position))
        });
        let Some((length, position)) = found else {
            let message = format!("The table has no column \"{}\".", rest[0].trim());
            return Err(ApiError::parameter("columns", message));
        };
        wanted.push(position);
        rest = &rest[length..];
    }
    wanted.sort_unstable();
    wanted.dedup();
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
