//! A column's statistics as they are shown: a picture of the values, and numbers short enough for a head.

use pz_model::api::{ColumnStatistics, ColumnWithStatistics, Histogram, Scalar};
use serde_json::Value;
use ui_kit::count_text;

use crate::texts::{Text, say_with};

/// Longest whole number that is shown as it is where room is short.
const WHOLE_CHARS: usize = 8;

/// What a picture of the values shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Chart {
    /// Numbers by size.
    Histogram(Histogram),
    /// Values by frequency.
    Values(Vec<(String, u64)>),
}

/// The picture of a column, if there is one.
pub(crate) fn chart(column: &ColumnWithStatistics) -> Option<Chart> {
    let statistics = column.statistics.as_ref()?;
    if let Some(histogram) = statistics
        .histogram
        .clone()
        .filter(|histogram| !histogram.counts.is_empty())
    {
        return Some(Chart::Histogram(histogram));
    }
    if let (Some("bool"), Some(share)) = (column.dtype.as_deref(), statistics.mean) {
        let trues = (share * statistics.count as f64).round() as u64;
        let falses = statistics.count.saturating_sub(trues);
        return Some(Chart::Values(vec![
            ("true".to_owned(), trues),
            ("false".to_owned(), falses),
        ]));
    }
    let values: Vec<_> = statistics
        .top_values
        .iter()
        .map(|value| (value.value.clone(), value.count))
        .collect();
    (!values.is_empty()).then_some(Chart::Values(values))
}

impl Chart {
    /// Heights of the bars.
    pub(crate) fn counts(&self) -> Vec<u64> {
        match self {
            Self::Histogram(histogram) => histogram.counts.clone(),
            Self::Values(values) => values.iter().map(|(_, count)| *count).collect(),
        }
    }

    /// Where the median lies, from 0 (left) to 1 (right).
    pub(crate) fn marker(&self, statistics: &ColumnStatistics) -> Option<f64> {
        let Self::Histogram(histogram) = self else {
            return None;
        };
        let [_, median, _] = statistics.quartiles?;
        let width = histogram.high - histogram.low;
        (width > 0.0).then(|| (median - histogram.low) / width)
    }
}

/// What stands below the picture, from left to right.
pub(crate) fn ends(column: &ColumnWithStatistics) -> Vec<String> {
    let Some(statistics) = &column.statistics else {
        return Vec::new();
    };
    match (chart(column), &statistics.min, &statistics.max) {
        (Some(Chart::Values(values)), ..) if column.dtype.as_deref() == Some("bool") => values
            .iter()
            .map(|(value, count)| format!("{value} {}", share_text(*count, statistics.count)))
            .collect(),
        (_, Some(min), Some(max)) => {
            let median = statistics.quartiles.map(|[_, median, _]| short(median));
            [Some(short_scalar(min)), median, Some(short_scalar(max))]
                .into_iter()
                .flatten()
                .collect()
        }
        (Some(Chart::Values(values)), ..) => {
            let most = values.first().map(|(value, _)| value.clone()).unwrap_or_default();
            vec![most, distinct_text(statistics).unwrap_or_default()]
        }
        _ => distinct_text(statistics).into_iter().collect(),
    }
}

/// `12 different`, with `≈` for an estimate.
fn distinct_text(statistics: &ColumnStatistics) -> Option<String> {
    let count = distinct_number(statistics)?;
    Some(say_with(Text::StatsDistinctShort, &[("count", &count)]))
}

/// Number of different values, with `≈` for an estimate.
pub(crate) fn distinct_number(statistics: &ColumnStatistics) -> Option<String> {
    let about = if statistics.distinct_is_estimate {
        "≈ "
    } else {
        ""
    };
    statistics
        .distinct
        .map(|count| format!("{about}{}", number(count)))
}

/// `0.03 % missing`, when any are.
pub(crate) fn missing_text(statistics: &ColumnStatistics) -> Option<String> {
    let share = share_text(statistics.missing, statistics.count + statistics.missing);
    (statistics.missing > 0).then(|| say_with(Text::StatsMissingShare, &[("share", &share)]))
}

/// The whole in a sentence, for those who do not see the picture.
pub(crate) fn sentence(column: &ColumnWithStatistics) -> String {
    let Some(statistics) = &column.statistics else {
        return String::new();
    };
    let missing = say_with(Text::StatsMissingCount, &[("count", &number(statistics.missing))]);
    let what = match (&statistics.min, &statistics.max, statistics.quartiles) {
        (Some(min), Some(max), Some([_, median, _])) => say_with(
            Text::StatsSayNumbers,
            &[
                ("min", &short_scalar(min)),
                ("max", &short_scalar(max)),
                ("median", &short(median)),
            ],
        ),
        _ => ends(column).join(", "),
    };
    if what.is_empty() {
        missing
    } else {
        format!("{what}, {missing}")
    }
}

