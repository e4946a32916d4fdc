//! Counting records: a product counts in every facet when it passes all selections, and in one facet alone when it fails
//! nothing but that facet's own.

use std::collections::HashMap;
use std::hash::Hash;

use pz_model::api::{FacetHistogram, FacetRange, FacetRanges, FacetValue, FacetValues, ProductFacets};
use pz_model::{ColumnMeaning, ProductStatus, ProductType};

use super::Names;
use super::records::{Facet, Record, Records, test};
use crate::list::ListCondition;
use crate::products::ProductField;

/// Values of a facet at most.
const VALUES_MAX: usize = 200;

/// Bins of a range.
const BINS: usize = 20;

/// What asks for products without.
const NONE: &str = "none";

/// Counts by value; values that are there without counting have 0.
struct Tally<T>(HashMap<T, u64>);

impl<T: Eq + Hash> Tally<T> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    fn add(&mut self, value: T, counts: bool) {
        *self.0.entry(value).or_default() += u64::from(counts);
    }

    fn values(self, show: impl Fn(T) -> Option<(String, String)>) -> Vec<FacetValue> {
        let shown = self.0.into_iter().filter_map(|(value, count)| {
            let (value, label) = show(value)?;
            Some(FacetValue { value, label, count })
        });
        shown.collect()
    }
}

/// The facets of `records` under the conditions that are selections of facets.
pub(super) fn count(
    records: &Records,
    names: &Names,
    ticked: &[ListCondition<ProductField>],
) -> ProductFacets {
    let tests: Vec<_> = ticked
        .iter()
        .filter_map(|condition| Some((Facet::of(condition)?.bit(), test(condition, records, names))))
        .collect();
    let mut counter = Counter::new(records, names);
    for record in &records.products {
        let failed = tests
            .iter()
            .filter(|(_, passes)| !passes(record))
            .fold(0, |failed, (bit, _)| failed | bit);
        counter.add(record, failed);
    }
    counter.finish(records, names)
}

struct Counter {
    count: u64,
    product_types: Tally<i64>,
    releases: Tally<Option<i64>>,
    owners: Tally<i64>,
    pipelines: Tally<Option<i64>>,
    official: Tally<bool>,
    statuses: Tally<i32>,
    formats: Tally<Option<u16>>,
    years: Tally<Option<i32>>,
    roles: [u64; ColumnMeaning::ALL.len()],
    rows: Vec<f64>,
    without_rows: u64,
    redshifts: Vec<(f64, f64)>,
    without_redshifts: u64,
}

impl Counter {
    /// What can be ticked whether or not a product has it.
    fn new(records: &Records, names: &Names) -> Self {
        let mut counter = Self {
            count: 0,
            product_types: Tally::new(),
            releases: Tally::new(),
            owners: Tally::new(),
            pipelines: Tally::new(),
            official: Tally::new(),
            statuses: Tally::new(),
            formats: Tally::new(),
            years: Tally::new(),
            roles: [0; ColumnMeaning::ALL.len()],
            rows: Vec::new(),
            without_rows: 0,
            redshifts: Vec::new(),
            without_redshifts: 0,
        };
        for product_type in ProductType::ALL {
            counter.product_types.add(product_type.id(), false);
        }
        counter.releases.add(None, false);
        for release in records.releases.keys() {
            counter.releases.add(Some(*release), false);
        }
        counter.pipelines.add(None, false);
        for (pipeline, ..) in &names.pipelines {
            counter.pipelines.add(Some(*pipeline), false);
        }
        counter.official.add(true, false);
        counter.official.add(false, false);
        counter
    }

    fn add(&mut self, record: &Record, failed: u16) {
        let counts = |facet: Facet| failed & !facet.bit() == 0;
        self.count += u64::from(failed == 0);
        self.product_types
            .add(record.product_type, counts(Facet::ProductType));
        self.releases.add(record.release, counts(Facet::Release));
        self.owners.add(record.owner, counts(Facet::Owner));
        self.pipelines.add(record.pipeline, counts(Facet::Origin));
        self.official.add(record.official, counts(Facet::Official));
        self.statuses.add(record.status, counts(Facet::Status));
        self.formats.add(record.format, counts(Facet::Format));
        self.years.add(record.year, counts(Facet::Year));
        if counts(Facet::Roles) {
            for (position, count) in self.roles.iter_mut().enumerate() {
                *count += u64::from(record.roles >> position & 1);
            }
        }
        if counts(Facet::Rows) {
            match record.n_rows {
                Some(rows) => self.rows.push(rows as f64),
                None => self.without_rows += 1,
            }
        }
        if counts(Facet::Redshift) {
            match record.z {
                Some(range) => self.redshifts.push(range),
                None => self.without_redshifts += 1,
            }
        }
    }

