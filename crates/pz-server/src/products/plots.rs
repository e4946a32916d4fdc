//! Data of plots over all rows of a product's table: counted by `pz-tables` in a process of its own, once for the bytes
//! of the file, then kept.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::{MagnitudeCandidate, MagnitudePlot, RedshiftPlot, SkyPlot};
use pz_model::{ColumnMeaning, ErrorCode, MagnitudeColumn};
use pz_store::blobs::hex;
use pz_store::entities::product_files;
use pz_store::product_contents::Content;
use pz_tables::TableError;
use pz_tables::child::{self, ChildLimits};
use pz_tables::plot::{
    MAGNITUDE_BINS_MAX, PlotCounts, PlotQuestion, PlotRequest, REDSHIFT_BINS_MAX, SKY_ORDER_MAX,
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::main_file::layout;
use super::read_data::table_of;
use super::registry::child_limits;
use super::{LIST, VisibleProduct};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::QueryMap;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

/// A part of every key: another one when the same question is answered in another way.
const VERSION: u32 = 1;

/// Longest time to count a plot; somebody waits for it.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Longer data are counted anew each time instead of being kept.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Bins when none are asked for.
const REDSHIFT_BINS: usize = 60;
const MAGNITUDE_BINS: usize = 100;

/// Largest number that an end of the redshift axis may be.
const REDSHIFT_END_MAX: f64 = 1000.0;

/// Bands in the order in which one is chosen: the LSST gold sample is selected in i.
const BANDS: [&str; 6] = ["i", "r", "z", "g", "y", "u"];

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::instance("Sky Plot", &LIST) => [sky_plot],
        PathMeta::instance("Redshift Plot", &LIST) => [redshift_plot],
        PathMeta::instance("Magnitude Plot", &LIST) => [magnitude_plot],
    );
}

/// Count the rows of the table per HEALPix cell, by the columns that mean RA and Dec.
#[utoipa::path(get, path = "/api/products/{id}/plots/sky/", tag = "plots", params(
    ("order" = inline(Option<i64>), Query, description = "HEALPix order of the cells; chosen so that at most 4,000 cells are not empty when absent", minimum = 0, maximum = 12),
), responses(
    (status = 200, description = "Counts per cell over all rows, and the connected parts of the sky", body = SkyPlot),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 400, description = "`order` is not a number from 0 to 12"),
    (status = 404, description = "No such product; or it has no table (code `not_a_table`), or no columns that mean RA and Dec and hold numbers (code `missing_columns`)"),
    (status = 422, description = "The file is damaged, or counting takes too long"),
    (status = 503, description = "Too many plots are being counted; try again"),
))]
async fn sky_plot(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let query = QueryMap::of(&request);
    let order = whole_number(&query, "order", 0, usize::from(SKY_ORDER_MAX))?;
    let table = Table::of(&state, product.row.id).await?;
    let (ra, dec) = (
        table.meaning(ColumnMeaning::Ra)?,
        table.meaning(ColumnMeaning::Dec)?,
    );
    let asked = PlotRequest::Sky {
        ra: ra.clone(),
        dec: dec.clone(),
        order: order.and_then(|order| u8::try_from(order).ok()),
    };
    let PlotCounts::Sky(counts) = table.counts(&state, asked).await? else {
        return Err(ApiError::internal("another plot was counted"));
    };
    let plot = SkyPlot {
        ra_column: ra,
        dec_column: dec,
        counts,
    };
    etag::json(&request, &plot)
}

/// Count the rows of the table per bin of the redshift, by the column that means z.
#[utoipa::path(get, path = "/api/products/{id}/plots/nz/", tag = "plots", params(
    ("bins" = inline(Option<i64>), Query, description = "Number of bins; 60 when absent", minimum = 1, maximum = 1000),
    ("min" = inline(Option<f64>), Query, description = "First edge; 0 when absent. Below 0 the bins count negative redshifts, too", minimum = -1000, maximum = 1000),
    ("max" = inline(Option<f64>), Query, description = "Last edge; chosen so that nearly all redshifts lie below when absent", minimum = -1000, maximum = 1000),
    ("split" = inline(Option<String>), Query, description = "A column, by name or by its meaning (`survey`, `z_flag`): the same bins for each of its ten most frequent values"),
), responses(
    (status = 200, description = "Counts per bin over all rows; every row is counted once, in a bin or beside them", body = RedshiftPlot),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 400, description = "A parameter is out of range, `max` is not above `min`, or the table has no such column"),
    (status = 404, description = "No such product; or it has no table (code `not_a_table`), or no column that means z and holds numbers (code `missing_columns`)"),
    (status = 422, description = "The file is damaged, or counting takes too long"),
    (status = 503, description = "Too many plots are being counted; try again"),
))]
async fn redshift_plot(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let query = QueryMap::of(&request);
    let bins = whole_number(&query, "bins", 1, REDSHIFT_BINS_MAX)?.unwrap_or(REDSHIFT_BINS);
    let (min, max) = (decimal_number(&query, "min")?, decimal_number(&query, "max")?);
    if max.is_some_and(|max| max <= min.unwrap_or(0.0)) {
        return Err(ApiError::parameter(
            "max",
            "Give a number above `min`, which is 0 when absent.",
        ));
    }
    let table = Table::of(&state, product.row.id).await?;
    let split = query
        .get("split")
        .map(|name| table.named("split", name))
        .transpose()?;
    let z = table.meaning(ColumnMeaning::Z)?;
    let asked = PlotRequest::Redshift {
        z: z.clone(),
        bins,
        min,
        max,
        split: split.clone(),
    };
    let PlotCounts::Redshift(counts) = table.counts(&state, asked).await? else {
        return Err(ApiError::internal("another plot was counted"));
    };
    let plot = RedshiftPlot {
        column: z,
        split_column: split,
        counts,
    };
    etag::json(&request, &plot)
}