/// A number of things, in groups of three.
pub(crate) fn number(count: u64) -> String {
    count_text(i64::try_from(count).unwrap_or(i64::MAX))
}

/// `3.4 %`, never a rounded 0 or 100 that it is not.
pub(crate) fn share_text(part: u64, whole: u64) -> String {
    let percent = if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64 * 100.0
    };
    if part == 0 || part == whole {
        format!("{percent:.0}\u{202f}%")
    } else if percent < 0.1 {
        "<\u{202f}0.1\u{202f}%".to_owned()
    } else if percent > 99.9 {
        ">\u{202f}99.9\u{202f}%".to_owned()
    } else {
        format!("{percent:.1}\u{202f}%")
    }
}

/// Whole numbers as they are while they are short; other numbers about.
fn short_scalar(scalar: &Scalar) -> String {
    let text = scalar.to_string();
    match &scalar.0 {
        Value::Number(number) if number.is_f64() || text.len() > WHOLE_CHARS => {
            number.as_f64().map_or(text, short)
        }
        _ => text,
    }
}

/// Four significant digits.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{value:.2e}");
        return match text.split_once('e') {
            Some((digits, power)) if digits.contains('.') => {
                format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
            }
            _ => text,
        };
    }
    let whole_digits = size.log10().floor() as i32 + 1;
    let decimals = usize::try_from(4 - whole_digits).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use pz_model::api::ValueCount;

    use super::*;

    fn column(dtype: &str, statistics: ColumnStatistics) -> ColumnWithStatistics {
        ColumnWithStatistics {
            column_name: "c".to_owned(),
            dtype: Some(dtype.to_owned()),
            unit: None,
            ucd: None,
            alias: None,
            description: None,
            shape: Vec::new(),
            statistics: Some(statistics),
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.007_812_5, "0.007812"),
            (-2.5, "-2.5"),
            (150.531_25, "150.5"),
            (12.0, "12"),
            (1200.0, "1200"),
            (123_456.7, "123457"),
            (1.486_231_857e18, "1.49e18"),
            (-3e-9, "-3e-9"),
            (2e10, "2e10"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(
            short_scalar(&Scalar(1_486_231_857_497_402_613_i64.into())),
            "1.49e18"
        );
        assert_eq!(short_scalar(&Scalar(17.537_34.into())), "17.54");
        assert_eq!(short_scalar(&Scalar((-367_139).into())), "-367139");
        assert_eq!(
            short_scalar(&Scalar("2026-11-20T09:31:47".into())),
            "2026-11-20T09:31:47"
        );
    }

    #[test]
    fn shares_never_round_to_nothing_or_all() {
        let plain = |part, whole| share_text(part, whole).replace('\u{202f}', "");
        assert_eq!(plain(0, 10), "0%");
        assert_eq!(plain(10, 10), "100%");
        assert_eq!(plain(1, 100_000), "<0.1%");
        assert_eq!(plain(99_999, 100_000), ">99.9%");
        assert_eq!(plain(1, 3), "33.3%");
        assert_eq!(plain(0, 0), "0%");
    }

    #[test]
    fn numbers_have_a_histogram_with_the_median_in_it() {
        let statistics = ColumnStatistics {
            count: 6,
            min: Some(Scalar(0.5.into())),
            max: Some(Scalar(4.5.into())),
            quartiles: Some([1.0, 1.5, 2.0]),
            histogram: Some(Histogram {
                low: 0.5,
                high: 4.5,
                counts: vec![5, 0, 1],
                below: 0,
                above: 0,
            }),
            ..ColumnStatistics::default()
        };
        let column = column("float64", statistics.clone());
        let chart = chart(&column).unwrap();
        assert_eq!(chart.counts(), [5, 0, 1]);
        assert_eq!(chart.marker(&statistics), Some(0.25));
        assert_eq!(ends(&column), ["0.5", "1.5", "4.5"]);
    }

    #[test]
    fn flags_and_texts_have_bars_of_their_values() {
        let flags = column(
            "bool",
            ColumnStatistics {
                count: 4,
                mean: Some(0.25),
                min: Some(Scalar(false.into())),
                max: Some(Scalar(true.into())),
                ..ColumnStatistics::default()
            },
        );
        let shown = chart(&flags).unwrap();
        assert_eq!(
            shown,
            Chart::Values(vec![("true".into(), 1), ("false".into(), 3)])
        );
        let texts = column(
            "string",
            ColumnStatistics {
                count: 3,
                distinct: Some(1),
                top_values: vec![ValueCount {
                    value: "VVDS".into(),
                    count: 3,
                }],
                ..ColumnStatistics::default()
            },
        );
        assert_eq!(chart(&texts), Some(Chart::Values(vec![("VVDS".into(), 3)])));
        assert_eq!(chart(&column("binary", ColumnStatistics::default())), None);
    }
}
