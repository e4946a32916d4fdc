//! Data of plots over all rows of a table, in a pass or two over the few columns that they need. Must never hold more
//! than a batch of rows, whatever the size of the table.

mod fine;
mod groups;
mod magnitude;
mod numbers;
mod redshift;
mod sky;

use std::path::Path;

use pz_model::api::{MagnitudeCounts, RedshiftCounts, SkyCounts};
use serde::{Deserialize, Serialize};

use crate::error::TableError;
use crate::layout::Layout;
use crate::reader::TableReader;

/// Most bins of a histogram of redshifts.
pub const REDSHIFT_BINS_MAX: usize = 1000;

/// Most bins along each axis of magnitude against redshift.
pub const MAGNITUDE_BINS_MAX: usize = 200;

/// Finest HEALPix order that can be asked for.
pub const SKY_ORDER_MAX: u8 = 12;

/// What to count; columns by their names in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlotRequest {
    /// Rows per HEALPix cell.
    Sky {
        /// Column with the right ascension.
        ra: String,
        /// Column with the declination.
        dec: String,
        /// Order of the cells; chosen by the rows when absent.
        order: Option<u8>,
    },
    /// The redshift distribution.
    Redshift {
        /// Column with the redshift.
        z: String,
        /// Number of bins.
        bins: usize,
        /// First edge; 0 when absent.
        min: Option<f64>,
        /// Last edge; chosen by the rows when absent.
        max: Option<f64>,
        /// Column whose values split the rows.
        split: Option<String>,
    },
    /// Magnitude against redshift.
    Magnitude {
        /// Column with the magnitude.
        magnitude: String,
        /// Column with the redshift.
        z: String,
        /// Number of bins along each axis.
        bins: usize,
    },
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlotCounts {
    /// Rows per HEALPix cell.
    Sky(SkyCounts),
    /// The redshift distribution.
    Redshift(RedshiftCounts),
    /// Magnitude against redshift.
    Magnitude(MagnitudeCounts),
}

/// What the program `pz-tables plot` reads from its standard input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlotQuestion {
    /// What to count.
    pub request: PlotRequest,
    /// The layout of an earlier inspection, so that nothing is looked for again.
    pub layout: Option<Layout>,
}

/// Counts what `request` asks for over all rows of the table in the file at `path`.
///
/// # Errors
/// [`TableError::NoSuchColumnName`] for a column that the table does not have or that holds no numbers, and whatever
/// makes the file unreadable.
pub fn plot(path: &Path, file_name: &str, question: &PlotQuestion) -> Result<PlotCounts, TableError> {
    let reader = crate::open(path, file_name, question.layout.as_ref())?;
    count(reader.as_ref(), file_name, &question.request)
}

/// As [`plot`], of a table that is open already.
///
/// # Errors
/// As [`plot`].
pub fn count(
    reader: &dyn TableReader,
    file_name: &str,
    request: &PlotRequest,
) -> Result<PlotCounts, TableError> {
    let table = Table { reader, file_name };
    match request {
        PlotRequest::Sky { ra, dec, order } => {
            let columns = [table.position(ra)?, table.position(dec)?];
            sky::count(table, columns, *order).map(PlotCounts::Sky)
        }
        PlotRequest::Redshift {
            z,
            bins,
            min,
            max,
            split,
        } => {
            let split = split.as_deref().map(|name| table.position(name)).transpose()?;
            let range = redshift::Range {
                bins: (*bins).clamp(1, REDSHIFT_BINS_MAX),
                min: *min,
                max: *max,
            };
            redshift::count(table, table.position(z)?, range, split).map(PlotCounts::Redshift)
        }
        PlotRequest::Magnitude { magnitude, z, bins } => {
            let columns = [table.position(magnitude)?, table.position(z)?];
            let bins = (*bins).clamp(1, MAGNITUDE_BINS_MAX);
            magnitude::count(table, columns, bins).map(PlotCounts::Magnitude)
        }
    }
}

/// A table and the user's name of its file.
#[derive(Clone, Copy)]
struct Table<'a> {
    reader: &'a dyn TableReader,
    file_name: &'a str,
}

impl Table<'_> {
    fn position(self, name: &str) -> Result<usize, TableError> {
        self.reader
            .schema()
            .index_of(name)
            .ok_or_else(|| TableError::NoSuchColumnName {
                file: self.file_name.to_owned(),
                column: name.to_owned(),
            })
    }

    fn broken(self, error: impl std::fmt::Display) -> TableError {
        TableError::broken(self.file_name, self.reader.format(), None, error)
    }

    fn column_name(self, position: usize) -> String {
        let column = self.reader.schema().columns.get(position);
        column.map(|column| column.name.clone()).unwrap_or_default()
    }

    fn unit(self, position: usize) -> String {
        let column = self.reader.schema().columns.get(position);
        column
            .and_then(|column| column.unit.as_deref())
            .map(|unit| unit.trim().to_lowercase())
            .unwrap_or_default()
    }
}
