//! Whether our statistics and a peer's are the same. A ratio of speeds between different answers says nothing.

use anyhow::{Context, bail, ensure};
use pz_tables::{ColumnStatistics, DataType, Inspection, Scalar};
use serde_json::{Map, Value};

/// Relative difference allowed between sums of the same numbers in another order.
const SUMS: f64 = 1e-6;

/// Relative error of an estimated number of different values (five standard errors).
const DISTINCT: f64 = 0.06;

/// Compares; how many figures were compared.
pub(super) fn check(ours: &str, theirs: &str, bounds: &str) -> anyhow::Result<String> {
    let answer: Value = serde_json::from_str(ours)?;
    let inspection: Inspection = serde_json::from_value(answer.get("ok").context("no inspection")?.clone())?;
    let theirs: Map<String, Value> = serde_json::from_str(theirs)?;
    let bounds: Map<String, Value> = serde_json::from_str(bounds)?;
    ensure!(
        inspection.schema.columns.len() == theirs.len(),
        "{} columns for {}",
        inspection.schema.columns.len(),
        theirs.len()
    );
    let mut compared = 0;
    for (column, ours) in inspection.schema.columns.iter().zip(&inspection.statistics) {
        let theirs = theirs
            .get(&column.name)
            .with_context(|| format!("no column {}", column.name))?;
        compared += figures(ours, theirs)
            .and_then(|figures| Ok(figures + spread(&column.dtype, ours, bounds.get(&column.name))?))
            .with_context(|| format!("column {}: {ours:?} beside {theirs}", column.name))?;
    }
    Ok(format!("{compared} figures of {} columns", theirs.len()))
}

fn figures(ours: &ColumnStatistics, theirs: &Value) -> anyhow::Result<usize> {
    let mut compared = 0;
    let mut same = |name: &str, ours: Option<f64>, error: f64| -> anyhow::Result<()> {
        let Some(theirs) = theirs.get(name).and_then(Value::as_f64) else {
            return Ok(());
        };
        let ours = ours.with_context(|| format!("no {name}"))?;
        ensure!(
            (ours - theirs).abs() <= error * theirs.abs(),
            "{name}: {ours} for {theirs}"
        );
        compared += 1;
        Ok(())
    };
    let number = |scalar: &Option<Scalar>| match scalar {
        Some(Scalar::Int(value)) => Some(*value as f64),
        Some(Scalar::UInt(value)) => Some(*value as f64),
        Some(Scalar::Float(value)) => Some(*value),
        _ => None,
    };
    let whole = |value: Option<u64>| value.map(|value| value as f64);
    same("count", whole(Some(ours.count)), 0.0)?;
    same("missing", whole(Some(ours.missing)), 0.0)?;
    // Single precision as the shortest decimal, or widened.
    same("min", number(&ours.min), 1e-7)?;
    same("max", number(&ours.max), 1e-7)?;
    same("mean", ours.mean, SUMS)?;
    // Peers sum floating-point numbers; what identifiers have beyond 53 bits is lost to them.
    let rounding = number(&ours.max).unwrap_or(0.0).abs() * f64::EPSILON;
    same("std", ours.std, SUMS + rounding / ours.std.unwrap_or(1.0))?;
    same("min_length", whole(ours.min_length), 0.0)?;
    same("max_length", whole(ours.max_length), 0.0)?;
    let error = if ours.distinct_is_estimate { DISTINCT } else { 0.0 };
    same("distinct", whole(ours.distinct), error)?;
    Ok(compared)
}

/// Quartiles and histogram against bounds that were found by sorting all values.
fn spread(data_type: &DataType, ours: &ColumnStatistics, bounds: Option<&Value>) -> anyhow::Result<usize> {
    let Some(bounds) = bounds else { return Ok(0) };
    let (Some(quartiles), Some(histogram)) = (ours.quartiles, &ours.histogram) else {
        bail!("no quartiles");
    };
    let ends: Vec<(f64, f64)> = serde_json::from_value(bounds["quartiles"].clone())?;
    for (quartile, (low, high)) in quartiles.iter().zip(&ends) {
        // Single precision is written as the shortest decimal.
        let relative = if *data_type == DataType::Float32 {
            1e-7
        } else {
            f64::EPSILON
        };
        let rounding = relative * quartile.abs();
        ensure!(
            low - rounding <= *quartile && *quartile <= high + rounding,
            "quartile {quartile} is not from {low} to {high}"
        );
    }
    let below_edges: Vec<u64> = serde_json::from_value(bounds["below_edges"].clone())?;
    let finite = ours.count - ours.infinite;
    let allowed = bounds["rank_error"].as_f64().context("no error")? * finite as f64;
    let mut up_to = histogram.below;
    for (edge, expected) in below_edges.iter().enumerate() {
        ensure!(
            up_to.abs_diff(*expected) as f64 <= allowed,
            "{up_to} values below edge {edge} for {expected}"
        );
        up_to += histogram.counts.get(edge).copied().unwrap_or(0);
    }
    ensure!(
        up_to + histogram.above == finite,
        "the histogram has {up_to} + {} of {finite}",
        histogram.above
    );
    Ok(ends.len() + below_edges.len())
}
