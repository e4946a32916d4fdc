//! The head of a column in the preview: name, type, unit and meaning, and a small picture of its values.

use leptos::prelude::*;
use pz_model::ColumnMeaning;
use pz_model::api::{ColumnStatistics, ColumnWithStatistics, ProductContent};
use ui_kit::{Badge, Tone, bars};

use super::column_summary::{Chart, chart, ends, missing_text, sentence};
use crate::texts::{Text, say_with};

/// What is known of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnFacts {
    /// Name.
    pub(crate) name: String,
    /// Type as stored.
    dtype: Option<String>,
    shape: Vec<u64>,
    unit: Option<String>,
    description: Option<String>,
    alias: Option<String>,
    ucd: Option<String>,
}

impl ColumnFacts {
    /// A column of which nothing but the name is known.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// What the API says of a column.
    pub(crate) fn of(column: &ProductContent) -> Self {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self {
            name: column.column_name.clone(),
            dtype: some(&column.dtype),
            shape: column.shape.clone(),
            unit: some(&column.unit),
            description: some(&column.description),
            alias: some(&column.alias),
            ucd: some(&column.ucd),
        }
    }

    /// Whether its values stand at the right, as far as its type says.
    pub(crate) fn is_numeric(&self) -> Option<bool> {
        let dtype = self.dtype.as_deref()?;
        Some(
            ["int", "uint", "float", "double", "decimal"]
                .iter()
                .any(|kind| dtype.starts_with(kind)),
        )
    }

    fn title(&self) -> String {
        [Some(&self.name), self.description.as_ref(), self.ucd.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

/// The type of a column in words: that of one value, and how many there are in a cell.
pub(crate) fn kind(dtype: Option<&str>, shape: &[u64]) -> Option<String> {
    let dtype = dtype?;
    if shape.is_empty() {
        return Some(dtype.to_owned());
    }
    let axes: Vec<String> = shape.iter().map(u64::to_string).collect();
    Some(format!("{dtype} × {}", axes.join(" × ")))
}

/// A column's head; `open` shows all its statistics.
pub(crate) fn header_view(
    facts: &ColumnFacts,
    column: Option<&ColumnWithStatistics>,
    class: &'static str,
    open: impl Fn() + 'static,
) -> AnyView {
    let unit = facts.unit.clone().map(|unit| format!("[{unit}]"));
    let kind = kind(facts.dtype.as_deref(), &facts.shape);
    let kind = kind.into_iter().chain(unit).collect::<Vec<_>>().join(" ");
    let badge = facts.alias.clone().map(|alias| {
        let tone = if ColumnMeaning::from_alias(&alias).is_some() {
            Tone::Info
        } else {
            Tone::Neutral
        };
        view! { <Badge text=alias tone=tone title=facts.ucd.clone().unwrap_or_default()/> }
    });
    let statistics = column.and_then(|column| Some((column, column.statistics.as_ref()?)));
    view! {
        <th class=class scope="col" abbr=facts.name.clone() title=facts.title()>
            <span class="column-head"><span class="column-name">{facts.name.clone()}</span>{badge}</span>
            <span class="column-kind">{kind}</span>
            {statistics.map(|(column, statistics)| statistics_view(column, statistics, open))}
        </th>
    }
    .into_any()
}

/// A picture of the values with its ends and the share of missing values, all of it a button.
fn statistics_view(
    column: &ColumnWithStatistics,
    statistics: &ColumnStatistics,
    open: impl Fn() + 'static,
) -> AnyView {
    let label = say_with(
        Text::StatsShow,
        &[("name", &column.column_name), ("summary", &sentence(column))],
    );
    let picture = chart(column);
    let kind = match &picture {
        Some(Chart::Values(_)) => "column-stats column-values",
        _ => "column-stats",
    };
    let bars = picture.map(|chart| bars(&chart.counts(), chart.marker(statistics), &[], "col-hist"));
    let ends = ends(column)
        .into_iter()
        .map(|end| view! { <span>{end}</span> })
        .collect_view();
    view! {
        <button type="button" class=kind title=label data-testid="column-stats" on:click=move |_| open()>
            <span class="visually-hidden">{label.clone()}</span>
            <span class="column-bars">{bars}</span>
            <span class="column-ends" aria-hidden="true">{ends}</span>
            <span class="column-missing" aria-hidden="true">{missing_text(statistics)}</span>
        </button>
    }
    .into_any()
}
