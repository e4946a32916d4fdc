//! Everything known of one column, in a dialog.

use leptos::prelude::*;
use pz_model::api::{ColumnStatistics, ColumnWithStatistics, Scalar};
use ui_kit::{Definition, DefinitionList, bars};

use super::column_summary::{Chart, chart, distinct_number, number, sentence, share_text, short};
use crate::texts::{Text, say_with, t};

/// The statistics of a column with a large picture of its values.
pub(crate) fn column_panel(column: &ColumnWithStatistics) -> AnyView {
    let picture = chart(column).zip(column.statistics.clone());
    let words = sentence(column);
    let note = column
        .statistics
        .as_ref()
        .and_then(|statistics| statistics.sampled);
    view! {
        {column.description.clone().map(|text| view! { <p class="column-description">{text}</p> })}
        {picture.map(|(chart, statistics)| match chart {
            Chart::Histogram(_) => histogram(&chart, &statistics, words),
            Chart::Values(values) => top_values(values, &statistics),
        })}
        {note.map(|count| view! { <p class="muted">{say_with(Text::StatsSampled, &[("count", &number(count))])}</p> })}
        <DefinitionList items=facts(column)/>
    }
    .into_any()
}

fn histogram(chart: &Chart, statistics: &ColumnStatistics, words: String) -> AnyView {
    let Chart::Histogram(bins) = chart else {
        return ().into_any();
    };
    let width = (bins.high - bins.low) / bins.counts.len().max(1) as f64;
    let titles: Vec<_> = bins
        .counts
        .iter()
        .enumerate()
        .map(|(index, count)| {
            let low = bins.low + index as f64 * width;
            format!("{} … {}: {}", short(low), short(low + width), number(*count))
        })
        .collect();
    let outside = bins.below + bins.above;
    view! {
        <figure class="column-figure" role="img" aria-label=words>
            {bars(&bins.counts, chart.marker(statistics), &titles, "column-histogram")}
            <div class="column-ends" aria-hidden="true"><span>{short(bins.low)}</span><span>{short(bins.high)}</span></div>
        </figure>
        {(outside > 0).then(|| view! {
            <p class="muted">{say_with(Text::StatsOutside, &[("count", &number(outside))])}</p>
        })}
    }
    .into_any()
}

/// The most frequent values with their shares.
fn top_values(values: Vec<(String, u64)>, statistics: &ColumnStatistics) -> AnyView {
    let total = statistics.count;
    let most = values.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
    view! {
        <h3 class="column-heading">{t(Text::StatsTop)}</h3>
        <ol class="top-values">
            {values
                .into_iter()
                .map(|(value, count)| {
                    let width = format!("{:.1}%", count as f64 / most as f64 * 100.0);
                    view! {
                        <li>
                            <span class="top-value">{value}</span>
                            <span class="number">{number(count)}" · "{share_text(count, total)}</span>
                            <span class="top-bar" style:width=width></span>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
    .into_any()
}

fn facts(column: &ColumnWithStatistics) -> Vec<Definition> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut items = vec![
        Definition::maybe(
            t(Text::StatsType),
            super::preview_header::kind(column.dtype.as_deref(), &column.shape),
        ),
        Definition::maybe(t(Text::StatsUnit), filled(&column.unit)),
        Definition::maybe(t(Text::StatsMeaning), filled(&column.alias)),
        Definition::maybe(
            t(Text::StatsUcd),
            filled(&column.ucd).map(|ucd| view! { <code>{ucd}</code> }),
        ),
    ];
    let Some(statistics) = &column.statistics else {
        return items;
    };
    let some = |count: u64| (count > 0).then(|| number(count));
    let exact = |value: &Option<Scalar>| value.as_ref().map(Scalar::to_string);
    let float = |value: Option<f64>| value.map(|value| Scalar(value.into()).to_string());
    let total = statistics.count + statistics.missing;
    let missing = format!(
        "{} ({})",
        number(statistics.missing),
        share_text(statistics.missing, total)
    );
    let lengths = statistics.min_length.zip(statistics.max_length);
    let quartiles = statistics.quartiles.map(|quartiles| {
        quartiles
            .map(|value| Scalar(value.into()).to_string())
            .join(" · ")
    });
    let sample = (!statistics.sample.is_empty()).then(|| statistics.sample.join(" · "));
    items.extend([
        Definition::new(t(Text::StatsCount), number(statistics.count)),
        Definition::new(t(Text::StatsMissing), missing),
        Definition::maybe(t(Text::StatsNan), some(statistics.nan)),
        Definition::maybe(t(Text::StatsInfinite), some(statistics.infinite)),
        Definition::maybe(t(Text::StatsMin), exact(&statistics.min)),
        Definition::maybe(t(Text::StatsQuartiles), quartiles),
        Definition::maybe(t(Text::StatsMax), exact(&statistics.max)),
        Definition::maybe(t(Text::StatsMean), float(statistics.mean)),
        Definition::maybe(t(Text::StatsStd), float(statistics.std)),
        Definition::maybe(t(Text::StatsDistinct), distinct_number(statistics)),
        Definition::maybe(
            t(Text::StatsLength),
            lengths.map(|(least, most)| {
                if least == most {
                    number(most)
                } else {
                    format!("{}–{}", number(least), number(most))
                }
            }),
        ),
        Definition::maybe(t(Text::StatsSample), sample),
    ]);
    items
}
