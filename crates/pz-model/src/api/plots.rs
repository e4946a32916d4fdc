//! Data of plots over all rows of a table: what to draw is the client's business.

use serde::{Deserialize, Serialize};

/// How many rows lie in each HEALPix cell (NESTED numbering, ICRS).
///
/// `n_valid + n_missing + n_out_of_range` is `n_rows`; the counts of the cells add up to `n_valid`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkyPlot {
    /// Name of the column with the right ascension.
    #[cfg_attr(feature = "openapi", schema(example = "ra_deg"))]
    pub ra_column: String,
    /// Name of the column with the declination.
    #[cfg_attr(feature = "openapi", schema(example = "dec_deg"))]
    pub dec_column: String,
    /// The counts.
    #[serde(flatten)]
    pub counts: SkyCounts,
}

/// Counts per HEALPix cell, and what the cells cover.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkyCounts {
    /// HEALPix order of the cells; coarser than asked for when the cells would be too many.
    #[cfg_attr(feature = "openapi", schema(example = 9))]
    pub order: u8,
    /// Rows of the table.
    #[cfg_attr(feature = "openapi", schema(example = 367_139))]
    pub n_rows: u64,
    /// Rows with a position.
    #[cfg_attr(feature = "openapi", schema(example = 367_044))]
    pub n_valid: u64,
    /// Rows without a right ascension or declination.
    #[cfg_attr(feature = "openapi", schema(example = 95))]
    pub n_missing: u64,
    /// Rows whose numbers are no position: a declination beyond a pole, a right ascension outside −180° to 360°.
    #[cfg_attr(feature = "openapi", schema(example = 0))]
    pub n_out_of_range: u64,
    /// Cells that are not empty, as `[number, rows]`, by number.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<u64>>, example = json!([[786_432, 17], [786_433, 4]])))]
    pub cells: Vec<(u64, u64)>,
    /// Range of the positions; null when there is none.
    pub bounds: Option<SkyBounds>,
    /// Connected parts of the sky, the one with most rows first; 100 at most.
    pub footprints: Vec<SkyFootprint>,
    /// How many connected parts there are.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub n_footprints: u64,
}

/// A range of positions, degrees. It runs eastwards from `ra_min` to `ra_max`, across 0° when that is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkyBounds {
    /// Right ascension where the range begins.
    #[cfg_attr(feature = "openapi", schema(example = 149.4))]
    pub ra_min: f64,
    /// Right ascension where the range ends.
    #[cfg_attr(feature = "openapi", schema(example = 150.8))]
    pub ra_max: f64,
    /// Smallest declination.
    #[cfg_attr(feature = "openapi", schema(example = 1.5))]
    pub dec_min: f64,
    /// Largest declination.
    #[cfg_attr(feature = "openapi", schema(example = 2.9))]
    pub dec_max: f64,
}

/// A connected part of the sky, from its cells.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkyFootprint {
    /// Right ascension of the middle, degrees.
    #[cfg_attr(feature = "openapi", schema(example = 150.1))]
    pub ra: f64,
    /// Declination of the middle, degrees.
    #[cfg_attr(feature = "openapi", schema(example = 2.2))]
    pub dec: f64,
    /// Largest distance from the middle, degrees.
    #[cfg_attr(feature = "openapi", schema(example = 0.98))]
    pub radius: f64,
    /// Range of the positions.
    pub bounds: SkyBounds,
    /// Area of the cells, square degrees.
    #[cfg_attr(feature = "openapi", schema(example = 1.9))]
    pub area_deg2: f64,
    /// Cells that are not empty.
    #[cfg_attr(feature = "openapi", schema(example = 145))]
    pub n_cells: u64,
    /// Rows.
    #[cfg_attr(feature = "openapi", schema(example = 367_044))]
    pub count: u64,
}

/// The redshift distribution n(z).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedshiftPlot {
    /// Name of the column with the redshift.
    #[cfg_attr(feature = "openapi", schema(example = "zspec"))]
    pub column: String,
    /// Name of the column that splits the rows.
    #[cfg_attr(feature = "openapi", schema(example = "survey"))]
    pub split_column: Option<String>,
    /// The counts.
    #[serde(flatten)]
    pub counts: RedshiftCounts,
}

/// A histogram of redshifts.
///
/// `Σ counts + underflow + overflow + missing + negative + sentinel` is `n_rows`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedshiftCounts {
    /// Rows of the table.
    #[cfg_attr(feature = "openapi", schema(example = 1000))]
    pub n_rows: u64,
    /// Edges of the bins, one more than there are bins. A value on an edge belongs to the bin that begins there; the
    /// last edge belongs to the last bin.
    #[cfg_attr(feature = "openapi", schema(example = json!([0.0, 0.5, 1.0])))]
    pub edges: Vec<f64>,
    /// Rows of each bin.
    #[cfg_attr(feature = "openapi", schema(example = json!([612, 344])))]
    pub counts: Vec<u64>,
    /// Redshifts below the first edge.
    #[cfg_attr(feature = "openapi", schema(example = 0))]
    pub underflow: u64,
    /// Redshifts above the last edge.
    #[cfg_attr(feature = "openapi", schema(example = 3))]
    pub overflow: u64,
    /// Rows without a redshift: null and NaN.
    #[cfg_attr(feature = "openapi", schema(example = 25))]
    pub missing: u64,
    /// Values below 0 that are no sentinels; 0 when the bins begin below 0, which then count them.
    #[cfg_attr(feature = "openapi", schema(example = 2))]
    pub negative: u64,
    /// Values that stand for none: −9 and below (−9, −99, −999, …), 90 and above (99, 999, …), infinite ones.
    #[cfg_attr(feature = "openapi", schema(example = 14))]
    pub sentinel: u64,
    /// Smallest redshift of 0 or more.
    #[cfg_attr(feature = "openapi", schema(example = 0.003))]
    pub z_min: Option<f64>,
    /// Largest redshift that is no sentinel.
    #[cfg_attr(feature = "openapi", schema(example = 1.21))]
    pub z_max: Option<f64>,
    /// Median of the redshifts of 0 or more, to 0.0001.
    #[cfg_attr(feature = "openapi", schema(example = 0.42))]
    pub median: Option<f64>,
    /// Their 16 % quantile, to 0.0001.
    #[cfg_attr(feature = "openapi", schema(example = 0.18))]
    pub p16: Option<f64>,
    /// Their 84 % quantile, to 0.0001.
    #[cfg_attr(feature = "openapi", schema(example = 0.77))]
    pub p84: Option<f64>,
    /// The same bins for the most frequent values of the splitting column, then for all its other values and for rows
    /// without one; empty when nothing splits. Their counts add up to `counts`.
    #[serde(default)]
    pub groups: Vec<RedshiftGroup>,
}