    fn finish(self, records: &Records, names: &Names) -> ProductFacets {
        let none = |label: &str| Some((NONE.to_owned(), label.to_owned()));
        let same = |text: &str| Some((text.to_owned(), text.to_owned()));
        let mut facets = FacetValues {
            product_type: self.product_types.values(|id| {
                let product_type = ProductType::from_id(id)?;
                Some((id.to_string(), product_type.display_name().to_owned()))
            }),
            release: self.releases.values(|id| match id {
                Some(id) => Some((id.to_string(), records.releases.get(&id)?.clone())),
                None => none("None"),
            }),
            owner: self.owners.values(|id| {
                let (username, label) = names.users.get(&id)?;
                let label = if label.is_empty() { username } else { label };
                Some((username.clone(), label.clone()))
            }),
            origin: self.pipelines.values(|id| match id {
                Some(id) => {
                    let (_, name, label) = names.pipelines.iter().find(|(known, ..)| *known == id)?;
                    Some((name.clone(), label.clone()))
                }
                None => Some(("upload".to_owned(), "Upload".to_owned())),
            }),
            official: self.official.values(|official| {
                let label = if official { "Official" } else { "From users" };
                Some((official.to_string(), label.to_owned()))
            }),
            status: self.statuses.values(|code| {
                let status = ProductStatus::from_code(code)?;
                Some((code.to_string(), status.label().to_owned()))
            }),
            format: self.formats.values(|format| match format {
                Some(format) => {
                    let format = records.formats.get(usize::from(format))?;
                    Some((format.clone(), format_label(format)))
                }
                None => none("No table"),
            }),
            year: self.years.values(|year| match year {
                Some(year) => same(&year.to_string()),
                None => none("None"),
            }),
            roles: ColumnMeaning::ALL
                .iter()
                .zip(self.roles)
                .map(|(meaning, count)| FacetValue {
                    value: meaning.alias().to_owned(),
                    label: meaning.alias().to_owned(),
                    count,
                })
                .collect(),
        };
        for values in [
            &mut facets.product_type,
            &mut facets.release,
            &mut facets.owner,
            &mut facets.origin,
            &mut facets.official,
            &mut facets.status,
            &mut facets.format,
            &mut facets.roles,
        ] {
            values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
            values.truncate(VALUES_MAX);
        }
        // The latest first; `none` has no number and goes behind the years.
        facets.year.sort_by_key(|value| {
            let year = value.value.parse::<i32>().unwrap_or(i32::MIN);
            (value.count == 0, std::cmp::Reverse(year))
        });
        facets.year.truncate(VALUES_MAX);
        ProductFacets {
            count: self.count,
            facets,
            ranges: FacetRanges {
                rows: rows_range(&self.rows, self.without_rows),
                z: redshift_range(&self.redshifts, self.without_redshifts),
            },
        }
    }
}

/// The format for people.
fn format_label(format: &str) -> String {
    match format {
        "csv" => "CSV or other text",
        "fits" => "FITS",
        "hdf5" => "HDF5",
        "parquet" => "Parquet",
        "votable" => "VOTable",
        "hats" => "HATS",
        "parquet_directory" => "Parquet directory",
        other => other,
    }
    .to_owned()
}

fn range(low: f64, high: f64, without: u64, edges: Vec<f64>, counts: Vec<u64>) -> FacetRange {
    let is_some = low <= high;
    FacetRange {
        min: is_some.then_some(low),
        max: is_some.then_some(high),
        without,
        histogram: FacetHistogram { edges, counts },
    }
}

/// Smallest and largest; the wrong way round when there are none.
fn ends(values: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    values.fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(low, high), (smallest, largest)| (low.min(smallest), high.max(largest)),
    )
}

fn rows_range(rows: &[f64], without: u64) -> FacetRange {
    let (low, high) = ends(rows.iter().map(|rows| (*rows, *rows)));
    if rows.is_empty() {
        return range(low, high, without, Vec::new(), Vec::new());
    }
    // No table has fewer rows than 1 but the empty ones, which count in the first bin.
    let (start, end) = (low.max(1.0).ln(), high.max(1.0).ln());
    let edges = match end > start {
        true => edges(low, high, |share| (start + share * (end - start)).exp()),
        false => vec![low, high + 1.0],
    };
    let mut counts = vec![0; edges.len() - 1];
    for value in rows {
        if let Some(count) = counts.get_mut(bin_of(&edges, *value)) {
            *count += 1;
        }
    }
    range(low, high, without, edges, counts)
}

fn redshift_range(redshifts: &[(f64, f64)], without: u64) -> FacetRange {
    let (low, high) = ends(redshifts.iter().copied());
    if redshifts.is_empty() {
        return range(low, high, without, Vec::new(), Vec::new());
    }
    let edges = match high > low {
        true => edges(low, high, |share| low + share * (high - low)),
        false => vec![low, low + 0.1],
    };
    let mut counts = vec![0; edges.len() - 1];
    for (smallest, largest) in redshifts {
        let touched = bin_of(&edges, *smallest)..=bin_of(&edges, *largest);
        for count in counts.get_mut(touched).into_iter().flatten() {
            *count += 1;
        }
    }
    range(low, high, without, edges, counts)
}

/// Edges from `low` to `high`, which are met exactly.
fn edges(low: f64, high: f64, between: impl Fn(f64) -> f64) -> Vec<f64> {
    let inner = (1..BINS).map(|edge| between(edge as f64 / BINS as f64).clamp(low, high));
    [low].into_iter().chain(inner).chain([high]).collect()
}

/// The bin of a value that lies between the first and the last edge.
fn bin_of(edges: &[f64], value: f64) -> usize {
    let begun = edges.partition_point(|edge| *edge <= value);
    begun.saturating_sub(1).min(edges.len().saturating_sub(2))
}
