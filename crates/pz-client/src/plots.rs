//! Data of plots over all rows of a product's table.

use pz_model::api::{MagnitudePlot, RedshiftPlot, SkyPlot};

use crate::{Client, Result};

/// How a redshift histogram is to be counted; the server chooses what is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RedshiftQuery {
    /// Number of bins.
    pub bins: Option<u32>,
    /// First edge.
    pub min: Option<f64>,
    /// Last edge.
    pub max: Option<f64>,
    /// A column, by its name or its meaning, whose values split the rows.
    pub split: Option<String>,
}

impl Client {
    /// Rows per HEALPix cell, of this order or of one that the server chooses.
    pub async fn sky_plot(&self, product: i64, order: Option<u8>) -> Result<SkyPlot> {
        let query: Vec<_> = order
            .map(|order| ("order", order.to_string()))
            .into_iter()
            .collect();
        self.get(&format!("/api/products/{product}/plots/sky/"), &query)
            .await
    }

    /// The redshift distribution.
    pub async fn redshift_plot(&self, product: i64, query: &RedshiftQuery) -> Result<RedshiftPlot> {
        let query: Vec<_> = [
            ("bins", query.bins.map(|bins| bins.to_string())),
            ("min", query.min.map(|min| min.to_string())),
            ("max", query.max.map(|max| max.to_string())),
            ("split", query.split.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        self.get(&format!("/api/products/{product}/plots/nz/"), &query)
            .await
    }

    /// Magnitude against redshift, for this column or for one that the server chooses.
    pub async fn magnitude_plot(&self, product: i64, column: Option<&str>) -> Result<MagnitudePlot> {
        let query: Vec<_> = column
            .map(|column| ("column", column.to_owned()))
            .into_iter()
            .collect();
        self.get(&format!("/api/products/{product}/plots/magz/"), &query)
            .await
    }
}