/// Redshifts of the rows that share a value of another column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedshiftGroup {
    /// What the rows share.
    pub kind: GroupKind,
    /// The value as text; null unless the kind is `value`.
    #[cfg_attr(feature = "openapi", schema(example = "VVDS"))]
    pub value: Option<String>,
    /// Rows, whatever their redshift.
    #[cfg_attr(feature = "openapi", schema(example = 400))]
    pub n_rows: u64,
    /// Rows of each bin.
    #[cfg_attr(feature = "openapi", schema(example = json!([250, 130])))]
    pub counts: Vec<u64>,
    /// Median of the redshifts of 0 or more, to 0.001.
    #[cfg_attr(feature = "openapi", schema(example = 0.39))]
    pub median: Option<f64>,
}

/// What the rows of a group share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// One value.
    Value,
    /// One of the less frequent values.
    Other,
    /// No value.
    Missing,
}

/// Magnitude against redshift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MagnitudePlot {
    /// Name of the column with the magnitude.
    #[cfg_attr(feature = "openapi", schema(example = "mag_i_lsst"))]
    pub column: String,
    /// Name of the column with the redshift.
    #[cfg_attr(feature = "openapi", schema(example = "redshift"))]
    pub z_column: String,
    /// Columns that look like magnitudes, in file order.
    pub candidates: Vec<MagnitudeCandidate>,
    /// The counts.
    #[serde(flatten)]
    pub counts: MagnitudeCounts,
}

/// A column that looks like a magnitude, by its UCD or its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MagnitudeCandidate {
    /// Name of the column.
    #[cfg_attr(feature = "openapi", schema(example = "mag_i_lsst"))]
    pub column: String,
    /// The band, where name or UCD tell it.
    #[cfg_attr(feature = "openapi", schema(example = "i"))]
    pub band: Option<String>,
    /// Unit as the file gives it.
    #[cfg_attr(feature = "openapi", schema(example = "mag"))]
    pub unit: Option<String>,
}

/// Density of rows over magnitude and redshift.
///
/// `n + n_missing` is `n_rows`, and `Σ counts + n_outside` is `n`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MagnitudeCounts {
    /// Rows of the table.
    #[cfg_attr(feature = "openapi", schema(example = 1000))]
    pub n_rows: u64,
    /// Rows with both values.
    #[cfg_attr(feature = "openapi", schema(example = 982))]
    pub n: u64,
    /// Rows without one of them: null, NaN, a negative redshift, or a value that stands for none.
    #[cfg_attr(feature = "openapi", schema(example = 18))]
    pub n_missing: u64,
    /// Rows with both values outside the axes, which leave out the outermost 0.1 % where these are far off.
    #[cfg_attr(feature = "openapi", schema(example = 2))]
    pub n_outside: u64,
    /// Edges along the magnitude.
    #[cfg_attr(feature = "openapi", schema(example = json!([18.0, 20.0, 22.0])))]
    pub magnitude_edges: Vec<f64>,
    /// Edges along the redshift.
    #[cfg_attr(feature = "openapi", schema(example = json!([0.0, 1.0, 2.0])))]
    pub redshift_edges: Vec<f64>,
    /// Rows per cell: of the bin `m` in magnitude and `k` of `n` in redshift at `m · n + k`.
    #[cfg_attr(feature = "openapi", schema(example = json!([310, 2, 540, 128])))]
    pub counts: Vec<u64>,
    /// The redshifts of each bin in magnitude.
    pub running: Vec<RunningRedshift>,
}

/// Redshifts of the rows of one bin in magnitude, those beyond the axis included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunningRedshift {
    /// Middle of the bin.
    #[cfg_attr(feature = "openapi", schema(example = 19.0))]
    pub magnitude: f64,
    /// Rows.
    #[cfg_attr(feature = "openapi", schema(example = 312))]
    pub n: u64,
    /// Median, to a tenth of a bin in redshift; null without rows, or beyond the axis.
    #[cfg_attr(feature = "openapi", schema(example = 0.44))]
    pub median: Option<f64>,
    /// 16 % quantile, as the median.
    #[cfg_attr(feature = "openapi", schema(example = 0.21))]
    pub p16: Option<f64>,
    /// 84 % quantile, as the median.
    #[cfg_attr(feature = "openapi", schema(example = 0.71))]
    pub p84: Option<f64>,
}