/// Count the rows of the table over magnitude and redshift.
#[utoipa::path(get, path = "/api/products/{id}/plots/magz/", tag = "plots", params(
    ("column" = inline(Option<String>), Query, description = "Name of the column with the magnitude; the first that looks like one when absent, in the i band if there is one"),
    ("bins" = inline(Option<i64>), Query, description = "Number of bins along each axis; 100 when absent", minimum = 1, maximum = 200),
), responses(
    (status = 200, description = "Counts per cell over all rows, with the median redshift along the magnitude", body = MagnitudePlot),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 400, description = "`bins` is out of range, or the table has no such column"),
    (status = 404, description = "No such product; or it has no table (code `not_a_table`), or no columns with a magnitude and a redshift that hold numbers (code `missing_columns`)"),
    (status = 422, description = "The file is damaged, or counting takes too long"),
    (status = 503, description = "Too many plots are being counted; try again"),
))]
async fn magnitude_plot(
    product: VisibleProduct,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let query = QueryMap::of(&request);
    let bins = whole_number(&query, "bins", 1, MAGNITUDE_BINS_MAX)?.unwrap_or(MAGNITUDE_BINS);
    let table = Table::of(&state, product.row.id).await?;
    let candidates = table.magnitudes();
    let magnitude = match query.get("column") {
        Some(name) => table.named("column", name)?,
        None => first_choice(&candidates)
            .ok_or_else(|| missing("No column of the table looks like a magnitude; name one as `column`."))?,
    };
    let z = table.meaning(ColumnMeaning::Z)?;
    let asked = PlotRequest::Magnitude {
        magnitude: magnitude.clone(),
        z: z.clone(),
        bins,
    };
    let PlotCounts::Magnitude(counts) = table.counts(&state, asked).await? else {
        return Err(ApiError::internal("another plot was counted"));
    };
    let plot = MagnitudePlot {
        column: magnitude,
        z_column: z,
        candidates,
        counts,
    };
    etag::json(&request, &plot)
}

fn first_choice(candidates: &[MagnitudeCandidate]) -> Option<String> {
    let in_band = |band: &&str| {
        candidates
            .iter()
            .find(|column| column.band.as_deref() == Some(*band))
    };
    BANDS
        .iter()
        .find_map(in_band)
        .or_else(|| candidates.first())
        .map(|column| column.column.clone())
}

/// 404: the product is there, and the plot cannot be.
fn missing(message: impl Into<String>) -> ApiError {
    ApiError::detail(StatusCode::NOT_FOUND, ErrorCode::MissingColumns, message)
}

/// The table of a product and what its columns mean.
struct Table {
    product_id: i64,
    file: product_files::Model,
    columns: Vec<Content>,
}

impl Table {
    async fn of(state: &AppState, product_id: i64) -> ApiResult<Self> {
        Ok(Self {
            product_id,
            file: table_of(state, product_id).await?,
            columns: state.store.contents_of(product_id).await?,
        })
    }

    fn with_alias(&self, alias: &str) -> Option<String> {
        let column = self
            .columns
            .iter()
            .find(|column| column.alias.as_deref() == Some(alias));
        column.map(|column| column.column_name.clone())
    }

    /// The column with a meaning.
    fn meaning(&self, meaning: ColumnMeaning) -> ApiResult<String> {
        let alias = meaning.alias();
        self.with_alias(alias).ok_or_else(|| {
            missing(format!(
                "No column of the table means {alias}. Tell which one does."
            ))
        })
    }

