//! Facets of lists: what the products that match have in common, with counts.

use serde::{Deserialize, Serialize};

/// What can be ticked beside a list of products, with counts.
///
/// The counts of a facet leave its own selection out of account: they say how many products there would be if that
/// value were ticked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductFacets {
    /// Products that match everything asked for, as in the list.
    #[cfg_attr(feature = "openapi", schema(example = 37))]
    pub count: u64,
    /// Values to tick.
    pub facets: FacetValues,
    /// Numbers to bound.
    pub ranges: FacetRanges,
}

/// The values of each facet: the most frequent first, those without products last; at most 200.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetValues {
    /// Product types, for `product_type__in`.
    pub product_type: Vec<FacetValue>,
    /// Releases, and `none`, for `release__in`.
    pub release: Vec<FacetValue>,
    /// Owners by username, for `owner__in`.
    pub owner: Vec<FacetValue>,
    /// `upload`, and pipelines by name, for `origin__in`.
    pub origin: Vec<FacetValue>,
    /// `true` and `false`, for `official_product__in`.
    pub official: Vec<FacetValue>,
    /// Statuses by number, for `status__in`.
    pub status: Vec<FacetValue>,
    /// Formats of the main table, and `none`, for `format__in`.
    pub format: Vec<FacetValue>,
    /// Release years, the latest first, and `none`, for `release_year__in`.
    pub year: Vec<FacetValue>,
    /// Meanings that a column has, by alias, for `has`.
    pub roles: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetValue {
    /// What to put into the filter.
    #[cfg_attr(feature = "openapi", schema(example = "2"))]
    pub value: String,
    /// What to show to people.
    #[cfg_attr(feature = "openapi", schema(example = "Training Set"))]
    pub label: String,
    /// Products that have it.
    #[cfg_attr(feature = "openapi", schema(example = 12))]
    pub count: u64,
}

/// The ranges of each number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetRanges {
    /// Rows of the main table, for `rows`; the bins are equally wide in the logarithm.
    pub rows: FacetRange,
    /// Redshifts, for `z`: a product counts in every bin that its own range touches.
    pub z: FacetRange,
}

/// How a number is distributed over products.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetRange {
    /// Smallest; null when no product has the number.
    #[cfg_attr(feature = "openapi", schema(example = 1.0))]
    pub min: Option<f64>,
    /// Largest.
    #[cfg_attr(feature = "openapi", schema(example = 1_000_000.0))]
    pub max: Option<f64>,
    /// Products that have no such number.
    #[cfg_attr(feature = "openapi", schema(example = 4))]
    pub without: u64,
    /// The distribution.
    pub histogram: FacetHistogram,
}

/// Products per bin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetHistogram {
    /// Edges of the bins, one more than there are bins; empty without products.
    #[cfg_attr(feature = "openapi", schema(example = json!([1.0, 1000.0, 1_000_000.0])))]
    pub edges: Vec<f64>,
    /// Products of each bin.
    #[cfg_attr(feature = "openapi", schema(example = json!([5, 28])))]
    pub counts: Vec<u64>,
}