    /// The column that a query parameter names: by its name, or by what it means.
    fn named(&self, parameter: &str, name: &str) -> ApiResult<String> {
        let column = self.columns.iter().find(|column| column.column_name == name);
        column
            .map(|column| column.column_name.clone())
            .or_else(|| self.with_alias(name))
            .ok_or_else(|| ApiError::parameter(parameter, format!("The table has no column \"{name}\".")))
    }

    fn magnitudes(&self) -> Vec<MagnitudeCandidate> {
        let candidate = |column: &Content| {
            let found = MagnitudeColumn::recognise(&column.column_name, column.ucd.as_deref())?;
            Some(MagnitudeCandidate {
                column: column.column_name.clone(),
                band: found.band,
                unit: column.unit.clone(),
            })
        };
        self.columns.iter().filter_map(candidate).collect()
    }

    /// What was counted before, or is counted now.
    async fn counts(&self, state: &AppState, request: PlotRequest) -> ApiResult<PlotCounts> {
        let key = self.key(&request)?;
        if let Some(counts) = kept(state, self.product_id, &key).await? {
            return Ok(counts);
        }
        let patience = Duration::from_secs(state.settings.page_timeout_s);
        let Ok(permit) = timeout(patience, state.plot_permits.clone().acquire_owned()).await else {
            return Err(ApiError::detail(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::Unavailable,
                "Too many plots are being counted right now. Try again in a few seconds.",
            ));
        };
        let permit = permit.map_err(ApiError::internal)?;
        // Whoever was before may have wanted the same.
        if let Some(counts) = kept(state, self.product_id, &key).await? {
            return Ok(counts);
        }
        let (state, product_id, file) = (state.clone(), self.product_id, self.file.clone());
        // Goes on when the caller goes away: the next one finds it.
        let counting = actix_web::rt::spawn(async move {
            let _permit = permit;
            let counts = run(&state, &file, request).await?;
            keep(&state, product_id, &key, &file.sha256, &counts).await?;
            Ok(counts)
        });
        counting.await.map_err(ApiError::internal)?
    }

    /// The same for the same question about the same bytes.
    fn key(&self, request: &PlotRequest) -> ApiResult<String> {
        let question = serde_json::to_vec(&(VERSION, request)).map_err(ApiError::internal)?;
        Ok(format!(
            "{}-{}",
            hex(&Sha256::digest(&question)),
            self.file.sha256
        ))
    }
}

async fn kept(state: &AppState, product_id: i64, key: &str) -> ApiResult<Option<PlotCounts>> {
    let body = state.store.plot(product_id, key).await?;
    Ok(body.and_then(|body| serde_json::from_value(body).ok()))
}

async fn keep(
    state: &AppState,
    product_id: i64,
    key: &str,
    file_sha256: &str,
    counts: &PlotCounts,
) -> ApiResult<()> {
    let body = serde_json::to_string(counts).map_err(ApiError::internal)?;
    if body.len() <= KEPT_BYTES_MAX {
        let body = serde_json::from_str(&body).map_err(ApiError::internal)?;
        state.store.keep_plot(product_id, key, file_sha256, body).await?;
    }
    Ok(())
}

/// Counts in a process of its own.
async fn run(state: &AppState, file: &product_files::Model, request: PlotRequest) -> ApiResult<PlotCounts> {
    let limits = child_limits(state);
    let limits = ChildLimits {
        time: limits.time.min(TIME_MAX),
        ..limits
    };
    let program = state.tables_program.clone();
    let path = state.store.blobs.local_path(&file.blob_key);
    let name = file.name.clone();
    let question = PlotQuestion {
        request,
        layout: layout(file),
    };
    tokio::task::spawn_blocking(move || child::plot(&program, &path, &name, &question, limits))
        .await
        .map_err(ApiError::internal)?
        .map_err(refusal)
}

/// A column that is gone or holds no numbers is missing; all else is the file's fault, or storage's.
fn refusal(error: TableError) -> ApiError {
    match error.code() {
        "no_such_column_name" | "no_numbers" => missing(error.to_string()),
        _ => error.into(),
    }
}

fn whole_number(query: &QueryMap, name: &str, low: usize, high: usize) -> ApiResult<Option<usize>> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if is_plain && (low..=high).contains(&number) => Ok(Some(number)),
        _ => Err(ApiError::parameter(
            name,
            format!("Give a whole number from {low} to {high}."),
        )),
    }
}

fn decimal_number(query: &QueryMap, name: &str) -> ApiResult<Option<f64>> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    match serde_json::from_str::<f64>(text) {
        Ok(number) if number.abs() <= REDSHIFT_END_MAX => Ok(Some(number)),
        _ => Err(ApiError::parameter(
            name,
            format!("Give a number from -{REDSHIFT_END_MAX} to {REDSHIFT_END_MAX}."),
        )),
    }
}
